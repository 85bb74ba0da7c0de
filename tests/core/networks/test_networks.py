import math
from collections import Counter

import keras
import numpy as np
import pytest

from core.errors import BundleError
from core.networks.registry import NETWORKS, build_network, report_cnn, report_unet

TABLE_2 = """
conv2d (Conv2D)	(None, 510, 510, 32)	896
max_pooling2d (MaxPooling2D)	(None, 255, 255, 32)	0
conv2d_1 (Conv2D)	(None, 253, 253, 64)	18496
max_pooling2d_1 (MaxPooling2D)	(None, 126, 126, 64)	0
dropout (Dropout)	(None, 126, 126, 64)	0
conv2d_2 (Conv2D)	(None, 124, 124, 64)	36928
max_pooling2d_2 (MaxPooling2D)	(None, 62, 62, 64)	0
dropout_1 (Dropout)	(None, 62, 62, 64)	0
conv2d_3 (Conv2D)	(None, 60, 60, 128)	73856
max_pooling2d_3 (MaxPooling2D)	(None, 30, 30, 128)	0
dropout_2 (Dropout)	(None, 30, 30, 128)	0
flatten (Flatten)	(None, 115200)	0
dropout_3 (Dropout)	(None, 115200)	0
dense (Dense)	(None, 3)	345603
"""
"""The report's Table 2 as it is printed: layer, shape of its output, parameters."""


SMALL = {
    "report_cnn": {"size": 64, "filters": [2, 2, 2, 2]},
    "report_unet": {"size": 16, "filters": 2},
    "unified_unet": {"size": 32, "filters": [4, 4, 4, 4, 4], "look": 4},
}
"""Options that make a network small."""


@pytest.fixture(scope="module")
def cnn():
    return report_cnn()


@pytest.fixture(scope="module")
def unet():
    return report_unet()


def counts(model):
    trainable = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    fixed = sum(math.prod(weight.shape) for weight in model.non_trainable_weights)
    return model.count_params(), trainable, fixed


def kinds(model):
    return [type(layer).__name__ for layer in model.layers]


def test_report_cnn_is_table_2_layer_by_layer(cnn):
    rows = [
        f"{layer.name} ({type(layer).__name__})\t{layer.output.shape}\t{layer.count_params()}"
        for layer in cnn.layers
        if not isinstance(layer, keras.layers.InputLayer)
    ]
    assert rows == TABLE_2.strip().splitlines()
    assert counts(cnn) == (475_779, 475_779, 0)


def test_report_cnns_input_is_three_channels_of_512_pixels(cnn):
    assert cnn.input_shape == (None, 512, 512, 3)
    assert kinds(cnn).count("InputLayer") == 1


def test_report_cnns_layers_are_of_the_kind_the_report_names(cnn):
    for layer in cnn.layers:
        if isinstance(layer, keras.layers.Conv2D):
            assert (layer.kernel_size, layer.strides, layer.padding) == ((3, 3), (1, 1), "valid")
            assert layer.activation is keras.activations.relu
        if isinstance(layer, keras.layers.MaxPooling2D):
            assert (layer.pool_size, layer.strides) == ((2, 2), (2, 2))
        if isinstance(layer, keras.layers.Dropout):
            assert layer.rate > 0
    assert cnn.get_layer("dense").activation is keras.activations.softmax


def test_report_unet_has_the_reports_parameters(unet):
    assert counts(unet) == (8_643_170, 8_641_186, 1_984)
    assert unet.input_shape == (None, 128, 128, 1)
    assert unet.output_shape == (None, 128, 128, 2)


def test_report_unet_has_the_layers_that_fit_its_parameters(unet):
    assert dict(Counter(kinds(unet))) == {
        "InputLayer": 1,
        "Conv2D": 20,
        "Conv2DTranspose": 4,
        "MaxPooling2D": 4,
        "BatchNormalization": 5,
        "Dropout": 2,
        "Concatenate": 4,
    }
    for layer in unet.layers:
        if isinstance(layer, keras.layers.Conv2DTranspose):
            assert (layer.kernel_size, layer.strides) == ((3, 3), (2, 2))
            assert layer.activation is keras.activations.linear
        elif isinstance(layer, keras.layers.Conv2D) and layer is not unet.layers[-1]:
            assert (layer.kernel_size, layer.padding) == ((3, 3), "same")
            assert layer.activation is keras.activations.relu
    assert [layer.filters for layer in unet.layers if isinstance(layer, keras.layers.Conv2D)][-2:] == [32, 2]
    assert unet.layers[-1].kernel_size == (1, 1)
    assert unet.layers[-1].activation is keras.activations.softmax


def test_report_unet_drops_out_in_its_two_deepest_encoder_blocks_only(unet):
    rates = {layer.name: layer.rate for layer in unet.layers if isinstance(layer, keras.layers.Dropout)}
    assert rates == {"encoder_4_dropout": 0.3, "encoder_5_dropout": 0.3}


def test_report_unet_joins_each_decoder_block_with_the_encoder_block_of_its_size(unet):
    for depth, filters in enumerate((32, 64, 128, 256), 1):
        below, beside = unet.get_layer(f"decoder_{depth}_concat").input
        side = 128 // 2 ** (depth - 1)
        assert below.shape == beside.shape == (None, side, side, filters)
        assert below is unet.get_layer(f"decoder_{depth}_up").output
        assert beside is unet.get_layer(f"encoder_{depth}_norm").output


@pytest.mark.parametrize("name", NETWORKS)
def test_no_model_lies_inside_another(name):
    # Heat maps look layers up in one flat list.
    model = build_network(name, SMALL[name])
    assert type(model).__name__ == "Functional"
    assert not [layer.name for layer in model.layers if isinstance(layer, keras.Model)]


@pytest.mark.parametrize("name", NETWORKS)
def test_layers_keep_their_names_however_many_networks_were_built(name):
    first, second = build_network(name, SMALL[name]), build_network(name, SMALL[name])
    names = [layer.name for layer in first.layers]
    assert names == [layer.name for layer in second.layers]
    assert len(set(names)) == len(names)
    assert first.name == second.name == name


def test_outputs_are_float32_under_a_policy_of_half_precision():
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        models = [build_network(name, options) for name, options in SMALL.items()]
    finally:
        keras.config.set_dtype_policy(previous)
    for model in models:
        assert {keras.backend.standardize_dtype(output.dtype) for output in model.outputs} == {"float32"}
        assert model.layers[1].compute_dtype == "bfloat16"


def test_options_of_a_recipe_reach_the_network():
    model = build_network("report_cnn", {"size": 64, "filters": [2, 3, 4, 5], "dropout": 0.1, "dropout_flat": 0.7})
    rates = [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    assert rates == [0.1, 0.1, 0.1, 0.7]
    assert [layer.filters for layer in model.layers if isinstance(layer, keras.layers.Conv2D)] == [2, 3, 4, 5]


def test_an_unknown_network_is_refused_with_its_name():
    with pytest.raises(BundleError, match=r"'resnet'.*report_cnn, report_unet, unified_unet"):
        build_network("resnet", {})


@pytest.fixture(scope="module")
def unified():
    return build_network("unified_unet", {"size": 64, "filters": [8, 8, 4, 4, 4], "look": 8})


def test_unified_unet_gives_class_and_mask_of_one_grey_plane(unified):
    assert unified.input_shape == (None, 64, 64, 1)
    assert unified.output_shape == [(None, 3), (None, 64, 64, 4)]
    for probabilities in unified(np.random.default_rng(0).random((2, 64, 64, 1), np.float32)):
        np.testing.assert_allclose(np.asarray(probabilities).sum(axis=-1), 1, rtol=1e-5)


def test_unified_unets_outputs_end_in_a_softmax_that_heat_maps_can_take_off(unified):
    for name in ("class", "mask"):
        assert unified.get_layer(name).activation is keras.activations.softmax


def test_unified_unet_is_loaded_in_safe_mode_as_it_was_saved(unified, tmp_path):
    unified.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras", compile=False, safe_mode=True)
    inputs = np.random.default_rng(1).random((2, 64, 64, 1), np.float32)
    for saved, loaded in zip(unified(inputs), again(inputs), strict=True):
        np.testing.assert_array_equal(np.asarray(saved), np.asarray(loaded))


def test_unified_unet_reads_the_class_where_its_mask_shows_tumour(unified):
    # Each cell's weight, from the mask's probabilities alone.
    attention = keras.Model(unified.get_layer("mask").output, unified.get_layer("weight_of_place").output)
    mask = np.zeros((2, 64, 64, 4), np.float32)
    mask[..., 0] = 1
    mask[0, 20:24, 37:40] = [0, 0, 1, 0]
    weights = np.asarray(attention(mask)).reshape(2, 4, 4)
    assert weights[0, 1, 2] > 0.99
    np.testing.assert_allclose(weights[1], 1 / 16, rtol=1e-5)  # without tumour all cells weigh alike
    # The classes of tumour count alike.
    mask[0, 20:24, 37:40] = [0, 0.5, 0.2, 0.3]
    np.testing.assert_allclose(np.asarray(attention(mask))[0], weights[0].ravel(), rtol=1e-4)


def test_unified_unet_between_neighbours_reads_them_in_its_encoder_alone():
    network = build_network(
        "unified_unet", {"size": 64, "filters": [8, 8, 4, 4, 4], "look": 8, "small_encoder": True, "neighbours": True}
    )
    assert network.input_shape == (None, 64, 64, 3)
    planes = np.random.default_rng(0).random((1, 64, 64, 3), np.float32)
    own = keras.Model(network.inputs, network.get_layer("own_slice").output)
    np.testing.assert_array_equal(np.asarray(own(planes)), planes[..., 1:2])
    changed = planes.copy()
    changed[..., 0] = 0
    assert np.abs(np.asarray(network(planes)[0]) - np.asarray(network(changed)[0])).max() > 0
