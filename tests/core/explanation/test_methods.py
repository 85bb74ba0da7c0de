"""Every method against its formulas and against tf-keras-vis as it is, and what holds for any network."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from core.bundles.bundle import DEFAULT_CLASSIFIER, REPORT_CLASSIFIER, load_network, open_bundle
from core.config import SEED
from core.explanation.compiled_network import CompiledNetwork
from core.explanation.engines import MASKS_PER_BATCH, NOISE, NOISY_COPIES
from core.explanation.explainer import METHODS, SALIENCY, SCORE_CAM, Explainer
from core.explanation.heat_layers import activated_layer, deepest_convolution_layer
from core.explanation.targets import Target, class_target, mask_target
from core.inference.predictor import model_input
from core.networks.receptive_field import EVERY_PIXEL, map_to_input, receptive_field
from core.networks.registry import report_cnn, report_unet
from core.readers.samples import read_samples

SIZE = 24


def a_classifier() -> Any:
    """Two padded convolutions, so that every layer has the input's size, and random weights."""
    import keras

    keras.utils.set_random_seed(3)
    inputs = keras.Input((SIZE, SIZE, 3), name="image")
    x = keras.layers.Conv2D(5, 3, padding="same", activation="relu", name="first")(inputs)
    x = keras.layers.Conv2D(6, 3, padding="same", activation="relu", name="second")(x)
    outputs = keras.layers.Dense(3, activation="softmax", name="dense")(keras.layers.Flatten(name="flatten")(x))
    return keras.Model(inputs, outputs, name="small")


@pytest.fixture(scope="module")
def classifier() -> Any:
    return a_classifier()


@pytest.fixture(scope="module")
def segmenter() -> Any:
    import keras

    keras.utils.set_random_seed(7)
    return report_unet(size=32, filters=4)


@pytest.fixture(scope="module")
def explain_classifier(classifier: Any) -> Explainer:
    return Explainer(classifier)


@pytest.fixture(scope="module")
def explain_segmenter(segmenter: Any) -> Explainer:
    return Explainer(segmenter)


def some_inputs(size: int, channels: int) -> np.ndarray:
    return np.random.default_rng(5).random((1, size, size, channels), np.float32)


def grad_cam(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """Selvaraju et al., 2017."""
    return np.maximum(activations @ gradients.mean(axis=(0, 1)), 0)


def grad_cam_plus_plus(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """Chattopadhay et al., 2018, equations 10 and 19; the exponential of the score is a factor of every term."""
    denominators = 2 * gradients**2 + gradients**3 * activations.sum(axis=(0, 1))
    alphas = gradients**2 / np.where(denominators == 0, 1, denominators)
    sums = alphas.sum(axis=(0, 1))
    weights = (alphas / np.where(sums == 0, 1, sums) * np.maximum(gradients, 0)).sum(axis=(0, 1))
    return np.maximum(activations @ weights, 0)


def layer_cam(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """Jiang et al., 2021."""
    return np.maximum((activations * np.maximum(gradients, 0)).sum(axis=-1), 0)


CAMS = {"grad-cam": grad_cam, "grad-cam-plus-plus": grad_cam_plus_plus, "layer-cam": layer_cam}


def activations_and_gradients(
    explainer: Explainer, inputs: np.ndarray, target: Target, layer: str | None
) -> tuple[np.ndarray, np.ndarray]:
    """A layer's output (None: the input) and the gradient of the score by it, without any compiled function."""
    import keras
    import tensorflow as tf

    network = explainer.network
    output = activated_layer(network.get_layer(layer)).output if layer else network.inputs[0]
    model = keras.Model(network.inputs, [network.outputs[0], output])
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        given = tf.constant(inputs)
        tape.watch(given)
        logits, activations = model([given])
        score = target(logits, logits)
    gradients = tape.gradient(score, activations)
    return activations.numpy()[0].astype(np.float64), gradients.numpy()[0].astype(np.float64)


def assert_is_the_formulas(
    methods: Iterable[str], explainer: Explainer, inputs: np.ndarray, target: Target, layer: str
) -> None:
    slopes = activations_and_gradients(explainer, inputs, target, layer)
    for method in methods:
        explanation = explainer(inputs, target, method=method, layer=layer)
        expected = CAMS[method](*slopes)
        assert explanation.highest == pytest.approx(expected.max(), rel=1e-5)
        assert (expected / expected.max()).std() > 0.03, "there is something to compare"
        assert explanation.field == receptive_field(explainer.network.get_layer(layer))
        np.testing.assert_allclose(explanation.grid, expected / expected.max(), atol=1e-5)


def library_map(method: str, network: Any, target: Target, inputs: np.ndarray, layer: str) -> np.ndarray:
    """The map of tf-keras-vis given the network itself, at the layer's own size and divided by its maximum."""
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
    from tf_keras_vis.layercam import Layercam
    from tf_keras_vis.scorecam import Scorecam
    from tf_keras_vis.utils.model_modifiers import ReplaceToLinear

    methods = {"grad-cam": Gradcam, "grad-cam-plus-plus": GradcamPlusPlus, "layer-cam": Layercam, "score-cam": Scorecam}
    explain = methods[method](network, model_modifier=ReplaceToLinear(), clone=True)
    heat = explain(lambda out: target(out, out), inputs, penultimate_layer=layer, expand_cam=False, normalize_cam=False)
    return np.asarray(heat)[0] / np.asarray(heat).max()


@pytest.mark.parametrize("layer", ["first", "second"])
@pytest.mark.parametrize("method", CAMS)
def test_a_classs_heat_map_is_the_formulas(method: str, layer: str, explain_classifier: Explainer) -> None:
    inputs, explain = some_inputs(SIZE, 3), explain_classifier
    assert_is_the_formulas([method], explain, inputs, class_target(1), layer)
    first, second = (explain(inputs, class_target(index), method=method, layer=layer).grid for index in (1, 2))
    assert np.abs(first - second).max() > 0.01, "another class would have shown"


@pytest.mark.parametrize("layer", ["encoder_2_conv_2", "encoder_5_conv_2", "head_conv"])
@pytest.mark.parametrize("method", CAMS)
def test_a_masks_heat_map_is_the_formulas(method: str, layer: str, explain_segmenter: Explainer) -> None:
    inputs, target = some_inputs(32, 1), mask_target(0.5)
    mask = explain_segmenter.probabilities(inputs)[..., 1] >= 0.5
    assert 0.01 < mask.mean() < 0.99, "there is a mask to explain"
    assert_is_the_formulas([method], explain_segmenter, inputs, target, layer)


@pytest.mark.parametrize("name", [REPORT_CLASSIFIER, DEFAULT_CLASSIFIER])
def test_the_samples_heat_maps_are_the_formulas(name: str) -> None:
    bundle = open_bundle(name)
    explainer = Explainer(load_network(bundle))
    layer = bundle.heat_layer or deepest_convolution_layer(explainer.network).name
    for sample in read_samples()[4:6]:
        inputs, _ = model_input(bundle, sample.slice())
        target = class_target(int(explainer.probabilities(inputs).argmax()))
        assert_is_the_formulas(CAMS, explainer, inputs, target, layer)


# In float32 the library's denominators of Grad-CAM++ nearly cancel; compiled functions hand it float64.
@pytest.mark.parametrize(
    ("method", "tolerance"),
    [("grad-cam", 1e-6), ("layer-cam", 1e-6), ("score-cam", 1e-6), ("grad-cam-plus-plus", 2e-3)],
)
@pytest.mark.parametrize("layer", ["first", "second"])
def test_a_heat_map_is_that_of_tf_keras_vis_as_it_is(
    method: str, tolerance: float, layer: str, classifier: Any, explain_classifier: Explainer
) -> None:
    inputs, target = some_inputs(SIZE, 3), class_target(1)
    ours = explain_classifier(inputs, target, method=method, layer=layer).grid
    np.testing.assert_allclose(ours, library_map(method, classifier, target, inputs, layer), atol=tolerance)


@pytest.mark.parametrize("channels", [1, 3])
def test_smooth_grad_averages_absolute_gradients_over_the_stated_noise(channels: int, segmenter: Any) -> None:
    network = a_classifier() if channels == 3 else segmenter
    target = class_target(1) if channels == 3 else mask_target(0.0)
    # The noise is a share of the range, here 2 and 1.
    inputs = (2 if channels == 3 else 1) * some_inputs(network.inputs[0].shape[1], channels)
    explainer = Explainer(network)
    explanation = explainer(inputs, target, method=SALIENCY)
    random, expected = np.random.default_rng(SEED), np.zeros(inputs.shape[1:3])
    for _ in range(NOISY_COPIES):
        # The grey plane's copies get the same noise.
        noise = random.normal(0, NOISE * np.ptp(inputs), (*inputs.shape[:3], 1)).astype(np.float32)
        _, gradients = activations_and_gradients(explainer, inputs + noise, target, None)
        expected += np.abs(gradients.sum(axis=-1))
    assert explanation.field == EVERY_PIXEL
    assert explanation.highest == pytest.approx(expected.max() / NOISY_COPIES, rel=1e-5)
    np.testing.assert_allclose(explanation.grid, expected / expected.max(), atol=1e-5)


def test_score_cam_weights_a_filter_by_the_probability_of_the_slice_masked_with_it() -> None:
    import keras

    keras.utils.set_random_seed(3)
    # Unpadded convolutions and poolings: the masks lie over the receptive fields, not from corner to corner.
    network = report_cnn(size=64, filters=(4, 4, 4, 8))
    inputs, target, explainer = some_inputs(64, 3), class_target(1), Explainer(network)
    explanation = explainer(inputs, target, method=SCORE_CAM, layer="conv2d_2")
    activations, _ = activations_and_gradients(explainer, inputs, target, "conv2d_2")
    expected, used = np.zeros(activations.shape[:2]), 0
    for activation in np.moveaxis(activations, -1, 0):
        if np.ptp(activation) > 0:
            plane = map_to_input(activation, 64, explanation.field)
            mask = ((plane - plane.min()) / np.ptp(plane))[..., None]
            expected += activation * explainer.probabilities((inputs * mask).astype(np.float32))[0, 1]
            used += 1
    assert used > 1 and expected.std() > 0
    assert explanation.highest == pytest.approx(expected.max(), rel=1e-5)
    np.testing.assert_allclose(explanation.grid, expected / expected.max(), atol=1e-5)


def test_score_cam_shows_a_few_masks_at_a_time_and_no_constant_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    network = a_classifier()
    layer = network.get_layer("second")
    kernel, bias = layer.get_weights()
    kernel[..., 2], bias[2] = 0, 5
    layer.set_weights([kernel, bias])
    inputs, explainer = some_inputs(SIZE, 3), Explainer(network)
    activations, _ = activations_and_gradients(explainer, inputs, class_target(0), "second")
    varying = int((np.ptp(activations, axis=(0, 1)) > 0).sum())
    assert 3 <= varying <= 5
    counts: list[int] = []
    forward = CompiledNetwork.forward

    def counting(self: CompiledNetwork, given: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        counts.append(len(given))
        return forward(self, given)

    monkeypatch.setattr(CompiledNetwork, "forward", counting)
    explainer(inputs, class_target(0), method=SCORE_CAM, layer="second")
    assert sum(counts) == 1 + varying and max(counts) <= MASKS_PER_BATCH


def test_a_layer_whose_filters_are_all_constant_has_no_score_cam() -> None:
    network = a_classifier()
    layer = network.get_layer("second")
    layer.set_weights([np.zeros_like(each) for each in layer.get_weights()])
    explanation = Explainer(network)(some_inputs(SIZE, 3), class_target(0), method=SCORE_CAM, layer="second")
    assert not explanation.grid.any()


@pytest.mark.parametrize("method", CAMS)
def test_without_gradients_there_is_no_heat_and_no_nan(method: str) -> None:
    network = a_classifier()
    kernel, bias = network.get_layer("dense").get_weights()
    network.get_layer("dense").set_weights([np.zeros_like(kernel), bias])
    explanation = Explainer(network)(some_inputs(SIZE, 3), class_target(0), method=method)
    assert not explanation.grid.any() and explanation.highest == 0


def test_another_target_or_a_second_slice_compiles_nothing_again(classifier: Any) -> None:
    explainer = Explainer(classifier)
    explainer(some_inputs(SIZE, 3), class_target(0), layer="first")
    compiled = explainer._compiled["first"]
    for target in (class_target(1), class_target(2)):
        for method in CAMS:
            explainer(2 * some_inputs(SIZE, 3), target, method=method, layer="first")
    assert list(explainer._compiled) == ["first"]
    assert compiled._forward.experimental_get_tracing_count() == 1
    assert compiled._gradient.experimental_get_tracing_count() == 1


def test_a_very_confident_network_does_not_overflow_grad_cam_plus_plus() -> None:
    # The paper's exponential of a score of 100 is infinite in float32.
    inputs = some_inputs(SIZE, 3)
    network = a_classifier()
    kernel, bias = network.get_layer("dense").get_weights()
    network.get_layer("dense").set_weights([kernel * 1000, bias])
    explanation = Explainer(network)(inputs, class_target(0), method="grad-cam-plus-plus", layer="second")
    assert np.abs(explanation.logits).max() > 100
    assert np.isfinite(explanation.grid).all()
    assert explanation.grid.max() == pytest.approx(1)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_deterministic_and_does_not_change_the_network(method: str, classifier: Any) -> None:
    inputs = some_inputs(SIZE, 3)
    before = np.asarray(classifier(inputs))
    explainer = Explainer(classifier)
    first, second = (explainer(inputs, class_target(0), method=method) for _ in range(2))
    np.testing.assert_allclose(first.grid, second.grid, atol=1e-5)
    np.testing.assert_allclose(first.probabilities, before[0], atol=1e-5)
    np.testing.assert_array_equal(np.asarray(classifier(inputs)), before)
    assert first.plane.shape == (SIZE, SIZE)
    assert first.plane.dtype == np.float32
    assert first.plane.min() >= 0 and first.plane.max() == pytest.approx(1)


@pytest.mark.parametrize("method", [SALIENCY, SCORE_CAM])
def test_slow_methods_report_their_progress(method: str, classifier: Any) -> None:
    reported: list[tuple[int, int]] = []
    Explainer(classifier)(
        some_inputs(SIZE, 3), class_target(0), method=method, progress=lambda *done: reported.append(done)
    )
    assert reported == sorted(reported)
    done, total = reported[-1]
    assert done == total
    assert len(reported) > 1
