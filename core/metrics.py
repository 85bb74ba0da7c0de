"""Metrics as pure functions on arrays; thresholds and conventions stand in the signatures."""

import numpy as np


def iou(predicted: np.ndarray, true: np.ndarray, *, empty: float = 1.0) -> float:
    """Intersection over union of two bool masks of one shape.

    Args:
        empty: the value where both masks are empty.
    """
    union = int(np.count_nonzero(predicted | true))
    return int(np.count_nonzero(predicted & true)) / union if union else empty


def dice(predicted: np.ndarray, true: np.ndarray, *, empty: float = 1.0) -> float:
    """Dice coefficient, twice the intersection over the sum of the areas, of two bool masks.

    Args:
        empty: the value where both masks are empty.
    """
    total = int(np.count_nonzero(predicted)) + int(np.count_nonzero(true))
    return 2 * int(np.count_nonzero(predicted & true)) / total if total else empty
