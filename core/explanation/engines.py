"""What makes the heat maps: the classes of tf-keras-vis, prepared once for a network and a layer."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.config import SEED
from core.explanation.compiled_network import CompiledNetwork
from core.networks.receptive_field import map_to_input
from core.networks.tensor import Tensor

Progress = Callable[[int, int], None]
"""Called with the numbers of steps done and in all."""

NOISY_COPIES = 16
"""Noisy copies over which SmoothGrad averages."""
NOISE = 0.15
"""Standard deviation of SmoothGrad's noise, as a share of the slice's range."""
MASKS_PER_BATCH = 2
"""At 512 x 512 the first convolution's output takes 33 MB for each masked slice."""
_AT_LAYERS_SIZE = {"seek_penultimate_conv_layer": False, "expand_cam": False, "normalize_cam": False}
"""Take the layer itself, and return its map as it is: not enlarged, not stretched from minimum to maximum."""


@dataclass(frozen=True)
class Explained:
    """A slice's run, and what of it is explained.

    Attributes:
        inputs: (1, S, S, C) float32.
        logits: the network's output, (1, …).
        activations: the explained layer's output, (1, h, w, filters); the inputs where no layer is explained.
        score: of outputs (n, …), one score each, (n,).
        progress: told of a slow method's steps.
    """

    inputs: np.ndarray
    logits: np.ndarray
    activations: np.ndarray
    score: Callable[[Tensor], Tensor]
    progress: Progress


MakeHeat = Callable[[Explained], np.ndarray]
"""Makes a raw (h, w) heat map: not negative, 0 where there is no evidence for the score; only ratios matter."""
Engine = Callable[[CompiledNetwork], MakeHeat]


def no_progress(done: int, total: int) -> None:
    """Report nothing."""


def class_activation_map(module: str, name: str) -> Engine:
    """Return the engine of a class of tf-keras-vis that weights a layer's output by the score's gradients."""

    def prepare(network: CompiledNetwork) -> MakeHeat:
        import tensorflow as tf

        model, layer = network.rest()
        visualisation = getattr(importlib.import_module(f"tf_keras_vis.{module}"), name)(model)

        def make(explained: Explained) -> np.ndarray:
            def score_around_zero(outputs: Tensor) -> Tensor:
                # Grad-CAM++ multiplies the map by the score's exponential, which can overflow.
                score = tf.cast(explained.score(outputs), tf.float64)
                return score - tf.stop_gradient(score)

            seed = [explained.activations, explained.inputs, explained.logits]
            return np.asarray(visualisation(score_around_zero, seed, penultimate_layer=layer, **_AT_LAYERS_SIZE))[0]

        return make

    return prepare


def smooth_grad(network: CompiledNetwork) -> MakeHeat:
    """Average how strongly each pixel changes the score, in either direction, over noisy copies of the slice.

    The channels of an input are copies of one grey plane, so they get the same noise and their gradients are added.
    The noise is drawn from the seed, so that a slice always has the same map; tf-keras-vis would draw its own.
    """
    import tensorflow as tf
    from tf_keras_vis.saliency import Saliency

    saliency = Saliency(network.whole())

    def of_grey_plane(gradients: Tensor) -> Tensor:
        return abs(tf.reduce_sum(gradients, axis=-1, keepdims=True))

    def make(explained: Explained) -> np.ndarray:
        inputs, random = explained.inputs, np.random.default_rng(SEED)
        deviation = NOISE * float(np.ptp(inputs))
        total = np.zeros(inputs.shape[1:3], np.float32)
        for done in range(1, NOISY_COPIES + 1):
            noise = random.normal(0, deviation, (*inputs.shape[:3], 1)).astype(np.float32)
            total += saliency(explained.score, inputs + noise, gradient_modifier=of_grey_plane, normalize_map=False)[0]
            explained.progress(done, NOISY_COPIES)
        return total / NOISY_COPIES

    return make


def score_cam(network: CompiledNetwork) -> MakeHeat:
    """Weight each filter by the probability of a class, given the slice masked with the filter's output.

    tf-keras-vis masks at the layer's size; the masks are laid over the slice by the layer's receptive fields, a few at
    a time, which bounds the memory. Filters with a constant output are left out, as in the authors' code.
    """
    import keras
    import tensorflow as tf
    from tf_keras_vis.scorecam import Scorecam

    field = network.field

    def make(explained: Explained) -> np.ndarray:
        inputs, activations = explained.inputs, explained.activations
        varying = activations[..., np.ptp(activations, axis=(0, 1, 2)) > 0]
        *grid, count = varying.shape[1:]
        if count == 0:
            return np.zeros(grid, np.float32)

        def lay_over_input(mask: np.ndarray) -> np.ndarray:
            plane = map_to_input(mask, inputs.shape[1], field)
            return ((plane - plane.min()) / np.ptp(plane))[..., None]

        def logits_of(masks: list[np.ndarray], batch_size: int) -> np.ndarray:
            logits = []
            for begin in range(0, count, batch_size):
                laid = [lay_over_input(mask) for mask in masks[0][begin : begin + batch_size, ..., 0]]
                logits.append(network.forward(inputs * np.stack(laid))[0])
                explained.progress(min(begin + batch_size, count), count)
            return np.concatenate(logits)

        ones = keras.Input((*grid, 1))
        filters = keras.layers.Lambda(lambda ones: tf.constant(varying), output_shape=(*grid, count))
        model: Any = keras.Model([ones], filters(ones))
        model.predict = logits_of
        no_mask = np.ones((1, *grid, 1), np.float32)
        heat = Scorecam(model)(
            explained.score, no_mask, penultimate_layer=filters, batch_size=MASKS_PER_BATCH, **_AT_LAYERS_SIZE
        )
        return np.asarray(heat)[0]

    return make
