"""Metrics of masks: pure functions on arrays; thresholds and conventions stand in the signatures."""

from collections.abc import Callable
from typing import Any

import numpy as np

from core.errors import MetricError
from core.metrics import averages
from core.metrics.averages import Draws, require_option, safe_divide

THRESHOLDS: tuple[float, ...] = tuple(round(0.05 * i, 2) for i in range(1, 20))
"""The thresholds at which masks are evaluated: 0.05 to 0.95."""
NONE, MEAN, MEDIAN, POOLED, GROUPS = "none", "mean", "median", "pooled", "groups"
AVERAGING = (NONE, MEAN, MEDIAN, POOLED, GROUPS)
"""A value a mask; their mean or median; one over all pixels taken together; the mean of the groups' means."""


def overlap_counts(predicted: np.ndarray, true: np.ndarray, *, threshold: float | None = None) -> tuple[Any, Any, Any]:
    """Count the pixels of the intersection, of the true and of the predicted mask.

    Args:
        predicted: (..., H, W) bool, or with a threshold scores in [0, 1].
        true: (..., H, W) bool.
        threshold: score from which a pixel counts as predicted, above 0 and at most 1.

    Returns:
        (...) int64 each.

    Raises:
        MetricError: scores without a threshold, a threshold out of range, or shapes that differ.
    """
    if predicted.shape != true.shape:
        raise MetricError(
            "The masks are of the shapes {predicted} and {true}; they must be of one shape.",
            predicted=predicted.shape,
            true=true.shape,
        )
    if threshold is None:
        if predicted.dtype != bool:
            raise MetricError(
                "The predicted mask is {kind}; without a threshold it must be bool.", kind=predicted.dtype
            )
    elif not 0 < threshold <= 1:
        raise MetricError("The threshold is {threshold}; it must be above 0 and at most 1.", threshold=threshold)
    else:
        predicted = predicted >= threshold
    return _count(predicted & true), _count(true), _count(predicted)


def _count(mask: np.ndarray) -> Any:
    # Without an axis NumPy counts ten times as fast.
    return np.int64(np.count_nonzero(mask)) if mask.ndim == 2 else np.count_nonzero(mask, axis=(-2, -1))


def dice_from_counts(
    intersection: Any,
    true: Any,
    predicted: Any,
    *,
    averaging: str = NONE,
    groups: Any = None,
    draws: Draws | None = None,
    smooth: float = 0.0,
    empty: float = 1.0,
) -> np.ndarray:
    """Compute the Dice coefficient from pixel counts: twice the intersection over the sum of the areas.

    Args:
        intersection: (n,) pixels in both masks.
        true: (n,) pixels in the true mask.
        predicted: (n,) pixels in the predicted mask.
        averaging: one of ``AVERAGING``; without it the inputs may be of any shape.
        groups: (n,) group of each mask, such as its class, for the averaging ``GROUPS``.
        draws: of the masks, for every averaging but ``NONE`` and ``MEDIAN``.
        smooth: added to numerator and denominator.
        empty: the value where both masks are empty and nothing is added.

    Returns:
        A value a mask; averaged () or (draws,) float64.

    Raises:
        MetricError: an option is none of these, or ``smooth`` is negative.
    """

    def dice_of(intersection: Any, true: Any, predicted: Any) -> np.ndarray:
        return safe_divide(2 * intersection + smooth, true + predicted + smooth, empty=empty)

    return _averaged(dice_of, (intersection, true, predicted), averaging, groups, draws, smooth)


def iou_from_counts(
    intersection: Any,
    true: Any,
    predicted: Any,
    *,
    averaging: str = NONE,
    groups: Any = None,
    draws: Draws | None = None,
    smooth: float = 0.0,
    empty: float = 1.0,
) -> np.ndarray:
    """Compute the intersection over union from pixel counts; arguments, returns, raises as of ``dice_from_counts``."""

    def iou_of(intersection: Any, true: Any, predicted: Any) -> np.ndarray:
        return safe_divide(intersection + smooth, true + predicted - intersection + smooth, empty=empty)

    return _averaged(iou_of, (intersection, true, predicted), averaging, groups, draws, smooth)


def _averaged(
    measure: Callable[[Any, Any, Any], np.ndarray],
    counts: tuple[Any, Any, Any],
    averaging: str,
    groups: Any,
    draws: Draws | None,
    smooth: float,
) -> np.ndarray:
    """Apply a measure of intersection, true and predicted pixels, and average it; see ``dice_from_counts``."""
    require_option("averaging", averaging, AVERAGING)
    if smooth < 0:
        raise MetricError("smooth is {smooth}; it must not be negative.", smooth=smooth)
    if (groups is not None) != (averaging == GROUPS):
        raise MetricError(
            "averaging is {averaging!r}; groups go with {groups!r}, and only with it.",
            averaging=averaging,
            groups=GROUPS,
        )
    if draws is not None and averaging in (NONE, MEDIAN):
        raise MetricError(
            "averaging is {averaging!r}; draws go with {mean!r}, {pooled!r} or {groups!r}.",
            averaging=averaging,
            mean=MEAN,
            pooled=POOLED,
            groups=GROUPS,
        )
    arrays = [np.asarray(count) for count in counts]
    if averaging == POOLED:
        return measure(*(averages.total(array, draws) for array in arrays))
    values = measure(*arrays)
    if averaging == GROUPS:
        return averages.group_mean(values, np.asarray(groups), draws)
    if averaging == MEAN:
        return averages.mean(values, draws)
    return np.asarray(np.median(values)) if averaging == MEDIAN else values


def intersection_from_dice(dice: Any, true: Any, predicted: Any) -> np.ndarray:
    """Compute the pixels in both masks, int64, from their Dice coefficient and areas; inverts ``dice_from_counts``."""
    return np.round(np.asarray(dice) * (np.asarray(true) + np.asarray(predicted)) / 2).astype(np.int64)


def dice(
    predicted: np.ndarray, true: np.ndarray, *, threshold: float | None = None, smooth: float = 0.0, empty: float = 1.0
) -> float:
    """Compute the Dice coefficient of two (H, W) masks; see ``overlap_counts`` and ``dice_from_counts``."""
    return float(dice_from_counts(*overlap_counts(predicted, true, threshold=threshold), smooth=smooth, empty=empty))


def iou(
    predicted: np.ndarray, true: np.ndarray, *, threshold: float | None = None, smooth: float = 0.0, empty: float = 1.0
) -> float:
    """Compute the intersection over union of two (H, W) masks; see ``overlap_counts`` and ``iou_from_counts``."""
    return float(iou_from_counts(*overlap_counts(predicted, true, threshold=threshold), smooth=smooth, empty=empty))


def missed_tumours(intersection: Any, true: Any, draws: Draws | None = None) -> np.ndarray:
    """Compute the share of the tumours that share no pixel with the predicted mask (Dice 0); NaN without a tumour.

    Args:
        intersection: (n,) pixels in both masks.
        true: (n,) pixels in the true mask.
        draws: of the slices.

    Returns:
        () or (draws,) float64.
    """
    has_tumour = np.asarray(true) > 0
    missed = np.asarray(intersection)[has_tumour] == 0
    return averages.mean(missed, draws and draws.of(has_tumour))


def pixel_accuracy(intersection: Any, true: Any, predicted: Any, pixels: Any) -> float:
    """Compute the share of all (n,) slices' pixels, tumour and background, that are classified correctly."""
    wrong = np.asarray(true) + np.asarray(predicted) - 2 * np.asarray(intersection)
    return float(1 - wrong.sum() / np.asarray(pixels).sum())


def mask_summary(
    intersection: np.ndarray,
    true: np.ndarray,
    predicted: np.ndarray,
    *,
    pixels: np.ndarray,
    classes: np.ndarray | None = None,
    patients: np.ndarray | None = None,
) -> dict[str, float]:
    """Summarise masks: Dice and IoU by several averagings, pixel accuracy, missed tumours.

    Two empty masks count 1 in means and medians.

    Args:
        intersection: (n,) pixels in both masks of a slice.
        true: (n,) pixels in the true mask.
        predicted: (n,) pixels in the predicted mask.
        pixels: (n,) pixels of the slice.
        classes: (n,) true class of each slice; with it, dice_class_mean is there too.
        patients: (n,) patient of each slice; with it, dice_patient_mean is there too.

    Returns:
        Figures by their key in ``core.metrics.definitions.DEFINITIONS["test"]``.
    """

    def average(measure: Callable[..., np.ndarray], averaging: str, groups: np.ndarray | None = None) -> float:
        return float(measure(intersection, true, predicted, averaging=averaging, groups=groups))

    by_group = {"dice_class_mean": classes, "dice_patient_mean": patients}
    return {
        "dice_mean": average(dice_from_counts, MEAN),
        **{name: average(dice_from_counts, GROUPS, group) for name, group in by_group.items() if group is not None},
        "dice_median": average(dice_from_counts, MEDIAN),
        "dice_pooled": average(dice_from_counts, POOLED),
        "iou_mean": average(iou_from_counts, MEAN),
        "iou_median": average(iou_from_counts, MEDIAN),
        "iou_pooled": average(iou_from_counts, POOLED),
        "pixel_accuracy": pixel_accuracy(intersection, true, predicted, pixels),
        "missed": float(missed_tumours(intersection, true)),
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
    predicted, tumour = (mask.reshape(1, -1) for mask in (scores.astype(np.int64) == 1, true.astype(bool)))
    values = [iou(a, b) for a, b in ((~predicted, ~tumour), (predicted, tumour)) if a.any() or b.any()]
    return {"value": float(np.mean(values)), "share_of_ones": float(predicted.mean())}
