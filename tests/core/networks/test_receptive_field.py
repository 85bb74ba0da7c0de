"""Receptive fields: the centres of a layer's units, and heat maps upsampled to the input."""

import numpy as np
import pytest

from core.explanation.heat_layers import deepest_convolution_layer
from core.networks.receptive_field import ReceptiveField, map_to_input, receptive_field
from core.networks.registry import report_cnn, report_unet


def test_the_centres_of_the_reports_last_convolution_are_worked_out_by_hand():
    # 3x3 valid, 2x2 pooling, three times over, and 3x3 valid: 1, 1.5, 3.5, 4.5, 8.5, 10.5, 18.5.
    assert receptive_field(deepest_convolution_layer(report_cnn(size=64))) == ReceptiveField(first=18.5, step=8)


def test_a_padded_convolutions_units_are_centred_on_their_pixels():
    layer = report_unet(size=32, filters=2).get_layer("encoder_1_conv_2")
    assert receptive_field(layer) == ReceptiveField(first=0.0, step=1)


def test_the_receptive_field_is_where_the_gradient_is_not_zero():
    import keras
    import tensorflow as tf

    network = report_cnn(size=64, filters=(2, 2, 2, 2))
    for weight in network.weights:  # all ones: every path counts the same, and no unit is dead
        weight.assign(tf.ones_like(weight))
    layer = deepest_convolution_layer(network)
    field = receptive_field(layer)
    until = keras.Model(network.inputs, layer.output)
    inputs = tf.random.stateless_uniform((1, 64, 64, 3), seed=(1, 2))
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        unit = until(inputs)[0, 2, 1, 0]
    touched = np.argwhere(np.abs(tape.gradient(unit, inputs)[0]).sum(axis=-1) > 0)
    middle = (touched.min(axis=0) + touched.max(axis=0)) / 2
    # Poolings pass the gradient to one pixel of four, so the edges of the field are not all touched.
    assert middle == pytest.approx([field.first + 2 * field.step, field.first + 1 * field.step], abs=4)


def test_heat_is_upsampled_to_the_pixels_on_which_its_units_are_centred():
    heat = np.zeros((60, 60), np.float32)
    heat[10, 20] = 1
    upsampled = map_to_input(heat, 512, ReceptiveField(18.5, 8))
    rows, columns = np.indices(upsampled.shape)
    assert (upsampled * rows).sum() / upsampled.sum() == pytest.approx(98.5, abs=0.01)
    assert (upsampled * columns).sum() / upsampled.sum() == pytest.approx(178.5, abs=0.01)
    assert map_to_input(np.ones((60, 60)), 512, ReceptiveField(18.5, 8)) == pytest.approx(np.ones((512, 512)))
