"""A bundle's convolutions, where heat maps can be taken. Read without TensorFlow."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.bundles.bundle import Bundle
from core.bundles.layers import ancestors, read_layers


@dataclass(frozen=True)
class Convolution:
    """A convolution's name and the size of its output, height x width x filters."""

    name: str
    height: int
    width: int
    filters: int


def find_convolutions(bundle: Bundle, task: str) -> list[Convolution]:
    """List the convolutions between a bundle's input and its output for a task, without transposed ones.

    Raises:
        BundleError: as ``core.bundles.layers.read_layers``.
    """
    layers = read_layers(bundle)
    output = next(layer.name for layer in layers if layer.task == task)
    return [Convolution(layer.name, *layer.shape) for layer in ancestors(layers, output) if layer.kind == "Conv2D"]


def deepest_convolution(convolutions: Sequence[Convolution]) -> Convolution:
    """Return the last convolution on the coarsest grid, where Grad-CAM's authors take the heat map.

    In a classifier it is the last one; in a U-Net the one at the bottom, since later ones depend more and more on the
    mask and less on the slice (Vinogradova et al., "Towards Interpretable Semantic Segmentation via Gradient-weighted
    Class Activation Mapping", 2020).

    Args:
        convolutions: a network's, at least one.
    """
    coarsest = min(convolution.height * convolution.width for convolution in convolutions)
    return next(
        convolution for convolution in reversed(convolutions) if convolution.height * convolution.width == coarsest
    )


def default_convolution(bundle: Bundle, convolutions: Sequence[Convolution]) -> Convolution:
    """Return the convolution at which a bundle's heat maps are taken unless another is chosen.

    Args:
        bundle: a bundle.
        convolutions: those that lead to the explained output.
    """
    own = (convolution for convolution in convolutions if convolution.name == bundle.heat_layer)
    return next(own, None) or deepest_convolution(convolutions)
