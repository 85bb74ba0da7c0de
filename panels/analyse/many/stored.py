"""The results of a ``core batch`` as a table, where the server was started with its folder.

The browser is sent the rows that it shows and fetches others as it scrolls. The server finds and sorts, among all rows.
"""

from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import streamlit as st

from core.batch.stored import StoredBatch
from core.batch.table import ERROR, RESULTS
from core.config import CLASSES
from core.errors import BatchError
from core.files import inert_cells, table_csv
from core.labels import CLASS_LABELS, OUTCOME_LABELS
from core.translation.language import current_language
from core.translation.messages import mark, tr
from panels.shared.controls import file_button, fragment
from panels.shared.results_table import (
    CLASS,
    FAILED,
    NAME,
    NO_GATE,
    NUMBER_COLUMNS,
    OUTCOME,
    PROBABILITY,
    REMARKS,
    choose_rows,
    column_settings,
    filled_columns,
    grid_height,
)
from panels.shared.theme import escape_markdown

ROW = mark("Row")
"""The column whose buttons open a row; they show its number, from 1 on."""
_HIDDEN: Literal["collapsed"] = "collapsed"
"""Of labels that the widgets' placeholders repeat."""


@fragment
def draw_stored(folder: Path, *, key: str) -> None:
    """Draw the results in a folder, and what is stored of the row that is opened.

    Raises:
        BatchError: the folder holds none.
    """
    path = folder / RESULTS
    if not path.is_file():
        raise BatchError(
            "'{folder}' holds no {file}; SLICESCOPE_BATCH names the folder of a batch that has ended.",
            folder=folder,
            file=RESULTS,
        )
    with st.spinner(tr("Reading the results")):
        batch, rows, columns = _read(folder, path.stat().st_mtime_ns, current_language())
    st.markdown(
        tr("**Results of a batch**, {count:,} rows of {folder}", count=len(rows), folder=escape_markdown(folder.name))
    )
    shown, _ = choose_rows(rows, key=key)
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}_choices"):
        shown = _choose(shown, columns, key=key)
        number = _choose_row(len(rows), key=f"{key}_row")
        _draw_file(batch, shown.index, key=f"{key}_csv")
    _draw_table(shown, columns, key=key, label=tr("{count:,} results of a batch", count=len(shown)))
    if number is not None:
        # Only now: what a result needs would make the table slow.
        from panels.analyse.many.stored_row import draw_stored_row

        draw_stored_row(batch, number - 1, key=key)


def _choose(rows: pd.DataFrame, columns: list[str], *, key: str) -> pd.DataFrame:
    """Draw what finds and sorts rows; return those that are shown."""
    options = [name for name in columns if name != ROW]
    wanted = st.text_input(
        tr("Find a name"), placeholder=tr("Find a name"), key=f"{key}_find", width=200, label_visibility=_HIDDEN
    )
    column = st.selectbox(
        tr("Sort by"),
        options,
        index=None,
        placeholder=tr("Sort by"),
        format_func=tr,
        key=f"{key}_sort",
        width=200,
        label_visibility=_HIDDEN,
    )
    descending = st.toggle(tr("Descending"), key=f"{key}_descending", width="content")
    if wanted:
        rows = rows[rows[NAME].str.contains(wanted, case=False, regex=False)]
    if column:
        rows = rows.sort_values(column, ascending=not descending, kind="stable")
    elif descending:
        rows = rows[::-1]
    return rows


def _choose_row(count: int, *, key: str) -> int | None:
    """Draw the choice of a row that is opened; return its number, or None."""
    if (st.session_state.get(key) or 0) > count:  # the folder's results are others by now
        st.session_state[key] = None
    return st.number_input(
        tr("Open row"), 1, max(count, 1), None, placeholder=tr("Open row"), key=key, width=160, label_visibility=_HIDDEN
    )


def _draw_file(batch: StoredBatch, places: pd.Index, *, key: str) -> None:
    def make() -> bytes:
        # Whole numbers stay whole beside gaps.
        return table_csv(inert_cells(batch.table.loc[places].convert_dtypes())).encode()

    file_button(make, "CSV", "results.csv", key=key)


def _draw_table(shown: pd.DataFrame, columns: list[str], *, key: str, label: str) -> None:
    open_key = f"{key}_open"

    def open_row() -> None:
        st.session_state[f"{key}_row"] = int(st.session_state[open_key]["label"])

    opener = st.column_config.ButtonColumn(
        tr(ROW), width=80, help=tr("Opens the row"), alignment="left", on_click=open_row, key=open_key
    )
    st.dataframe(
        shown,
        hide_index=True,
        height=grid_height(len(shown)),
        placeholder="",
        column_order=columns,
        column_config=column_settings() | {ROW: opener},
        alt=label,
        lazy=True,
    )


@st.cache_resource(max_entries=1, show_spinner=False)
def _read(folder: Path, changed: int, language: str) -> tuple[StoredBatch, pd.DataFrame, list[str]]:
    batch = StoredBatch(folder)
    rows = shown_rows(batch)
    return batch, rows, filled_columns(rows)


def shown_rows(batch: StoredBatch) -> pd.DataFrame:
    """Return the table of a batch as it is shown, in the current language."""
    table = batch.table
    words = _worded(table["outcome"], {name: label.title for name, label in OUTCOME_LABELS.items()})
    given = table["class"]
    titles = _worded(given, {name: label.short for name, label in CLASS_LABELS.items()})
    probabilities = [(given == name, table[f"p_{name}"]) for name in CLASSES if f"p_{name}" in table]
    probability = np.select([where for where, _ in probabilities], [p for _, p in probabilities], np.nan)
    failed = table["of"] == ERROR
    shown = {
        ROW: (table.index + 1).astype("str"),
        NAME: _slice_names(table),
        CLASS: titles,
        PROBABILITY: 100 * pd.Series(probability, table.index),
        OUTCOME: words.fillna(tr(NO_GATE)).where(~failed, tr(FAILED)),
        **{title: table[column] for title, column in NUMBER_COLUMNS.items()},
        REMARKS: batch.remarks(),
    }
    return pd.DataFrame(shown, index=table.index)


def _worded(column: pd.Series, words: dict[str, str]) -> pd.Series:
    """Return a column's values in words; one without a word is missing."""
    codes, values = pd.factorize(column)
    known = pd.array([words.get(value) for value in values], dtype="str")
    return pd.Series(known.take(codes, allow_fill=True), column.index)


def _slice_names(table: pd.DataFrame) -> pd.Series:
    """Return what rows are called: a slice of a volume by its file and number, since its stored name is English."""
    names, is_slice = table["name"].copy(), table["slice"].notna()
    files = table.loc[is_slice, "source"].str.rpartition("/")[2]
    words = tr("{name}, slice {number}")
    names[is_slice] = [
        words.format(name=name, number=number)
        for name, number in zip(files, table.loc[is_slice, "slice"].astype("int64"), strict=True)
    ]
    return names
