"""Heat maps: where a network looked for its answer.

tf-keras-vis behind one class. What is explained is a small callable, a target: it takes the network's
output before the softmax and returns the score whose gradient is followed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import keras

Tensor = Any
Target = Callable[[Tensor], Tensor]


def class_target(index: int) -> Target:
    """Explain one class: its logit, (n, classes) -> (n,)."""
    return lambda logits: logits[:, index]


def top_class_target() -> Target:
    """Explain whatever class the network itself prefers."""
    from keras import ops

    return lambda logits: ops.max(logits, axis=-1)


class GradCam:
    """Grad-CAM at the last convolution (Selvaraju et al., 2017), probabilities from the same pass.

    The softmax is taken off: at probabilities close to 1 its gradient vanishes.
    """

    def __init__(self, network: "keras.Model") -> None:
        """Args:
        network: a flat functional classifier that ends in a softmax.
        """
        from tf_keras_vis.gradcam import Gradcam
        from tf_keras_vis.utils.model_modifiers import ReplaceToLinear

        self._gradcam = Gradcam(network, model_modifier=ReplaceToLinear(), clone=True)
        self._field = receptive_field(last_convolution(network))

    def __call__(self, inputs: np.ndarray, target: Target) -> tuple[np.ndarray, np.ndarray]:
        """Explain one slice.

        Args:
            inputs: (1, S, S, C) float32 as the network takes it.
            target: what to explain.

        Returns:
            (classes,) float32 probabilities, and the (S, S) float32 heat map in [0, 1] over the network's
            input; all zeros where nothing speaks for the target.
        """
        seen: list[np.ndarray] = []

        def score(logits: Tensor) -> Tensor:
            seen.append(np.asarray(logits)[0])
            return target(logits)

        heat = np.asarray(self._gradcam(score, inputs, expand_cam=False, normalize_cam=False))[0]
        highest = float(heat.max())
        heat = heat / highest if highest > 0 else heat
        return _softmax(seen[0]), spread(heat, inputs.shape[1], self._field)


@dataclass(frozen=True)
class ReceptiveField:
    """Which input pixels a layer's units stand over: unit i is centred on pixel ``first + i * step``."""

    first: float
    step: int


def last_convolution(network: "keras.Model") -> "keras.Layer":
    """The convolution nearest to the network's output."""
    import keras

    return next(layer for layer in reversed(network.layers) if isinstance(layer, keras.layers.Conv2D))


def receptive_field(layer: "keras.Layer") -> ReceptiveField:
    """The receptive field's centres of a layer in a network of convolutions and poolings.

    The arithmetic of Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016).
    Where branches meet, the last one is followed: in a U-Net the skip connection, which was not shrunk.
    """
    import keras

    chain = []
    while not isinstance(layer, keras.layers.InputLayer):
        chain.append(layer)
        source = layer.input[-1] if isinstance(layer.input, list) else layer.input
        layer = source._keras_history.operation
    first, step = 0.0, 1
    for one in reversed(chain):
        size = getattr(one, "kernel_size", getattr(one, "pool_size", (1,)))[0]
        stride = getattr(one, "strides", (1,))[0]
        if getattr(one, "padding", "same") == "valid":
            first += (size - 1) / 2 * step
        else:  # "same" pads size - stride, the smaller half in front
            first += ((size - 1) / 2 - max(size - stride, 0) // 2) * step
        step *= stride
    return ReceptiveField(first, step)


def spread(heat: np.ndarray, size: int, field: ReceptiveField) -> np.ndarray:
    """Lay a (h, w) heat map over the (size, size) input its units look at, linearly between their centres.

    Unpadded convolutions never look at the margin from its own side; it takes the nearest unit's heat.
    """
    rows, columns = (_weights(count, size, field) for count in heat.shape)
    return (rows @ heat @ columns.T).astype(np.float32)


def _weights(count: int, size: int, field: ReceptiveField) -> np.ndarray:
    """(size, count) weights of linear interpolation, constant beyond the outermost units."""
    centres = field.first + field.step * np.arange(count)
    return np.stack([np.interp(np.arange(size), centres, one) for one in np.eye(count)], axis=1)


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()
