"""The confusion matrix of the external test set after the gate, and the slices of the chosen cell."""

import pandas as pd
import streamlit as st

from core.config import CLASSES
from core.evaluation.figures import confusion_counts
from core.labels import ANSWER_LABELS
from core.ood.evaluate import disputed_labels
from core.outcome import LOW_CONFIDENCE, NO_TUMOUR, NOT_A_HEAD
from core.translation.messages import tr
from panels.external.slice_list import draw_slice_list
from panels.shared.confusion_matrix import (
    COUNTS,
    PREDICTED_KEY,
    TRUE_KEY,
    draw_confusion_matrix,
)
from panels.shared.link.address import bound

_KINDS = [*CLASSES, NO_TUMOUR]
_ANSWERS = list(ANSWER_LABELS)
_FORMER_TITLES = {
    "Not sure": ANSWER_LABELS[LOW_CONFIDENCE].english_short,
    "Stranger": ANSWER_LABELS[NOT_A_HEAD].english_short,
}
"""Titles of answers by those they had in addresses before."""


def draw_external_confusion(rows: pd.DataFrame) -> None:
    """Draw the matrix, the choice of a cell, and its slices.

    Args:
        rows: the external slices of ``core.ood.evaluate.with_outcomes``.
    """
    matrix_column, slices_column = st.columns([6, 6], gap="medium")
    matrix = matrix_column.container(key="external_matrix")
    with slices_column:
        true_column, answer_column = st.columns(2)
        with true_column:
            true = _choose_answer(tr("True"), _KINDS, key=TRUE_KEY)
        with answer_column:
            answer = _choose_answer(tr("Result"), _ANSWERS, key=PREDICTED_KEY)
    with matrix:
        counts = confusion_counts(rows.assign(predicted=rows["answer"]), _KINDS, _ANSWERS)
        draw_confusion_matrix(counts, show=COUNTS, key="matrix")
    with slices_column:
        if true:
            rows = rows[rows["true"] == true]
        if answer:
            rows = rows[rows["answer"] == answer]
        if bound(
            st.toggle,
            tr("Only disputed labels"),
            key="disputed",
            help=tr(
                "Tumours with a confident prediction of another type than their label. Labels here are noisy, "
                "most in glioma; this data cannot tell which of the two is right."
            ),
        ):
            rows = rows[disputed_labels(rows)]
        draw_slice_list(rows, key="page")


def _choose_answer(label: str, options: list[str], *, key: str) -> str | None:
    """Draw a select box of classes and answers, empty at first; return the choice."""
    return bound(
        st.selectbox,
        label,
        options,
        None,
        format_func=lambda name: ANSWER_LABELS[name].short,
        key=key,
        former=_FORMER_TITLES,
        placeholder=tr("Any"),
    )
