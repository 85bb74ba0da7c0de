"""The two scores of the screen against each other, with the lines where answers change."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.inference.gate import NO_TUMOUR, GateThresholds
from core.ood.evaluate import EXTERNAL_GROUP, INTERNAL_GROUP, NON_BRAIN_GROUP
from panels.shared.theme import PLOT_CONFIG, style_figure, text_colour

_GROUPS = {
    "Own test slices": ("#8A9399", "circle", 5),
    "Tumours elsewhere": ("#D55E00", "circle", 8),
    "No tumour, elsewhere": ("#0072B2", "diamond", 8),
    "No brain at all": ("#56B4E9", "x", 7),
}


def scores(table: pd.DataFrame, limits: GateThresholds, *, key: str) -> None:
    """A point a slice or picture.

    Args:
        table: of ``panels.external.answers.answered``.
        limits: whose lines are drawn.
        key: tells the chart from others on the page.
    """
    outside, free = table["group"] == EXTERNAL_GROUP, table["true"] == NO_TUMOUR
    rows = {
        "Own test slices": table["group"] == INTERNAL_GROUP,
        "Tumours elsewhere": outside & ~free,
        "No tumour, elsewhere": outside & free,
        "No brain at all": table["group"] == NON_BRAIN_GROUP,
    }
    figure = go.Figure()
    for name, (colour, symbol, size) in _GROUPS.items():
        shown = table[rows[name]]
        figure.add_scattergl(
            x=shown["tumour_score"],
            y=shown["strangeness"],
            mode="markers",
            name=name,
            marker={"color": colour, "symbol": symbol, "size": size, "opacity": 0.75},
            customdata=shown[["name", "kind"]],
            hovertemplate="%{customdata[0]} (%{customdata[1]})<br>tumour score %{x:.1f}, strangeness %{y:.1f}"
            "<extra></extra>",
        )
    line = {"width": 1.5, "dash": "dot", "color": text_colour()}
    figure.add_hline(y=limits.strange, line=line)
    for limit in (limits.no_tumour, limits.tumour):
        figure.add_shape(type="line", x0=limit, x1=limit, y0=0, y1=limits.strange, line=line)
    style_figure(figure, height=420)
    figure.update_xaxes(title_text="tumour score: none to the left, a tumour to the right")
    figure.update_yaxes(title_text="strangeness", rangemode="tozero")
    st.plotly_chart(
        figure, key=key, config=PLOT_CONFIG, alt="Tumour score against strangeness; dotted, where answers change"
    )
    st.caption(
        "Dotted: where answers change. Above the level line a picture is called a stranger; below it, left of the "
        "first upright line no tumour is found, right of the second a class is named if it is sure enough."
    )
