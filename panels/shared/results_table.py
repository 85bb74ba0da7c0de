"""A table of results, a row a slice or a volume: filtered by outcome and class, sorted; a row that is pressed opens."""

import base64
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.labels import CLASS_LABELS, OUTCOME_LABELS
from core.translation.messages import mark, tr
from core.translation.numbers import number_text

PICTURE, NAME, CLASS, PROBABILITY = mark("Picture"), mark("Name"), mark("Class"), mark("Probability")
OUTCOME = mark("Outcome")
REMARKS = mark("Remarks")
FAILED, WAITING, VOLUME, NO_GATE = mark("Failed"), mark("Waiting"), mark("Volume"), mark("No gate")
"""What stands, translated, in the place of an outcome where there is none."""
_HEADER, _ROW, _PICTURE_ROW, _MOST_HEIGHT = 36, 35, 56, 400
"""Heights in pixels."""
NUMBER_COLUMNS = {
    mark("Area, px"): "area_px",
    mark("Area, mm²"): "area_mm2",
    mark("Diameter, mm"): "longest_diameter_mm",
    mark("Volume, ml"): "volume_ml",
    mark("Pixel, mm"): "spacing_mm",
    mark("Dice"): "dice",
}
"""Columns of figures, and those of a batch's table in which they stand."""
_FORMATS = {
    "Area, px": "%d",
    "Area, mm²": "%.0f",
    "Diameter, mm": "%.1f",
    "Volume, ml": "%.1f",
    "Pixel, mm": "%.2f",
    "Dice": "%.2f",
}


def _filters() -> dict[str, list[str]]:
    """Return the columns by whose values rows are chosen, and the values in order."""
    return {
        CLASS: [label.short for label in CLASS_LABELS.values()],
        OUTCOME: [*(label.title for label in OUTCOME_LABELS.values()), *map(tr, (NO_GATE, VOLUME, FAILED, WAITING))],
    }


def outcome_word(outcome: str | None) -> str:
    """Return the words of an outcome; None is that of a classifier without a gate."""
    return OUTCOME_LABELS[outcome].title if outcome else tr(NO_GATE)


def picture_address(jpeg: bytes) -> str | None:
    """Return a picture as a table's cell takes it; None for no picture."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}" if jpeg else None


def choose_rows(table: pd.DataFrame, *, key: str) -> tuple[pd.DataFrame, list[str]]:
    """Draw a choice of which classes and outcomes are shown, where rows have several; return the rows and the choice.

    Several chosen classes are all shown, and so are several outcomes; rows are shown that are of both choices.

    Args:
        table: with the columns ``CLASS`` and ``OUTCOME``.
        key: of the table.
    """
    filters = _filters()
    counts = {
        value: count
        for column, order in filters.items()
        if column in table and len(found := table[column].value_counts()) > 1
        for value in order
        if (count := int(found.get(value, 0)))
    }
    if not counts:
        return table, []
    chosen = st.pills(
        tr("Show only"),
        list(counts),
        selection_mode="multi",
        format_func=lambda value: f"{value} {number_text(counts[value], ',')}",
        key=f"{key}_filters",
        label_visibility="collapsed",
    )
    for column, order in filters.items():
        if values := [value for value in chosen if value in order]:
            table = table[table[column].isin(values)]
    return table, chosen


def draw_results(
    rows: Sequence[dict[str, Any]] | pd.DataFrame,
    *,
    key: str,
    at: int | None = None,
    on_open: Callable[[int], None],
    label: str,
) -> None:
    """Draw a table and, where its rows have several classes or outcomes, a choice of which are shown.

    Args:
        rows: by column; columns that are empty in all of them are left out.
        key: of the table.
        at: the row that is open; one that is opened elsewhere is marked too.
        on_open: called with the row that the visitor presses.
        label: what a screen reader calls the table.
    """
    table = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows)
    shown, chosen = choose_rows(table, key=key)
    # Positions of rows hold for one choice of them.
    _draw_grid(shown, f"{key}_{'_'.join(chosen)}", key=key, at=at, on_open=on_open, label=label)


def _draw_grid(
    shown: pd.DataFrame, name: str, *, key: str, at: int | None, on_open: Callable[[int], None], label: str
) -> None:
    places = list(shown.index)
    marked_key = f"{key}_marked"
    version, marked = st.session_state.get(marked_key, (0, at))
    if marked != at:  # opened elsewhere: a grid's selection is set only as it is made
        version += 1
    st.session_state[marked_key] = version, at
    grid_key = f"{name}_{version}"

    def open_row() -> None:
        pressed = st.session_state[grid_key]["selection"]["rows"]
        if pressed and pressed[0] < len(places):
            st.session_state[marked_key] = version, places[pressed[0]]
            on_open(places[pressed[0]])

    row = _PICTURE_ROW if PICTURE in shown else _ROW
    st.dataframe(
        shown,
        key=grid_key,
        hide_index=True,
        height=grid_height(len(shown), row),
        row_height=row,
        placeholder="",
        column_order=filled_columns(shown),
        column_config=column_settings(),
        on_select=open_row,
        selection_mode="single-row",
        selection_default={"selection": {"rows": [places.index(at)] if at in places else []}},
        alt=label,
        lazy=False,
    )


def filled_columns(table: pd.DataFrame) -> list[str]:
    """Return the columns that are not empty in all rows."""
    return [str(name) for name in table if table[name].notna().any()]


def grid_height(rows: int, row_height: int = _ROW) -> int:
    """Return the height in pixels of a table of so many rows."""
    return min(_HEADER + row_height * rows + 2, _MOST_HEIGHT)


def column_settings() -> dict[str, Any]:
    """Return how the columns of results are shown."""
    config = st.column_config
    return {
        PICTURE: config.ImageColumn(tr(PICTURE), width=64, help=tr("With the outline of the predicted mask")),
        NAME: config.TextColumn(tr(NAME), width=130),
        CLASS: config.TextColumn(
            tr(CLASS), width="small", help=tr("The likeliest class; empty where the outcome withholds it")
        ),
        PROBABILITY: config.ProgressColumn(
            tr(PROBABILITY),
            width="small",
            min_value=0,
            max_value=100,
            format="%.1f %%",
            help=tr("Of the likeliest class"),
        ),
        OUTCOME: config.TextColumn(
            tr(OUTCOME), width="medium", help=tr("How far the class is to be trusted, by the gate")
        ),
        **{name: config.NumberColumn(tr(name), width="small", format=form) for name, form in _FORMATS.items()},
        REMARKS: config.TextColumn(tr(REMARKS), width="large"),
    }
