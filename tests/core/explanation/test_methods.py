"""Every method against its formula, worked out from activations and gradients, and what holds for any network."""

from typing import Any

import numpy as np
import pytest

from core.config import SEED
from core.explanation import engines
from core.explanation.engines import NOISE, NOISY_COPIES, no_progress, score_cam
from core.explanation.explainer import METHODS, SALIENCY, SCORE_CAM, Explainer
from core.explanation.heat_layers import activated_layer
from core.explanation.targets import Target, class_target, mask_target
from core.networks.receptive_field import EVERY_PIXEL, ReceptiveField, map_to_input, receptive_field
from core.networks.registry import report_cnn, report_unet

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


def some_inputs(size: int, channels: int) -> np.ndarray:
    return np.random.default_rng(5).random((1, size, size, channels), np.float32)


def activations_and_gradients(
    explainer: Explainer, inputs: np.ndarray, target: Target, layer: str | None, reference: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """A convolution's output (the input where it is None) and the score's gradient, (h, w, filters) float64."""
    import keras
    import tensorflow as tf

    network = explainer.network
    explained = activated_layer(network.get_layer(layer)).output if layer else network.inputs[0]
    model = keras.Model(network.inputs, [network.outputs[0], explained])
    given = tf.constant(inputs)
    with tf.GradientTape() as tape:
        tape.watch(given)
        logits, activations = model([given], training=False)
        score = target(logits, reference[None])
    gradients = tape.gradient(score, activations if layer else given)
    return np.asarray(activations, np.float64)[0], np.asarray(gradients, np.float64)[0]


def grad_cam(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    return np.maximum(activations @ gradients.mean(axis=(0, 1)), 0)


def grad_cam_plus_plus(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """Chattopadhay et al., 2018, equations 10 and 19; the exponential of the score is a factor of every term."""
    denominators = 2 * gradients**2 + gradients**3 * activations.sum(axis=(0, 1))
    alphas = gradients**2 / np.where(denominators == 0, 1, denominators)
    sums = alphas.sum(axis=(0, 1))
    weights = (alphas / np.where(sums == 0, 1, sums) * np.maximum(gradients, 0)).sum(axis=(0, 1))
    return np.maximum(activations @ weights, 0)


def layer_cam(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    return np.maximum((activations * np.maximum(gradients, 0)).sum(axis=-1), 0)


CAMS = {"grad-cam": grad_cam, "grad-cam-plus-plus": grad_cam_plus_plus, "layer-cam": layer_cam}


def assert_is_the_formulas(method: str, explainer: Explainer, inputs: np.ndarray, target: Target, layer: str) -> None:
    explanation = explainer(inputs, target, method=method, layer=layer)
    expected = CAMS[method](*activations_and_gradients(explainer, inputs, target, layer, explanation.logits))
    assert explanation.highest == pytest.approx(expected.max(), rel=1e-3)
    assert (expected / expected.max()).std() > 0.05, "there is something to compare"
    assert explanation.field == receptive_field(explainer.network.get_layer(layer))
    tolerance = 1e-3 if method == "grad-cam-plus-plus" else 1e-6  # its denominators cancel, in float32
    np.testing.assert_allclose(explanation.grid, expected / expected.max(), atol=tolerance)


@pytest.mark.parametrize("layer", ["first", "second"])
@pytest.mark.parametrize("method", CAMS)
def test_a_classs_heat_map_is_the_formulas(method: str, layer: str, classifier: Any) -> None:
    inputs, explainer = some_inputs(SIZE, 3), Explainer(classifier)
    assert_is_the_formulas(method, explainer, inputs, class_target(1), layer)
    first, second = (explainer(inputs, class_target(index), method=method, layer=layer).grid for index in (1, 2))
    assert np.abs(first - second).max() > 0.01, "another class would have shown"


@pytest.mark.parametrize("layer", ["encoder_2_conv_2", "encoder_5_conv_2", "head_conv"])
@pytest.mark.parametrize("method", CAMS)
def test_a_masks_heat_map_is_the_formulas(method: str, layer: str, segmenter: Any) -> None:
    inputs, target, explainer = some_inputs(32, 1), mask_target(0.5), Explainer(segmenter)
    mask = explainer.probabilities(inputs)[..., 1] >= 0.5
    assert 0.01 < mask.mean() < 0.99, "there is a mask to explain"
    assert_is_the_formulas(method, explainer, inputs, target, layer)


@pytest.mark.parametrize("channels", [1, 3])
def test_smooth_grad_averages_absolute_gradients_over_the_stated_noise(channels: int) -> None:
    network = report_cnn(size=64, filters=(4, 4, 4, 8)) if channels == 3 else report_unet(size=32, filters=4)
    target = class_target(1) if channels == 3 else mask_target(0.5)
    inputs = 2 * some_inputs(network.inputs[0].shape[1], channels)
    explainer = Explainer(network)
    explanation = explainer(inputs, target, method=SALIENCY)
    random, expected = np.random.default_rng(SEED), np.zeros(inputs.shape[1:3])
    for _ in range(NOISY_COPIES):
        # The grey plane's copies get the same noise.
        noise = random.normal(0, NOISE * np.ptp(inputs), (*inputs.shape[:3], 1)).astype(np.float32)
        _, gradients = activations_and_gradients(explainer, inputs + noise, target, None, explanation.logits)
        expected += np.abs(gradients.sum(axis=-1))
    assert explanation.field == EVERY_PIXEL
    assert explanation.highest == pytest.approx(expected.max() / NOISY_COPIES, rel=1e-3)
    np.testing.assert_allclose(explanation.grid, expected / expected.max(), atol=1e-5)


def test_score_cam_weights_a_filter_by_the_probability_of_the_slice_masked_with_it() -> None:
    # Unpadded convolutions and poolings: the masks lie over the receptive fields, not from corner to corner.
    network = report_cnn(size=64, filters=(4, 4, 4, 8))
    inputs, target, explainer = some_inputs(64, 3), class_target(1), Explainer(network)
    explanation = explainer(inputs, target, method=SCORE_CAM, layer="conv2d_2")
    layer = explainer.network.get_layer("conv2d_2")
    activations, _ = activations_and_gradients(explainer, inputs, target, "conv2d_2", explanation.logits)
    expected = np.zeros((64, 64))
    for activation in np.moveaxis(activations, -1, 0):
        if np.ptp(activation) > 0:
            plane = map_to_input(activation, 64, receptive_field(layer))
            mask = ((plane - plane.min()) / np.ptp(plane))[..., None]
            expected += plane * explainer.probabilities((inputs * mask).astype(np.float32))[0, 1]
    assert expected.std() > 0
    assert explanation.grid.shape == (64, 64) and explanation.field == EVERY_PIXEL
    np.testing.assert_allclose(explanation.grid, expected / expected.max(), atol=1e-5)


@pytest.mark.parametrize("method", CAMS)
def test_without_gradients_there_is_no_heat_and_no_nan(method: str) -> None:
    network = a_classifier()
    kernel, bias = network.get_layer("dense").get_weights()
    network.get_layer("dense").set_weights([np.zeros_like(kernel), bias])
    explanation = Explainer(network)(some_inputs(SIZE, 3), class_target(0), method=method)
    assert not explanation.grid.any() and explanation.highest == 0


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


def test_score_cam_shows_a_few_masks_at_a_time_and_no_constant_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    keras.utils.set_random_seed(3)
    image = keras.Input((16, 16, 1))
    convolution = keras.layers.Conv2D(30, 3, padding="same", activation="relu", name="conv")
    x = keras.layers.GlobalAveragePooling2D()(convolution(image))
    network = keras.Model(image, keras.layers.Dense(3)(x))
    kernel, bias = convolution.get_weights()
    kernel[..., 7], bias[7] = 0, 5
    convolution.set_weights([kernel, bias])
    inputs = some_inputs(16, 1)
    varying = int((np.ptp(np.asarray(convolution(inputs))[0], axis=(0, 1)) > 0).sum())
    assert 20 <= varying < 30
    monkeypatch.setattr(engines, "MASKED_BYTES", inputs.nbytes)
    reported: list[tuple[int, int]] = []
    make = score_cam(network, convolution, ReceptiveField(0, 1))
    heat, _ = make(inputs, lambda logits: logits[:, 0], lambda *done: reported.append(done))
    assert reported == [(done, varying) for done in range(1, varying + 1)]
    monkeypatch.undo()
    together, _ = make(inputs, lambda logits: logits[:, 0], no_progress)
    np.testing.assert_allclose(heat, together, rtol=1e-4)


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
