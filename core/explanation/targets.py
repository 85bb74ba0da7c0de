"""Targets: the score that a heat map explains.

A target is a small callable of two outputs before the softmax, (n, …) both: the network's current one, and the
reference, which decides which class or which pixels are explained. They differ where a method alters the slice or the
network; the reference then stays that of the unaltered ones. It returns one score per slice, (n,), whose gradient the
method takes. Equal arguments give the same object, so that a network's graph is built once per target.
"""

import functools
from collections.abc import Callable

from core.bundles.bundle import Bundle
from core.networks.losses import BACKGROUND, tumour_probability
from core.networks.tensor import Tensor

Target = Callable[[Tensor, Tensor], Tensor]


@functools.cache
def class_target(index: int) -> Target:
    """Explain one class by its logit, of (n, classes)."""
    return lambda logits, reference: logits[:, index]


@functools.cache
def top_class_target() -> Target:
    """Explain the class with the highest reference logit, of (n, classes)."""
    from keras import ops

    def score(logits: Tensor, reference: Tensor) -> Tensor:
        top = ops.one_hot(ops.argmax(reference, axis=-1), logits.shape[-1])
        return ops.sum(logits * top, axis=-1)

    return score


@functools.cache
def mask_target(threshold: float) -> Target:
    """Explain a mask, of (n, S, S, channels), by the mean tumour logit of the pixels that are tumour in the reference.

    Seg-Grad-CAM's target (Vinogradova et al., 2020). Without such pixels the score is 0 and has no gradient. The logits
    of several tumour classes are combined by log-sum-exp.

    Args:
        threshold: probability from which a pixel counts as tumour.
    """
    from keras import ops

    def score(logits: Tensor, reference: Tensor) -> Tensor:
        mask = ops.cast(tumour_probability(ops.softmax(reference)) >= threshold, logits.dtype)
        tumour = ops.logsumexp(logits[..., BACKGROUND + 1 :], axis=-1)
        return ops.sum(tumour * mask, axis=(1, 2)) / ops.maximum(ops.sum(mask, axis=(1, 2)), 1)

    return score


def bundle_target(bundle: Bundle, class_name: str | None) -> Target:
    """Return the target for one of a bundle's classes, or for its mask where ``class_name`` is None."""
    if class_name is None:
        return mask_target(bundle.mask_threshold)
    return class_target(bundle.card.classes.index(class_name))
