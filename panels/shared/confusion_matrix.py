"""A confusion matrix whose cells can be clicked: a click fills the select boxes `true` and `predicted`."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.inference.gate import LOW_CONFIDENCE, NO_TUMOUR, OUT_OF_DISTRIBUTION
from panels.shared.theme import PLOT_CONFIG, percent, style_figure, text_colour, theme_colour

TRUE_KEY, PREDICTED_KEY = "true", "predicted"
"""Keys of the select boxes that hold the chosen cell, also their names in the address."""
COUNTS, ROW_SHARE, COLUMN_SHARE = "Counts", "Share of row", "Share of column"
_RIGHT, _WRONG, _NEITHER = "0, 114, 178", "213, 113, 0", "128, 134, 139"
SHORT_TITLES = {
    "meningioma": "Meningioma",
    "glioma": "Glioma",
    "pituitary": "Pituitary",
    NO_TUMOUR: "No tumour",
    LOW_CONFIDENCE: "Not sure",
    OUT_OF_DISTRIBUTION: "Stranger",
}
"""What is true and what can be answered, short enough for an axis."""


def draw_confusion_matrix(counts: pd.DataFrame, *, show: str, key: str) -> None:
    """Draw the matrix; the cell in the select boxes is framed, and clicking it again clears them.

    Args:
        counts: slices by true class (rows) and predicted class, or another answer (columns).
        show: ``COUNTS``, ``ROWS`` or ``COLUMNS``: what stands large in a cell.
        key: tells the chart from others on the page.
    """
    cell = st.session_state.get(TRUE_KEY), st.session_state.get(PREDICTED_KEY)
    # A chart that is drawn anew has no selection of its own: a second click on a cell is a click again.
    chart_key = f"{key}_{show}_{cell[0]}_{cell[1]}"
    st.plotly_chart(
        _figure(counts, show, cell),
        key=chart_key,
        on_select=lambda: _clicked(chart_key, cell),
        selection_mode="points",
        config=PLOT_CONFIG,
        alt="Confusion matrix. " + _in_words(counts),
    )


def _clicked(chart_key: str, cell: tuple[str | None, str | None]) -> None:
    # A browser may send a click once more, with what was done before it had drawn the answer: that click is
    # of a chart which showed another cell, and would clear the cell it has just chosen.
    points = st.session_state[chart_key].selection.points
    if not points or cell != (st.session_state.get(TRUE_KEY), st.session_state.get(PREDICTED_KEY)):
        return
    # The figure's axes are the short names' places.
    clicked = tuple(points[0]["customdata"][:2])
    st.session_state[TRUE_KEY], st.session_state[PREDICTED_KEY] = (None, None) if clicked == cell else clicked


def _figure(counts: pd.DataFrame, show: str, cell: tuple[str | None, str | None]) -> go.Figure:
    classes, answers = list(counts.index), list(counts.columns)
    rows, columns = counts.div(counts.sum(axis=1), axis=0).fillna(0), counts.div(counts.sum(axis=0), axis=1).fillna(0)
    share = columns if show == COLUMN_SHARE else rows
    figure = go.Figure()
    places, texts, told = [], [], []
    for i, true in enumerate(classes):
        for j, predicted in enumerate(answers):
            colour = (
                _RIGHT
                if true == predicted
                else _NEITHER
                if predicted in (LOW_CONFIDENCE, OUT_OF_DISTRIBUTION)
                else _WRONG
            )
            value = float(share.loc[true, predicted])
            # Never so strong that the theme's text cannot be read on it.
            strength = 0.06 + 0.5 * value if counts.loc[true, predicted] else 0.03
            _square(figure, j, i, fillcolor=f"rgba({colour}, {strength:.3f})", line_width=0, layer="below")
            if cell[0] in (None, true) and cell[1] in (None, predicted) and cell != (None, None):
                _square(figure, j, i, line={"width": 3, "color": text_colour()})
            places.append((j, i))
            number = str(counts.loc[true, predicted])
            texts.append(f"<b>{number}</b>" if show == COUNTS else f"<b>{percent(value)}</b><br>{number} slices")
            told.append((true, predicted, number, percent(value), "column" if show == COLUMN_SHARE else "row"))
    figure.add_scatter(
        x=[x for x, _ in places],
        y=[y for _, y in places],
        mode="markers+text",
        text=texts,
        textfont={"size": 17, "color": text_colour()},
        marker={"symbol": "square", "size": 60, "color": "rgba(0,0,0,0)"},
        # What is not selected stays as it is.
        unselected={"marker": {"opacity": 1}, "textfont": {"color": text_colour()}},
        customdata=told,
        hovertemplate="%{customdata[0]} called %{customdata[1]}: %{customdata[2]} slices, %{customdata[3]} of the "
        "%{customdata[4]}<extra></extra>",
    )
    style_figure(figure, height=400)
    # Negative: wherever the pointer is in the plot, the nearest cell's marker is meant.
    figure.update_layout(
        hoverdistance=-1, hovermode="closest", dragmode=False, showlegend=False, clickmode="event+select"
    )
    wide, high = [-0.5, len(answers) - 0.5], [-0.5, len(classes) - 0.5]
    figure.update_xaxes(**_axis(answers), range=wide, title_text="Predicted class" if wide == high else "Answer")
    figure.update_yaxes(**_axis(classes), range=high[::-1], tickangle=-90, title_text="True class")
    line = {"type": "line", "line": {"width": 2, "color": theme_colour("backgroundColor")}}
    for edge in range(1, len(answers)):
        figure.add_shape(**line, x0=edge - 0.5, x1=edge - 0.5, y0=high[0], y1=high[1])
    for edge in range(1, len(classes)):
        figure.add_shape(**line, x0=wide[0], x1=wide[1], y0=edge - 0.5, y1=edge - 0.5)
    return figure


def _axis(names: list[str]) -> dict:
    return {
        "tickvals": list(range(len(names))),
        "ticktext": [SHORT_TITLES.get(name, name) for name in names],
        "showgrid": False,
        "tickfont": {"size": 13, "color": text_colour()},
        "ticklabeloverflow": "allow",
    }


def _square(figure: go.Figure, x: int, y: int, **look: object) -> None:
    figure.add_shape(type="rect", x0=x - 0.48, x1=x + 0.48, y0=y - 0.48, y1=y + 0.48, **look)


def _in_words(counts: pd.DataFrame) -> str:
    return "; ".join(
        f"true {true}: " + ", ".join(f"{counts.loc[true, one]} called {one}" for one in counts.columns)
        for true in counts.index
    )
