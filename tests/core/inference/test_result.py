"""The result for a slice: every field, and no patient id."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.bundles.bundle import REPORT_CLASSIFIER, Bundle, open_bundle
from core.config import CLASSES, NOTICE, RESULT_VERSION
from core.dataset import splits
from core.inference.gate import GateDecision
from core.inference.predictor import Prediction
from core.inference.render import PREDICTED_COLOUR, TRUE_COLOUR
from core.inference.result import compare_with_truth, overlay_png, results_csv, slice_result, split_part, summary_line
from core.labels import OUTCOME_LABELS
from core.outcome import (
    CONFIDENT,
    LOW_CONFIDENCE,
    NO_GATE_REASON,
    NO_TUMOUR,
    NOT_A_HEAD,
    OUTCOMES,
    UNUSUAL,
    WITHHELD,
    GateThresholds,
)
from core.readers.preprocessing import centred_placement
from core.readers.slices import Slice, read_slice
from tests.published import a_slice, mat_bytes
from tests.settings import SHIPPED_MODELS


def a_bundle(name: str, version: str, split: str) -> Bundle:
    shipped = open_bundle(REPORT_CLASSIFIER, SHIPPED_MODELS)
    card = shipped.card.changed({"name": name, "version": version, "data.split": split})
    return Bundle(Path(), card)


BUNDLES = (
    a_bundle("one", "1.2.3", "table-1"),
    a_bundle("two", "4.5.6", "fold-1"),
)
HEIGHT, WIDTH = 24, 40


def a_prediction(height: int = HEIGHT, width: int = WIDTH) -> Prediction:
    """A glioma, with a 3x4 mask whose upper left corner is at row 5, column 6."""
    tumour = np.full((height, width), 0.2, np.float32)
    tumour[5:8, 6:10] = 0.5  # at the threshold is tumour
    heat = np.linspace(0, 1, height * width, dtype=np.float32).reshape(height, width)
    probabilities = np.array([0.1, 0.7, 0.2], np.float32)
    place = centred_placement(height, width)

    def square(values: np.ndarray) -> np.ndarray:
        padded = np.zeros((place.side, place.side), np.float32)
        padded[place.top : place.top + height, place.left : place.left + width] = values
        return padded

    return Prediction(CLASSES, probabilities, 0.5, (square(tumour), place), (square(heat), place), {}, 0.1)


def gated(answer: str) -> Prediction:
    """The same, with a gate that decides so and calibrates the class to be less probable."""
    limits = GateThresholds(no_tumour=-1, tumour=1, sure=0.5, strange=20, temperature=2)
    return replace(a_prediction(), gate=GateDecision(answer, 0.0, 5.0, np.array([0.2, 0.55, 0.25]), limits))


def a_slice_of(**fields: object) -> Slice:
    pixels = np.random.default_rng(0).uniform(0, 100, (HEIGHT, WIDTH)).astype(np.float32)
    return Slice(pixels, "a slice", **fields)  # type: ignore[arg-type]


def true_mask() -> np.ndarray:
    """Two of the prediction's three rows, and one row more."""
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[6:9, 6:10] = True
    return mask


def test_a_result_has_every_field() -> None:
    result = slice_result(
        a_slice_of(spacing_mm=0.5, spacing_source="as stated", notes=("Read so.",)), a_prediction(), BUNDLES
    )
    assert result == {
        "schema_version": RESULT_VERSION,
        "name": "a slice",
        "width": WIDTH,
        "height": HEIGHT,
        "bundles": [{"name": "one", "version": "1.2.3"}, {"name": "two", "version": "4.5.6"}],
        "outcome": None,
        "reason": NO_GATE_REASON,
        "class": "glioma",
        "likeliest_class": "glioma",
        "probabilities": pytest.approx({"meningioma": 0.1, "glioma": 0.7, "pituitary": 0.2}),
        "gate": None,
        "mask": {
            "withheld": False,
            "threshold": 0.5,
            "area_px": 12,
            "components": 1,
            "spacing_mm": 0.5,
            "spacing_source": "as stated",
            "area_mm2": 3.0,
            "longest_diameter_mm": 2.5,
        },
        "truth": None,
        "trained_on_by": [],
        "warnings": [],
        "notes": ["Read so."],
        "notice": NOTICE,
    }


def test_a_result_survives_json() -> None:
    whole = a_slice_of(spacing_mm=0.49, mask=true_mask(), class_name="glioma", number=1)
    for slice_ in (whole, a_slice_of()):
        result = slice_result(slice_, a_prediction(), BUNDLES)
        assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_an_unknown_spacing_gives_no_millimetres() -> None:
    mask = slice_result(a_slice_of(spacing_source="as stated"), a_prediction(), BUNDLES)["mask"]
    unknown = ("spacing_mm", "spacing_source", "area_mm2", "longest_diameter_mm")
    assert [mask[name] for name in unknown] == [None] * len(unknown)
    assert mask["area_px"] == 12


def test_truth_is_compared_where_it_is_known() -> None:
    prediction = a_prediction()
    assert compare_with_truth(a_slice_of(), prediction) is None
    assert compare_with_truth(a_slice_of(class_name="glioma"), prediction) == {"class": "glioma", "class_agrees": True}
    assert compare_with_truth(a_slice_of(class_name="pituitary"), prediction) == {
        "class": "pituitary",
        "class_agrees": False,
    }
    # Two of three rows of four in common: Dice 16 / 24, IoU 8 / 16.
    assert compare_with_truth(a_slice_of(mask=true_mask()), prediction) == {"area_px": 12, "dice": 0.6667, "iou": 0.5}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_result_and_table_have_outcome_and_reason_and_a_class_unless_it_is_withheld(outcome: str) -> None:
    result = slice_result(a_slice_of(), gated(outcome), BUNDLES)
    given = None if outcome in WITHHELD else "glioma"
    assert (result["outcome"], result["class"], result["likeliest_class"]) == (outcome, given, "glioma")
    (row,) = csv.DictReader(io.StringIO(results_csv([result])))
    assert (row["outcome"], row["class"], row["likeliest_class"]) == (outcome, given or "", "glioma")
    assert row["reason"] == result["reason"] == gated(outcome).gate.reason
    line = summary_line(result)
    assert ("glioma" in line) == (given is not None) and OUTCOME_LABELS[outcome].in_text in line


@pytest.mark.parametrize(
    ("answer", "withheld"),
    [(CONFIDENT, False), (NO_TUMOUR, True), (LOW_CONFIDENCE, False), (UNUSUAL, True), (NOT_A_HEAD, True)],
)
def test_a_withheld_mask_is_marked_and_has_no_size_in_the_table(answer: str, withheld: bool) -> None:
    result = slice_result(a_slice_of(spacing_mm=0.5), gated(answer), BUNDLES)
    assert (result["mask"]["withheld"], result["mask"]["area_px"]) == (withheld, 12)
    (row,) = csv.DictReader(io.StringIO(results_csv([result])))
    assert row["area_px"] == ("" if withheld else "12")
    assert row["longest_diameter_mm"] == ("" if withheld else "2.5")


@pytest.mark.parametrize(
    ("answer", "agrees"),
    [(CONFIDENT, True), (NO_TUMOUR, False), (LOW_CONFIDENCE, True), (UNUSUAL, None), (NOT_A_HEAD, None)],
)
def test_a_tumour_not_found_is_wrong_and_a_refusal_is_neither_right_nor_wrong(answer: str, agrees: bool | None) -> None:
    result = compare_with_truth(a_slice_of(class_name="glioma"), gated(answer))
    assert result == {"class": "glioma", "class_agrees": agrees}


def test_line_and_table_print_the_calibrated_probabilities_that_the_page_shows() -> None:
    result = slice_result(a_slice_of(), gated(CONFIDENT), BUNDLES)
    assert result["probabilities"] == pytest.approx({"meningioma": 0.1, "glioma": 0.7, "pituitary": 0.2})
    calibrated = {"meningioma": 0.2, "glioma": 0.55, "pituitary": 0.25}
    assert result["gate"]["calibrated_probabilities"] == calibrated
    assert summary_line(result).startswith("glioma (0.550), ")
    (row,) = csv.DictReader(io.StringIO(results_csv([result])))
    assert {name: float(row[f"p_{name}"]) for name in CLASSES} == calibrated
    assert {name: float(row[f"p_{name}_raw"]) for name in CLASSES} == result["probabilities"]
    plain = slice_result(a_slice_of(), a_prediction(), BUNDLES)
    assert summary_line(plain).startswith("glioma (0.700), ")


def test_a_mask_where_there_is_no_tumour_scores_zero() -> None:
    nothing = np.zeros((HEIGHT, WIDTH), bool)
    assert compare_with_truth(a_slice_of(mask=nothing), a_prediction()) == {"area_px": 0, "dice": 0.0, "iou": 0.0}


def test_bundles_that_were_trained_on_a_slice_are_named() -> None:
    table = splits.index_table()
    for first, second, names in (("train", "test", ["one"]), ("test", "train", ["two"]), ("test", "test", [])):
        rows = table[(table["table-1"] == first) & (table["fold-1"] == second)]
        slice_ = a_slice_of(number=int(rows["slice"].iloc[0]))
        assert slice_result(slice_, a_prediction(), BUNDLES)["trained_on_by"] == names
        assert (split_part(BUNDLES[0], slice_), split_part(BUNDLES[1], slice_)) == (first, second)
    assert split_part(BUNDLES[0], a_slice_of()) is None


def test_a_patient_id_is_nowhere() -> None:
    pixels, mask, border = a_slice(1)
    slice_ = read_slice(mat_bytes(pixels, mask, pid="PATNT4711", border=border), "7.mat")
    result = slice_result(slice_, a_prediction(64, 64), BUNDLES)
    assert result["truth"]["class"] == "meningioma", "the file was read"
    assert "4711" not in json.dumps(result) + results_csv([result]) + repr(slice_)


def test_the_overlay_is_at_the_slices_own_size_with_both_outlines() -> None:
    with Image.open(io.BytesIO(overlay_png(a_slice_of(mask=true_mask()), a_prediction()))) as image:
        assert image.size == (WIDTH, HEIGHT)
        picture = np.asarray(image)
    assert (picture == PREDICTED_COLOUR).all(axis=2).any()
    assert (picture == TRUE_COLOUR).all(axis=2).any()
    assert tuple(picture[4, 7]) == PREDICTED_COLOUR
    assert tuple(picture[9, 7]) == TRUE_COLOUR


def test_the_overlay_without_truth_has_one_outline() -> None:
    with Image.open(io.BytesIO(overlay_png(a_slice_of(), a_prediction()))) as image:
        assert not (np.asarray(image) == TRUE_COLOUR).all(axis=2).any()


@pytest.mark.parametrize("answer", [NO_TUMOUR, UNUSUAL])
def test_the_overlay_of_a_flagged_slice_has_no_outline_and_no_heat(answer: str) -> None:
    with Image.open(io.BytesIO(overlay_png(a_slice_of(mask=true_mask()), gated(answer)))) as image:
        picture = np.asarray(image)
    yellow = (picture == TRUE_COLOUR).all(axis=2)
    assert yellow.any(), "the true mask may be shown"
    assert not np.ptp(picture[~yellow].astype(int), axis=1).any(), "the rest is grey"


def test_the_table_has_a_row_a_slice_and_empty_cells_for_what_is_unknown() -> None:
    known = a_slice_of(spacing_mm=0.5, mask=true_mask(), class_name="pituitary")
    odd = Slice(known.pixels, 'odd, "name"\nof a file')
    rows = list(
        csv.DictReader(
            io.StringIO(results_csv([slice_result(slice_, a_prediction(), BUNDLES) for slice_ in (known, odd)]))
        )
    )
    assert [row["name"] for row in rows] == ["a slice", 'odd, "name"\nof a file']
    assert rows[0] == {
        "name": "a slice",
        "outcome": "",
        "reason": NO_GATE_REASON,
        "class": "glioma",
        "likeliest_class": "glioma",
        "p_meningioma": "0.1",
        "p_glioma": "0.7",
        "p_pituitary": "0.2",
        "area_px": "12",
        "components": "1",
        "area_mm2": "3.0",
        "longest_diameter_mm": "2.5",
        "true_class": "pituitary",
        "dice": "0.6667",
        "iou": "0.5",
        "spacing_mm": "0.5",
        "remarks": "",
        "error": "",
    }
    unknown = ("area_mm2", "longest_diameter_mm", "true_class", "dice", "iou")
    assert [rows[1][name] for name in unknown] == [""] * len(unknown)
