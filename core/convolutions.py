"""A network's convolutions: where a heat map can be taken. Read from a bundle without TensorFlow."""

import json
import math
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.bundles import WEIGHTS, Bundle
from core.errors import BundleError

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Convolution:
    """A convolution's name and the size of its output, height x width x filters."""

    name: str
    height: int
    width: int
    filters: int


def convolutions(bundle: Bundle) -> list[Convolution]:
    """A bundle's convolutions from input to output, transposed ones left out; TensorFlow is not needed.

    Raises:
        BundleError: the network's file is missing, altered or no Keras network.
    """
    path = bundle.path(WEIGHTS)
    try:
        with zipfile.ZipFile(path) as file:
            layers = json.loads(file.read("config.json"))["config"]["layers"]
        return [_from_config(layer) for layer in layers if layer["class_name"] == "Conv2D"]
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise BundleError(f"The network of the bundle '{bundle.name}' does not say which layers it has.") from error


def network_convolutions(network: "keras.Model") -> list[Convolution]:
    """The same of a loaded network."""
    import keras

    return [
        Convolution(layer.name, *layer.output.shape[1:])
        for layer in network.layers
        if isinstance(layer, keras.layers.Conv2D)
    ]


def deepest(found: Sequence[Convolution]) -> Convolution:
    """The last convolution on the coarsest grid, where Grad-CAM's authors take the heat map.

    In a classifier it is the last one; in a U-Net the bottom one, since those after it look at the mask more and more
    and at the slice less and less (Vinogradova et al., "Towards Interpretable Semantic Segmentation via
    Gradient-weighted Class Activation Mapping", 2020).

    Args:
        found: a network's convolutions, at least one.
    """
    coarsest = min(one.height * one.width for one in found)
    return next(one for one in reversed(found) if one.height * one.width == coarsest)


def _from_config(layer: dict[str, Any]) -> Convolution:
    config = layer["config"]
    height, width = (
        _side(side, kernel, stride, valid=config["padding"] == "valid")
        for side, kernel, stride in zip(
            layer["build_config"]["input_shape"][1:3], config["kernel_size"], config["strides"], strict=True
        )
    )
    return Convolution(config["name"], height, width, config["filters"])


def _side(side: int, kernel: int, stride: int, *, valid: bool) -> int:
    return math.ceil((side - kernel + 1 if valid else side) / stride)
