"""A network's convolutions: where a heat map can be taken. Read from a bundle without TensorFlow."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.bundles.bundle import Bundle
from core.bundles.layers import ancestors, read_layers

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Convolution:
    """A convolution's name and the size of its output, height x width x filters."""

    name: str
    height: int
    width: int
    filters: int


def find_convolutions(bundle: Bundle, task: str) -> list[Convolution]:
    """The convolutions from a bundle's input to its answer, transposed ones left out; TensorFlow is not needed.

    Args:
        bundle: a bundle.
        task: which of its answers.

    Raises:
        BundleError: as ``core.bundles.layers.read_layers``.
    """
    layers = read_layers(bundle)
    output = next(layer.name for layer in layers if layer.task == task)
    return [Convolution(layer.name, *layer.shape) for layer in ancestors(layers, output) if layer.kind == "Conv2D"]


def network_convolutions(network: "keras.Model") -> list[Convolution]:
    """The same of a loaded network."""
    import keras

    return [
        Convolution(layer.name, *layer.output.shape[1:])
        for layer in network.layers
        if isinstance(layer, keras.layers.Conv2D)
    ]


def activated_layer(layer: "keras.Layer") -> "keras.Layer":
    """Where a convolution's output is complete: after its batch normalisation and activation, if they are layers.

    Heat maps weigh what a convolution has found; before its activation the sign of that says nothing.
    """
    import keras

    if layer.activation is not keras.activations.linear:
        return layer
    while len(layer._outbound_nodes) == 1:
        following = layer._outbound_nodes[0].operation
        if not isinstance(following, (keras.layers.BatchNormalization, keras.layers.ReLU)):
            break
        layer = following
    return layer


def deepest_convolution(found: Sequence[Convolution]) -> Convolution:
    """The last convolution on the coarsest grid, where Grad-CAM's authors take the heat map.

    In a classifier it is the last one; in a U-Net the bottom one, since those after it look at the mask more and more
    and at the slice less and less (Vinogradova et al., "Towards Interpretable Semantic Segmentation via
    Gradient-weighted Class Activation Mapping", 2020).

    Args:
        found: a network's convolutions, at least one.
    """
    coarsest = min(one.height * one.width for one in found)
    return next(one for one in reversed(found) if one.height * one.width == coarsest)


def default_convolution(bundle: Bundle, found: Sequence[Convolution]) -> Convolution:
    """The convolution at which a bundle's heat maps are taken unless another is asked for.

    Args:
        bundle: a bundle.
        found: the convolutions that lead to the answer which is explained.
    """
    return next((one for one in found if one.name == bundle.heat_layer), None) or deepest_convolution(found)
