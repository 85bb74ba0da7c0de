"""Heat maps lie at the pixels that the explained layer depends on."""

import numpy as np
import pytest

from core.bundles.bundle import load_network
from core.bundles.convolutions import deepest_convolution, default_convolution, find_convolutions
from core.errors import BundleError
from core.explanation.explainer import Explainer, methods_for
from core.explanation.heat_layers import activated_layer, deepest_convolution_layer, network_convolutions
from core.explanation.targets import bundle_target, class_target, mask_target, top_class_target
from core.networks.receptive_field import ReceptiveField, map_to_input, receptive_field
from core.networks.registry import report_cnn, report_unet
from tests.core import tiny


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


def test_a_heat_map_covers_the_input_and_stays_in_range():
    network = report_cnn(size=64, filters=(2, 2, 2, 4))
    inputs = np.random.default_rng(0).random((1, 64, 64, 3), np.float32)
    explanation = Explainer(network)(inputs, class_target(1))
    heat = explanation.plane
    assert explanation.probabilities == pytest.approx(network.predict_on_batch(inputs)[0], abs=1e-5)
    assert heat.shape == (64, 64)
    assert heat.min() >= 0 and heat.max() <= 1


# Where a heat map is taken


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


@pytest.mark.parametrize("make", [tiny.classifier, tiny.segmenter])
def test_a_bundles_convolutions_are_those_of_its_network(make, tmp_path):
    bundle = make(tmp_path)
    convolutions = find_convolutions(bundle, bundle.tasks[0])
    network = load_network(bundle)
    assert convolutions == network_convolutions(network)
    assert deepest_convolution(convolutions).name == deepest_convolution_layer(network).name
    assert len(convolutions) == (4 if bundle.tasks == ("classification",) else 20)


def test_only_convolutions_that_lead_to_a_tasks_output_are_listed_for_it(tmp_path):
    bundle = tiny.unified(tmp_path)
    explained = {task: Explainer(load_network(bundle), output=i).network for i, task in enumerate(bundle.tasks)}
    listed = {task: find_convolutions(bundle, task) for task in bundle.tasks}
    for task in bundle.tasks:
        assert set(network_convolutions(explained[task])) == set(listed[task])
    names = {task: [convolution.name for convolution in listed[task]] for task in bundle.tasks}
    assert "look_conv" in names["classification"] and "look_conv" not in names["segmentation"]


def test_a_bundle_may_name_the_layer_of_its_heat_maps(tmp_path):
    bundle = tiny.unified(tmp_path)
    assert bundle.heat_layer == "look_conv"
    assert default_convolution(bundle, find_convolutions(bundle, "classification")).name == "look_conv"
    mask = find_convolutions(bundle, "segmentation")
    assert default_convolution(bundle, mask) == deepest_convolution(mask), "the mask does not depend on that layer"
    plain = tiny.classifier(tmp_path)
    assert plain.heat_layer is None and plain.heat_method == "grad-cam"
    assert default_convolution(plain, find_convolutions(plain, "classification")).name == "conv2d_3"


def test_a_bundle_whose_layers_cannot_be_read_is_refused_in_one_sentence(tmp_path):
    from core.bundles.bundle import LAYERS, open_bundle, write_card

    bundle = tiny.classifier(tmp_path)
    (bundle.folder / LAYERS).write_text("no layers\n")
    write_card(bundle.folder, bundle.card)
    with pytest.raises(BundleError, match=r"^layers\.csv of the bundle 'report-cnn' cannot be read; "):
        find_convolutions(open_bundle(bundle.name, tmp_path), "classification")


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
    with pytest.raises(BundleError, match="does not end in a softmax"):
        Explainer(network)


def test_masks_are_explained_with_gradients_only():
    assert "score-cam" in methods_for("classification")
    assert set(methods_for("classification")) - set(methods_for("segmentation")) == {"score-cam"}
