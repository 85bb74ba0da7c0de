"""Every method against tf-keras-vis, and what holds for any network."""

from typing import Any

import numpy as np
import pytest

from core.explanation.cams import grad_cam, grad_cam_plus_plus, layer_cam
from core.explanation.explainer import METHODS, SALIENCY, SCORE_CAM, Explainer
from core.explanation.scorecam import MASKS_PER_BATCH, score_cam
from core.explanation.smoothgrad import smooth_grad
from core.explanation.targets import Target, class_target, mask_target
from core.networks.receptive_field import EVERY_PIXEL, ReceptiveField
from core.networks.registry import report_unet

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


def library_map(method: str, network: Any, target: Target, inputs: np.ndarray, layer: str) -> np.ndarray:
    """The map of tf-keras-vis, at the layer's own size and divided by its maximum."""
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
@pytest.mark.parametrize("method", ["grad-cam", "grad-cam-plus-plus", "layer-cam", "score-cam"])
def test_a_classs_heat_map_is_that_of_tf_keras_vis(method: str, layer: str, classifier: Any) -> None:
    inputs, target, explainer = some_inputs(SIZE, 3), class_target(1), Explainer(classifier)
    ours = explainer(inputs, target, method=method, layer=layer).grid
    theirs = library_map(method, classifier, target, inputs, layer)
    assert theirs.std() > 0.05, "there is something to compare"
    np.testing.assert_allclose(ours, theirs, atol=2e-3)
    other = explainer(inputs, class_target(2), method=method, layer=layer).grid
    assert np.abs(other - theirs).max() > 0.01, "another class would have shown"


@pytest.mark.parametrize("layer", ["encoder_2_conv_2", "encoder_5_conv_2", "head_conv"])
@pytest.mark.parametrize("method", ["grad-cam", "grad-cam-plus-plus", "layer-cam"])
def test_a_masks_heat_map_is_that_of_tf_keras_vis(method: str, layer: str, segmenter: Any) -> None:
    inputs, target = some_inputs(32, 1), mask_target(0.5)
    ours = Explainer(segmenter)(inputs, target, method=method, layer=layer)
    assert 0.01 < (ours.probabilities[..., 1] >= 0.5).mean() < 0.99, "there is a mask to explain"
    assert ours.grid.std() > 0.05, "there is something to compare"
    np.testing.assert_allclose(ours.grid, library_map(method, segmenter, target, inputs, layer), atol=2e-3)


def test_saliency_without_noise_is_that_of_tf_keras_vis(segmenter: Any) -> None:
    import tensorflow as tf
    from tf_keras_vis.saliency import Saliency
    from tf_keras_vis.utils.model_modifiers import ReplaceToLinear

    inputs, target = some_inputs(32, 1), mask_target(0.5)
    linear = Saliency(segmenter, model_modifier=ReplaceToLinear(), clone=True)
    theirs = linear(lambda out: target(out, out), inputs, normalize_map=False)[0]

    def gradient(given: np.ndarray) -> np.ndarray:
        given = tf.constant(given)
        with tf.GradientTape() as tape:
            tape.watch(given)
            logits = linear.model(given)
            score = target(logits, logits)
        return np.asarray(tape.gradient(score, given))

    ours = smooth_grad(gradient, inputs, samples=1, noise=0)
    assert theirs.std() > 0
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-6)


# The arithmetic, by hand


def test_the_three_weightings_by_hand() -> None:
    # One filter, two positions: activations 1 and 3, gradients 2 and -1.
    activations, gradients = np.array([[[1.0], [3.0]]]), np.array([[[2.0], [-1.0]]])
    np.testing.assert_allclose(grad_cam(activations, gradients), [[0.5, 1.5]])
    np.testing.assert_allclose(layer_cam(activations, gradients), [[2, 0]])
    # alpha = g² / (2 g² + g³ · 4): 4 / 40 and 1 / -2; divided by their sum, -0.4; times relu(g) of the first.
    weight = 0.1 / -0.4 * 2
    np.testing.assert_allclose(grad_cam_plus_plus(activations, gradients), np.maximum(activations[..., 0] * weight, 0))
    np.testing.assert_allclose(grad_cam_plus_plus(activations, np.abs(gradients)), activations[..., 0] * 1.375)


@pytest.mark.parametrize("cam", [grad_cam, grad_cam_plus_plus, layer_cam])
def test_without_gradients_there_is_no_heat_and_no_nan(cam: Any) -> None:
    nothing = np.zeros((3, 3, 2), np.float32)
    np.testing.assert_array_equal(cam(np.ones_like(nothing), nothing), np.zeros((3, 3)))
    np.testing.assert_array_equal(cam(nothing, np.ones_like(nothing)), np.zeros((3, 3)))


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


def test_score_cam_weights_a_filter_by_the_score_of_the_slice_masked_with_it() -> None:
    activations = np.zeros((4, 4, 5), np.float32)
    for place in range(4):
        activations[place, place, place] = 2
    activations[..., 4] = 7  # constant: left out
    inputs = np.ones((1, 4, 4, 1), np.float32)
    batch_sizes: list[int] = []
    reported: list[tuple[int, int]] = []

    def score(masked: np.ndarray) -> np.ndarray:
        batch_sizes.append(len(masked))
        return masked[:, 1, 1, 0] + 0.5 * masked[:, 2, 2, 0]

    heat = score_cam(score, activations, inputs, EVERY_PIXEL, progress=lambda *done: reported.append(done))
    np.testing.assert_allclose(np.diag(heat), [0, 2, 1, 0])
    assert np.count_nonzero(heat) == 2
    assert sum(batch_sizes) == 4 and max(batch_sizes) <= MASKS_PER_BATCH, "a few masks at a time: memory"
    assert reported[-1] == (4, 4)


def test_score_cams_masks_lie_over_the_receptive_fields_of_the_filters_units() -> None:
    activations = np.zeros((2, 2, 1), np.float32)
    activations[1, 0] = 1
    seen: list[np.ndarray] = []

    def score(masked: np.ndarray) -> np.ndarray:
        seen.append(masked[0, ..., 0])
        return np.ones(len(masked))

    score_cam(score, activations, np.ones((1, 8, 8, 1), np.float32), ReceptiveField(1, 5))
    assert np.unravel_index(seen[0].argmax(), (8, 8)) == (6, 0)
    assert seen[0][6, 1] == pytest.approx(1) and seen[0][1, 1] == pytest.approx(0)


def test_smoothing_averages_absolute_gradients_over_the_stated_noise() -> None:
    inputs = np.zeros((1, 40, 40, 3), np.float32)
    inputs[0, 0, 0] = 2.0  # the range is 2
    seen: list[np.ndarray] = []
    reported: list[tuple[int, int]] = []

    def gradient(given: np.ndarray) -> np.ndarray:
        seen.append(given - inputs)
        return np.full(given.shape, (-1.0) ** len(seen) * len(seen), np.float32)

    heat = smooth_grad(gradient, inputs, samples=3, noise=0.1, progress=lambda *done: reported.append(done))
    np.testing.assert_allclose(heat, 3 * (1 + 2 + 3) / 3)
    assert reported == [(1, 3), (2, 3), (3, 3)]
    assert [noise.std() for noise in seen] == pytest.approx([0.2] * 3, rel=0.05)
    assert np.ptp(seen[0], axis=-1).max() == 0, "the grey plane's copies get the same noise"
    assert not np.array_equal(seen[0], seen[1])
    first = seen[0]
    seen.clear()
    smooth_grad(gradient, inputs, samples=3, noise=0.1)
    np.testing.assert_array_equal(seen[0], first)


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
