"""A confusion matrix of buttons: a press on a cell fills the select boxes `true` and `predicted`."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.labels import ANSWER_LABELS
from core.outcome import LOW_CONFIDENCE, REFUSED
from core.translation.messages import mark, tr, tr_plural
from panels.shared.controls import run_whole_page
from panels.shared.link.address import change
from panels.shared.theme import percent

TRUE_KEY, PREDICTED_KEY = "true", "predicted"
"""Keys of the select boxes that hold the chosen cell, also their names in the address."""
COUNTS, ROW_SHARE, COLUMN_SHARE = mark("Counts"), mark("Share of row"), mark("Share of column")
_CORRECT_COLOUR, _WRONG_COLOUR, _ABSTAINED_COLOUR = "0, 114, 178", "213, 113, 0", "128, 134, 139"
_ABSTAINED = (LOW_CONFIDENCE, *REFUSED)

Cell = tuple[str | None, str | None]
"""A true class and an answer; None stands for any."""


def draw_confusion_matrix(counts: pd.DataFrame, *, show: str, key: str) -> None:
    """Draw the matrix and frame the cell in the select boxes; a second press on that cell clears them.

    Args:
        counts: slices by true class (rows) and predicted class or other answer (columns).
        show: ``COUNTS``, ``ROW_SHARE`` or ``COLUMN_SHARE``: what stands large in a cell.
        key: tells the matrix from others on the page.
    """
    chosen = st.session_state.get(TRUE_KEY), st.session_state.get(PREDICTED_KEY)
    _COMPONENT(
        key=key,
        data=matrix_data(counts, show, chosen),
        on_cell_change=lambda: choose_as_wished(counts, st.session_state[key]["cell"]),
    )


def choose_as_wished(counts: pd.DataFrame, wish: object) -> None:
    """Choose the cell that a browser asks for, by its place in ``counts``, or none; drop what is no cell."""
    cell: Cell = None, None
    if wish != []:
        cells = {f"{[i, j]}": (t, p) for i, t in enumerate(counts.index) for j, p in enumerate(counts.columns)}
        if str(wish) not in cells:
            return
        cell = cells[str(wish)]
    if cell == (st.session_state.get(TRUE_KEY), st.session_state.get(PREDICTED_KEY)):
        return
    st.session_state[TRUE_KEY], st.session_state[PREDICTED_KEY] = cell
    change({key: [] if name is None else [name] for key, name in zip((TRUE_KEY, PREDICTED_KEY), cell, strict=True)})
    run_whole_page()


def matrix_data(counts: pd.DataFrame, show: str, chosen: Cell) -> dict[str, Any]:
    """Return what the browser draws: titles of axes, rows and columns, and the cells.

    A cell has its texts, its words for screen readers, its colour, whether it is framed (``chosen``), and whether it
    alone is (``exact``).
    """
    by_column = show == COLUMN_SHARE
    numbers = counts.to_numpy()
    shares = numbers / np.maximum(1, numbers.sum(axis=0 if by_column else 1, keepdims=True))
    words = (
        mark("True {true}, predicted {predicted}: {slices}, {share} of the column")
        if by_column
        else mark("True {true}, predicted {predicted}: {slices}, {share} of the row")
    )

    def cell(true: str, predicted: str, count: int, share: float) -> dict[str, Any]:
        # By the root, so that a few errors are told from none; never so strong that the text cannot be read on it.
        strength = 0.06 + 0.5 * math.sqrt(share) if count else 0.03
        slices = tr_plural("{count} slice", "{count} slices", count)
        return {
            "large": str(count) if show == COUNTS else percent(share),
            "small": "" if show == COUNTS else slices,
            "words": tr(
                words,
                true=ANSWER_LABELS[true].short_in_text,
                predicted=ANSWER_LABELS[predicted].short_in_text,
                slices=slices,
                share=percent(share),
            ),
            "colour": f"rgba({_cell_colour(true, predicted)}, {strength:.3f})",
            "chosen": chosen != (None, None) and chosen[0] in (None, true) and chosen[1] in (None, predicted),
            "exact": chosen == (true, predicted),
        }

    return {
        "label": tr("Confusion matrix"),
        "across": tr("Predicted class") if list(counts.columns) == list(counts.index) else tr("Answer"),
        "down": tr("True class"),
        "columns": [ANSWER_LABELS[name].short for name in counts.columns],
        "rows": [ANSWER_LABELS[name].short for name in counts.index],
        "cells": [
            [cell(true, *each) for each in zip(counts.columns, numbers[i].tolist(), shares[i].tolist(), strict=True)]
            for i, true in enumerate(counts.index)
        ],
    }


def _cell_colour(true: str, predicted: str) -> str:
    if true == predicted:
        return _CORRECT_COLOUR
    return _ABSTAINED_COLOUR if predicted in _ABSTAINED else _WRONG_COLOUR


_COMPONENT = st.components.v2.component(
    "slicescope_confusion_matrix",
    html='<table class="matrix"></table>',
    css=Path(__file__).with_suffix(".css").read_text(encoding="utf-8"),
    js=Path(__file__).with_suffix(".mjs").read_text(encoding="utf-8"),
)
