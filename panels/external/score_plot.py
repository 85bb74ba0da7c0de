"""A scatter plot of the gate's two scores, with its thresholds."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.labels import BLUE, GREY, SKY_BLUE, VERMILLION
from core.ood.evaluate import EXTERNAL_GROUP, INTERNAL_GROUP, NON_BRAIN_GROUP
from core.ood.non_brain import kind_title
from core.outcome import NO_TUMOUR, GateThresholds
from core.translation.messages import tr
from panels.shared.kept_figures import kept_figure
from panels.shared.labels import term
from panels.shared.theme import PLOT_CONFIG, style_figure, text_colour


def draw_scores(table: pd.DataFrame, thresholds: GateThresholds, *, key: str) -> None:
    """Draw the tumour score against the OOD score, a point for each slice or image.

    Args:
        table: of ``core.ood.evaluate.with_outcomes``.
        thresholds: drawn as lines.
        key: tells the chart from others on the page.
    """
    st.plotly_chart(
        _scores_figure(table[["group", "true", "tumour_score", "strangeness", "name", "kind"]], thresholds),
        key=key,
        config=PLOT_CONFIG,
        alt=tr("Tumour score against OOD score; thresholds dotted"),
    )
    st.caption(
        tr(
            "Dotted: thresholds. Above the first horizontal line ({ood}) confidence is low, above the second an "
            "image is unusual, above the third no head slice. Left of the first vertical line no tumour is found, "
            "right of the second a class is given.",
            ood=term("ood", tr("OOD")),
        )
    )


@kept_figure
def _scores_figure(table: pd.DataFrame, thresholds: GateThresholds) -> go.Figure:
    external, tumour_free = table["group"] == EXTERNAL_GROUP, table["true"] == NO_TUMOUR
    groups = {
        tr("Internal test slices"): (table["group"] == INTERNAL_GROUP, GREY, "circle", 5),
        tr("Tumours, external"): (external & ~tumour_free, VERMILLION, "circle", 8),
        tr("No tumour, external"): (external & tumour_free, BLUE, "diamond", 8),
        tr("Non-brain images"): (table["group"] == NON_BRAIN_GROUP, SKY_BLUE, "x", 7),
    }
    figure = go.Figure()
    for name, (members, colour, symbol, size) in groups.items():
        rows = table[members]
        figure.add_scatter(
            x=rows["tumour_score"],
            y=rows["strangeness"],
            mode="markers",
            name=name,
            marker={"color": colour, "symbol": symbol, "size": size, "opacity": 0.75},
            customdata=[
                [shown_name(name), kind_title(kind)] for name, kind in zip(rows["name"], rows["kind"], strict=True)
            ],
            hovertemplate=tr(
                "%{customdata[0]} (%{customdata[1]})<br>tumour score %{x:.1f}, OOD score %{y:.1f}<extra></extra>"
            ),
        )
    line = {"width": 1.5, "dash": "dot", "color": text_colour()}
    for limit in (thresholds.strange, thresholds.refuse, thresholds.no_head):
        figure.add_hline(y=limit, line=line)
    for limit in (thresholds.free_below, thresholds.tumour):
        figure.add_shape(type="line", x0=limit, x1=limit, y0=0, y1=thresholds.strange, line=line)
    style_figure(figure, height=420)
    figure.update_xaxes(title_text=tr("tumour score"))
    figure.update_yaxes(title_text=tr("OOD score"), rangemode="tozero")
    return figure


def shown_name(name: str) -> str:
    """Return what a slice or an image is called: a slice of the data set by its number, another by its file."""
    number = name.removeprefix("slice ")
    return name if number == name else tr("slice {number}", number=number)
