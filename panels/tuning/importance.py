"""Which settings of a search have to do with a good trial."""

import plotly.graph_objects as go
import streamlit as st

from core.search.results import ALL_SAMPLERS, SearchResults
from panels.shared.theme import PLOT_CONFIG, style_figure, whole_percent
from panels.tuning.words import SAMPLER_TITLES, SETTING_TITLES, setting_text

_ALL_TRIALS = "Both samplers together"


def importance(found: SearchResults, *, key: str) -> None:
    """How much each setting has to do with being among the best trials."""
    if not found.importance:
        st.info("Too few trials to tell which settings matter.", icon=":material/tune:")
        return
    order = sorted(found.settings, key=lambda name: found.importance.get(ALL_SAMPLERS, {}).get(name, 0))
    figure = go.Figure()
    colours = st.get_option("theme.chartCategoricalColors")
    for sampler, colour in reversed(list(zip(found.samplers, colours, strict=False))):
        shares = found.importance.get(sampler)
        if not shares:
            continue
        named = [name for name in order if name in shares]
        figure.add_bar(
            x=[shares[name] for name in named],
            y=[SETTING_TITLES[name] for name in named],
            orientation="h",
            name=SAMPLER_TITLES[sampler],
            marker={"color": colour},
            hovertemplate=f"%{{y}}: %{{x:.0%}} ({SAMPLER_TITLES[sampler]})<extra></extra>",
        )
    style_figure(figure, height=80 + 44 * len(order))
    figure.update_layout(barmode="group", bargap=0.3, legend_traceorder="reversed")
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    shares = found.importance.get(ALL_SAMPLERS, next(iter(found.importance.values())))
    words = ", ".join(
        f"{SETTING_TITLES[name].lower()} {whole_percent(shares[name])}" for name in reversed(order) if name in shares
    )
    st.plotly_chart(figure, key=key, config=PLOT_CONFIG, alt=f"Importance of the settings. {_ALL_TRIALS}: {words}")
    plan = found.plan
    cut_short = (
        ""
        if plan.scheduled or "epochs" not in plan.space
        else " Fewer epochs are the same training ended sooner and never reach more, so that their share says little."
    )
    st.caption(
        f"{_ALL_TRIALS}: {words}. PED-ANOVA: how far the best quarter of the settings differ from all that were tried, "
        f"as shares of one. What a sampler settled on early tells nothing apart any more and looks small"
        f"{_settled(found)}.{cut_short}"
    )


def _settled(found: SearchResults) -> str:
    """The choice that most trials have in common, in brackets; empty where nothing is a choice."""
    counts = {
        name: found.trials[name].value_counts() for name in found.settings if isinstance(found.plan.space[name], list)
    }
    if not counts:
        return ""
    name = max(counts, key=lambda one: counts[one].iloc[0])
    return (
        f" ({SETTING_TITLES[name].lower()} {setting_text(name, float(counts[name].index[0]))} in "
        f"{counts[name].iloc[0]} of {len(found.trials)} trials)"
    )
