"""``python -m core check``: the project is sound, and every kind of fault is told."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.bundles.bundle import (
    CARD,
    HEAT_MAPS,
    HISTORY,
    LAYERS,
    MASKS,
    PREDICTIONS,
    README,
    WEIGHTS,
    bundle_names,
    file_facts,
)
from core.bundles.card.schema import SCHEMA
from core.check.bundles import check_bundle
from core.check.project import check_project, check_search
from core.cli.main import main
from core.config import RESULTS, models_folder, searches_folder
from core.evaluation.comparison.documents import DOCUMENTS
from core.evaluation.comparison.result_tables import metrics_tables
from core.search.names import search_names
from core.search.results import FULL_SIZE, IMPORTANCE

Card = dict[str, Any]


@pytest.fixture
def copy(tmp_path: Path) -> Callable[[str], Path]:
    """A function that copies a shipped bundle, to be altered at will; its large files are links."""

    def make(name: str) -> Path:
        folder = tmp_path / "models" / name
        folder.mkdir(parents=True)
        for path in (models_folder() / name).iterdir():
            if path.name in (WEIGHTS, MASKS, HEAT_MAPS):
                (folder / path.name).symlink_to(path)
            else:
                shutil.copy(path, folder)
        return folder

    return make


def faults(folder: Path) -> tuple[str, ...]:
    return check_bundle(folder.name, folder.parent).faults


def change_card(folder: Path, change: Callable[[Card], Any]) -> None:
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    change(card)
    (folder / CARD).write_text(json.dumps(card), encoding="utf-8")


def rewrite(folder: Path, file: str, text: str) -> None:
    """Write a file, and its size and hash into the card."""
    (folder / file).write_text(text, encoding="utf-8")
    facts = file_facts(folder / file).as_dict()
    change_card(folder, lambda card: card["files"].update({file: facts}))


def test_the_project_is_sound(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(bundle_names()) + 1 + len(DOCUMENTS) + len(search_names()), "a line each, and no fault"


def test_a_fault_is_told_by_the_exit_status(
    copy: Callable[[str], Path], configure: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy("report-cnn")
    (folder / HISTORY).unlink()
    configure(models=folder.parent)
    assert main(["check"]) == 1
    assert HISTORY in capsys.readouterr().out


def test_what_is_checked_and_its_faults_are_told_in_the_environment_s_language(
    copy: Callable[[str], Path],
    configure: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = copy("report-cnn")
    (folder / "notes.txt").write_text("?")
    change_card(folder, lambda card: card["training"].update(seconds=1.5))
    configure(models=folder.parent)
    monkeypatch.setenv("LC_ALL", "es_AR.UTF-8")
    assert main(["check"]) == 1
    said = capsys.readouterr().out
    assert re.search(r"^report-cnn: +\d+ archivos, \d+ cifras, 3 fallas$", said, re.MULTILINE)
    assert "La ficha del paquete 'report-cnn' no menciona notes.txt; quítelo." in said
    assert "training.seconds en la ficha del paquete 'report-cnn' es 1,5, pero " in said


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("report-cnn-patients", "metrics.test.accuracy"),
        ("report-cnn-patients", "metrics.test.confusion_matrix.0.0"),
        ("report-cnn-patients", "metrics.test.per_class.glioma.recall"),
        ("report-cnn-patients", "metrics.test.without_letter_twins.accuracy"),
        ("report-cnn-patients", "metrics.cross_validation.accuracy.mean"),
        ("report-cnn-patients", "metrics.cross_validation.training_seconds.3"),
        ("report-cnn-patients", "metrics.explanation.methods.grad-cam.right.inside"),
        ("report-cnn-patients", "metrics.external.dev.class_accuracy"),
        ("report-cnn-patients", "data.counts.test"),
        ("report-cnn-patients", "training.epochs_run"),
        ("report-cnn-searched", "metrics.comparison.figures.accuracy.low"),
        ("report-unet", "metrics.test.dice_mean"),
        ("unified-unet", "metrics.external.non_brain_flagged"),
        ("unified-unet", "metrics.external.aims.answered_tumour.reached"),
        ("unified-unet", "metrics.test.threshold"),
    ],
)
def test_an_altered_figure_is_found(copy: Callable[[str], Path], name: str, place: str) -> None:
    folder = copy(name)
    if name == "report-cnn-searched":
        copy("report-cnn-patients")

    def change(card: Card) -> None:
        *keys, last = (int(key) if key == "0" else key for key in place.split("."))
        part: Any = card
        for key in keys:
            part = part[key]
        part[last] = part[last] + 1 if isinstance(part[last], int) else part[last] * 0.999

    change_card(folder, change)
    found = [fault for fault in faults(folder) if fault.startswith(f"{place} ")]
    assert found and all("python -m core" in fault for fault in found)


def test_an_altered_number_of_parameters_is_found(copy: Callable[[str], Path]) -> None:
    folder = copy("report-cnn")
    change_card(folder, lambda card: card["parameters"].update(total=475_780))
    assert any(fault.startswith(LAYERS) and "475,780" in fault for fault in faults(folder))


def test_rounding_is_no_fault(copy: Callable[[str], Path]) -> None:
    folder = copy("report-cnn")
    change_card(folder, lambda card: card["metrics"]["test"].update(loss=card["metrics"]["test"]["loss"] + 1e-8))
    assert not faults(folder)


def test_a_figure_that_the_card_lacks_is_found(copy: Callable[[str], Path]) -> None:
    folder = copy("report-cnn-patients")
    change_card(folder, lambda card: card["metrics"]["explanation"]["methods"].pop("saliency"))
    assert any(fault.startswith("metrics.explanation.methods.saliency") for fault in faults(folder))


def test_an_altered_file_is_told_once(copy: Callable[[str], Path]) -> None:
    folder = copy("report-cnn")
    path = folder / PREDICTIONS
    path.write_text(path.read_text(encoding="utf-8").replace("glioma", "pituitary", 1), encoding="utf-8")
    (fault,) = faults(folder)
    assert PREDICTIONS in fault and "SHA-256" in fault


def test_a_missing_file_is_found(copy: Callable[[str], Path]) -> None:
    folder = copy("report-cnn")
    (folder / WEIGHTS).unlink()
    assert any(WEIGHTS in fault for fault in faults(folder))


def test_figures_of_a_file_that_the_card_does_not_list_are_found(copy: Callable[[str], Path]) -> None:
    folder = copy("report-cnn")
    (folder / PREDICTIONS).unlink()
    change_card(folder, lambda card: card["files"].pop(PREDICTIONS))
    assert any(PREDICTIONS in fault for fault in faults(folder))


def test_a_file_that_belongs_to_no_bundle_is_found(copy: Callable[[str], Path]) -> None:
    folder = copy("report-cnn")
    (folder / "notes.txt").write_text("?")
    (fault,) = faults(folder)
    assert "notes.txt" in fault


@pytest.mark.parametrize("text", ["", "slice\n1\n", "no table at all"])
def test_predictions_that_cannot_be_read_are_found(copy: Callable[[str], Path], text: str) -> None:
    folder = copy("report-cnn")
    rewrite(folder, PREDICTIONS, text)
    assert any(PREDICTIONS in fault for fault in faults(folder))


def test_predictions_of_other_parts_than_the_split_are_found(copy: Callable[[str], Path]) -> None:
    folder = copy("report-cnn")
    text = (folder / PREDICTIONS).read_text(encoding="utf-8")
    rewrite(folder, PREDICTIONS, text.replace("train", "validation", 1))
    assert any("'table-1'" in fault for fault in faults(folder))


def test_a_card_that_cannot_be_read_is_one_fault(copy: Callable[[str], Path]) -> None:
    folder = copy("report-cnn")
    (folder / CARD).write_text("{")
    (fault,) = faults(folder)
    assert "report-cnn" in fault


@pytest.mark.parametrize("text", [None, "# Report CNN\n"])
def test_a_bundles_readme_that_is_not_its_cards_is_found(copy: Callable[[str], Path], text: str | None) -> None:
    folder = copy("report-cnn")
    (folder / README).unlink()
    if text:
        (folder / README).write_text(text, encoding="utf-8")
    (fault,) = faults(folder)
    assert README in fault and "python -m core card" in fault


def test_former_definitions_are_found(copy: Callable[[str], Path]) -> None:
    folder = copy("report-cnn-searched")
    copy("report-cnn-patients")
    change_card(folder, lambda card: card["metrics"]["comparison"]["definitions"].update(value="a number"))
    (fault,) = faults(folder)
    assert "python -m core card" in fault


def test_a_document_s_tables_that_are_not_the_bundles_are_found(copy: Callable[[str], Path], tmp_path: Path) -> None:
    folder = copy("report-cnn")
    results = Path(shutil.copy(RESULTS, tmp_path))
    (tmp_path / "searches").mkdir()
    bundle, tables = check_project(folder.parent, {results: metrics_tables}, tmp_path / "searches")
    assert not bundle.faults
    (fault,) = tables.faults
    assert "python -m core readme" in fault


def test_a_schema_that_is_not_the_codes_is_found(tmp_path: Path) -> None:
    (tmp_path / SCHEMA).write_text("{}")
    (schema,) = check_project(tmp_path, {}, tmp_path)
    (fault,) = schema.faults
    assert "python -m core card --schema" in fault


@pytest.mark.parametrize(
    ("file", "old", "new"), [(FULL_SIZE, "tpe,24,", "tpe,23,"), (IMPORTANCE, "0.0768", "0.5"), (IMPORTANCE, "{", "")]
)
def test_files_of_a_search_that_do_not_agree_are_found(tmp_path: Path, file: str, old: str, new: str) -> None:
    path = Path(shutil.copytree(searches_folder() / "report-cnn", tmp_path / "report-cnn")) / file
    assert not check_search("report-cnn", tmp_path).faults
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    assert check_search("report-cnn", tmp_path).faults
