"""Heat maps lie at the pixels that the explained layer depends on."""

import numpy as np
import pytest

from core.bundles.bundle import load_network
from core.errors import BundleError
from core.explanation.explainer import Explainer, methods_for
from core.explanation.heat_layers import network_convolutions
from core.explanation.targets import bundle_target, class_target, mask_target, top_class_target
from core.networks.registry import report_cnn, report_unet
from tests.core import tiny


def test_a_heat_map_covers_the_input_and_stays_in_range():
    network = report_cnn(size=64, filters=(2, 2, 2, 4))
    inputs = np.random.default_rng(0).random((1, 64, 64, 3), np.float32)
    explanation = Explainer(network)(inputs, class_target(1))
    heat = explanation.plane
    assert explanation.probabilities == pytest.approx(network.predict_on_batch(inputs)[0], abs=1e-5)
    assert heat.shape == (64, 64)
    assert heat.min() >= 0 and heat.max() <= 1


def test_every_convolution_can_be_explained():
    network = report_cnn(size=64, filters=(2, 2, 2, 4))
    inputs = np.random.default_rng(0).random((1, 64, 64, 3), np.float32)
    explainer = Explainer(network)
    for convolution in network_convolutions(network):
        explanation = explainer(inputs, class_target(1), layer=convolution.name)
        assert explanation.grid.shape == (convolution.height, convolution.width)
        assert explanation.plane.shape == (64, 64)


# What is explained


def test_the_top_class_is_the_one_with_the_highest_logit():
    logits = np.array([[1.0, 5.0, 2.0], [4.0, 0.0, -1.0]], np.float32)
    np.testing.assert_allclose(top_class_target()(logits, logits), [5, 4])
    # The reference decides which class that is.
    np.testing.assert_allclose(top_class_target()(logits, logits[:, ::-1]), [5, -1])


def test_a_masks_score_is_the_mean_logit_of_the_references_tumour_pixels():
    logits = np.zeros((1, 2, 2, 2), np.float32)
    logits[0, :, :, 1] = [[3, 1], [-2, -8]]
    assert float(mask_target(0.5)(logits, logits)[0]) == pytest.approx(2)
    assert float(mask_target(0.9)(logits, logits)[0]) == pytest.approx(3)
    reference = np.zeros_like(logits)
    reference[0, 1, 0, 1], reference[0, :, 1, 0] = 9, 9
    reference[0, 0, 0, 0] = 9
    assert float(mask_target(0.5)(logits, reference)[0]) == pytest.approx(-2)


def test_without_a_mask_there_is_nothing_to_explain_and_no_nan():
    import keras

    network = report_unet(size=32, filters=2)
    kernel, _ = network.get_layer("mask").get_weights()
    network.get_layer("mask").set_weights([np.zeros_like(kernel), np.array([9.0, 0.0])])
    inputs = np.random.default_rng(0).random((1, 32, 32, 1), np.float32)
    explainer = Explainer(network)
    for method in methods_for("segmentation"):
        assert not explainer(inputs, mask_target(0.5), method=method).plane.any()
    assert keras.activations.softmax is network.get_layer("mask").activation, "the given network is not changed"


def test_noise_does_not_change_which_pixels_are_explained(tmp_path):
    # Under noise the report's U-Net predicts no tumour; saliency was empty then.
    bundle = tiny.brightness_segmenter(tmp_path)
    explainer = Explainer(load_network(bundle))
    inputs = tiny.mask_examples(1).planes.astype(np.float32)
    explanation = explainer(inputs, bundle_target(bundle, None), method="saliency")
    mask = explanation.probabilities[..., 1] >= 0.5
    assert 0.03 < mask.mean() < 0.5
    np.testing.assert_array_equal(explanation.plane > 0, mask)


def test_a_given_reference_decides_what_is_explained():
    network = report_cnn(size=64, filters=(4, 4, 4, 8))
    inputs = np.random.default_rng(0).random((1, 64, 64, 3), np.float32)
    explainer = Explainer(network)
    for index in range(3):
        reference = np.eye(3, dtype=np.float32)[index]
        expected = explainer(inputs, class_target(index)).grid
        np.testing.assert_allclose(explainer(inputs, top_class_target(), reference=reference).grid, expected, atol=1e-5)


def test_a_networks_second_output_can_be_explained():
    import keras

    unet = report_unet(size=32, filters=2)
    pooled = keras.layers.GlobalAveragePooling2D()(unet.get_layer("encoder_5_norm").output)
    classes = keras.layers.Dense(3, activation="softmax", name="class")(pooled)
    both = keras.Model(unet.inputs, [classes, unet.outputs[0]])
    inputs = np.random.default_rng(0).random((1, 32, 32, 1), np.float32)
    expected_classes, expected_mask = both(inputs)
    explanation = Explainer(both)(inputs, class_target(2), layer="encoder_5_conv_2")
    np.testing.assert_allclose(explanation.probabilities, expected_classes[0], atol=1e-5)
    explanation = Explainer(both, output=1)(inputs, mask_target(0.5), layer="head_conv")
    np.testing.assert_allclose(explanation.probabilities, expected_mask[0], atol=1e-5)
    alone = Explainer(unet)(inputs, mask_target(0.5), layer="head_conv")
    np.testing.assert_allclose(explanation.grid, alone.grid, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({"method": "magic"}, "no method 'magic'"), ({"layer": "dense"}, "no convolution 'dense'; it has conv2d, ")],
)
def test_an_unknown_method_or_layer_is_one_sentence(options, sentence):
    inputs = np.zeros((1, 64, 64, 3), np.float32)
    with pytest.raises(BundleError, match=sentence):
        Explainer(report_cnn(size=64, filters=(2, 2, 2, 2)))(inputs, class_target(0), **options)


def test_a_network_that_does_not_end_in_a_softmax_is_refused():
    import keras

    inputs = keras.Input((8, 8, 1))
    x = keras.layers.Conv2D(2, 3)(inputs)
    network = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(x)))
    with pytest.raises(BundleError, match="softmax"):
        Explainer(network)


def test_masks_are_explained_with_gradients_only():
    assert "score-cam" in methods_for("classification")
    assert set(methods_for("classification")) - set(methods_for("segmentation")) == {"score-cam"}


def test_the_prediction_and_its_heat_map_share_one_compiled_network() -> None:
    """At another layer than the deepest, the first heat map of all compiled the network twice."""
    explainer = Explainer(report_cnn(size=64, filters=(2, 2, 2, 2)))
    inputs = np.random.default_rng(1).random((1, 64, 64, 3), np.float32)
    explainer.probabilities(inputs, layer="conv2d_1")
    explainer(inputs, class_target(0), layer="conv2d_1")
    assert list(explainer._compiled) == ["conv2d_1"]
