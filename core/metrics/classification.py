"""Metrics of a classifier: pure functions on arrays of classes and probabilities."""

from typing import Any

import numpy as np

from core.metrics.overlap import safe_divide


def confusion_matrix(true: np.ndarray, predicted: np.ndarray, *, classes: int) -> np.ndarray:
    """Count slices by true class (rows) and predicted class (columns): (classes, classes) int64.

    Args:
        true: (n,) class indices.
        predicted: (n,) class indices.
        classes: number of classes.
    """
    matrix = np.zeros((classes, classes), np.int64)
    np.add.at(matrix, (true, predicted), 1)
    return matrix


def log_loss(true: np.ndarray, probabilities: np.ndarray, *, smallest: float = 1e-7) -> float:
    """Compute the mean negative logarithm of the true class's probability.

    Args:
        true: (n,) class indices.
        probabilities: (n, classes).
        smallest: lower limit that probabilities are clipped to; Keras clips to the same value.
    """
    of_true_class = np.take_along_axis(probabilities, true[:, None].astype(np.int64), axis=1)[:, 0]
    return float(-np.log(np.clip(of_true_class.astype(np.float64), smallest, 1.0)).mean())


def classification_report(matrix: np.ndarray, names: tuple[str, ...]) -> dict[str, Any]:
    """Compute accuracy, macro F1, and each class's precision, recall, F1 and support.

    A quotient whose denominator is zero is 0.

    Args:
        matrix: (classes, classes), rows true, columns predicted.
        names: class names in the matrix's order.
    """
    true_positives, true, predicted = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    precision, recall = safe_divide(true_positives, predicted), safe_divide(true_positives, true)
    f1 = safe_divide(2 * true_positives, true + predicted)
    per_class = {
        name: {
            "precision": float(precision[i]),
            "recall": float(recall[i]),
            "f1": float(f1[i]),
            "support": int(true[i]),
        }
        for i, name in enumerate(names)
    }
    return {
        "accuracy": float(safe_divide(true_positives.sum(), matrix.sum())),
        "macro_f1": float(f1.mean()),
        "per_class": per_class,
        "confusion_matrix": matrix.tolist(),
    }


def patient_accuracy(true: np.ndarray, probabilities: np.ndarray, patients: np.ndarray) -> float:
    """Compute the patient-level accuracy: each patient's class is predicted by the mean probability of their slices.

    A patient has one class: the data set gives each patient's slices the same label.

    Args:
        true: (n,) class indices.
        probabilities: (n, classes).
        patients: (n,) patient numbers.
    """
    numbers, first = np.unique(patients, return_index=True)
    means = np.array([probabilities[patients == number].mean(axis=0) for number in numbers])
    return float((means.argmax(axis=1) == true[first]).mean())
