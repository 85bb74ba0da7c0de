"""Trials trained again at full size: whether low-fidelity trials predict the full-size ranking."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.evaluation.bootstrap import LEVEL
from core.metrics.ranking import kendall_tau
from core.search.results import SearchResults
from core.translation.messages import mark, tr
from panels.shared.kept_figures import kept_figure
from panels.shared.theme import PLOT_CONFIG, style_figure, whole_percent
from panels.tuning.help import SAMPLER_LABELS, value_format, value_title

_ENOUGH = 5
"""Fewer settings at full size are too few to judge their ranking."""


def show_fidelity(results: SearchResults, *, key: str) -> None:
    """Show the trials that were trained again at full size: the value of each beside its value as a trial."""
    full = results.full_size
    if full is None or len(full) < 2:
        st.info(tr("No trials have been trained again at full size yet."), icon=":material/tune:")
        return
    plan = results.plan
    names = [f"{SAMPLER_LABELS[row['sampler']].short} {row['trial']}" for _, row in full.iterrows()]
    tau, chance = kendall_tau(full["value"].to_numpy(), full["full_value"].to_numpy())
    agreement = (
        tr("{count} settings", count=len(full))
        if np.isnan(tau)
        else tr("Kendall's τ {tau:.2f} over {count} settings", tau=tau, count=len(full))
    )
    title = tr(
        "{value} at low fidelity against full size; {agreement}",
        value=value_title(plan),
        agreement=agreement,
    )
    st.plotly_chart(_agreement_figure(full, names, value_format(plan)), key=key, config=PLOT_CONFIG, alt=title)
    numbered = ", ".join(f"{place} {name}" for place, name in enumerate(names, 1))
    st.caption(
        tr(
            "Numbered from the best trial on: {numbered}. {agreement}: {verdict}.",
            numbered=numbered,
            agreement=agreement,
            verdict=_verdict(tau, chance, len(full)),
        ),
        help=tr(
            "A τ of 1 is the same ranking, 0 is none. The settings are taken from the best trial to the worst. "
            "Both axes use the same validation patients, which favours agreement. That good trials are told from "
            "bad ones does not mean that the best are told from each other."
        ),
    )


@kept_figure
def _agreement_figure(full: pd.DataFrame, names: list[str], number_format: str) -> go.Figure:
    figure = go.Figure(
        go.Scatter(
            x=full["value"],
            y=full["full_value"],
            mode="markers+text",
            # Numbers, since names beside close points would overlap.
            text=[str(place) for place in range(1, len(full) + 1)],
            textfont={"color": "white"},
            customdata=names,
            marker={"size": 20, "color": st.get_option("theme.chartCategoricalColors")[0]},
            hovertemplate=tr("%{customdata}: %{x} as a trial, %{y} at full size<extra></extra>"),
        )
    )
    style_figure(figure, height=320)
    figure.update_xaxes(title_text=tr("as a trial"), tickformat=number_format, hoverformat=".3f")
    figure.update_yaxes(title_text=tr("at full size"), tickformat=number_format, hoverformat=".3f")
    spread = float(full["full_value"].max() - full["full_value"].min()) or 0.01
    figure.update_yaxes(range=[full["full_value"].min() - 0.3 * spread, full["full_value"].max() + 0.3 * spread])
    wide = float(full["value"].max() - full["value"].min()) or 0.01
    figure.update_xaxes(range=[full["value"].min() - 0.2 * wide, full["value"].max() + 0.2 * wide])
    return figure


def _verdict(tau: float, chance: float, settings: int) -> str:
    """Return whether trials predict the full-size ranking.

    Args:
        tau: Kendall's, NaN where all settings reached the same.
        chance: the share of random rankings that agree as well.
        settings: how many were trained at full size.
    """
    if np.isnan(tau):
        return tr("they all reached the same, so there is no ranking to compare")
    if settings < _ENOUGH:
        return tr("fewer than {number} are too few to tell whether the ranking holds", number=_ENOUGH)
    if tau <= 0:
        return tr("the ranking does not hold")
    if chance > 1 - LEVEL:
        sentence = mark(
            "too few to tell whether the ranking holds, since by chance {share} of all rankings agree as well"
        )
    elif tau > 0.99:
        sentence = mark("the ranking holds (by chance {share} of all rankings agree as well)")
    else:
        sentence = mark("the ranking holds for the most part (by chance {share} of all rankings agree as well)")
    return tr(sentence, share=whole_percent(chance))
