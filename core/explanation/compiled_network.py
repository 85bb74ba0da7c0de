"""A network in compiled functions, as Keras models that tf-keras-vis can take.

tf-keras-vis builds a Keras model for each heat map and runs it layer by layer, which takes ten times as long as a
compiled function. It is given models of one or two layers, whose values and gradients compiled functions compute.
"""

from typing import TYPE_CHECKING

import numpy as np

from core.networks.receptive_field import EVERY_PIXEL, ReceptiveField, receptive_field
from core.networks.tensor import Tensor

if TYPE_CHECKING:
    import keras


class CompiledNetwork:
    """A network without its softmax, and the output of one of its layers."""

    def __init__(self, network: "keras.Model", layer: "keras.Layer | None" = None) -> None:
        """Prepare the functions; each is compiled when it is first called.

        Args:
            network: of one input, (n, S, S, C), and one output, the logits. Later changes of its weights count.
            layer: whose output is explained, (n, h, w, filters); None for the input.
        """
        import keras
        import tensorflow as tf

        self._layer = layer
        explained = layer.output if layer else network.inputs[0]
        beside = _tensors_beside(network, explained)
        model = keras.Model(network.inputs, [network.outputs[0], explained, *beside])
        ends = explained is network.outputs[0]
        rest = None if ends else keras.Model([explained, *beside], network.outputs[0])
        self._shapes = [each.shape[1:] for each in (explained, model.inputs[0], model.outputs[0])]
        _, inputs_spec, logits_spec = (tf.TensorSpec((None, *shape)) for shape in self._shapes)

        # Keras' layers need no conversion by AutoGraph, which takes its time.
        @tf.function(input_signature=[inputs_spec], autograph=False)
        def forward(inputs: Tensor) -> list[Tensor]:
            return model([inputs], training=False)

        @tf.function(input_signature=[inputs_spec, logits_spec], autograph=False)
        def gradient(inputs: Tensor, upstream: Tensor) -> Tensor:
            _, *known = forward(inputs)  # compiled already; only what follows is compiled here
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(known[0])
                logits = rest(known, training=False) if rest else tf.identity(known[0])
            return tape.gradient(logits, known[0], upstream, tf.UnconnectedGradients.ZERO)

        @tf.custom_gradient
        def replay(output: Tensor, inputs: Tensor, logits: Tensor) -> tuple[Tensor, object]:
            """Return the logits, known already, as a function of the explained output."""
            return tf.identity(logits), lambda upstream: (gradient(inputs, upstream), None, None)

        self._forward, self._gradient, self._replay = forward, gradient, replay

    @property
    def field(self) -> ReceptiveField:
        """The positions of the explained output's units on the input."""
        return receptive_field(self._layer) if self._layer else EVERY_PIXEL

    def forward(self, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Run inputs (n, S, S, C) float32; return the logits and the explained output, (n, …) each."""
        logits, output, *_ = self._forward(inputs)
        return np.asarray(logits), np.asarray(output)

    def whole(self) -> "keras.Model":
        """Return a model from the inputs to the logits, whose gradient is that by the inputs."""
        import keras
        import tensorflow as tf

        def run(inputs: Tensor) -> Tensor:
            logits, *_ = self._forward(tf.stop_gradient(inputs))
            return self._replay(inputs, inputs, logits)

        _, inputs_shape, logits_shape = self._shapes
        inputs = keras.Input(inputs_shape)
        return keras.Model([inputs], keras.layers.Lambda(run, output_shape=logits_shape)(inputs))

    def rest(self) -> "tuple[keras.Model, keras.Layer]":
        """Return a model from the explained output on, and the layer that passes that output on.

        The model takes the explained output, the inputs and the logits, as ``forward`` takes and returns them. The
        layer passes float64, since tf-keras-vis' Grad-CAM++ divides by differences that nearly cancel.
        """
        import keras

        output, inputs, logits = (keras.Input(shape) for shape in self._shapes)
        explained = keras.layers.Identity(dtype="float64")
        replay = keras.layers.Lambda(lambda tensors: self._replay(*tensors), output_shape=self._shapes[-1])
        return keras.Model([output, inputs, logits], replay([explained(output), inputs, logits])), explained


def _tensors_beside(network: "keras.Model", explained: "keras.KerasTensor") -> list["keras.KerasTensor"]:
    """List what the layers that depend on the explained tensor take besides, such as skip connections."""
    dependent, beside = {id(explained)}, {}
    for layer in network.layers:
        tensors = layer.input if isinstance(layer.input, list) else [layer.input]
        if any(id(tensor) in dependent for tensor in tensors):
            dependent.add(id(layer.output))
            beside.update({id(tensor): tensor for tensor in tensors if id(tensor) not in dependent})
    return list(beside.values())
