"""Whether a classifier's probabilities can be believed: pure functions on arrays."""

import numpy as np
import pandas as pd

BINS = 10
"""Equal bins of confidence from 0 to 1, as in Guo et al., 2017."""


def reliability_bins(confidence: np.ndarray, right: np.ndarray, *, bins: int = BINS) -> pd.DataFrame:
    """How often answers of about equal confidence are right.

    Args:
        confidence: (n,) highest probabilities.
        right: (n,) whether the answer is right.
        bins: equal bins from 0 to 1; a bin holds its upper edge.

    Returns:
        low, high, count, confidence and accuracy (means) of each bin that holds an answer.
    """
    edges = np.linspace(0, 1, bins + 1)
    which = np.clip(np.searchsorted(edges, confidence) - 1, 0, bins - 1)
    table = pd.DataFrame({"bin": which, "confidence": confidence, "accuracy": np.asarray(right, float)})
    grouped = table.groupby("bin").agg(
        count=("confidence", "size"), confidence=("confidence", "mean"), accuracy=("accuracy", "mean")
    )
    grouped.insert(0, "low", edges[grouped.index])
    grouped.insert(1, "high", edges[grouped.index + 1])
    return grouped.reset_index(drop=True)


def expected_calibration_error(table: pd.DataFrame) -> float:
    """ECE: the bins' mean gap between confidence and accuracy, weighted by count (Guo et al., 2017, equation 3).

    Args:
        table: of ``reliability``.
    """
    gaps = (table["confidence"] - table["accuracy"]).abs()
    return float((gaps * table["count"]).sum() / table["count"].sum())


def coverage_curve(confidence: np.ndarray, right: np.ndarray) -> pd.DataFrame:
    """Accuracy when only the surest answers are given: the complement of the risk-coverage curve.

    Args:
        confidence: (n,) highest probabilities.
        right: (n,) whether the answer is right.

    Returns:
        For each confidence that occurs, from the highest down: ``threshold``; ``coverage``, the share of slices
        answered at or above it; and ``accuracy`` among those.
    """
    order = np.argsort(-confidence, kind="stable")
    sure = confidence[order]
    answered = np.arange(1, len(order) + 1)
    accuracy = np.cumsum(np.asarray(right, float)[order]) / answered
    last = np.append(sure[1:] != sure[:-1], True)
    return pd.DataFrame({"threshold": sure[last], "coverage": answered[last] / len(order), "accuracy": accuracy[last]})


def roc_curve(score: np.ndarray, positive: np.ndarray) -> pd.DataFrame:
    """One class against the others.

    Args:
        score: (n,) the class's probability.
        positive: (n,) whether the slice is of the class; both occur.

    Returns:
        ``threshold``, ``true_positive_rate`` and ``false_positive_rate`` as the threshold falls, from (0, 0) to (1, 1).
    """
    order = np.argsort(-score, kind="stable")
    sorted_score, sorted_positive = score[order], np.asarray(positive, bool)[order]
    last = np.append(sorted_score[1:] != sorted_score[:-1], True)
    hits, alarms = np.cumsum(sorted_positive)[last], np.cumsum(~sorted_positive)[last]
    return pd.DataFrame(
        {
            "threshold": np.append(np.inf, sorted_score[last]),
            "true_positive_rate": np.append(0, hits / hits[-1]),
            "false_positive_rate": np.append(0, alarms / alarms[-1]),
        }
    )


def area_under_roc(curve: pd.DataFrame) -> float:
    """The area under a ``roc_curve``, by trapezia: the chance that a slice of the class scores above another."""
    return float(np.trapezoid(curve["true_positive_rate"], curve["false_positive_rate"]))
