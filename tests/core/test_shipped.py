"""The shipped bundles: complete, with metrics that follow from their predictions, whatever the file format."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core import course_report
from core.bundles.bundle import (
    CARD,
    CROSS_VALIDATION,
    CROSS_VALIDATION_HISTORY,
    DEFAULT_CLASSIFIER,
    DEFAULT_SEGMENTER,
    MASK_THRESHOLDS,
    MASKS,
    OOD_ANSWERS,
    PREDICTIONS,
    README,
    REPORT_CLASSIFIER,
    REPORT_SEGMENTER,
    bundle_names,
    open_bundle,
)
from core.config import CLASSES
from core.dataset import splits
from core.dataset.slices import slice_from_store
from core.evaluation.cross_validation import stored_folds, summarise_folds
from core.inference.predictor import Predictor
from core.metrics import overlap
from core.ood.evaluate import INTERNAL_GROUP, NON_BRAIN_GROUP
from core.ood.non_brain import EXAMPLES, FACE, OTHER_KINDS, example_image
from core.outcome import CONFIDENT, LOW_CONFIDENCE, NO_TUMOUR, NOT_A_HEAD, REFUSED, decide_outcomes
from core.readers.samples import read_samples
from core.readers.slices import read_slice
from core.training.recipe import load_recipe
from tests.patient_ids import SHAPE

CLASSIFIERS = [name for name in bundle_names() if "classification" in open_bundle(name).tasks]
SEGMENTERS = [name for name in bundle_names() if "segmentation" in open_bundle(name).tasks]
BUNDLES = bundle_names()


@pytest.fixture(scope="module", params=[(DEFAULT_CLASSIFIER, DEFAULT_SEGMENTER), (REPORT_CLASSIFIER, REPORT_SEGMENTER)])
def predictor(request) -> Predictor:
    return Predictor(*map(open_bundle, request.param))


def predictions(name: str) -> pd.DataFrame:
    return pd.read_csv(open_bundle(name).path(PREDICTIONS))


@pytest.mark.parametrize("name", bundle_names())
def test_every_file_is_what_the_card_says(name):
    bundle = open_bundle(name)
    for file in bundle.card.files:
        assert bundle.path(file).is_file()
    assert {path.name for path in bundle.folder.iterdir()} == {*bundle.card.files, CARD, README}


@pytest.mark.parametrize("name", BUNDLES)
def test_predictions_cover_the_data_set_with_the_parts_of_the_split(name):
    table = predictions(name)
    assert table["slice"].tolist() == list(range(1, 3065))
    part = splits.split_parts(open_bundle(name).card.data.split)
    assert table["part"].tolist() == part.tolist()
    assert table["true"].tolist() == splits.index_table()["class"].tolist()


@pytest.mark.parametrize("name", BUNDLES)
def test_a_card_names_the_patient_level_bundle_that_its_recipe_names(name):
    bundle = open_bundle(name)
    named = bundle.card.data.by_patient_bundle
    assert named == load_recipe(name).by_patient
    assert (named is None) == bundle.card.data.by_patient
    assert named is None or open_bundle(named).card.data.by_patient


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_class_metrics_of_the_card_are_those_of_the_test_rows(name):
    metrics = open_bundle(name).test_metrics
    tested = predictions(name).query("part == 'test'")
    assert metrics.slices == len(tested)
    assert metrics.accuracy == pytest.approx((tested["true"] == tested["predicted"]).mean())
    matrix = pd.crosstab(tested["true"], tested["predicted"]).reindex(index=CLASSES, columns=CLASSES, fill_value=0)
    assert metrics.confusion_matrix == matrix.to_numpy().tolist()


@pytest.mark.parametrize("name", SEGMENTERS)
def test_mask_metrics_of_the_card_are_those_of_the_test_rows(name):
    bundle = open_bundle(name)
    tested = predictions(name).query("part == 'test'")
    assert bundle.test_metrics.dice_mean == pytest.approx(tested["dice"].mean(), abs=1e-5)
    table = pd.read_csv(bundle.path(MASK_THRESHOLDS))
    cuts = table[np.isclose(table["threshold"], bundle.test_metrics.threshold)]
    dice = overlap.dice_from_counts(cuts["overlap_px"], cuts["true_px"], cuts["predicted_px"])
    assert dice == pytest.approx(tested["dice"].to_numpy(), abs=1e-5)
    size = bundle.card.input.height, bundle.card.input.width
    with np.load(bundle.path(MASKS)) as stored:
        assert stored["slice"].tolist() == tested["slice"].tolist()
        assert stored["probability"].shape == (len(tested), *size)


def test_a_classifier_on_the_reports_split_is_right_as_often_as_the_reports():
    matrices = {
        bundle.name: np.array(bundle.test_metrics.confusion_matrix)
        for bundle in map(open_bundle, CLASSIFIERS)
        if bundle.card.data.split == splits.TABLE_1
    }
    assert all(matrix.sum() == course_report.CNN_TEST_SLICES for matrix in matrices.values())
    assert (
        max(np.trace(matrix) for matrix in matrices.values())
        >= course_report.CNN_TEST_SLICES - course_report.CNN_TEST_WRONG
    )


def test_the_unet_reaches_the_dice_that_the_reports_pixel_accuracy_implies():
    bundle = open_bundle("report-unet")
    metrics = bundle.test_metrics
    assert metrics.threshold == 0.5
    assert (bundle.card.input.height, bundle.card.input.width) == (128, 128)
    assert metrics.dice_mean >= 0.75
    assert metrics.dice_pooled >= 0.79


@pytest.fixture(scope="module")
def gated_predictor() -> Predictor:
    """The default network, which has a gate."""
    return Predictor(open_bundle(DEFAULT_CLASSIFIER), open_bundle(DEFAULT_SEGMENTER))


@pytest.mark.parametrize("sample", read_samples(), ids=lambda sample: sample.name)
def test_no_tumour_is_found_in_the_sample_without_a_lesion_and_in_no_other(gated_predictor, sample):
    decision = gated_predictor(sample.slice()).gate
    if sample.class_name is None:
        assert decision.outcome == NO_TUMOUR
    else:
        assert decision.outcome in (CONFIDENT, LOW_CONFIDENCE)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_the_decision_about_a_non_brain_image_is_the_stored_one(gated_predictor, kind):
    slice_ = example_image(kind)
    stored = pd.read_csv(open_bundle(DEFAULT_CLASSIFIER).path(OOD_ANSWERS)).set_index("name")["answer"]
    assert gated_predictor(slice_).gate.outcome == stored[slice_.name]


@pytest.mark.parametrize("kind", ["document", "chart", "noise"])
def test_a_non_brain_image_is_flagged(gated_predictor, kind):
    assert gated_predictor(example_image(kind)).gate.outcome == NOT_A_HEAD


def test_metrics_of_the_gate_are_those_of_its_decisions():
    bundle = open_bundle(DEFAULT_CLASSIFIER)
    table, metrics = pd.read_csv(bundle.path(OOD_ANSWERS)), bundle.card.metrics.external
    thresholds = bundle.gate.thresholds
    answers = decide_outcomes(table["tumour_score"], table["strangeness"], table["sure"], thresholds)
    assert table["answer"].tolist() == answers.tolist()
    own = (table["group"] == INTERNAL_GROUP).to_numpy()
    assert (
        table["name"][own]
        == [f"slice {number}" for number in predictions(bundle.name).query("part == 'test'")["slice"]]
    ).all()
    assert metrics.figshare_flagged == pytest.approx(np.isin(answers[own], REFUSED).mean())
    assert metrics.figshare_called_no_tumour == pytest.approx((answers[own] == NO_TUMOUR).mean())
    others = (table["group"] == NON_BRAIN_GROUP).to_numpy()
    assert metrics.non_brain_flagged == pytest.approx(np.isin(answers[others], REFUSED).mean())
    assert others.sum() >= 200 and table["kind"][others].nunique() >= 6


def test_every_kind_of_non_brain_image_has_a_title_to_translate():
    table = pd.read_csv(open_bundle(DEFAULT_CLASSIFIER).path(OOD_ANSWERS))
    kinds = set(table["kind"][table["group"] == NON_BRAIN_GROUP])
    assert kinds <= {*EXAMPLES, FACE, *OTHER_KINDS}


def test_no_card_or_table_holds_a_patient_id():
    for name in bundle_names():
        bundle = open_bundle(name)
        assert predictions(name)["patient"].between(1, 233).all()
        for file in (*bundle.folder.glob("*.json"), *bundle.folder.glob("*.csv")):
            assert not SHAPE.search(file.read_text(encoding="utf-8"))


def test_a_sample_gets_one_prediction_from_its_file_and_as_a_sample(predictor):
    sample = read_samples()[0]
    from_file = predictor(read_slice(sample.path.read_bytes(), sample.path.name))
    assert from_file.probabilities == pytest.approx(predictor(sample.slice()).probabilities, abs=1e-6)


@pytest.mark.dataset
@pytest.mark.parametrize("number", [1, 752, 955, 1500, 3064])
def test_gain_and_offset_of_a_slice_change_nothing(predictor, raw_folder, data_store, number):
    plain = predictor(slice_from_store(data_store, number))
    raw = read_slice((raw_folder / f"{number}.mat").read_bytes(), f"{number}.mat")
    assert raw.pixels.max() > 255
    assert predictor(raw).probabilities == pytest.approx(plain.probabilities, abs=1e-3)
    assert np.abs(predictor(raw).tumour - plain.tumour).max() < 1e-3


@pytest.mark.dataset
@pytest.mark.parametrize("number", [1, 752, 955, 1500, 3064])
def test_a_mat_and_its_upright_png_get_one_prediction(predictor, mats_folder, number):
    mat = read_slice((mats_folder / f"{number}.mat").read_bytes(), f"{number}.mat")
    file = io.BytesIO()
    Image.fromarray(mat.pixels.astype(np.uint8)).save(file, "PNG")
    png = predictor(read_slice(file.getvalue(), "slice.png"))
    assert png.probabilities == pytest.approx(predictor(mat).probabilities, abs=1e-3)


@pytest.mark.dataset
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_stored_probabilities_are_those_of_the_network(data_store, name):
    table = predictions(name).set_index("slice")
    predictor = Predictor(open_bundle(name), open_bundle(REPORT_SEGMENTER))
    for number in (1, 752, 1500, 3064):
        stored = table.loc[number, [f"p_{label}" for label in CLASSES]].to_numpy(float)
        slice_ = slice_from_store(data_store, number)
        around = [
            other if other is None else replace(slice_, pixels=other) for other in data_store.pixels_around(number)
        ]
        assert predictor(slice_, tuple(around)).probabilities == pytest.approx(stored, abs=1e-3)


def metrics_over_folds(name: str) -> dict:
    """A shipped bundle's metrics over folds; skips while it has none."""
    metrics = open_bundle(name).card.as_dict()["metrics"].get("cross_validation") if name in BUNDLES else None
    if not metrics:
        pytest.skip(f"{name} has no folds yet")
    return metrics


@pytest.mark.parametrize("name", BUNDLES)
def test_metrics_over_folds_are_those_of_the_shipped_rows(name):
    stated, bundle = metrics_over_folds(name), open_bundle(name)
    table = pd.read_csv(bundle.path(CROSS_VALIDATION))
    computed = summarise_folds(table, bundle.tasks)
    for part, theirs in ((computed, stated), (computed["without_letter_twins"], stated["without_letter_twins"])):
        assert part["slices"] == theirs["slices"]
        for figure in part.keys() - {"slices", "without_letter_twins"}:
            assert part[figure]["folds"] == pytest.approx(theirs[figure]["folds"], abs=1e-6), figure
            assert part[figure]["mean"] == pytest.approx(theirs[figure]["mean"], abs=1e-6), figure
            assert part[figure]["std"] == pytest.approx(theirs[figure]["std"], abs=1e-6), figure
    index = splits.index_table().set_index("slice")
    assert table["slice"].is_unique
    assert (table["fold"].to_numpy() == index["fold"][table["slice"]].to_numpy()).all(), (
        "each slice where it was held out"
    )
    history = pd.read_csv(bundle.path(CROSS_VALIDATION_HISTORY))
    assert sorted(history["fold"].unique()) == sorted(table["fold"].unique()) == stated["folds_done"]
    assert stored_folds(bundle).keys() == set(stated["folds_done"]), "of the recipe that the bundle has"


def test_the_unified_unet_reaches_its_floor_over_the_five_folds():
    metrics = metrics_over_folds("unified-unet")
    if metrics["folds_done"] != [1, 2, 3, 4, 5]:
        pytest.skip(f"unified-unet has only the folds {metrics['folds_done']} yet")
    assert sum(metrics["slices"]) == 3064
    assert metrics["accuracy"]["mean"] >= 0.945
    assert metrics["dice_mean"]["mean"] >= 0.75
    assert metrics["series_accuracy"]["mean"] >= 0.975, "a patient's slices together"
    assert metrics["series_accuracy"]["all"] > metrics["accuracy"]["all"]


def test_one_network_on_the_reports_slices_reaches_its_floor():
    if "unified-unet-report" not in BUNDLES:
        pytest.skip("unified-unet-report does not ship yet")
    metrics = open_bundle("unified-unet-report").test_metrics
    assert metrics.slices == course_report.CNN_TEST_SLICES
    assert metrics.accuracy >= 0.97
    assert metrics.table_5.slices == 123
    assert metrics.table_5.dice_mean >= 0.80
