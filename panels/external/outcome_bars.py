"""A bar chart of the outcomes after the gate, by kind of slice."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.config import CLASSES
from core.evaluation.figures import CORRECT, WRONG
from core.labels import ANSWER_LABELS, GREEN, OUTCOME_LABELS, VERMILLION, Label
from core.ood.evaluate import EXTERNAL_GROUP, INTERNAL_GROUP, NON_BRAIN_GROUP
from core.outcome import LOW_CONFIDENCE, NO_TUMOUR, REFUSED
from core.translation.messages import tr
from panels.shared.kept_figures import kept_figure
from panels.shared.theme import PLOT_CONFIG, style_figure, text_colour, whole_percent

_OUTCOMES = {
    CORRECT: Label("Correct", "Correct", GREEN),
    WRONG: Label("Wrong", "Wrong", VERMILLION),
    LOW_CONFIDENCE: OUTCOME_LABELS[LOW_CONFIDENCE],
    **{name: OUTCOME_LABELS[name] for name in REFUSED},
}
"""In the order in which the bars are stacked."""


def draw_outcome_bars(table: pd.DataFrame, *, key: str) -> None:
    """Draw a stacked bar of outcomes for each kind of slice.

    Args:
        table: of ``core.ood.evaluate.with_outcomes``.
        key: tells the chart from others on the page.
    """
    shares = {
        f"{title} ({len(outcomes)})": outcomes.value_counts(normalize=True)
        for title, outcomes in _outcomes_by_kind(table).items()
        if len(outcomes)
    }
    st.plotly_chart(_bars_figure(shares), key=key, config=PLOT_CONFIG, alt=_in_words(shares))


@kept_figure
def _bars_figure(shares: dict[str, pd.Series]) -> go.Figure:
    figure = go.Figure()
    for outcome, label in _OUTCOMES.items():
        lengths = [float(row.get(outcome, 0)) for row in shares.values()]
        figure.add_bar(
            x=lengths,
            y=list(shares),
            orientation="h",
            name=label.short,
            marker={"color": label.colour},
            text=[f"{length:.0%}" if length >= 0.08 else "" for length in lengths],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": label.text_colour, "size": 13},
            hovertemplate=f"%{{y}}: {label.short_in_text} %{{x:.1%}}<extra></extra>",
        )
    style_figure(figure, height=90 + 46 * len(shares))
    figure.update_layout(barmode="stack", bargap=0.3, legend_traceorder="normal")
    figure.update_xaxes(range=[0, 1], tickformat=".0%")
    figure.update_yaxes(autorange="reversed", tickfont={"size": 13, "color": text_colour()})
    return figure


def _outcomes_by_kind(table: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the outcomes of each bar's slices, by the bar's title."""
    external = table[table["group"] == EXTERNAL_GROUP]
    return {
        **{
            tr("{short}, external", short=ANSWER_LABELS[name].short): external["outcome"][external["true"] == name]
            for name in (*CLASSES, NO_TUMOUR)
        },
        tr("All external"): external["outcome"],
        tr("Internal test slices"): table["outcome"][table["group"] == INTERNAL_GROUP],
        tr("Non-brain images"): table["outcome"][table["group"] == NON_BRAIN_GROUP],
    }


def _in_words(shares: dict[str, pd.Series]) -> str:
    return "; ".join(
        f"{title}: "
        + ", ".join(
            f"{whole_percent(row.get(outcome, 0))} {label.short_in_text}" for outcome, label in _OUTCOMES.items()
        )
        for title, row in shares.items()
    )
