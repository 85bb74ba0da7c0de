"""The convolutions of a loaded network at which heat maps are taken."""

from core.explanation.heat_layers import activated_layer, deepest_convolution_layer
from core.networks.registry import report_cnn, report_unet


def test_a_convolution_is_explained_after_its_normalisation_and_activation():
    import keras

    inputs = keras.Input((8, 8, 1))
    bare = keras.layers.Conv2D(2, 3, padding="same", use_bias=False, name="bare")(inputs)
    x = keras.layers.ReLU(name="relu")(keras.layers.BatchNormalization(name="norm")(bare))
    x = keras.layers.Conv2D(2, 3, padding="same", activation="relu", name="whole")(x)
    x = keras.layers.BatchNormalization(name="after")(x)
    x = keras.layers.Conv2D(2, 1, name="forked")(x)
    x = keras.layers.Add(name="add")([keras.layers.ReLU(name="fork")(x), x])
    network = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(keras.layers.GlobalMaxPooling2D()(x)))
    activated = {name: activated_layer(network.get_layer(name)).name for name in ("bare", "whole", "forked")}
    assert activated == {"bare": "relu", "whole": "whole", "forked": "forked"}


def test_a_classifiers_heat_map_is_taken_at_its_last_convolution_and_a_unets_at_the_bottom():
    assert deepest_convolution_layer(report_cnn(size=64)).name == "conv2d_3"
    assert deepest_convolution_layer(report_unet(size=32, filters=2)).name == "encoder_5_conv_2"
