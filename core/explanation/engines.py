"""The engines of the heat maps: tf-keras-vis, prepared once for a network and a layer.

An engine takes a network without its softmax, the layer explained (None: the input) and that layer's field. It returns
a function that makes raw heat maps: not negative, 0 where there is no evidence for the score; only ratios matter.
"""

import functools
import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from core.config import SEED
from core.networks.receptive_field import EVERY_PIXEL, ReceptiveField, interpolation_weights
from core.networks.tensor import Tensor

if TYPE_CHECKING:
    import keras

Score = Callable[[Tensor], Tensor]
"""Of the network's outputs, (n, …), one score each, (n,)."""
Progress = Callable[[int, int], None]
"""Called with the numbers of steps done and in all."""
MakeHeat = Callable[[np.ndarray, Score, Progress], tuple[np.ndarray, ReceptiveField]]
"""Of inputs (1, S, S, C) float32, a score and a progress: the heat map and its positions on the input."""
Engine = Callable[["keras.Model", "keras.Layer | None", ReceptiveField], MakeHeat]

NOISY_COPIES = 16
"""Noisy copies over which SmoothGrad averages."""
NOISE = 0.15
"""Standard deviation of SmoothGrad's noise, as a share of the slice's range."""
MASKED_BYTES = 32 * 2**20
"""Memory of the slices that Score-CAM masks at a time; tf-keras-vis keeps a handful of copies."""
MASKS_PER_BATCH = 2
"""At 512 x 512 the first convolution's output takes 33 MB for each masked slice."""
_AT_LAYERS_SIZE = {"seek_penultimate_conv_layer": False, "expand_cam": False, "normalize_cam": False}
"""Take the layer itself, and return its map as it is: not enlarged, not stretched from minimum to maximum."""


def no_progress(done: int, total: int) -> None:
    """Report nothing."""


def class_activation_map(module: str, name: str) -> Engine:
    """Return the engine of a class of tf-keras-vis that weights a layer's output by the score's gradients."""

    def prepare(network: "keras.Model", layer: "keras.Layer | None", field: ReceptiveField) -> MakeHeat:
        import tensorflow as tf

        visualisation = getattr(importlib.import_module(f"tf_keras_vis.{module}"), name)(network)

        def make(inputs: np.ndarray, score: Score, progress: Progress) -> tuple[np.ndarray, ReceptiveField]:
            def score_around_zero(outputs: Tensor) -> Tensor:
                # Grad-CAM++ multiplies the map by the score's exponential, which overflows from a score of 89 on.
                value = score(outputs)
                return value - tf.stop_gradient(value)

            heat = visualisation(
                score_around_zero,
                inputs,
                penultimate_layer=layer,
                unconnected_gradients=tf.UnconnectedGradients.ZERO,
                **_AT_LAYERS_SIZE,
            )
            return np.asarray(heat)[0], field

        return make

    return prepare


def smooth_grad(network: "keras.Model", layer: "keras.Layer | None", field: ReceptiveField) -> MakeHeat:
    """Average how strongly each pixel changes the score, in either direction, over noisy copies of the slice.

    The channels of an input are copies of one grey plane, so they get the same noise and their gradients are added.
    The noise is drawn from the seed, so that a slice always has the same map.
    """
    import tensorflow as tf
    from tf_keras_vis.saliency import Saliency

    saliency = Saliency(_CompiledNetwork(network))

    def make(inputs: np.ndarray, score: Score, progress: Progress) -> tuple[np.ndarray, ReceptiveField]:
        random = np.random.default_rng(SEED)
        deviation = NOISE * float(np.ptp(inputs))
        total = np.zeros(inputs.shape[1:3], np.float32)
        for done in range(1, NOISY_COPIES + 1):
            noise = random.normal(0, deviation, (*inputs.shape[:3], 1)).astype(np.float32)
            gradient = saliency(
                score,
                inputs + noise,
                gradient_modifier=lambda gradients: abs(tf.reduce_sum(gradients, axis=-1, keepdims=True)),
                normalize_map=False,
                unconnected_gradients=tf.UnconnectedGradients.ZERO,
            )
            total += gradient[0]
            progress(done, NOISY_COPIES)
        return total / NOISY_COPIES, field

    return make


def score_cam(network: "keras.Model", layer: "keras.Layer | None", field: ReceptiveField) -> MakeHeat:
    """Weight each filter by the score of the slice masked with the filter's output; of classes only.

    The filters are laid over the input by their receptive fields first, so the masks and the map are at its size.
    Filters with a constant output are left out, as in the authors' code. The filters are shown a few at a time, which
    bounds the memory: all at once take 4.6 GB at 512 x 512.
    """
    import keras
    from tf_keras_vis.scorecam import Scorecam

    assert layer is not None
    size = network.inputs[0].shape[1]
    rows, columns = (interpolation_weights(count, size, field) for count in layer.output.shape[1:3])
    output = keras.Model(network.inputs, layer.output)
    chosen = np.array([0])

    def lay_over_input(activations: Tensor) -> Tensor:
        filters = keras.ops.take(activations, chosen, axis=-1)
        return keras.ops.einsum("yh,nhwf,xw->nyxf", rows.astype("float32"), filters, columns.astype("float32"))

    over_input = keras.layers.Lambda(lay_over_input)
    over_input(layer.output)
    masked_network = keras.Model(network.inputs, network.outputs)
    masked_network.predict = functools.partial(masked_network.predict, verbose=0)
    visualisation = Scorecam(masked_network)

    def make(inputs: np.ndarray, score: Score, progress: Progress) -> tuple[np.ndarray, ReceptiveField]:
        nonlocal chosen
        varying = np.flatnonzero(np.ptp(np.asarray(output([inputs]))[0], axis=(0, 1)) > 0)
        # At least ten steps, for the progress.
        step = max(1, min(MASKED_BYTES // inputs.nbytes, len(varying) // 10))
        heat = np.zeros(inputs.shape[1:3], np.float32)
        for begin in range(0, len(varying), step):
            chosen = varying[begin : begin + step]
            heat += visualisation(
                score,
                inputs,
                penultimate_layer=over_input,
                activation_modifier=None,
                batch_size=MASKS_PER_BATCH,
                **_AT_LAYERS_SIZE,
            )[0]
            progress(begin + len(chosen), len(varying))
        return np.maximum(heat, 0), EVERY_PIXEL

    return make


class _CompiledNetwork:
    """As much of a network as tf-keras-vis' saliency asks for, run as a graph: twice as fast."""

    def __init__(self, network: "keras.Model") -> None:
        import tensorflow as tf

        self.inputs, self.outputs = network.inputs, network.outputs
        self._run = tf.function(network)

    def __call__(self, inputs: list[Tensor], training: bool) -> Tensor:
        return self._run(inputs, training=training)
