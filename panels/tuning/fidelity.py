"""Trials trained again at full size: whether the order of cheap ones can be trusted."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from scipy.stats import kendalltau

from core.evaluation.bootstrap import LEVEL
from core.search.results import SearchResults
from panels.shared.theme import PLOT_CONFIG, style_figure, whole_percent
from panels.tuning.words import SAMPLER_TITLES, value_format, value_title

_ENOUGH = 5
"""Settings at full size from which their order is judged."""


def fidelity(found: SearchResults, *, key: str) -> None:
    """Trials trained again at full size, beside what they reached as trials."""
    full = found.full_size
    if full is None or len(full) < 2:
        st.info("No trials have been trained again at full size yet.", icon=":material/tune:")
        return
    plan = found.plan
    names = [f"{SAMPLER_TITLES[row['sampler']].split()[0]} {row['trial']}" for _, row in full.iterrows()]
    figure = go.Figure(
        go.Scatter(
            x=full["value"],
            y=full["full_value"],
            mode="markers+text",
            # Names beside the points would cover each other where settings are close.
            text=[str(place) for place in range(1, len(full) + 1)],
            textfont={"color": "white"},
            customdata=names,
            marker={"size": 20, "color": st.get_option("theme.chartCategoricalColors")[0]},
            hovertemplate="%{customdata}: %{x} as a trial, %{y} at full size<extra></extra>",
        )
    )
    style_figure(figure, height=320)
    figure.update_xaxes(title_text="as a trial", tickformat=value_format(plan), hoverformat=".3f")
    figure.update_yaxes(title_text="at full size", tickformat=value_format(plan), hoverformat=".3f")
    spread = float(full["full_value"].max() - full["full_value"].min()) or 0.01
    figure.update_yaxes(range=[full["full_value"].min() - 0.3 * spread, full["full_value"].max() + 0.3 * spread])
    wide = float(full["value"].max() - full["value"].min()) or 0.01
    figure.update_xaxes(range=[full["value"].min() - 0.2 * wide, full["value"].max() + 0.2 * wide])
    order = kendalltau(full["value"], full["full_value"], alternative="greater")
    tau, chance = float(order.statistic), float(order.pvalue)
    words = f"{len(full)} settings" if np.isnan(tau) else f"Kendall's τ {tau:.2f} over {len(full)} settings"
    st.plotly_chart(figure, key=key, config=PLOT_CONFIG, alt=f"{value_title(plan)} cheap against full size; {words}")
    numbered = ", ".join(f"{place} {name}" for place, name in enumerate(names, 1))
    st.caption(
        f"Numbered from the best trial on: {numbered}. {words} from the best trial to the worst: "
        f"{_verdict(tau, chance, len(full))}. A τ of 1 would be the same order, 0 none. The validation patients are "
        "the same on both axes, which favours the order; and that the best are told from the worst does not say that "
        "the best are told apart."
    )


def _verdict(tau: float, chance: float, settings: int) -> str:
    """What Kendall's τ over some settings, and the share of orders by chance that reach it, say of cheap trials."""
    if np.isnan(tau):
        return "they all reached the same, so that there is no order to compare"
    if settings < _ENOUGH:
        return f"fewer than {_ENOUGH} are too few to tell whether the order holds"
    if tau <= 0:
        return "the order does not hold"
    by_chance = f"by chance {whole_percent(chance)} of all orders agree as well"
    if chance > 1 - LEVEL:
        return f"too few to tell whether the order holds, since {by_chance}"
    return f"the order {'holds' if tau > 0.99 else 'holds for the most part'} ({by_chance})"
