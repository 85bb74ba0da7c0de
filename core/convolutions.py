"""A network's convolutions: where a heat map can be taken. Read from a bundle without TensorFlow."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.bundles import Bundle
from core.layers import layers

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
        BundleError: as ``core.layers.layers``.
    """
    return [Convolution(layer.name, *layer.shape) for layer in layers(bundle) if layer.kind == "Conv2D"]


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
