"""All slices of a patient are answered together after the gate: figures by hand."""

import numpy as np
import pandas as pd
import pytest

from core.config import CLASSES
from core.dataset.splits import index_table
from core.evaluation.series_after_gate import series_after_gate
from core.outcome import CONFIDENT, LOW_CONFIDENCE, NO_TUMOUR, UNUSUAL, GateThresholds

LIMITS = GateThresholds(no_tumour=-1, tumour=1, sure=0.5, strange=10, temperature=1)


def numbers_of(patients: int, slices: int) -> np.ndarray:
    """The first slices of the first patients that have so many."""
    groups = index_table().groupby("patient")["slice"]
    chosen = [numbers.to_numpy()[:slices] for _, numbers in groups if len(numbers) >= slices]
    return np.array(chosen[:patients])


def test_a_patient_gets_the_class_of_the_mean_over_the_slices_that_count() -> None:
    table = pd.DataFrame(
        {
            "name": [f"slice {number}" for number in numbers_of(3, 3).ravel()],
            "true": "glioma",
            "answer": [
                CONFIDENT,
                LOW_CONFIDENCE,
                NO_TUMOUR,
                NO_TUMOUR,
                NO_TUMOUR,
                NO_TUMOUR,
                UNUSUAL,
                UNUSUAL,
                UNUSUAL,
            ],
        }
    )
    probabilities = [[0.2, 0.7, 0.1], [0.5, 0.4, 0.1], [0.9, 0.05, 0.05], *[[0.1, 0.8, 0.1]] * 6]
    table[[f"p_{name}" for name in CLASSES]] = probabilities
    assert series_after_gate(table, LIMITS) == {
        "slices": 9,
        "patients": 3,
        "correct": pytest.approx(1 / 3),
        "patient_correct": pytest.approx(1 / 3),
        "no_tumour": pytest.approx(1 / 3),
        "refused": pytest.approx(1 / 3),
    }


def test_a_patient_with_more_slices_counts_more_by_slice() -> None:
    (first,), (second,) = numbers_of(1, 3), numbers_of(2, 1)[1:]
    table = pd.DataFrame({"name": [f"slice {number}" for number in (*first, *second)], "answer": CONFIDENT})
    table["true"] = ["glioma"] * 3 + ["pituitary"]
    table[[f"p_{name}" for name in CLASSES]] = [[0.1, 0.8, 0.1]] * 4
    figures = series_after_gate(table, LIMITS)
    assert figures["correct"] == pytest.approx(3 / 4)
    assert figures["patient_correct"] == pytest.approx(1 / 2)
