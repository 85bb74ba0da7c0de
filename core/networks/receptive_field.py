"""Receptive fields: where a layer's units are centred on the network's input, to upsample heat maps to it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class ReceptiveField:
    """The centres of a layer's units on the input: unit i is centred on pixel ``first + i * step``."""

    first: float
    step: int


EVERY_PIXEL = ReceptiveField(first=0.0, step=1)
"""The field of a heat map with a value for each input pixel."""


def receptive_field(layer: "keras.Layer") -> ReceptiveField:
    """Compute where a layer's units are centred, in a network of convolutions and poolings.

    Formulas: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016). Where branches meet, the
    last one is followed: in a U-Net the skip connection, which was not downsampled.
    """
    import keras

    chain = []
    while not isinstance(layer, keras.layers.InputLayer):
        chain.append(layer)
        source = layer.input[-1] if isinstance(layer.input, list) else layer.input
        layer = source._keras_history.operation
    first, step = 0.0, 1
    for passed in reversed(chain):
        size = getattr(passed, "kernel_size", getattr(passed, "pool_size", (1,)))[0]
        stride = getattr(passed, "strides", (1,))[0]
        if getattr(passed, "padding", "same") == "valid":
            first += (size - 1) / 2 * step
        else:  # "same" pads size - stride, the smaller half in front
            first += ((size - 1) / 2 - max(size - stride, 0) // 2) * step
        step *= stride
    return ReceptiveField(first, step)


def map_to_input(heat: np.ndarray, size: int, field: ReceptiveField) -> np.ndarray:
    """Upsample a (h, w) heat map to the (size, size) input: linear interpolation between the units' centres.

    Beyond the outermost centres, as at the margin that unpadded convolutions leave, the nearest unit's value holds.
    """
    rows, columns = (_interpolation_weights(count, size, field) for count in heat.shape)
    return (rows @ heat @ columns.T).astype(np.float32)


def _interpolation_weights(count: int, size: int, field: ReceptiveField) -> np.ndarray:
    """Return (size, count) weights of linear interpolation, constant beyond the outermost units."""
    centres = field.first + field.step * np.arange(count)
    return np.stack([np.interp(np.arange(size), centres, unit) for unit in np.eye(count)], axis=1)
