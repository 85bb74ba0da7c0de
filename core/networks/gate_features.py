"""What a gate (``core.inference.gate``) decides by: features of ``unified_unet`` as one more output, and its outputs.

``gate_inputs`` is NumPy alone; only ``with_feature_output`` needs Keras.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from core.config import FEATURES, PRESENCE, SEGMENTATION
from core.networks.losses import tumour_probability
from core.readers.preprocessing import HEAD_THRESHOLD

if TYPE_CHECKING:
    import keras

FUSION_LAYER = "decoder_4_concat"
"""The layer where encoder and decoder meet."""
_WEIGHTS, _EVIDENCE = "weight_of_place", ("look_places", "mask_places")
"""Layers that the network reads its class from: the weight of each place, and the evidence there."""
_LOWEST_ACTIVATION = -1e9
_SMALLEST_WEIGHT = 1e-6
BEST_PIXELS = (10, 200)
"""How many of the mask's most probable tumour pixels a mean is taken over."""
PRESENCE_INPUTS = 1 + len(BEST_PIXELS)
"""How many inputs ``presence_inputs`` returns."""
_CLIP = 1e-6
"""Probabilities nearer to 0 or 1 count as this far from it, so that logits stay finite."""


def with_feature_output(network: "keras.Model") -> "keras.Model":
    """Return the network with one more output: (n, F + D) float32 features, those of the tumour score first.

    The features of the tumour score come from places on the head alone: a place's weight is the head's share of it, and
    the maximum is over places that are at least half head (over all where there is none).
    """
    import keras
    from keras import ops

    fusion = network.get_layer(FUSION_LAYER).output
    stride = network.inputs[0].shape[1] // fusion.shape[1]
    middle = network.inputs[0].shape[-1] // 2  # the slice's own channel, where others hold its neighbours
    is_head = ops.cast(network.inputs[0][..., middle : middle + 1] > HEAD_THRESHOLD, "float32")
    head = keras.layers.AveragePooling2D(stride, name="head_in_place")(is_head)
    on_head = ops.where(ops.any(head >= 0.5, axis=(1, 2), keepdims=True), head >= 0.5, True)
    weights = ops.reshape(head, (-1, head.shape[1] * head.shape[2]))
    class_weights = weights * network.get_layer(_WEIGHTS).output
    evidence = [network.get_layer(name).output for name in _EVIDENCE]
    features = keras.layers.Concatenate(name=FEATURES)(
        [
            _weighted_mean(ops.reshape(fusion, (-1, weights.shape[1], fusion.shape[-1])), weights),
            ops.max(ops.where(on_head, fusion, _LOWEST_ACTIVATION), axis=(1, 2)),
            *(_weighted_mean(values, class_weights) for values in evidence),
            ops.mean(fusion, axis=(1, 2)),
        ]
    )
    return keras.Model(network.inputs, [*network.outputs, features])


def _weighted_mean(values: Any, weights: Any) -> Any:
    """Average (n, places, c) values over places by their (n, places) weights, to (n, c); 0 where all weights are 0."""
    from keras import ops

    total = ops.maximum(ops.sum(weights, axis=1, keepdims=True), _SMALLEST_WEIGHT)
    return ops.sum(values * weights[..., None], axis=1) / total


def gate_inputs(outputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the (n, k) inputs of a gate: those of its tumour score first, those of its OOD score last.

    Args:
        outputs: by ``core.inference.forward``, with the network's features. A network that tells whether there is a
            tumour at all has ``presence_inputs`` in front of them.
    """
    if PRESENCE not in outputs:
        return outputs[FEATURES]
    return np.concatenate([presence_inputs(outputs), outputs[FEATURES]], axis=1)


def presence_inputs(outputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return (n, ``PRESENCE_INPUTS``) logits of a tumour: of the presence head, and means over the mask's best pixels.

    Args:
        outputs: by task, with presence (n, 2) and segmentation (n, S, S, channels), probabilities.
    """
    tumour = tumour_probability(outputs[SEGMENTATION]).reshape(len(outputs[SEGMENTATION]), -1)
    best = -np.sort(-tumour, axis=1)[:, : max(BEST_PIXELS)]
    columns = [_logit(outputs[PRESENCE][:, 1]), *(_logit(best[:, :count]).mean(axis=1) for count in BEST_PIXELS)]
    return np.stack(columns, axis=1)


def _logit(probability: np.ndarray) -> np.ndarray:
    clipped = np.clip(probability.astype(np.float64), _CLIP, 1 - _CLIP)
    return np.log(clipped / (1 - clipped))
