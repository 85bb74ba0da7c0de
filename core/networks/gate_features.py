"""The features of ``unified_unet`` that its gate decides by (``core.inference.gate``), as one more output."""

from typing import TYPE_CHECKING, Any

from core.config import FEATURES
from core.readers.preprocessing import HEAD_THRESHOLD

if TYPE_CHECKING:
    import keras

FUSION_LAYER = "decoder_4_concat"
"""The layer where encoder and decoder meet."""
_WEIGHTS, _EVIDENCE = "weight_of_place", ("look_places", "mask_places")
"""Layers that the network reads its class from: the weight of each place, and the evidence there."""
_LOWEST_ACTIVATION = -1e9
_SMALLEST_WEIGHT = 1e-6


def with_feature_output(network: "keras.Model") -> "keras.Model":
    """Return the network with one more output: (n, F + D) float32 features, those of the tumour score first.

    The features of the tumour score come from places on the head alone: a place's weight is the head's share of it, and
    the maximum is over places that are at least half head (over all where there is none).
    """
    import keras
    from keras import ops

    fusion = network.get_layer(FUSION_LAYER).output
    stride = network.inputs[0].shape[1] // fusion.shape[1]
    is_head = ops.cast(network.inputs[0] > HEAD_THRESHOLD, "float32")
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
