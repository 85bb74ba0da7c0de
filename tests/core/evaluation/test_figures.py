"""Figures of tables of predictions, worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from core.config import CLASSES
from core.errors import MetricError
from core.evaluation.figures import (
    CORRECT,
    WRONG,
    accuracy_of,
    class_figures,
    confusion_counts,
    confusion_of,
    counts_by_outcome,
    drawn_mask_figures,
    gate_hits,
    mask_figures,
    mask_figures_by_class,
    outcome_shares,
    outcomes,
)
from core.outcome import CONFIDENT, LOW_CONFIDENCE, NO_TUMOUR, NOT_A_HEAD, UNUSUAL

NAMED = pd.DataFrame(
    {
        "true": ["glioma", "glioma", "meningioma", "glioma"],
        "predicted": ["glioma", "meningioma", "meningioma", "meningioma"],
        "patient": [1, 1, 2, 3],
        "p_meningioma": [0.1, 0.6, 0.9, 0.7],
        "p_glioma": [0.9, 0.3, 0.1, 0.2],
        "p_pituitary": [0.0, 0.1, 0.0, 0.1],
    }
)
MASKS = pd.DataFrame(
    {
        "slice": [4, 5, 6, 7],
        "patient": [1, 1, 2, 3],
        "true": ["glioma", "glioma", "meningioma", "glioma"],
        "dice": [1.0, 0.0, 0.5, 0.0],
        "true_px": [10, 10, 10, 10],
        "predicted_px": [10, 4, 10, 0],
    }
)


def test_the_confusion_matrix_has_a_row_and_a_column_for_a_class_that_does_not_occur() -> None:
    assert confusion_of(NAMED).tolist() == [[1, 0, 0], [2, 1, 0], [0, 0, 0]]
    counts = confusion_counts(NAMED, list(CLASSES))
    assert counts.to_numpy().tolist() == [[1, 0, 0], [2, 1, 0], [0, 0, 0]]
    assert counts.index.tolist() == counts.columns.tolist() == list(CLASSES)


def test_answers_that_are_no_class_are_columns_without_a_row() -> None:
    counts = confusion_counts(NAMED.replace({"predicted": {"glioma": "none"}}), list(CLASSES), [*CLASSES, "none"])
    assert counts.to_numpy().tolist() == [[1, 0, 0, 0], [2, 0, 0, 1], [0, 0, 0, 0]]


def test_a_class_without_a_column_is_refused() -> None:
    with pytest.raises(MetricError, match="-1"):
        confusion_of(NAMED.replace({"predicted": {"glioma": "cat"}}))


def test_class_figures_by_hand() -> None:
    figures = class_figures(NAMED)
    assert figures["accuracy"] == accuracy_of(NAMED) == 2 / 4
    assert figures["recall_glioma"] == pytest.approx(1 / 3)
    assert figures["recall_meningioma"] == 1
    assert np.isnan(figures["recall_pituitary"])
    assert figures["macro_f1"] == pytest.approx((2 / 4 + 2 / 4 + 0) / 3)
    # Patient 1 in the mean: 0.35, 0.6, 0.05.
    assert figures["patient_accuracy"] == pytest.approx(2 / 3)
    assert figures["series_accuracy"] == pytest.approx(3 / 4)
    assert np.isnan(accuracy_of(NAMED.iloc[:0]))


def test_mask_figures_by_hand() -> None:
    figures = mask_figures(MASKS)
    assert figures["dice_mean"] == pytest.approx(1.5 / 4)
    assert figures["dice_class_mean"] == pytest.approx((1 / 3 + 0.5) / 2)
    assert figures["dice_patient_mean"] == pytest.approx((0.5 + 0.5 + 0) / 3)
    assert figures["dice_pooled"] == pytest.approx(2 * 15 / 64)
    assert figures["iou_mean"] == pytest.approx((1 + 1 / 3) / 4)
    assert figures["missed"] == 2 / 4
    drawn = drawn_mask_figures(MASKS)
    assert {name: float(value) for name, value in drawn.items()} == {name: figures[name] for name in drawn}


def test_mask_figures_by_class() -> None:
    by_class = mask_figures_by_class(MASKS)
    columns = ["slices", "dice_mean", "dice_median", "iou_mean", "missed"]
    assert by_class.index.tolist() == ["meningioma", "glioma"]
    assert by_class.loc["glioma", columns].tolist() == pytest.approx([3, 1 / 3, 0, 1 / 3, 2 / 3])
    assert by_class.loc["meningioma", columns].tolist() == pytest.approx([1, 0.5, 0.5, 1 / 3, 0])


ANSWERED = pd.DataFrame(
    [
        ("glioma", "glioma", CONFIDENT, CORRECT),
        ("glioma", "pituitary", CONFIDENT, WRONG),
        ("glioma", "glioma", NO_TUMOUR, WRONG),
        ("glioma", "glioma", LOW_CONFIDENCE, LOW_CONFIDENCE),
        ("glioma", "glioma", UNUSUAL, UNUSUAL),
        ("no_tumour", "glioma", NO_TUMOUR, CORRECT),
        ("no_tumour", "glioma", CONFIDENT, WRONG),
        (NOT_A_HEAD, "glioma", UNUSUAL, CORRECT),
        (NOT_A_HEAD, "glioma", NOT_A_HEAD, CORRECT),
        (NOT_A_HEAD, "glioma", NO_TUMOUR, WRONG),
        (NOT_A_HEAD, "glioma", CONFIDENT, WRONG),
    ],
    columns=["true", "predicted", "answer", "outcome"],
)


def test_outcomes_of_every_answer() -> None:
    assert outcomes(ANSWERED).tolist() == ANSWERED["outcome"].tolist()
    assert outcome_shares(ANSWERED) == {
        "slices": 11,
        CORRECT: 4 / 11,
        WRONG: 5 / 11,
        LOW_CONFIDENCE: 1 / 11,
        UNUSUAL: 1 / 11,
        NOT_A_HEAD: 0,
    }


def test_counts_of_every_outcome_and_of_those_that_are_right() -> None:
    counts = {name: (count["slices"], count["right"]) for name, count in counts_by_outcome(ANSWERED).items()}
    assert counts == {CONFIDENT: (4, 1), LOW_CONFIDENCE: (1, 1), NO_TUMOUR: (3, 1), UNUSUAL: (2, 1), NOT_A_HEAD: (1, 1)}


def test_hits_of_the_gate_by_hand() -> None:
    hits = gate_hits(ANSWERED[ANSWERED["true"] != NOT_A_HEAD])
    assert {name: (int(hit.sum()), len(hit)) for name, hit in hits.items()} == {
        "answered_tumour": (3, 5),
        "answered_no_tumour": (2, 2),
        "no_tumour_called_tumour": (1, 2),
        "tumour_called_no_tumour": (1, 5),
        "class_accuracy_answered": (1, 2),
    }
