"""Targets: what a heat map explains.

A target is a small callable of two outputs before the softmax, (n, …) both: of what the network is asked now, and of
the slice as it is, its answer. It returns one score a slice, (n,), whose gradient is followed. The two differ where
a method alters the slice or the network; which class or which pixels are explained follows from the answer.
The same question gives the same object, so that a network's graph is built once a question.
"""

import functools
from collections.abc import Callable
from typing import Any

from core.bundles.bundle import Bundle
from core.networks.losses import BACKGROUND, tumour_probability

Tensor = Any
Target = Callable[[Tensor, Tensor], Tensor]


@functools.cache
def class_target(index: int) -> Target:
    """Explain one class: its logit, of (n, classes)."""
    return lambda logits, answer: logits[:, index]


@functools.cache
def top_class_target() -> Target:
    """Explain the class the network itself prefers, of (n, classes)."""
    from keras import ops

    return lambda logits, answer: ops.sum(logits * ops.one_hot(ops.argmax(answer, axis=-1), logits.shape[-1]), axis=-1)


@functools.cache
def mask_target(threshold: float) -> Target:
    """Explain a mask, of (n, S, S, channels): the mean logit of the pixels that the answer calls tumour.

    Seg-Grad-CAM's target (Vinogradova et al., 2020). Where no pixel is called tumour the score is 0 and has no
    gradient. Several classes of tumour are taken together: the logarithm of their powers' sum.

    Args:
        threshold: probability from which a pixel counts as tumour.
    """
    from keras import ops

    def score(logits: Tensor, answer: Tensor) -> Tensor:
        found = ops.cast(tumour_probability(ops.softmax(answer)) >= threshold, logits.dtype)
        tumour = ops.logsumexp(logits[..., BACKGROUND + 1 :], axis=-1)
        return ops.sum(tumour * found, axis=(1, 2)) / ops.maximum(ops.sum(found, axis=(1, 2)), 1)

    return score


def bundle_target(bundle: Bundle, class_name: str | None) -> Target:
    """What explains a bundle's answer: one of a classifier's classes, or (None) a segmenter's mask."""
    if class_name is None:
        return mask_target(float(bundle.card["output"]["threshold"]))
    return class_target(bundle.card["classes"].index(class_name))
