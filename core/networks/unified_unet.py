"""One network for both tasks: a pretrained encoder, a U-Net decoder, and a class read where the tumour is."""

from typing import TYPE_CHECKING, Any

from core.config import CLASSES
from core.networks.efficientnet_lite0 import MEAN, SCALE, efficientnet_lite0

if TYPE_CHECKING:
    import keras

Tensor = Any

_PLACE = 16
"""Side, in pixels of the input, of the places of which each is looked at as a whole."""
_PRIOR = 5.0
"""Bias of the background at first: tumour then has a probability of about 2 %, as often as its pixels are (Lin et al.,
2017, section 4.1). Without it the first epochs go into learning that most pixels are background."""
_FOCUS = 12.0
"""Sharpness of the look at the tumour: a place that surely shows it weighs e^12 times one that surely does not, and so
more than all others together; where no place shows any, all weigh alike."""


def unified_unet(
    *,
    size: int = 192,
    filters: tuple[int, int, int, int, int] = (96, 64, 32, 16, 8),
    look: int = 128,
    dropout: float = 0.3,
    momentum: float = 0.9,
) -> "keras.Model":
    """(n, size, size, 1) in [0, 1] -> [class (n, 3), mask (n, size, size, 4)], probabilities both.

    The mask's channels are background and the three classes. The class comes from encoder and mask together: deep
    features of the encoder, the decoder's and the mask's own probabilities, averaged over a grid of places size / 16 a
    side, weighted by whether the mask shows tumour there. How large the head is in the frame therefore says little.

    Args:
        size: side of the input in pixels, a multiple of 32.
        filters: of the decoder's blocks, at strides 16, 8, 4, 2 and 1.
        look: features that are kept of each place for the class.
        dropout: rate before the class, and on the encoder's deepest features.
        momentum: of the decoder's batch normalisations' moving statistics.
    """
    import keras

    layers = keras.layers

    def convolution(x: Tensor, count: int, name: str, kernel: int = 3) -> Tensor:
        x = layers.Conv2D(count, kernel, padding="same", use_bias=False, name=f"{name}_conv")(x)
        x = layers.BatchNormalization(momentum=momentum, name=f"{name}_norm")(x)
        return layers.ReLU(name=f"{name}_relu")(x)

    inputs = keras.Input((size, size, 1), name="image")
    x = layers.Rescaling(1 / SCALE, -MEAN / SCALE, name="normalise")(inputs)
    features = efficientnet_lite0(layers.Concatenate(name="grey_to_colour")([x, x, x]))
    deep = layers.SpatialDropout2D(dropout, name="deep_dropout")(features[-1])
    skips = [inputs, *features[:-1]]
    x, joined = deep, []
    for level in reversed(range(5)):
        name = f"decoder_{level}"
        x = layers.UpSampling2D(interpolation="bilinear", name=f"{name}_up")(x)
        x = layers.Concatenate(name=f"{name}_concat")([x, skips[level]])
        joined.append(x)
        for half in (1, 2):
            x = convolution(x, filters[4 - level], f"{name}_{half}")
    mask = layers.Conv2D(
        1 + len(CLASSES),
        1,
        activation="softmax",
        bias_initializer=keras.initializers.Constant([_PRIOR, *[0.0] * len(CLASSES)]),
        dtype="float32",
        name="mask",
    )(x)

    # Where the tumour is, on the grid of stride 16: each place counts by its surest pixel, for tumours are small.
    x = layers.Reshape((size * size, 1 + len(CLASSES), 1), name="mask_pixels")(mask)
    x = layers.Cropping2D(((0, 0), (0, len(CLASSES))), name="mask_background")(x)
    x = layers.Rescaling(-1.0, 1.0, name="tumour")(layers.Reshape((size, size, 1), name="background")(x))
    x = layers.Rescaling(_FOCUS, name="focus")(layers.MaxPooling2D(_PLACE, name="tumour_in_place")(x))
    weights = layers.Softmax(name="weight_of_place")(layers.Flatten(name="places")(x))

    def read(x: Tensor, name: str) -> Tensor:
        x = layers.Reshape((weights.shape[-1], x.shape[-1]), name=f"{name}_places")(x)
        return layers.Dot(axes=1, name=f"{name}_read")([weights, x])

    seen = convolution(joined[0], look, "look", kernel=1)
    said = layers.AveragePooling2D(_PLACE, name="mask_in_place")(mask)
    x = layers.Concatenate(name="evidence")([read(seen, "look"), read(said, "mask")])
    x = layers.Dropout(dropout, name="evidence_dropout")(x)
    kind = layers.Dense(len(CLASSES), activation="softmax", dtype="float32", name="class")(x)
    return keras.Model(inputs, [kind, mask], name="unified_unet")
