"""The convolutions of a loaded network at which heat maps are taken."""

from typing import TYPE_CHECKING

from core.bundles.convolutions import Convolution, deepest_convolution

if TYPE_CHECKING:
    import keras


def network_convolutions(network: "keras.Model") -> list[Convolution]:
    """List the convolutions of a loaded network, transposed ones left out."""
    import keras

    return [
        Convolution(layer.name, *layer.output.shape[1:])
        for layer in network.layers
        if isinstance(layer, keras.layers.Conv2D)
    ]


def deepest_convolution_layer(network: "keras.Model") -> "keras.Layer":
    """Return the deepest convolution of a network, where a heat map is taken unless another layer is named."""
    return network.get_layer(deepest_convolution(network_convolutions(network)).name)


def activated_layer(layer: "keras.Layer") -> "keras.Layer":
    """Return the layer whose output is a convolution's after its batch normalisation and activation.

    This is the convolution itself unless these follow as layers of their own. Heat maps weight a convolution's output,
    whose sign means nothing before the activation.
    """
    import keras

    if layer.activation is not keras.activations.linear:
        return layer
    while True:
        following = list({node.operation for node in layer._outbound_nodes})  # a model of a part adds nodes of its own
        if len(following) != 1 or not isinstance(following[0], (keras.layers.BatchNormalization, keras.layers.ReLU)):
            return layer
        layer = following[0]
