"""The report's classifier, its Table 2."""

from typing import TYPE_CHECKING

from core.config import CLASSES

if TYPE_CHECKING:
    import keras


def report_cnn(
    *,
    size: int = 512,
    filters: tuple[int, int, int, int] = (32, 64, 64, 128),
    dropout: float = 0.25,
    dropout_flat: float = 0.5,
    byte_range: bool = False,
) -> "keras.Model":
    """Build the report's classifier, its Table 2: (n, size, size, 3) in [0, 1] -> (n, 3) probabilities.

    475,779 parameters at the defaults. The report leaves the dropout rates open.

    Args:
        size: side of the input in pixels.
        filters: filters of the four convolutions.
        dropout: rate after the second, third and fourth pooling.
        dropout_flat: rate after Flatten.
        byte_range: whether the first convolution gets 0 to 255, as a picture's bytes are, in place of 0 to 1.
    """
    import keras

    inputs = keras.Input((size, size, 3), name="image")
    x = keras.layers.Rescaling(255.0, name="rescaling")(inputs) if byte_range else inputs
    for i, count in enumerate(filters):
        suffix = f"_{i}" if i else ""
        x = keras.layers.Conv2D(count, 3, activation="relu", name=f"conv2d{suffix}")(x)
        x = keras.layers.MaxPooling2D(name=f"max_pooling2d{suffix}")(x)
        if i:
            x = keras.layers.Dropout(dropout, name=f"dropout_{i - 1}" if i > 1 else "dropout")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    x = keras.layers.Dropout(dropout_flat, name="dropout_3")(x)
    outputs = keras.layers.Dense(len(CLASSES), activation="softmax", dtype="float32", name="dense")(x)
    return keras.Model(inputs, outputs, name="report_cnn")
