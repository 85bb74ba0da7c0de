"""Reliability, coverage and ROC of a classifier's probabilities: pure functions on arrays."""

import numpy as np
import pandas as pd

BINS = 10
"""Equal bins of confidence from 0 to 1, as in Guo et al., 2017."""


def reliability_bins(confidence: np.ndarray, correct: np.ndarray, *, bins: int = BINS) -> pd.DataFrame:
    """Compare confidence with accuracy in equal bins of confidence.

    Args:
        confidence: (n,) highest probabilities.
        correct: (n,) whether the predicted class is the true one.
        bins: number of equal bins from 0 to 1; a bin includes its upper edge.

    Returns:
        low, high, count, confidence and accuracy (means) of each bin that is not empty.
    """
    edges = np.linspace(0, 1, bins + 1)
    bin_index = np.clip(np.searchsorted(edges, confidence) - 1, 0, bins - 1)
    table = pd.DataFrame({"bin": bin_index, "confidence": confidence, "accuracy": np.asarray(correct, float)})
    grouped = table.groupby("bin").agg(
        count=("confidence", "size"), confidence=("confidence", "mean"), accuracy=("accuracy", "mean")
    )
    grouped.insert(0, "low", edges[grouped.index])
    grouped.insert(1, "high", edges[grouped.index + 1])
    return grouped.reset_index(drop=True)


def expected_calibration_error(table: pd.DataFrame) -> float:
    """Average the bins' gaps between confidence and accuracy, weighted by count (ECE; Guo et al., 2017, equation 3).

    Args:
        table: from ``reliability_bins``.
    """
    gaps = (table["confidence"] - table["accuracy"]).abs()
    return float((gaps * table["count"]).sum() / table["count"].sum())


def calibration_error(true: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the expected calibration error of (n, classes) probabilities against (n,) class indices."""
    return expected_calibration_error(
        reliability_bins(probabilities.max(axis=1), probabilities.argmax(axis=1) == np.asarray(true))
    )


def coverage_curve(confidence: np.ndarray, correct: np.ndarray) -> pd.DataFrame:
    """Compute the accuracy among the most confident slices: the complement of the risk-coverage curve.

    Args:
        confidence: (n,) highest probabilities.
        correct: (n,) whether the predicted class is the true one.

    Returns:
        For each confidence that occurs, from the highest down: ``threshold``; ``coverage``, the share of slices at or
        above it; and ``accuracy`` among those.
    """
    order = np.argsort(-confidence, kind="stable")
    sorted_confidence = confidence[order]
    covered = np.arange(1, len(order) + 1)
    accuracy = np.cumsum(np.asarray(correct, float)[order]) / covered
    last = _last_of_equal(sorted_confidence)
    return pd.DataFrame(
        {"threshold": sorted_confidence[last], "coverage": covered[last] / len(order), "accuracy": accuracy[last]}
    )


def roc_curve(score: np.ndarray, positive: np.ndarray) -> pd.DataFrame:
    """Compute the ROC curve of one class against the others.

    Args:
        score: (n,) the class's probability.
        positive: (n,) whether the slice is of the class; both must occur.

    Returns:
        ``threshold``, ``true_positive_rate`` and ``false_positive_rate`` as the threshold falls, from (0, 0) to (1, 1).
    """
    order = np.argsort(-score, kind="stable")
    sorted_score, sorted_positive = score[order], np.asarray(positive, bool)[order]
    last = _last_of_equal(sorted_score)
    true_positives, false_positives = np.cumsum(sorted_positive)[last], np.cumsum(~sorted_positive)[last]
    return pd.DataFrame(
        {
            "threshold": np.append(np.inf, sorted_score[last]),
            "true_positive_rate": np.append(0, true_positives / true_positives[-1]),
            "false_positive_rate": np.append(0, false_positives / false_positives[-1]),
        }
    )


def area_under_roc(curve: pd.DataFrame) -> float:
    """Integrate a ``roc_curve`` by trapezia: the probability that a slice of the class scores above another."""
    return float(np.trapezoid(curve["true_positive_rate"], curve["false_positive_rate"]))


def _last_of_equal(values: np.ndarray) -> np.ndarray:
    """Mark the last of each run of equal values in a sorted (n,) array."""
    return np.append(values[1:] != values[:-1], True)
