"""A demonstration that Keras' MeanIoU of scores stays near one half however good the mask is."""

import numpy as np

from core.metrics.overlap import iou, keras_mean_iou_of_scores

DEMONSTRATION_SIDE = 128
"""Side of the demonstration's slice in pixels, as of the report's U-Net's input."""
_RADIUS = 9
"""Radius of its tumour: 1.5 % of the pixels, about the tumours' share in the data set."""
TUMOUR_SCORE, BACKGROUND_SCORE = 0.98, 0.02
"""The demonstration's scores of tumour and background: confident, but not exactly 1 and 0."""


def iou_demonstration(coverage: float, ones: float) -> tuple[np.ndarray, np.ndarray]:
    """Make a tumour, and the scores of a mask that covers part of it.

    Args:
        coverage: share of the tumour the mask covers, from its centre outwards.
        ones: share of the mask whose score is exactly 1, from its centre outwards; the rest has ``TUMOUR_SCORE``.

    Returns:
        (S, S) bool, the tumour; (S, S) float32, the scores; S is ``DEMONSTRATION_SIDE``.
    """
    rows, columns = np.mgrid[:DEMONSTRATION_SIDE, :DEMONSTRATION_SIDE] - (DEMONSTRATION_SIDE - 1) / 2
    distance = rows**2 + columns**2
    tumour = distance <= _RADIUS**2
    inside = np.flatnonzero(tumour)
    outwards = inside[np.argsort(distance.ravel()[inside], kind="stable")]
    covered = outwards[: round(coverage * len(outwards))]
    scores = np.full(DEMONSTRATION_SIDE * DEMONSTRATION_SIDE, BACKGROUND_SCORE, np.float32)
    scores[covered] = TUMOUR_SCORE
    scores[covered[: round(ones * len(covered))]] = 1.0
    return tumour, scores.reshape(DEMONSTRATION_SIDE, DEMONSTRATION_SIDE)


def iou_demonstration_metrics(coverage: float, ones: float) -> dict[str, float]:
    """Return the figures of an ``iou_demonstration``: the tumour's IoU at 0.5, and Keras' MeanIoU of the scores."""
    tumour, scores = iou_demonstration(coverage, ones)
    return {
        "coverage": coverage,
        "tumour": iou(scores >= 0.5, tumour),
        "keras": keras_mean_iou_of_scores(scores, tumour)["value"],
        "half_of_background": float(1 - tumour.mean()) / 2,
    }
