"""A confusion matrix with clickable cells: a click fills the select boxes `true` and `predicted`."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.config import LOW_CONFIDENCE, OUT_OF_DISTRIBUTION
from core.labels import ANSWER_LABELS
from panels.shared.controls import run_whole_page
from panels.shared.kept_figures import kept_figure
from panels.shared.theme import PLOT_CONFIG, percent, style_figure, text_colour, theme_colour

TRUE_KEY, PREDICTED_KEY = "true", "predicted"
"""Keys of the select boxes that hold the chosen cell, also their names in the address."""
COUNTS, ROW_SHARE, COLUMN_SHARE = "Counts", "Share of row", "Share of column"
_CORRECT_COLOUR, _WRONG_COLOUR, _ABSTAINED_COLOUR = "0, 114, 178", "213, 113, 0", "128, 134, 139"
_ABSTAINED = (LOW_CONFIDENCE, OUT_OF_DISTRIBUTION)


def draw_confusion_matrix(counts: pd.DataFrame, *, show: str, key: str) -> None:
    """Draw the matrix and frame the cell in the select boxes; a second click on that cell clears them.

    Args:
        counts: slices by true class (rows) and predicted class or other answer (columns).
        show: ``COUNTS``, ``ROW_SHARE`` or ``COLUMN_SHARE``: what stands large in a cell.
        key: tells the chart from others on the page.
    """
    cell = st.session_state.get(TRUE_KEY), st.session_state.get(PREDICTED_KEY)
    # A new key makes a new chart without a selection, so that a second click on a cell counts as a click.
    chart_key = f"{key}_{show}_{cell[0]}_{cell[1]}"
    st.plotly_chart(
        _matrix_figure(counts, show, cell),
        key=chart_key,
        on_select=lambda: _clicked(chart_key, cell),
        selection_mode="points",
        config=PLOT_CONFIG,
        alt="Confusion matrix. " + _describe_counts(counts),
    )


def _clicked(chart_key: str, cell: tuple[str | None, str | None]) -> None:
    # A browser may send a click twice, the second time for a chart that showed another cell: it would clear the cell
    # that the first one chose.
    points = st.session_state[chart_key].selection.points
    if not points or cell != (st.session_state.get(TRUE_KEY), st.session_state.get(PREDICTED_KEY)):
        return
    clicked = tuple(points[0]["customdata"][:2])
    st.session_state[TRUE_KEY], st.session_state[PREDICTED_KEY] = (None, None) if clicked == cell else clicked
    run_whole_page()


@kept_figure
def _matrix_figure(counts: pd.DataFrame, show: str, cell: tuple[str | None, str | None]) -> go.Figure:
    classes, answers = list(counts.index), list(counts.columns)
    figure = go.Figure()
    _add_cells(figure, counts, show, cell)
    style_figure(figure, height=400)
    # Negative: a click anywhere in the plot selects the nearest cell's marker.
    figure.update_layout(
        hoverdistance=-1, hovermode="closest", dragmode=False, showlegend=False, clickmode="event+select"
    )
    wide, high = [-0.5, len(answers) - 0.5], [-0.5, len(classes) - 0.5]
    figure.update_xaxes(
        **_category_axis(answers), range=wide, title_text="Predicted class" if wide == high else "Answer"
    )
    figure.update_yaxes(**_category_axis(classes), range=high[::-1], tickangle=-90, title_text="True class")
    line = {"type": "line", "line": {"width": 2, "color": theme_colour("backgroundColor")}}
    for edge in range(1, len(answers)):
        figure.add_shape(**line, x0=edge - 0.5, x1=edge - 0.5, y0=high[0], y1=high[1])
    for edge in range(1, len(classes)):
        figure.add_shape(**line, x0=wide[0], x1=wide[1], y0=edge - 0.5, y1=edge - 0.5)
    return figure


def _add_cells(figure: go.Figure, counts: pd.DataFrame, show: str, cell: tuple[str | None, str | None]) -> None:
    """Add a coloured square and a transparent marker with the text for each cell; frame the chosen ones."""
    direction = "column" if show == COLUMN_SHARE else "row"
    shares = counts.div(counts.sum(axis=0), axis=1) if show == COLUMN_SHARE else counts.div(counts.sum(axis=1), axis=0)
    shares = shares.fillna(0)
    positions, texts, details = [], [], []
    for i, true in enumerate(counts.index):
        for j, predicted in enumerate(counts.columns):
            share, count = float(shares.loc[true, predicted]), str(counts.loc[true, predicted])
            # Never so strong that the theme's text cannot be read on it.
            strength = 0.06 + 0.5 * share if counts.loc[true, predicted] else 0.03
            colour = f"rgba({_cell_colour(true, predicted)}, {strength:.3f})"
            _add_rectangle(figure, j, i, fillcolor=colour, line_width=0, layer="below")
            if cell[0] in (None, true) and cell[1] in (None, predicted) and cell != (None, None):
                _add_rectangle(figure, j, i, line={"width": 3, "color": text_colour()})
            positions.append((j, i))
            texts.append(f"<b>{count}</b>" if show == COUNTS else f"<b>{percent(share)}</b><br>{count} slices")
            titles = ANSWER_LABELS[true].short, ANSWER_LABELS[predicted].short
            details.append((true, predicted, count, percent(share), direction, *titles))
    figure.add_scatter(
        x=[x for x, _ in positions],
        y=[y for _, y in positions],
        mode="markers+text",
        text=texts,
        textfont={"size": 17, "color": text_colour()},
        marker={"symbol": "square", "size": 60, "color": "rgba(0,0,0,0)"},
        # Cells that are not selected keep their look.
        unselected={"marker": {"opacity": 1}, "textfont": {"color": text_colour()}},
        customdata=details,
        hovertemplate="True: %{customdata[5]}. Answer: %{customdata[6]}. %{customdata[2]} slices, %{customdata[3]} "
        "of the %{customdata[4]}<extra></extra>",
    )


def _cell_colour(true: str, predicted: str) -> str:
    if true == predicted:
        return _CORRECT_COLOUR
    return _ABSTAINED_COLOUR if predicted in _ABSTAINED else _WRONG_COLOUR


def _category_axis(names: list[str]) -> dict:
    return {
        "tickvals": list(range(len(names))),
        "ticktext": [_axis_title(name) for name in names],
        "showgrid": False,
        "tickfont": {"size": 13, "color": text_colour()},
        "ticklabeloverflow": "allow",
    }


def _axis_title(name: str) -> str:
    title = ANSWER_LABELS[name].short
    return title.replace(" ", "<br>") if name in _ABSTAINED else title


def _add_rectangle(figure: go.Figure, x: int, y: int, **look: object) -> None:
    figure.add_shape(type="rect", x0=x - 0.48, x1=x + 0.48, y0=y - 0.48, y1=y + 0.48, **look)


def _describe_counts(counts: pd.DataFrame) -> str:
    return "; ".join(
        f"true {ANSWER_LABELS[true].short_in_text}: "
        + ", ".join(
            f"{counts.loc[true, answer]} predicted {ANSWER_LABELS[answer].short_in_text}" for answer in counts.columns
        )
        for true in counts.index
    )
