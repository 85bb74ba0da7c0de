"""Losses and the metrics watched while training, on Keras tensors."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from core.config import SEGMENTATION
from core.errors import TrainingError

if TYPE_CHECKING:
    import keras

Tensor = Any
_CLASS_WEIGHT = 0.25
"""Of the class inside the tumour, beside the tumour's place."""
BACKGROUND = 0
"""Channel of the background in a segmentation network's output; all others are tumour, of one class or of several."""


def tumour_probability(scores: Tensor) -> Tensor:
    """Each pixel's probability of any tumour: (..., c) -> (...)."""
    return 1.0 - scores[..., BACKGROUND]


def cross_entropy(true: Tensor, predicted: Tensor, *, label_smoothing: float = 0.0) -> Tensor:
    """Sparse categorical cross-entropy; labels (…,) or (…, 1), probabilities (…, c).

    Args:
        true: labels.
        predicted: probabilities.
        label_smoothing: share of the target that is spread evenly over all classes (Szegedy et al., 2016).
    """
    import keras
    from keras import ops

    loss = keras.losses.sparse_categorical_crossentropy(true, predicted)
    if not label_smoothing:
        return loss
    spread = -ops.mean(ops.log(ops.clip(predicted, keras.config.epsilon(), 1.0)), axis=-1)
    return (1 - label_smoothing) * loss + label_smoothing * spread


def soft_dice_loss(true: Tensor, predicted: Tensor, *, smooth: float = 1.0) -> Tensor:
    """One minus the soft Dice of the tumour, of whatever class, slice by slice.

    V-Net's Dice loss (Milletari et al., 2016) with plain instead of squared sums.

    Args:
        true: (n, h, w, 1), 0 for background.
        predicted: (n, h, w, c) probabilities.
        smooth: added to both sides of the fraction; makes two empty masks agree.

    Returns:
        (n,) values in [0, 1].
    """
    from keras import ops

    tumour = tumour_probability(predicted)
    target = ops.cast(true[..., 0] > 0, tumour.dtype)
    both = ops.sum(tumour * target, axis=(1, 2))
    total = ops.sum(tumour, axis=(1, 2)) + ops.sum(target, axis=(1, 2))
    return 1.0 - (2.0 * both + smooth) / (total + smooth)


def cross_entropy_and_dice(true: Tensor, predicted: Tensor) -> Tensor:
    """Mean cross-entropy over a slice's pixels plus ``soft_dice_loss``; (n,)."""
    from keras import ops

    return ops.mean(cross_entropy(true, predicted), axis=(1, 2)) + soft_dice_loss(true, predicted)


def class_inside_tumour(true: Tensor, predicted: Tensor) -> Tensor:
    """Cross-entropy of the tumour's class on a slice's tumour pixels, given that they are tumour; (n,).

    A mean over the tumour pixels, which are few: in a mean over all pixels it would hardly count which tumour's channel
    they fall to. Each counts as much as it is held for tumour, for that is how strongly ``soft_dice_loss`` moves it
    while it is hardly held for any: the class must not be louder than the place.

    Args:
        true: (n, h, w, 1), 0 for background; where nothing is tumour the loss is 0.
        predicted: (n, h, w, c) probabilities.
    """
    import keras
    from keras import ops

    least = keras.config.epsilon()
    target = ops.cast(true[..., 0], "int32")
    inside = ops.cast(target > 0, predicted.dtype)
    tumour = tumour_probability(predicted)
    own = ops.sum(predicted * ops.one_hot(target, predicted.shape[-1], dtype=predicted.dtype), axis=-1)
    surprise = ops.log(ops.maximum(tumour, least)) - ops.log(ops.maximum(own, least))
    held = inside * ops.stop_gradient(tumour)
    return ops.sum(surprise * held, axis=(1, 2)) / ops.maximum(ops.sum(inside, axis=(1, 2)), 1.0)


def cross_entropy_dice_and_class(true: Tensor, predicted: Tensor) -> Tensor:
    """``cross_entropy_and_dice`` plus a quarter of ``class_inside_tumour``; (n,)."""
    return cross_entropy_and_dice(true, predicted) + _CLASS_WEIGHT * class_inside_tumour(true, predicted)


LOSSES: dict[str, Callable[..., Tensor]] = {
    "cross-entropy": cross_entropy,
    "cross-entropy + dice": cross_entropy_and_dice,
    "cross-entropy + dice + class": cross_entropy_dice_and_class,
}


def loss_by_name(name: str) -> Callable[..., Tensor]:
    """The loss a recipe names.

    Raises:
        TrainingError: no such loss.
    """
    if name not in LOSSES:
        raise TrainingError(f"There is no loss '{name}'; there are {', '.join(LOSSES)}.")
    return LOSSES[name]


WATCHED = ("accuracy", "dice", "iou")
"""Names of the watched metrics."""


def watched_metrics(tasks: tuple[str, ...]) -> list[list["keras.metrics.Metric"]]:
    """Metrics shown and recorded epoch by epoch, a list a task: accuracy, and for masks tumour Dice and IoU.

    Accuracy is that of the class where there is one, else that of pixels. Dice and IoU are means over slices, at
    network size, tumour where its probability exceeds 0.5; two empty masks agree (1).
    """
    import keras
    from keras import ops

    def overlap(true: Tensor, predicted: Tensor) -> tuple[Tensor, Tensor]:
        found = ops.cast(tumour_probability(predicted) > 0.5, "float32")
        target = ops.cast(true[..., 0] > 0, "float32")
        return ops.sum(found * target, axis=(1, 2)), ops.sum(found, axis=(1, 2)) + ops.sum(target, axis=(1, 2))

    def dice(true: Tensor, predicted: Tensor) -> Tensor:
        both, total = overlap(true, predicted)
        return ops.where(total > 0, 2.0 * both / ops.maximum(total, 1.0), 1.0)

    def iou(true: Tensor, predicted: Tensor) -> Tensor:
        both, total = overlap(true, predicted)
        return ops.where(total > 0, both / ops.maximum(total - both, 1.0), 1.0)

    metrics: list[list[keras.metrics.Metric]] = [[] for _ in tasks]
    metrics[0].append(keras.metrics.SparseCategoricalAccuracy(name="accuracy"))
    if SEGMENTATION in tasks:
        metrics[-1] += [
            keras.metrics.MeanMetricWrapper(dice, name="dice"),
            keras.metrics.MeanMetricWrapper(iou, name="iou"),
        ]
    return metrics
