"""Metrics of masks: pure functions on arrays; thresholds and conventions stand in the signatures."""

from typing import Any

import numpy as np

THRESHOLDS: tuple[float, ...] = tuple(round(0.05 * i, 2) for i in range(1, 20))
"""The thresholds at which masks are evaluated: 0.05 to 0.95."""


def overlap_counts(predicted: np.ndarray, true: np.ndarray) -> tuple[int, int, int]:
    """Count the pixels of the intersection, of the true and of the predicted mask; both bool and of one shape."""
    return (
        int(np.count_nonzero(predicted & true)),
        int(np.count_nonzero(true)),
        int(np.count_nonzero(predicted)),
    )


def dice_from_counts(intersection: Any, true: Any, predicted: Any, *, empty: float = 1.0) -> np.ndarray:
    """Compute the Dice coefficient from pixel counts, elementwise: twice the intersection over the sum of the areas.

    Args:
        intersection: pixels in both masks.
        true: pixels in the true mask.
        predicted: pixels in the predicted mask.
        empty: the value where both masks are empty.
    """
    total = np.asarray(true) + np.asarray(predicted)
    return safe_divide(2 * np.asarray(intersection), total, empty=empty)


def iou_from_counts(intersection: Any, true: Any, predicted: Any, *, empty: float = 1.0) -> np.ndarray:
    """Compute the intersection over union from pixel counts, elementwise; arguments as of ``dice_from_counts``."""
    union = np.asarray(true) + np.asarray(predicted) - np.asarray(intersection)
    return safe_divide(np.asarray(intersection), union, empty=empty)


def intersection_from_dice(dice: Any, true: Any, predicted: Any) -> np.ndarray:
    """Compute the pixels in both masks, int64, from their Dice coefficient and areas; inverts ``dice_from_counts``."""
    return np.round(np.asarray(dice) * (np.asarray(true) + np.asarray(predicted)) / 2).astype(np.int64)


def dice(predicted: np.ndarray, true: np.ndarray, *, empty: float = 1.0) -> float:
    """Compute the Dice coefficient of two bool masks of one shape; ``empty`` where both are empty."""
    return float(dice_from_counts(*overlap_counts(predicted, true), empty=empty))


def iou(predicted: np.ndarray, true: np.ndarray, *, empty: float = 1.0) -> float:
    """Compute the intersection over union of two bool masks of one shape; ``empty`` where both are empty."""
    return float(iou_from_counts(*overlap_counts(predicted, true), empty=empty))


def mask_summary(
    intersection: np.ndarray, true: np.ndarray, predicted: np.ndarray, pixels: np.ndarray
) -> dict[str, float]:
    """Summarise masks: Dice and IoU as mean, as median and pooled over all pixels; pixel accuracy; missed tumours.

    Two empty masks count 1 in means and medians.

    Args:
        intersection: (n,) pixels in both masks of a slice.
        true: (n,) pixels in the true mask.
        predicted: (n,) pixels in the predicted mask.
        pixels: (n,) pixels of the slice.

    Returns:
        ``missed`` is the share of slices with a tumour whose Dice is 0.
    """
    slice_dice = dice_from_counts(intersection, true, predicted)
    slice_iou = iou_from_counts(intersection, true, predicted)
    wrong = true + predicted - 2 * intersection
    return {
        "dice_mean": float(slice_dice.mean()),
        "dice_median": float(np.median(slice_dice)),
        "dice_pooled": float(dice_from_counts(intersection.sum(), true.sum(), predicted.sum())),
        "iou_mean": float(slice_iou.mean()),
        "iou_median": float(np.median(slice_iou)),
        "iou_pooled": float(iou_from_counts(intersection.sum(), true.sum(), predicted.sum())),
        "pixel_accuracy": float(1 - wrong.sum() / pixels.sum()),
        "missed": float((intersection[true > 0] == 0).mean()),
    }


def keras_mean_iou_of_scores(scores: np.ndarray, true: np.ndarray) -> dict[str, float]:
    """Compute what keras.metrics.MeanIoU(num_classes=2) returns when it is given scores instead of classes.

    Keras casts the scores to integers, so that every score below 1 becomes class 0. The mean is over the classes that
    occur in the masks or the cast scores.

    Args:
        scores: float32 tumour scores in [0, 1], any shape.
        true: the 0/1 mask, the same shape.

    Returns:
        ``value`` and ``share_of_ones``, the share of scores that are exactly 1. Whether a saturated softmax reaches 1
        depends on the processor: TensorFlow's ends at the float32 below it where there is AVX2 but no AVX-512.
    """
    predicted, tumour = scores.astype(np.int64) == 1, true.astype(bool)
    values = [iou(a, b) for a, b in ((~predicted, ~tumour), (predicted, tumour)) if a.any() or b.any()]
    return {"value": float(np.mean(values)), "share_of_ones": float(predicted.mean())}


def safe_divide(numerator: Any, denominator: Any, *, empty: float = 0.0) -> np.ndarray:
    """Divide elementwise in float64; return ``empty`` where the denominator is 0."""
    numerator, denominator = np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)
    quotient = np.full(np.broadcast(numerator, denominator).shape, empty)
    return np.divide(numerator, denominator, out=quotient, where=denominator != 0)
