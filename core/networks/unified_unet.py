"""One network for both tasks: a pretrained encoder, a U-Net decoder, and a class head that attends to the tumour."""

from typing import TYPE_CHECKING

from core.config import CLASSES
from core.networks.efficientnet_lite0 import MEAN, SCALE, SMALL_STAGES, STAGES, efficientnet_lite0
from core.networks.tensor import Tensor

if TYPE_CHECKING:
    import keras

_CELL = 16
"""Side, in pixels of the input, of the grid cells that the class head weighs."""
_BACKGROUND_BIAS = 5.0
"""Initial bias of the background: tumour then has a probability of about 2 %, its share of the pixels (Lin et al.,
2017, section 4.1). Without it the first epochs go into learning that most pixels are background."""
_SHARPNESS = 12.0
"""Sharpness of the attention: a cell that certainly shows tumour weighs e^12 times one that certainly does not, and so
more than all others together; where no cell shows tumour, all weigh alike."""


def unified_unet(
    *,
    size: int = 192,
    filters: tuple[int, int, int, int, int] = (96, 64, 32, 16, 8),
    look: int = 128,
    dropout: float = 0.3,
    momentum: float = 0.9,
    presence: bool = False,
    neighbours: bool = False,
    small_encoder: bool = False,
) -> "keras.Model":
    """Build the network: (n, size, size, 1) in [0, 1] -> [class (n, 3), mask (n, size, size, 4)], both probabilities.

    With ``presence`` a third output follows: (n, 2) probabilities of no tumour and of one. With ``neighbours`` the
    input is (n, size, size, 3): the slice before, the slice and the slice after; the outputs are the slice's.

    The mask's channels are background and the three classes. The class depends on encoder and mask together: deep
    features of the encoder and the mask's probabilities, averaged over a grid of cells of 16 pixels a side, weighted by
    whether the mask shows tumour there. The class therefore depends little on how large the head is in the frame.

    Args:
        size: side of the input in pixels, a multiple of 32.
        filters: of the decoder's blocks, at strides 16, 8, 4, 2 and 1.
        look: features of each cell that the class head reads.
        dropout: rate before the class, and on the encoder's deepest features.
        momentum: of the decoder's batch normalisations' moving statistics.
        presence: whether the network also tells whether there is a tumour at all.
        neighbours: whether the encoder reads the slices before and after, too (2.5-D).
        small_encoder: a small relative of the encoder without pretrained weights, to try something out in seconds.
    """
    import keras

    inputs = keras.Input((size, size, 3 if neighbours else 1), name="image")
    features = _encoder(inputs, dropout, small=small_encoder)
    decoded, cell_features = _decoder(_own_slice(inputs) if neighbours else inputs, features, filters, momentum)
    mask = _mask_head(decoded)
    cell_tumour = _cell_tumour(mask, size)
    weights = _attention(cell_tumour)
    cell_features = _conv_block(cell_features, look, "look", momentum, kernel=1)
    evidence = _evidence(cell_features, mask, weights)
    outputs = [_class_head(evidence, dropout), mask]
    if presence:
        outputs.append(_presence_head(evidence, cell_tumour))
    return keras.Model(inputs, outputs, name="unified_unet")


def _own_slice(inputs: Tensor) -> Tensor:
    """Return the middle one of (n, size, size, 3) slices, (n, size, size, 1)."""
    from keras import layers

    _, height, width, channels = inputs.shape
    x = layers.Reshape((height * width, channels, 1), name="slice_stack")(inputs)
    x = layers.Cropping2D(((0, 0), (1, 1)), name="middle_slice")(x)
    return layers.Reshape((height, width, 1), name="own_slice")(x)


def _encoder(inputs: Tensor, dropout: float, *, small: bool) -> list[Tensor]:
    """Return EfficientNet-Lite0's features at strides 2, 4, 8, 16 and 32, the last with dropout."""
    from keras import layers

    x = layers.Rescaling(1 / SCALE, -MEAN / SCALE, name="normalise")(inputs)
    if x.shape[-1] == 1:
        x = layers.Concatenate(name="grey_to_colour")([x, x, x])
    features = efficientnet_lite0(x, SMALL_STAGES if small else STAGES)
    deepest = layers.SpatialDropout2D(dropout, name="deep_dropout")(features[-1])
    return [*features[:-1], deepest]


def _decoder(
    inputs: Tensor, features: list[Tensor], filters: tuple[int, ...], momentum: float
) -> tuple[Tensor, Tensor]:
    """Decode the encoder's features up to the input's size, joined with the encoder's and, last, with the input.

    Returns:
        (n, size, size, filters[4]), the last block's output; (n, size / 16, size / 16, c), the first block's input.
    """
    from keras import layers

    skips = [inputs, *features[:-1]]
    x, joined = features[-1], []
    for level in reversed(range(5)):
        name = f"decoder_{level}"
        x = layers.UpSampling2D(interpolation="bilinear", name=f"{name}_up")(x)
        x = layers.Concatenate(name=f"{name}_concat")([x, skips[level]])
        joined.append(x)
        for half in (1, 2):
            x = _conv_block(x, filters[4 - level], f"{name}_{half}", momentum)
    return x, joined[0]


def _conv_block(x: Tensor, filters: int, name: str, momentum: float, *, kernel: int = 3) -> Tensor:
    """Apply a convolution, batch normalisation and ReLU."""
    from keras import layers

    x = layers.Conv2D(filters, kernel, padding="same", use_bias=False, name=f"{name}_conv")(x)
    x = layers.BatchNormalization(momentum=momentum, name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


def _mask_head(x: Tensor) -> Tensor:
    """Return each pixel's probabilities of background and the classes."""
    import keras

    return keras.layers.Conv2D(
        1 + len(CLASSES),
        1,
        activation="softmax",
        bias_initializer=keras.initializers.Constant([_BACKGROUND_BIAS, *[0.0] * len(CLASSES)]),
        dtype="float32",
        name="mask",
    )(x)


def _cell_tumour(mask: Tensor, size: int) -> Tensor:
    """Return the highest tumour probability in each of the grid's cells, (n, size / 16, size / 16, 1).

    The highest, not the mean, since tumours are small.
    """
    from keras import layers

    channels = 1 + len(CLASSES)
    x = layers.Reshape((size * size, channels, 1), name="mask_pixels")(mask)
    x = layers.Cropping2D(((0, 0), (0, len(CLASSES))), name="mask_background")(x)
    x = layers.Reshape((size, size, 1), name="background")(x)
    x = layers.Rescaling(-1.0, 1.0, name="tumour")(x)
    return layers.MaxPooling2D(_CELL, name="tumour_in_place")(x)


def _attention(cell_tumour: Tensor) -> Tensor:
    """Return the weights of the grid's cells, (n, cells), which sum to 1."""
    from keras import layers

    x = layers.Rescaling(_SHARPNESS, name="focus")(cell_tumour)
    x = layers.Flatten(name="places")(x)
    return layers.Softmax(name="weight_of_place")(x)


def _evidence(cell_features: Tensor, mask: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted means of the cells' features and of the cells' mask probabilities, (n, look + 4)."""
    from keras import layers

    def weighted_mean(x: Tensor, name: str) -> Tensor:
        x = layers.Reshape((weights.shape[-1], x.shape[-1]), name=f"{name}_places")(x)
        return layers.Dot(axes=1, name=f"{name}_read")([weights, x])

    cell_mask = layers.AveragePooling2D(_CELL, name="mask_in_place")(mask)
    return layers.Concatenate(name="evidence")([weighted_mean(cell_features, "look"), weighted_mean(cell_mask, "mask")])


def _class_head(evidence: Tensor, dropout: float) -> Tensor:
    """Return the probabilities of the classes."""
    from keras import layers

    x = layers.Dropout(dropout, name="evidence_dropout")(evidence)
    return layers.Dense(len(CLASSES), activation="softmax", dtype="float32", name="class")(x)


def _presence_head(evidence: Tensor, cell_tumour: Tensor) -> Tensor:
    """Return the probabilities of no tumour and of one, from the evidence and the mask's highest tumour probability."""
    from keras import layers

    highest = layers.GlobalMaxPooling2D(name="tumour_highest")(cell_tumour)
    x = layers.Concatenate(name="presence_evidence")([evidence, highest])
    return layers.Dense(2, activation="softmax", dtype="float32", name="presence")(x)
