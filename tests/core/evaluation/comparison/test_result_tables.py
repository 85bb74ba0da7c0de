"""The tables of README.md and docs/results.md: written from the bundles, and refused when they are not theirs."""

import json
import re
import shutil
from pathlib import Path

import pytest

from core.bundles.bundle import DEFAULT_CLASSIFIER, bundle_names, open_bundle
from core.config import README
from core.errors import BundleError
from core.evaluation.comparison.documents import BEGIN, DOCUMENTS, END, check_tables, write_tables
from core.evaluation.comparison.result_tables import metrics_tables
from core.training.export import export_bundle
from tests.core import tiny

CLASS_METRICS = {
    "slices": 614,
    "patients": 200,
    "loss": 0.234,
    "accuracy": 0.94137,
    "macro_f1": 0.935,
    "per_class": {
        name: {"precision": 0.811, "recall": 0.822, "f1": 0.833, "support": 1}
        for name in ("meningioma", "glioma", "pituitary")
    },
    "confusion_matrix": [[120, 12, 10], [8, 275, 3], [2, 1, 183]],
    "series_accuracy": 0.8456,
    "patient_accuracy": 0.8123,
}
MASK_FIGURES = {
    "dice_mean": 0.7711,
    "dice_median": 0.8,
    "dice_pooled": 0.8022,
    "iou_mean": 0.6633,
    "iou_median": 0.7,
    "iou_pooled": 0.6744,
    "pixel_accuracy": 0.99,
    "missed": 0.05,
}
MASK_METRICS = {
    "slices": 614,
    "patients": 200,
    **MASK_FIGURES,
    "dice_class_mean": 0.7822,
    "loss": 0.0255,
    "network_size": {**MASK_FIGURES, "pixel_accuracy": 0.9866},
    "keras_mean_iou": {"value": 0.4977, "share_of_ones": 0.0},
}
TIMES = {"test_set_seconds": 12.34, "one_slice_seconds": 0.0456, "runs": 20, "machine": "a machine"}


@pytest.fixture(scope="module")
def evaluated_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three evaluated bundles, one that is not evaluated yet; copy them to change them."""
    folder = tmp_path_factory.mktemp("models")
    patient_level = tiny.recipe("report-cnn-patients")
    for bundle, test in (
        (tiny.classifier(folder), CLASS_METRICS),
        (
            export_bundle(patient_level, tiny.finished_state(patient_level), folder),
            {**CLASS_METRICS, "accuracy": 0.85678},
        ),
        (tiny.segmenter(folder), MASK_METRICS),
    ):
        tiny.change_card(bundle, metrics={"test": test}, times=TIMES)
    tiny.classifier(folder, name="new-cnn")
    return folder


@pytest.fixture
def models(evaluated_once: Path, tmp_path: Path) -> Path:
    """The bundles, to be changed."""
    return Path(shutil.copytree(evaluated_once, tmp_path / "models"))


@pytest.fixture
def readme(tmp_path: Path) -> Path:
    """A README with nothing between the markers."""
    path = tmp_path / "README.md"
    path.write_text(f"# Before é\n\n{BEGIN}\n{END}\n\nAfter.\n", encoding="utf-8")
    return path


def rows(readme: Path) -> dict[str, list[str]]:
    """The first cell of each table row -> the others."""
    lines = [line for line in readme.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {first: others for first, *others in cells}


def test_what_is_written_is_what_is_checked(readme: Path, models: Path) -> None:
    with pytest.raises(BundleError, match=r"run 'python -m core readme'\.$"):
        check_tables(readme, metrics_tables, models)
    write_tables(readme, metrics_tables, models)
    check_tables(readme, metrics_tables, models)
    before = readme.read_text(encoding="utf-8")
    write_tables(readme, metrics_tables, models)
    assert readme.read_text(encoding="utf-8") == before


def test_the_table_has_the_reports_metrics_beside_the_bundles(readme: Path, models: Path) -> None:
    write_tables(readme, metrics_tables, models)
    table = rows(readme)
    assert table["Test slices classified correctly"] == ["575 of 614", "578 of 614", "578 of 614"]
    assert table["Test accuracy"] == ["0.9365", "0.9414", "0.8568"]
    assert table["Test loss"] == ["0.17", "0.23", "0.23"]
    assert table["Meningioma: precision / recall / F1"][:2] == ["0.88 / 0.84 / 0.86", "0.81 / 0.82 / 0.83"]
    assert table["Mean Dice"] == ["–", "0.7711"]
    assert table["Class-mean Dice"] == ["–", "0.7822"]
    assert table["Pooled Dice"] == ["–", "0.8022"]
    assert table["Mean Dice on Table 5's test slices"] == ["–", "0.7711"]
    assert table["Keras MeanIoU fed scores"] == ["0.4923 (validation)", "0.4977"]
    assert table["Pixel accuracy at the network's size"] == ["0.9941 (validation)", "0.9866"]
    assert table["Cross-entropy"] == ["0.0206 (validation)", "0.0255"]
    text = readme.read_text(encoding="utf-8")
    assert re.search(r"\| the report +\| `report-cnn` +\| `report-cnn-patients` +\|", text)
    assert "| the report | `report-unet` |" in text
    assert "new-cnn" not in text, "it has no figures yet"


def test_a_slice_level_split_is_named_and_gets_no_patient_level_accuracy(readme: Path, models: Path) -> None:
    write_tables(readme, metrics_tables, models)
    assert "| Split | slice-level | slice-level | patient-level |" in readme.read_text(encoding="utf-8")
    assert rows(readme)["Patient-level accuracy"] == ["–", "–", "0.8123"]
    assert rows(readme)["Series accuracy, unified by slice"] == ["–", "–", "0.8456"]


FOLDS = {
    "folds_done": [1, 2],
    "slices": [570, 655],
    "training_seconds": {"1": 10.0, "2": 10.0},
    "recipe": "a digest",
    "without_letter_twins": {"slices": [500, 600]},
    "accuracy": {"mean": 0.9502, "std": 0.0101, "folds": [0.9431, 0.9573]},
    "series_accuracy": {"mean": 0.97, "std": 0.03, "folds": [0.949, 0.991], "all": 0.968},
    "patient_accuracy": {"mean": 0.9, "std": 0.02, "folds": [0.886, 0.914]},
    "dice_mean": {"mean": 0.7611, "std": 0.0123, "folds": [0.752, 0.77]},
    "dice_class_mean": {"mean": 0.7822, "std": 0.0111, "folds": [0.774, 0.79]},
}


def test_means_over_folds_have_rows_where_there_are_several_folds(readme: Path, models: Path) -> None:
    write_tables(readme, metrics_tables, models)
    assert not any("folds" in row for row in rows(readme))
    one = {**FOLDS, "folds_done": [1], "slices": [570]}
    one |= {
        name: {"mean": figure["mean"], "std": None, "folds": [figure["mean"]]}
        for name, figure in FOLDS.items()
        if isinstance(figure, dict) and "mean" in figure
    }
    patients, masks = (open_bundle(name, models) for name in ("report-cnn-patients", "report-unet"))
    tiny.change_card(patients, metrics={"test": CLASS_METRICS, "cross_validation": one})
    write_tables(readme, metrics_tables, models)
    assert not any("folds" in row for row in rows(readme))
    tiny.change_card(patients, metrics={"test": CLASS_METRICS, "cross_validation": FOLDS})
    tiny.change_card(masks, metrics={"test": MASK_METRICS, "cross_validation": FOLDS})
    write_tables(readme, metrics_tables, models)
    table = rows(readme)
    assert table["Accuracy, patient-level split, mean ± std over folds"] == ["–", "–", "0.9502 ± 0.0101 (2 folds)"]
    assert table["Series accuracy, unified by slice, mean ± std over folds"][2] == "0.9700 ± 0.0300 (2 folds)"
    assert table["Patient-level accuracy, mean ± std over folds"][2] == "0.9000 ± 0.0200 (2 folds)"
    assert table["Mean Dice, patient-level split, mean ± std over folds"] == ["–", "0.7611 ± 0.0123 (2 folds)"]
    assert table["Class-mean Dice, patient-level split, mean ± std over folds"][1] == "0.7822 ± 0.0111 (2 folds)"


def test_a_bundle_that_averages_over_mirror_images_is_noted_under_the_tables(readme: Path, models: Path) -> None:
    write_tables(readme, metrics_tables, models)
    assert "mirror image" not in readme.read_text(encoding="utf-8")
    masks = open_bundle("report-unet", models)
    tiny.change_output(masks, test_time_flip=True)
    write_tables(readme, metrics_tables, models)
    check_tables(readme, metrics_tables, models)
    note = "\n\nPredictions of `report-unet` are means over the slice and its mirror image.\n"
    assert note in readme.read_text(encoding="utf-8")


def test_a_measured_gate_has_a_table_of_its_aims(readme: Path, models: Path) -> None:
    assert "The gate of" not in metrics_tables(models)
    name = next(name for name in bundle_names(models) if open_bundle(name, models).is_evaluated)
    path = models / name / "card.json"
    card = json.loads(path.read_text())
    card["metrics"]["external"] = {
        "aims": {
            "no_tumour_called_tumour": {"aim": "at most 10 %", "reached": 0.125, "short_by": 0.025},
            "figshare_flagged": {"aim": "at most 3 %", "reached": 0.01, "short_by": 0.0},
        },
        "figshare_all": {
            "slices": 8,
            "right": 0.75,
            "wrong": 0.25,
            "low_confidence": 0.0,
            "unusual_image": 0.0,
            "not_a_head_slice": 0.0,
        },
    }
    path.write_text(json.dumps(card))
    text = metrics_tables(models)
    assert re.search(r"tumour type \| at most 10 % \| 0\.1250, .*\b0\.0250 \|", text)
    assert re.search(r"false rejections .*\| at most 3 % \| 0\.0100 \|", text)
    assert "after the gate | – | 0.7500 |" in text


def test_text_around_the_markers_stays(readme: Path, models: Path) -> None:
    write_tables(readme, metrics_tables, models)
    text = readme.read_text(encoding="utf-8")
    assert text.startswith("# Before é\n\n" + BEGIN)
    assert text.endswith(END + "\n\nAfter.\n")


def test_a_changed_value_is_refused(readme: Path, models: Path) -> None:
    write_tables(readme, metrics_tables, models)
    text = readme.read_text(encoding="utf-8")
    assert "0.9414" in text
    readme.write_text(text.replace("0.9414", "0.9514"), encoding="utf-8")
    with pytest.raises(BundleError, match="'python -m core readme'"):
        check_tables(readme, metrics_tables, models)


def test_a_bundle_evaluated_again_is_noticed(readme: Path, models: Path) -> None:
    write_tables(readme, metrics_tables, models)
    tiny.change_card(open_bundle("report-unet", models), metrics={"test": {**MASK_METRICS, "dice_mean": 0.5}})
    with pytest.raises(BundleError, match="'python -m core readme'"):
        check_tables(readme, metrics_tables, models)


@pytest.mark.parametrize("marker", [BEGIN, END])
def test_a_missing_marker_is_refused_and_nothing_written(marker: str, readme: Path, models: Path) -> None:
    text = readme.read_text(encoding="utf-8").replace(marker, "")
    readme.write_text(text, encoding="utf-8")
    for function in (write_tables, check_tables):
        with pytest.raises(BundleError, match=re.escape(f"lacks the marker '{marker}'.")):
            function(readme, metrics_tables, models)
    assert readme.read_text(encoding="utf-8") == text


def test_markers_the_wrong_way_round_are_refused(readme: Path, models: Path) -> None:
    readme.write_text(f"{END}\nText.\n{BEGIN}\n", encoding="utf-8")
    with pytest.raises(BundleError, match="lacks the marker"):
        write_tables(readme, metrics_tables, models)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_shows_the_bundles_metrics(path: Path) -> None:
    check_tables(path, DOCUMENTS[path])


def test_the_readme_s_table_has_the_report_and_a_split_by_patient() -> None:
    text = README.read_text(encoding="utf-8")
    assert "575 of 614" in text and "patient-level" in text
    metrics = open_bundle(DEFAULT_CLASSIFIER).card.metrics
    over = {name: figure.all for name, figure in metrics.over_folds.figures.items()} if metrics.over_folds else {}
    figures = {**metrics.test.as_dict(), **over}
    assert f"{figures['accuracy']:.4f}" in text and f"{figures['dice_mean']:.4f}" in text
    series = " / ".join(f"{figures[name]:.4f}" for name in ("series_accuracy", "patient_accuracy"))
    lines = [line for line in text.splitlines() if line.startswith("|") and series in line]
    assert len(lines) == 1, "a slice-level split has no series"


def test_the_readme_is_short_before_its_reference_part() -> None:
    text = README.read_text(encoding="utf-8").partition("## Reference")[0]
    assert 200 < len(text.split()) <= 900
