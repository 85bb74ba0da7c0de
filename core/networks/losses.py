"""Losses, and the metrics computed during training, on Keras tensors."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.config import SEGMENTATION
from core.errors import TrainingError
from core.networks.tensor import Tensor

if TYPE_CHECKING:
    import keras

_CLASS_WEIGHT = 0.25
"""Weight of the class term beside the terms that place the tumour."""
BACKGROUND = 0
"""Channel of the background in a segmentation network's output; all others are tumour, of one or several classes."""


def tumour_probability(scores: Tensor) -> Tensor:
    """Return each pixel's probability of any tumour: (..., c) -> (...)."""
    return 1.0 - scores[..., BACKGROUND]


def cross_entropy(true: Tensor, predicted: Tensor, *, label_smoothing: float = 0.0) -> Tensor:
    """Compute sparse categorical cross-entropy: labels (…,) or (…, 1), probabilities (…, c) -> (…,).

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
    """Compute one minus each slice's soft Dice of the tumour, all classes taken together.

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
    """Add the mean cross-entropy over a slice's pixels and ``soft_dice_loss``; (n,)."""
    from keras import ops

    return ops.mean(cross_entropy(true, predicted), axis=(1, 2)) + soft_dice_loss(true, predicted)


def tumour_class_loss(true: Tensor, predicted: Tensor) -> Tensor:
    """Compute the cross-entropy of the tumour's class on a slice's tumour pixels, given that they are tumour; (n,).

    It is a mean over the tumour pixels only; these are few, and their class would hardly count in a mean over all.
    Each pixel is weighted by its predicted tumour probability, as strongly as ``soft_dice_loss`` moves it while that
    probability is small, so that the class term does not outweigh the terms that place the tumour.

    Args:
        true: (n, h, w, 1), 0 for background; without tumour the loss is 0.
        predicted: (n, h, w, c) probabilities.
    """
    import keras
    from keras import ops

    least = keras.config.epsilon()
    target = ops.cast(true[..., 0], "int32")
    inside = ops.cast(target > 0, predicted.dtype)
    tumour = tumour_probability(predicted)
    own = ops.sum(predicted * ops.one_hot(target, predicted.shape[-1], dtype=predicted.dtype), axis=-1)
    information = ops.log(ops.maximum(tumour, least)) - ops.log(ops.maximum(own, least))
    weights = inside * ops.stop_gradient(tumour)
    return ops.sum(information * weights, axis=(1, 2)) / ops.maximum(ops.sum(inside, axis=(1, 2)), 1.0)


def cross_entropy_dice_and_class(true: Tensor, predicted: Tensor) -> Tensor:
    """Add ``cross_entropy_and_dice`` and a quarter of ``tumour_class_loss``; (n,)."""
    return cross_entropy_and_dice(true, predicted) + _CLASS_WEIGHT * tumour_class_loss(true, predicted)


LOSSES: dict[str, Callable[..., Tensor]] = {
    "cross-entropy": cross_entropy,
    "cross-entropy + dice": cross_entropy_and_dice,
    "cross-entropy + dice + class": cross_entropy_dice_and_class,
}


def loss_by_name(name: str) -> Callable[..., Tensor]:
    """Return the loss that a recipe names.

    Raises:
        TrainingError: no such loss.
    """
    if name not in LOSSES:
        raise TrainingError("There is no loss '{name}'; there are {accepted}.", name=name, accepted=", ".join(LOSSES))
    return LOSSES[name]


METRIC_NAMES = ("accuracy", "dice", "iou")
"""Names of the metrics computed during training."""


def training_metrics(tasks: tuple[str, ...]) -> list[list["keras.metrics.Metric"]]:
    """Make the metrics recorded each epoch, a list per task: accuracy, and for masks tumour Dice and IoU.

    Accuracy is that of the class where there is one, else that of pixels. Dice and IoU are means over slices at network
    size, with tumour where its probability exceeds 0.5; two empty masks score 1.
    """
    import keras
    from keras import ops

    def overlap(true: Tensor, predicted: Tensor) -> tuple[Tensor, Tensor]:
        mask = ops.cast(tumour_probability(predicted) > 0.5, "float32")
        target = ops.cast(true[..., 0] > 0, "float32")
        return ops.sum(mask * target, axis=(1, 2)), ops.sum(mask, axis=(1, 2)) + ops.sum(target, axis=(1, 2))

    def dice(true: Tensor, predicted: Tensor) -> Tensor:
        both, total = overlap(true, predicted)
        return ops.where(total > 0, 2.0 * both / ops.maximum(total, 1.0), 1.0)

    def iou(true: Tensor, predicted: Tensor) -> Tensor:
        both, total = overlap(true, predicted)
        return ops.where(total > 0, both / ops.maximum(total - both, 1.0), 1.0)

    metrics: list[list[keras.metrics.Metric]] = [[] for _ in tasks]
    metrics[0].append(keras.metrics.SparseCategoricalAccuracy(name="accuracy"))
    if SEGMENTATION in tasks:
        metrics[tasks.index(SEGMENTATION)] += [
            keras.metrics.MeanMetricWrapper(dice, name="dice"),
            keras.metrics.MeanMetricWrapper(iou, name="iou"),
        ]
    return metrics
