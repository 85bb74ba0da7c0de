"""Predictor and heat maps on small networks, some of whose predictions are known beforehand."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.bundles.bundle import Bundle, load_network, open_bundle
from core.config import CLASSES
from core.errors import BundleError
from core.explanation.explainer import Explainer
from core.explanation.heat_layers import deepest_convolution_layer
from core.explanation.targets import class_target, top_class_target
from core.inference.forward import averaged_logits
from core.inference.predictor import Prediction, Predictor, model_input, predict_series
from core.networks.receptive_field import receptive_field
from core.networks.registry import build_network
from core.readers.preprocessing import map_to_slice
from core.readers.slices import Slice, read_slice
from tests.core import tiny
from tests.published import a_slice, mat_bytes


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    """Both networks with random weights."""
    models = tmp_path_factory.mktemp("random")
    return Predictor(tiny.lite(tiny.classifier(models)), tiny.lite(tiny.segmenter(models)))


@pytest.fixture(scope="module")
def bright(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    """Networks that predict and explain bright pixels."""
    models = tmp_path_factory.mktemp("bright")
    return Predictor(tiny.lite(tiny.brightness_classifier(models)), tiny.lite(tiny.brightness_segmenter(models)))


def assert_same(one: Prediction, other: Prediction, *, within: float) -> None:
    np.testing.assert_allclose(one.probabilities, other.probabilities, atol=within)
    np.testing.assert_allclose(one.tumour, other.tumour, atol=within)
    np.testing.assert_allclose(one.heat, other.heat, atol=10 * within)


# Mirror images


@pytest.fixture(scope="module")
def flipped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bundle, Bundle]:
    """A network for both tasks without and with averaging over mirror images."""
    plain, other = (tiny.lite(tiny.unified(tmp_path_factory.mktemp(name))) for name in ("plain", "flipped"))
    tiny.change_output(plain, test_time_flip=False)
    tiny.change_output(other, test_time_flip=True)
    return open_bundle(plain.name, plain.folder.parent), open_bundle(other.name, other.folder.parent)


def test_predictions_are_means_over_a_slice_and_its_mirror_image_where_the_card_says_so(
    flipped: tuple[Bundle, Bundle],
) -> None:
    plain, other = (Predictor(bundle, bundle) for bundle in flipped)
    picture = tiny.a_picture(3)
    mirrored = replace(picture, pixels=picture.pixels[:, ::-1])
    one, two, both = plain(picture), plain(mirrored), other(picture)
    np.testing.assert_allclose(both.probabilities, (one.probabilities + two.probabilities) / 2, atol=1e-5)
    mean = (one.tumour_plane[0] + two.tumour_plane[0][:, ::-1]) / 2
    np.testing.assert_allclose(both.tumour_plane[0], mean, atol=1e-5)


def test_a_class_from_a_mirrored_network_beside_another_segmenter_is_the_same(
    flipped: tuple[Bundle, Bundle], tmp_path: Path
) -> None:
    _, other = flipped
    picture = tiny.a_picture(3)
    alone, beside = Predictor(other, other)(picture), Predictor(other, tiny.lite(tiny.segmenter(tmp_path)))(picture)
    np.testing.assert_allclose(beside.probabilities, alone.probabilities, atol=1e-5)
    np.testing.assert_allclose(beside.heat, alone.heat, atol=1e-2)


def test_the_logits_of_a_mean_give_the_mean_and_other_bundles_have_none(flipped: tuple[Bundle, Bundle]) -> None:
    plain, other = flipped
    explain = Explainer(load_network(other))
    picture = tiny.a_picture(3)
    inputs, _ = model_input(other, picture)
    logits = averaged_logits(other, explain.probabilities, inputs, "classification")
    probabilities = Predictor(other, other)(picture).probabilities
    np.testing.assert_allclose(np.exp(logits) / np.exp(logits).sum(), probabilities, atol=1e-5)
    assert averaged_logits(plain, explain.probabilities, inputs, "classification") is None


# One slice


def test_a_prediction_is_complete_and_at_the_slices_own_size(predictor: Predictor) -> None:
    prediction = predictor(tiny.a_picture(height=72, width=50))
    assert prediction.classes == CLASSES
    assert prediction.probabilities.shape == (3,)
    assert prediction.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert prediction.class_name == CLASSES[int(np.argmax(prediction.probabilities))]
    for plane in (prediction.tumour, prediction.heat):
        assert plane.shape == (72, 50)
        assert plane.dtype == np.float32
        assert plane.min() >= 0
        assert plane.max() <= 1
    assert prediction.mask.dtype == bool
    np.testing.assert_array_equal(prediction.mask, prediction.tumour >= 0.5)
    assert prediction.model_inputs["report-cnn"].shape == (tiny.CNN_SIZE, tiny.CNN_SIZE)
    assert prediction.model_inputs["report-unet"].shape == (tiny.UNET_SIZE, tiny.UNET_SIZE)
    assert prediction.seconds > 0


def test_other_slices_get_other_predictions(predictor: Predictor) -> None:
    # Negative control of every comparison below.
    one, other = predictor(tiny.a_picture(1)), predictor(tiny.a_picture(2))
    assert np.abs(one.probabilities - other.probabilities).max() > 0.01
    assert np.abs(one.tumour - other.tumour).max() > 0.01
    assert np.abs(one.heat - other.heat).max() > 0.05


@pytest.mark.parametrize(("gain", "offset"), [(7.0, 0.0), (0.01, 0.0), (1.0, -300.0), (12.5, 1000.0)])
def test_brightness_and_contrast_of_the_file_do_not_matter(predictor: Predictor, gain: float, offset: float) -> None:
    slice_ = tiny.a_picture()
    changed = Slice((slice_.pixels * gain + offset).astype(np.float32), slice_.name)
    assert_same(predictor(changed), predictor(slice_), within=1e-3)


def test_a_mat_file_and_an_upright_png_of_it_get_one_prediction(predictor: Predictor) -> None:
    pixels, mask, border = a_slice(3)
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
    mat = predictor(read_slice(mat_bytes(pixels, mask, border=border), "3.mat"))
    assert_same(mat, predictor(read_slice(file.getvalue(), "3.png")), within=1e-3)
    lying = predictor(Slice(pixels.T.astype(np.float32), "lying"))
    assert np.abs(lying.tumour - mat.tumour).max() > 0.01, "a transposed slice would have shown"


def test_the_same_slice_twice_gets_the_same_prediction(predictor: Predictor) -> None:
    first = predictor(tiny.a_picture(1))
    predictor(tiny.a_picture(2, height=90))
    assert_same(predictor(tiny.a_picture(1)), first, within=1e-6)


def test_the_true_class_and_mask_are_not_read(predictor: Predictor) -> None:
    slice_ = tiny.a_picture()
    with_truth = replace(slice_, mask=slice_.pixels > 100, class_name="pituitary", number=1, spacing_mm=0.49)
    assert_same(predictor(with_truth), predictor(slice_), within=1e-6)


def test_the_given_pixels_stay_as_they_are(predictor: Predictor) -> None:
    slice_ = tiny.a_picture()
    before = slice_.pixels.copy()
    predictor(slice_)
    np.testing.assert_array_equal(slice_.pixels, before)


# Slices that are not square


def spot(height: int, width: int, row: int, column: int) -> tuple[Slice, np.ndarray]:
    """A dark slice with a bright square of a quarter of the shorter side, and the square's mask."""
    mask = np.zeros((height, width), bool)
    side = min(height, width) // 4
    mask[row : row + side, column : column + side] = True
    return Slice(np.where(mask, 200.0, 10.0).astype(np.float32), "spot"), mask


@pytest.mark.parametrize(("height", "width"), [(64, 64), (128, 64), (64, 128), (97, 150), (512, 400)])
def test_mask_and_heat_come_back_to_where_the_tumour_is(bright: Predictor, height: int, width: int) -> None:
    row, column = height // 5, width * 3 // 5
    slice_, mask = spot(height, width, row, column)
    prediction = bright(slice_)
    assert prediction.mask.shape == (height, width)
    step = max(height, width) / tiny.UNET_SIZE  # pixels of the slice to one of the network
    for shown in (prediction.mask, prediction.heat > 0.5):
        assert np.argwhere(shown).mean(axis=0) == pytest.approx(np.argwhere(mask).mean(axis=0), abs=step)
    assert prediction.class_name == CLASSES[1], "bright pixels are evidence for the second class"


@pytest.fixture(scope="module")
def dark(predictor: Predictor, tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    """A segmenter that predicts dark pixels, the darkest of which are padding."""
    return Predictor(
        predictor.classifier, tiny.lite(tiny.brightness_segmenter(tmp_path_factory.mktemp("dark"), dark=True))
    )


@pytest.mark.parametrize(("height", "width"), [(128, 64), (64, 128)])
def test_padding_is_never_in_the_mask(dark: Predictor, height: int, width: int) -> None:
    pixels = np.full((height, width), 200, np.float32)
    pixels[30:46, 20:36] = 0
    prediction = dark(Slice(pixels, "bright"))
    padding = prediction.model_inputs["report-unet"] == 0
    assert padding.sum() > tiny.UNET_SIZE**2 / 3, "there is padding"
    assert prediction.mask[34:42, 24:32].all(), "dark pixels of the slice are in the mask"
    away = np.ones((height, width), bool)
    away[26:50, 16:40] = False  # a pixel of the network is four of the slice
    assert not prediction.mask[away].any()


# Bundles


def test_a_bundle_of_the_wrong_task_is_refused(predictor: Predictor) -> None:
    classifier, segmenter = predictor.classifier, predictor.segmenter
    with pytest.raises(BundleError, match=r"'report-unet' .*segmentation.*classification"):
        Predictor(segmenter, segmenter)
    with pytest.raises(BundleError, match=r"'report-cnn' .*classification.*segmentation"):
        Predictor(classifier, classifier)


def test_the_cards_threshold_decides(predictor: Predictor) -> None:
    segmenter = predictor.segmenter
    card = segmenter.card.changed({"output.threshold": 0.75})
    stricter = Predictor(predictor.classifier, replace(segmenter, card=card))(tiny.a_picture())
    prediction = predictor(tiny.a_picture())
    assert (prediction.threshold, stricter.threshold) == (0.5, 0.75)
    np.testing.assert_array_equal(stricter.mask, prediction.tumour >= 0.75)
    assert 0 < stricter.mask.sum() < prediction.mask.sum()


# Heat maps


def inputs(number: int = 1) -> np.ndarray:
    return tiny.class_examples(3, seed=number).planes[:1].astype(np.float32).repeat(3, -1)


def test_an_explanation_has_the_networks_own_probabilities(predictor: Predictor) -> None:
    bundle = predictor.classifier
    network, explain = load_network(bundle), Explainer(load_network(bundle))
    for number in range(3):
        explanation = explain(inputs(number), top_class_target())
        heat = explanation.plane
        np.testing.assert_allclose(explanation.probabilities, np.asarray(network(inputs(number)))[0], atol=1e-5)
        assert heat.dtype == np.float32
        assert heat.min() >= 0
        assert heat.max() == pytest.approx(1) or not heat.any()


def test_explaining_a_network_leaves_it_as_it_was(predictor: Predictor) -> None:
    network = load_network(predictor.classifier)
    before = np.asarray(network(inputs()))
    Explainer(network)(inputs(), top_class_target())
    np.testing.assert_array_equal(np.asarray(network(inputs())), before)
    assert before.sum() == pytest.approx(1, abs=1e-5), "its softmax is still there"


def test_each_class_has_a_heat_map_of_its_own(bright: Predictor) -> None:
    explain = Explainer(load_network(bright.classifier))
    bright_places = inputs()[0, :, :, 0] > 0.5
    assert 0.05 < bright_places.mean() < 0.5
    first, second, third = (explain(inputs(), class_target(index)).plane for index in range(3))
    np.testing.assert_array_equal(second > 0, bright_places)
    np.testing.assert_array_equal(first > 0, ~bright_places)
    assert not third.any(), "nothing speaks for it"
    for heat in (first, second):
        assert heat.max() == pytest.approx(1)
        assert heat.min() >= 0
    explanation = explain(inputs(), top_class_target())
    assert explanation.probabilities.argmax() == 1
    np.testing.assert_array_equal(explanation.plane, second)


def test_heat_lies_where_the_last_convolutions_units_look() -> None:
    import keras

    size = 96
    whole = build_network("report_cnn", {"size": size, "filters": (2, 2, 2, 2)})
    whole.set_weights([np.ones(weight.shape) for weight in whole.get_weights()])
    layer = deepest_convolution_layer(whole)
    assert layer.name == "conv2d_3"
    # Light one row at a time; which units see it?
    rows = np.zeros((size, size, size, 3), np.float32)
    rows[np.arange(size), np.arange(size)] = 1
    answers = np.asarray(keras.Model(whole.inputs, layer.output).predict_on_batch(rows))[:, :, 0, 0]
    dark = answers.min(axis=0)
    seen = [np.flatnonzero(answers[:, unit] > dark[unit]) for unit in range(answers.shape[1])]
    assert len(seen) == 8
    field = receptive_field(layer)
    centres = [field.first + field.step * unit for unit in range(len(seen))]
    assert centres == pytest.approx([(one[0] + one[-1]) / 2 for one in seen], abs=0.51)


def test_a_confident_network_still_has_a_heat_map(bright: Predictor) -> None:
    slice_, _ = spot(128, 128, 30, 60)
    prediction = bright(slice_)
    assert prediction.probabilities[1] > 0.999, "the gradient of a softmax would vanish here"
    assert prediction.heat.max() > 0.9


def test_one_network_predicts_class_and_mask(tmp_path) -> None:
    bundle = tiny.lite(tiny.unified(tmp_path))
    prediction = Predictor(bundle, bundle)(tiny.a_picture(height=90, width=70))
    inputs, place = model_input(bundle, tiny.a_picture(height=90, width=70))
    network = load_network(bundle)
    kind, mask = (np.asarray(one)[0] for one in network(inputs))
    kind_mirrored, mask_mirrored = (np.asarray(one)[0] for one in network(inputs[:, :, ::-1]))
    assert bundle.test_time_flip
    assert not np.allclose(mask, mask_mirrored[:, ::-1], atol=1e-4)
    np.testing.assert_allclose(prediction.probabilities, (kind + kind_mirrored) / 2, atol=1e-5)
    tumour = 1 - (mask + mask_mirrored[:, ::-1])[..., 0] / 2
    np.testing.assert_allclose(prediction.tumour, map_to_slice(tumour, place), atol=1e-5)
    assert prediction.classes == CLASSES
    assert list(prediction.model_inputs) == [bundle.name]


def test_a_network_for_both_tasks_combines_with_one_for_either(tmp_path) -> None:
    both, segmenter, classifier = (
        tiny.lite(make(tmp_path)) for make in (tiny.unified, tiny.segmenter, tiny.classifier)
    )
    picture = tiny.a_picture()
    whole = Predictor(both, both)(picture)
    np.testing.assert_allclose(Predictor(both, segmenter)(picture).probabilities, whole.probabilities, atol=1e-5)
    np.testing.assert_allclose(Predictor(classifier, both)(picture).tumour, whole.tumour, atol=1e-5)


@pytest.mark.parametrize("base", ["unified-unet", "unified-unet-plain"])
def test_the_heat_map_is_the_explainers_of_the_class_and_the_passes_that_the_answer_is_of(tmp_path, base: str) -> None:
    """Of a bundle whose card asks for the evidence map, it is that times the tumour probability."""
    bundle, picture = tiny.lite(tiny.unified(tmp_path, base=base)), tiny.a_picture()
    inputs, _ = model_input(bundle, picture)
    prediction, explain = Predictor(bundle, bundle)(picture), Explainer(load_network(bundle))
    target = class_target(int(prediction.probabilities.argmax()))
    plain, mirrored = (
        explain(pixels, target, method=bundle.heat_method, layer=bundle.heat_layer)
        for pixels in (inputs, inputs[:, :, ::-1])
    )
    assert np.abs(plain.plane - explain(inputs, target).plane).max() > 0.1, "not the default method and layer"
    mean = plain.highest * plain.plane + mirrored.highest * mirrored.plane[:, ::-1]
    assert bundle.heat_follows_mask == prediction.heat_follows_mask == (base == "unified-unet")
    if bundle.heat_follows_mask:
        mean = mean * prediction.tumour_plane[0]
    np.testing.assert_allclose(prediction.heat_plane[0], mean / mean.max(), atol=1e-3)


def test_each_slice_of_a_series_is_predicted_between_its_neighbours(tmp_path: Path) -> None:
    bundle = tiny.lite(tiny.between_neighbours(tmp_path))
    predictor = Predictor(bundle, bundle)
    data = tiny.as_one_series(tiny.data_set(4))
    slices = [Slice(pixels.astype(np.float32), str(number)) for number, pixels in data.pixels.items()]
    first, second, *_ = predicted = list(predict_series(predictor, slices))
    assert len(predicted) == 4
    assert_same(first, predictor(slices[0], (None, slices[1])), within=1e-6)
    assert_same(second, predictor(slices[1], (slices[0], slices[2])), within=1e-6)
    assert (second.tumour != predictor(slices[1]).tumour).any(), "the neighbours count"
    numbered = [replace(slice_, number=number) for slice_, number in zip(slices, (6, 7, 218, 219), strict=True)]
    _, second, third, _ = predict_series(predictor, numbered)
    assert_same(second, predictor(slices[1], (slices[0], None)), within=1e-6)
    assert_same(third, predictor(slices[2], (None, slices[3])), within=1e-6)
