"""Heat maps of every class at once and without gradients, for networks whose class is linear in a convolution.

The networks put these maps out beside their probabilities, so that an answer needs no second pass. They equal the
bundle's default heat map, made with gradients by ``core.explanation.explainer``. Times the tumour probability they are
the evidence map.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from core.explanation.heat_layers import activated_layer, deepest_convolution_layer
from core.networks.receptive_field import ReceptiveField, map_to_input, receptive_field
from core.networks.report_cnn import report_cnn
from core.networks.tensor import Tensor
from core.networks.unified_unet import unified_unet
from core.translation.messages import mark

if TYPE_CHECKING:
    import keras

EVIDENCE_MAP_TITLE = mark("Evidence map")
_LOWEST_HIGHEST = 1e-12
"""What a map without heat is divided by."""


def class_maps(network: "keras.Model") -> tuple[Tensor, ReceptiveField] | None:
    """Return a tensor of every class's heat map, (n, h, w, classes), and the grid's positions on the input.

    Only ratios within a map matter; without evidence for a class it is all zeros. None where the class of such a
    network is not linear in a convolution.
    """
    make = _MAPS.get(network.name)
    return make(network) if make else None


def heat_plane(grids: np.ndarray, field: ReceptiveField, *, size: int, tumour: np.ndarray | None = None) -> np.ndarray:
    """Place a class's heat map on the network's input; with ``tumour`` it is the evidence map.

    The evidence map is the evidence for the class place by place, times the tumour probability of each pixel. It
    follows the mask by construction: it says which part of the outlined tumour speaks for the class, and cannot show
    evidence elsewhere.

    Args:
        grids: (1, h, w) of a slice, or (2, h, w) of it and of its mirror image, which is mirrored back and averaged.
        field: the grid's positions on the input.
        size: S, side of the network's input.
        tumour: (S, S) tumour probabilities.

    Returns:
        (S, S) float32 in [0, 1], its highest value 1; zeros without evidence.
    """
    highest = float(grids.max())
    if highest <= 0:
        return np.zeros((size, size), np.float32)
    plane, *mirrored = (map_to_input(grid / highest, size, field) for grid in grids)
    if mirrored:
        plane = (plane + mirrored[0][:, ::-1]) / 2
    if tumour is not None:
        plane = plane * tumour
    elif not mirrored:
        return plane
    return plane / max(float(plane.max()), _LOWEST_HIGHEST)


def _layer_cam_at_look(network: "keras.Model") -> tuple[Tensor, ReceptiveField]:
    """Layer-CAM at ``look_conv`` of ``unified_unet``.

    A class's logit sums, over places, the place's weight times the place's features times the class's weights. The
    gradient at a place is therefore the product of both weights.
    """
    from keras import ops

    layer = network.get_layer("look_conv")
    features = activated_layer(layer).output
    kernel = network.get_layer("class").get_weights()[0][: features.shape[-1]]
    height, width = features.shape[1:3]
    weights = ops.reshape(network.get_layer("weight_of_place").output, (-1, height, width, 1))
    return weights * ops.matmul(features, np.maximum(kernel, 0)), receptive_field(layer)


def _grad_cam_at_last_convolution(network: "keras.Model") -> tuple[Tensor, ReceptiveField]:
    """Grad-CAM at the last convolution of ``report_cnn``.

    Maximum pooling passes each cell's gradient, the class's weight of that cell, to one position. A filter's mean
    gradient is therefore the sum of its cells' weights over the number of positions, the same for every slice.
    """
    from keras import ops

    layer = deepest_convolution_layer(network)
    features = activated_layer(layer).output
    height, width, filters = features.shape[1:]
    kernel = network.layers[-1].get_weights()[0]
    weights = kernel.reshape(-1, filters, kernel.shape[-1]).sum(axis=0) / (height * width)
    return ops.relu(ops.matmul(features, weights)), receptive_field(layer)


_MAPS: dict[str, Callable[["keras.Model"], tuple[Tensor, ReceptiveField]]] = {
    unified_unet.__name__: _layer_cam_at_look,
    report_cnn.__name__: _grad_cam_at_last_convolution,
}
"""By the network's name in ``core.networks.registry``."""
