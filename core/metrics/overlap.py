"""Metrics as pure functions on arrays; thresholds, averaging and conventions stand in the signatures."""

from typing import Any

import numpy as np

THRESHOLDS: tuple[float, ...] = tuple(round(0.05 * i, 2) for i in range(1, 20))
"""The thresholds a mask is evaluated at: 0.05 to 0.95."""


def overlap_counts(predicted: np.ndarray, true: np.ndarray) -> tuple[int, int, int]:
    """Pixels in both, in the true and in the predicted of two bool masks of one shape."""
    return (
        int(np.count_nonzero(predicted & true)),
        int(np.count_nonzero(true)),
        int(np.count_nonzero(predicted)),
    )


def dice_from_counts(both: Any, true: Any, predicted: Any, *, empty: float = 1.0) -> np.ndarray:
    """Dice coefficient from pixel counts, elementwise: twice the overlap over the sum of the areas.

    Args:
        both: pixels in both masks.
        true: pixels in the true mask.
        predicted: pixels in the predicted mask.
        empty: the value where both masks are empty.
    """
    total = np.asarray(true) + np.asarray(predicted)
    return safe_divide(2 * np.asarray(both), total, empty=empty)


def iou_from_counts(both: Any, true: Any, predicted: Any, *, empty: float = 1.0) -> np.ndarray:
    """Intersection over union from pixel counts, elementwise; arguments as ``dice_from_counts``."""
    union = np.asarray(true) + np.asarray(predicted) - np.asarray(both)
    return safe_divide(np.asarray(both), union, empty=empty)


def intersection_from_dice(dice: Any, true: Any, predicted: Any) -> np.ndarray:
    """Pixels in both masks, int64, from their Dice coefficient and their areas; the inverse of ``dice_from_counts``."""
    return np.round(np.asarray(dice) * (np.asarray(true) + np.asarray(predicted)) / 2).astype(np.int64)


def dice(predicted: np.ndarray, true: np.ndarray, *, empty: float = 1.0) -> float:
    """Dice coefficient of two bool masks of one shape; ``empty`` where both are empty."""
    return float(dice_from_counts(*overlap_counts(predicted, true), empty=empty))


def iou(predicted: np.ndarray, true: np.ndarray, *, empty: float = 1.0) -> float:
    """Intersection over union of two bool masks of one shape; ``empty`` where both are empty."""
    return float(iou_from_counts(*overlap_counts(predicted, true), empty=empty))


def mask_summary(both: np.ndarray, true: np.ndarray, predicted: np.ndarray, pixels: np.ndarray) -> dict[str, float]:
    """Dice and IoU as means and medians over slices and pooled over all pixels, and pixel accuracy.

    Two empty masks count 1 in means and medians.

    Args:
        both: (n,) pixels in both masks of a slice.
        true: (n,) pixels in the true mask.
        predicted: (n,) pixels in the predicted mask.
        pixels: (n,) pixels of the slice.
    """
    each, each_iou = dice_from_counts(both, true, predicted), iou_from_counts(both, true, predicted)
    wrong = true + predicted - 2 * both
    return {
        "dice_mean": float(each.mean()),
        "dice_median": float(np.median(each)),
        "dice_pooled": float(dice_from_counts(both.sum(), true.sum(), predicted.sum())),
        "iou_mean": float(each_iou.mean()),
        "iou_median": float(np.median(each_iou)),
        "iou_pooled": float(iou_from_counts(both.sum(), true.sum(), predicted.sum())),
        "pixel_accuracy": float(1 - wrong.sum() / pixels.sum()),
        "missed": float((both[true > 0] == 0).mean()),
    }


def keras_mean_iou_of_scores(scores: np.ndarray, true: np.ndarray) -> dict[str, float]:
    """What keras.metrics.MeanIoU(num_classes=2) returns when fed scores instead of classes.

    Keras casts the scores to integers, so that every score below 1 becomes class 0; the mean is over
    the classes that occur in the masks or the cast scores.

    Args:
        scores: float32 tumour scores in [0, 1], any shape.
        true: the 0/1 mask, the same shape.

    Returns:
        ``value`` and ``share_of_ones``, the share of scores that are exactly 1. Whether a sure softmax reaches 1
        depends on the processor: TensorFlow's ends at the float32 below it where there is AVX2 but no AVX-512.
    """
    found, target = scores.astype(np.int64) == 1, true.astype(bool)
    values = [iou(a, b) for a, b in ((~found, ~target), (found, target)) if a.any() or b.any()]
    return {"value": float(np.mean(values)), "share_of_ones": float(found.mean())}


def safe_divide(part: Any, whole: Any, *, empty: float = 0.0) -> np.ndarray:
    """``part / whole`` elementwise in float64; ``empty`` where ``whole`` is 0."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    return np.divide(part, whole, out=np.full(np.broadcast(part, whole).shape, empty), where=whole != 0)
