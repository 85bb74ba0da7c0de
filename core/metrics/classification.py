"""Metrics of a classifier: pure functions on arrays of classes and probabilities.

Those of a confusion matrix take many matrices at a time, (..., classes, classes) with rows true and columns predicted.
"""

from typing import Any

import numpy as np

from core.errors import MetricError
from core.metrics.averages import Draws, mean, require_option, safe_divide

NONE, MACRO = "none", "macro"
AVERAGING = (NONE, MACRO)
"""A figure of each class, or the mean over the classes."""


def confusion_matrix(
    true: np.ndarray, predicted: np.ndarray, *, classes: int, draws: Draws | None = None
) -> np.ndarray:
    """Count slices by true class (rows) and predicted class (columns).

    Args:
        true: (n,) class indices.
        predicted: (n,) class indices.
        classes: number of classes.
        draws: of the slices.

    Returns:
        (classes, classes) int64, or (draws, classes, classes) float64.

    Raises:
        MetricError: an index is not that of a class.
    """
    for indices in (true, predicted):
        if len(indices) and not (indices.min() >= 0 and indices.max() < classes):
            raise MetricError(
                "Class indices go from {lowest} to {highest}; there are {classes} classes.",
                lowest=indices.min(),
                highest=indices.max(),
                classes=classes,
            )
    cells = true.astype(np.int64) * classes + predicted
    if draws is None:
        return np.bincount(cells, minlength=classes**2).reshape(classes, classes)
    return draws.counts(cells, classes**2).reshape(-1, classes, classes)


def accuracy(matrix: np.ndarray, *, empty: float = 0.0) -> np.ndarray:
    """Compute the share of slices classified correctly, (...); ``empty`` where there is no slice."""
    return safe_divide(_true_positives(matrix).sum(axis=-1), matrix.sum(axis=(-2, -1)), empty=empty)


def correct_count(matrix: np.ndarray) -> int:
    """Count the slices on the diagonal of one matrix."""
    return int(_true_positives(matrix).sum())


def error_count(matrix: np.ndarray) -> int:
    """Count the slices off the diagonal of one matrix."""
    return int(matrix.sum()) - correct_count(matrix)


def precision(matrix: np.ndarray, *, averaging: str = NONE, empty: float = 0.0) -> np.ndarray:
    """Compute the share of the slices predicted as each class that are of it.

    Args:
        matrix: of ``confusion_matrix``.
        averaging: one of ``AVERAGING``.
        empty: the value of a class without such slices.

    Returns:
        (..., classes), or (...) averaged.

    Raises:
        MetricError: there is no such averaging.
    """
    return _average(safe_divide(_true_positives(matrix), matrix.sum(axis=-2), empty=empty), averaging)


def recall(matrix: np.ndarray, *, averaging: str = NONE, empty: float = 0.0) -> np.ndarray:
    """Compute the share of each class's slices that are predicted as it; the rest as of ``precision``."""
    return _average(safe_divide(_true_positives(matrix), matrix.sum(axis=-1), empty=empty), averaging)


def f1(matrix: np.ndarray, *, averaging: str = NONE, empty: float = 0.0) -> np.ndarray:
    """Compute the harmonic mean of precision and recall of each class; the rest as of ``precision``."""
    either = matrix.sum(axis=-1) + matrix.sum(axis=-2)
    return _average(safe_divide(2 * _true_positives(matrix), either, empty=empty), averaging)


def classification_report(matrix: np.ndarray, names: tuple[str, ...]) -> dict[str, Any]:
    """Return accuracy, macro F1, and each class's precision, recall, F1 and support.

    A quotient whose denominator is zero is 0.

    Args:
        matrix: (classes, classes), of ``confusion_matrix``.
        names: class names in the matrix's order.
    """
    columns = {"precision": precision(matrix), "recall": recall(matrix), "f1": f1(matrix)}
    per_class = {
        name: {
            **{measure: float(values[i]) for measure, values in columns.items()},
            "support": int(matrix[i].sum()),
        }
        for i, name in enumerate(names)
    }
    return {
        "accuracy": float(accuracy(matrix)),
        "macro_f1": float(f1(matrix, averaging=MACRO)),
        "per_class": per_class,
        "confusion_matrix": matrix.tolist(),
    }


def log_loss(true: np.ndarray, probabilities: np.ndarray, *, smallest: float = 1e-7) -> float:
    """Compute the mean negative logarithm of the true class's probability.

    Args:
        true: (n,) class indices.
        probabilities: (n, classes).
        smallest: lower limit that probabilities are clipped to; Keras clips to the same value.
    """
    of_true_class = np.take_along_axis(probabilities, true[:, None].astype(np.int64), axis=1)
    return _negative_log(of_true_class, smallest)


def binary_log_loss(true: np.ndarray, probabilities: np.ndarray, *, smallest: float = 1e-7) -> float:
    """Compute ``log_loss`` of one class against its absence.

    Args:
        true: bool, any shape: whether it is the class, such as tumour.
        probabilities: the class's, the same shape.
        smallest: as of ``log_loss``.
    """
    return _negative_log(np.where(true, probabilities, 1 - probabilities), smallest)


def _negative_log(probabilities: np.ndarray, smallest: float) -> float:
    return float(-np.log(np.clip(probabilities.astype(np.float64), smallest, 1.0)).mean())


def series_probabilities(probabilities: np.ndarray, patients: np.ndarray) -> np.ndarray:
    """Return the mean probabilities of each slice's series: all slices of its patient.

    Args:
        probabilities: (n, classes).
        patients: (n,) patient numbers.

    Returns:
        (n, classes), the same row for all slices of a patient.
    """
    _, patient, slices = np.unique(patients, return_inverse=True, return_counts=True)
    sums = np.zeros((len(slices), probabilities.shape[1]))
    np.add.at(sums, patient, probabilities)
    return (sums / slices[:, None])[patient]


def series_accuracy(
    true: np.ndarray, probabilities: np.ndarray, patients: np.ndarray, *, draws: Draws | None = None
) -> np.ndarray:
    """Compute the accuracy of series by slice: every slice is given the class of its series.

    Args, Returns: as of ``patient_accuracy``.
    """
    return mean(series_probabilities(probabilities, patients).argmax(axis=1) == true, draws)


def patient_accuracy(
    true: np.ndarray, probabilities: np.ndarray, patients: np.ndarray, *, draws: Draws | None = None
) -> np.ndarray:
    """Compute the accuracy of series by patient: a patient's class is predicted by their slices' mean probability.

    A patient has one class: the data set gives each patient's slices the same label.

    Args:
        true: (n,) class indices.
        probabilities: (n, classes).
        patients: (n,) patient numbers.
        draws: of the slices, with all slices of a patient in one cluster.

    Returns:
        () or (draws,) float64.
    """
    _, first = np.unique(patients, return_index=True)
    is_right = series_probabilities(probabilities, patients).argmax(axis=1) == true
    return mean(is_right[first], draws and draws.of(first))


def _true_positives(matrix: np.ndarray) -> np.ndarray:
    return np.diagonal(matrix, axis1=-2, axis2=-1)


def _average(by_class: np.ndarray, averaging: str) -> np.ndarray:
    require_option("averaging", averaging, AVERAGING)
    return by_class if averaging == NONE else by_class.mean(axis=-1)
