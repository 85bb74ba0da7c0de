"""The importance of a search's settings."""

from collections.abc import Mapping

import plotly.graph_objects as go
import streamlit as st

from core.search.results import ALL_SAMPLERS, SearchResults
from core.text import lower_first
from core.translation.messages import mark, tr
from panels.shared.kept_figures import kept_figure
from panels.shared.theme import PLOT_CONFIG, style_figure, whole_percent
from panels.tuning.help import SAMPLER_LABELS, SETTING_TITLES, setting_text

_ALL_TRIALS = mark("Both samplers together")


def show_importance(results: SearchResults, *, key: str) -> None:
    """Show how much each setting matters for being among the best trials."""
    if not results.importance:
        st.info(tr("Too few trials to tell which settings matter."), icon=":material/tune:")
        return
    order = sorted(results.settings, key=lambda name: results.importance.get(ALL_SAMPLERS, {}).get(name, 0))
    shares = results.importance.get(ALL_SAMPLERS, next(iter(results.importance.values())))
    shares_text = ", ".join(
        f"{lower_first(SETTING_TITLES[name])} {whole_percent(shares[name])}"
        for name in reversed(order)
        if name in shares
    )
    st.plotly_chart(
        _bars_figure(results.samplers, results.importance, order),
        key=key,
        config=PLOT_CONFIG,
        alt=tr(
            "Importance of the settings. {all_trials}: {shares_text}",
            all_trials=tr(_ALL_TRIALS),
            shares_text=shares_text,
        ),
    )
    plan = results.plan
    method = [
        tr("PED-ANOVA: how far the best quarter of the trials differs from all trials in a setting, as shares of one."),
        _fixed_settings(results),
    ]
    if not plan.scheduled and "epochs" in plan.space:
        method.append(
            tr("Fewer epochs are the same training ended sooner and never reach more, so their share says little.")
        )
    st.caption(
        f"{tr(_ALL_TRIALS)}: {shares_text}.",
        help=" ".join(method),
    )


@kept_figure
def _bars_figure(samplers: list[str], importance: Mapping[str, Mapping[str, float]], order: list[str]) -> go.Figure:
    figure = go.Figure()
    colours = st.get_option("theme.chartCategoricalColors")
    # Reversed, since bars are drawn from the bottom up.
    for sampler, colour in reversed(list(zip(samplers, colours, strict=False))):
        shares = importance.get(sampler)
        if not shares:
            continue
        named = [name for name in order if name in shares]
        figure.add_bar(
            x=[shares[name] for name in named],
            y=[SETTING_TITLES[name] for name in named],
            orientation="h",
            name=SAMPLER_LABELS[sampler].title,
            marker={"color": colour},
            hovertemplate=f"%{{y}}: %{{x:.0%}} ({SAMPLER_LABELS[sampler].title})<extra></extra>",
        )
    style_figure(figure, height=80 + 44 * len(order))
    figure.update_layout(barmode="group", bargap=0.3, legend_traceorder="reversed")
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    return figure


def _fixed_settings(results: SearchResults) -> str:
    """Say that a fixed setting looks unimportant, with the commonest choice of the trials where there is one."""
    counts = {
        name: results.trials[name].value_counts()
        for name in results.settings
        if isinstance(results.plan.space[name], list)
    }
    if not counts:
        return tr("A setting that a sampler fixed early no longer varies and looks unimportant.")
    name = max(counts, key=lambda setting: counts[setting].iloc[0])
    return tr(
        "A setting that a sampler fixed early no longer varies and looks unimportant ({name} {setting} in {chosen} of "
        "{count} trials).",
        name=lower_first(SETTING_TITLES[name]),
        setting=setting_text(name, float(counts[name].index[0])),
        chosen=counts[name].iloc[0],
        count=len(results.trials),
    )
