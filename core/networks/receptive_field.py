"""Which pixels of a network's input the units of a layer stand over, and laying a heat map over them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class ReceptiveField:
    """Which input pixels a layer's units stand over: unit i is centred on pixel ``first + i * step``."""

    first: float
    step: int


EVERY_PIXEL = ReceptiveField(first=0.0, step=1)
"""Of a heat map that has a value for each input pixel."""


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
