"""A table of results, a row a slice or a volume: filtered by answer, sorted by column; a row that is pressed opens."""

import base64
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.config import CONFIDENT
from core.labels import ANSWER_LABELS, CLASS_LABELS, GATE_LABELS

PICTURE, NAME, ANSWER, CLASS, PROBABILITY = "Picture", "Name", "Answer", "Class", "Probability"
REMARKS = "Remarks"
FAILED, WAITING, VOLUME = "Failed", "Waiting", "Volume"
"""Answers of what has none."""
_HEADER, _ROW, _PICTURE_ROW, _MOST_HEIGHT = 36, 35, 56, 400
"""Heights in pixels."""
NUMBER_COLUMNS = {
    "Area, px": "area_px",
    "Area, mm²": "area_mm2",
    "Diameter, mm": "longest_diameter_mm",
    "Volume, ml": "volume_ml",
    "Pixel, mm": "spacing_mm",
    "Dice": "dice",
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
_ORDER = [*(label.short for label in ANSWER_LABELS.values()), VOLUME, FAILED, WAITING]


def answer_word(kind: str | None, class_name: str | None) -> str:
    """Return a result's answer in a word or two: its class, or what the gate answers instead."""
    return (GATE_LABELS[kind] if kind and kind != CONFIDENT else CLASS_LABELS[str(class_name)]).short


def picture_address(jpeg: bytes) -> str | None:
    """Return a picture as a table's cell takes it; None for no picture."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}" if jpeg else None


def choose_answers(answers: "pd.Series[str]", *, key: str) -> list[str]:
    """Draw a choice of which answers are shown, where rows have several; return those chosen, none for all.

    Args:
        answers: of all rows.
        key: of the table.
    """
    counts = answers.value_counts()
    if len(counts) < 2:
        return []
    return st.pills(
        "Show only",
        sorted(counts.index, key=_ORDER.index),
        selection_mode="multi",
        format_func=lambda answer: f"{answer} {counts[answer]:,}",
        key=f"{key}_answers",
        label_visibility="collapsed",
    )


def draw_results(
    rows: Sequence[dict[str, Any]] | pd.DataFrame,
    *,
    key: str,
    at: int | None = None,
    on_open: Callable[[int], None],
    label: str,
) -> None:
    """Draw a table and, where its rows have several answers, a choice of which are shown.

    Args:
        rows: by column; columns that are empty in all of them are left out.
        key: of the table.
        at: the row that is open; one that is opened elsewhere is marked too.
        on_open: called with the row that the visitor presses.
        label: what a screen reader calls the table.
    """
    table = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows)
    chosen = choose_answers(table[ANSWER], key=key)
    shown = table[table[ANSWER].isin(chosen)] if chosen else table
    # Positions of rows hold for one choice of answers.
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
        PICTURE: config.ImageColumn(width=64, help="With the outline of the predicted mask"),
        NAME: config.TextColumn(width=150),
        ANSWER: config.TextColumn(width="small", help="The class, or what the gate answers instead"),
        CLASS: config.TextColumn(width="small", help="The likeliest class"),
        PROBABILITY: config.ProgressColumn(
            width="small", min_value=0, max_value=100, format="%.1f %%", help="Of the likeliest class"
        ),
        **{name: config.NumberColumn(width="small", format=form) for name, form in _FORMATS.items()},
        REMARKS: config.TextColumn(width="large"),
    }
