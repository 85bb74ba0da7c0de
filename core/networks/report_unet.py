"""The report's segmenter."""

from typing import TYPE_CHECKING

from core.networks.tensor import Tensor

if TYPE_CHECKING:
    import keras

_DEPTH = 5
"""Encoder blocks; the last is the bottleneck."""


def report_unet(*, size: int = 128, filters: int = 32, dropout: float = 0.3, momentum: float = 0.9) -> "keras.Model":
    """Build the report's segmenter: (n, size, size, 1) in [0, 1] -> (n, size, size, 2), background and tumour.

    8,643,170 parameters at the defaults, 1,984 of them the moving statistics of five batch normalisations. The report's
    text counts fewer convolutions than fit its parameter count; this network fits it: nine blocks of two 3x3
    convolutions, 3x3 transposed convolutions, and one more 3x3 convolution before the 1x1.

    Args:
        size: side of the input in pixels, a multiple of 16.
        filters: filters of the first block; each deeper one doubles them.
        dropout: rate in the two deepest encoder blocks.
        momentum: of the batch normalisations' moving statistics. Keras' 0.99 takes a dozen epochs of 76 updates to
            forget the initial variance, and until then no mask appears in validation.
    """
    import keras

    inputs = keras.Input((size, size, 1), name="image")
    x = inputs
    skips = []
    for depth in range(_DEPTH):
        name = f"encoder_{depth + 1}"
        x = _double_convolution(x, filters * 2**depth, name, dropout=dropout if depth >= _DEPTH - 2 else 0.0)
        x = keras.layers.BatchNormalization(momentum=momentum, name=f"{name}_norm")(x)
        if depth < _DEPTH - 1:
            skips.append(x)
            x = keras.layers.MaxPooling2D(name=f"{name}_pool")(x)
    for depth in reversed(range(_DEPTH - 1)):
        name = f"decoder_{depth + 1}"
        x = keras.layers.Conv2DTranspose(filters * 2**depth, 3, strides=2, padding="same", name=f"{name}_up")(x)
        x = keras.layers.Concatenate(name=f"{name}_concat")([x, skips[depth]])
        x = _double_convolution(x, filters * 2**depth, name)
    x = keras.layers.Conv2D(filters, 3, padding="same", activation="relu", name="head_conv")(x)
    outputs = keras.layers.Conv2D(2, 1, activation="softmax", dtype="float32", name="mask")(x)
    return keras.Model(inputs, outputs, name="report_unet")


def _double_convolution(x: Tensor, filters: int, name: str, *, dropout: float = 0.0) -> Tensor:
    """Apply two 3x3 convolutions with ReLU, with dropout between them where its rate is not 0."""
    from keras import layers

    x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"{name}_conv_1")(x)
    if dropout:
        x = layers.Dropout(dropout, name=f"{name}_dropout")(x)
    return layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"{name}_conv_2")(x)
