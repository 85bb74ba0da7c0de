"""The results of a batch, read again: the table, the whole of a row, its overlay, and what is none."""

import re
from pathlib import Path

import pytest

from core.batch.answering import Answerer, BatchOptions
from core.batch.inputs import group_files
from core.batch.sources import list_files
from core.batch.stored import StoredBatch
from core.batch.table import ERRORS, RESULTS, Parts, table_schema
from core.bundles.bundle import DEFAULT_CLASSIFIER, DEFAULT_SEGMENTER
from core.config import CLASSES, SAMPLES
from core.errors import BatchError
from core.translation.language import speaking
from core.translation.messages import tr
from tests.volumes import a_head, nifti

NAMES = ("glioma-axial-1.png", "no-tumour-axial.png")


def a_batch(folder: Path, scans: Path) -> Path:
    """Answer two samples, a file that fails and a volume into a folder, as ``core batch`` does."""
    scans.mkdir()
    for name in NAMES:
        (scans / name).write_bytes((SAMPLES / name).read_bytes())
    (scans / "note.png").write_bytes(b"no picture")
    (scans / "zhead.nii").write_bytes(nifti(a_head((4, 40, 32))[0]))

    def write(name: str, content: bytes) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)

    answer = Answerer(BatchOptions(DEFAULT_CLASSIFIER, DEFAULT_SEGMENTER, overlays=True), write)
    parts = Parts(folder, table_schema(CLASSES))
    for given in group_files(list_files((str(scans),), folder)):
        parts.append(answer(given, None).rows)
    parts.merge(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("batch")
    return a_batch(place / "out", place / "scans")


def test_each_row_has_its_whole_result_and_its_overlay(folder: Path) -> None:
    batch = StoredBatch(folder)
    assert "result" not in batch.table and batch.table["of"].iloc[-1] == "error"
    for place, row in batch.table.iloc[:-1].iterrows():
        result = batch.result(place)
        assert result is not None and result["name"] == row["name"]
        assert result.get("slice") == (None if row["slice"] != row["slice"] else row["slice"])
    assert batch.result(len(batch.table) - 1) is None and "picture" in batch.table["error"].iloc[-1]
    assert [bool(batch.overlay(place)) for place in range(2)] == [True, True]
    assert batch.overlay(len(batch.table) - 1) is None


def test_a_later_reader_is_told_in_another_language(folder: Path) -> None:
    batch = StoredBatch(folder)
    result = batch.result(0)
    assert result is not None
    figures = result["gate"]["figures"]
    told = {language: spoken(batch, figures, language) for language in ("en", "es")}
    (english, english_figures), (spanish, spanish_figures) = told["en"], told["es"]
    stored = batch.table["remarks"].iloc[:-1]
    assert english[:-1] == [text if isinstance(text, str) else None for text in stored]
    assert english[-1] == batch.table["error"].iloc[-1]
    assert all(one is None or one != other for one, other in zip(spanish, english, strict=True))
    assert figures == english_figures.replace("\N{NO-BREAK SPACE}", " ") and spanish_figures.startswith(
        "El puntaje de tumor es "
    )
    numbers = [re.findall(r"\d+[.,]\d", text) for text in (english_figures, spanish_figures)]
    assert numbers[1] == [number.replace(".", ",") for number in numbers[0]] != []


def spoken(batch: StoredBatch, figures: str, language: str) -> tuple[list[str | None], str]:
    """The remarks of a batch, and the figures of a result of it, in a language."""
    with speaking(language):
        return [text if isinstance(text, str) else None for text in batch.remarks()], tr(figures)


def test_an_overlay_outside_the_folder_is_not_read(folder: Path) -> None:
    batch = StoredBatch(folder)
    (folder.parent / "secret.png").write_bytes(b"x")
    batch.table.loc[0, "overlay_file"] = "../secret.png"
    assert batch.overlay(0) is None


def test_a_folder_without_results_and_damaged_ones_get_a_sentence(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BatchError, match=RESULTS):
        StoredBatch(tmp_path)
    (tmp_path / RESULTS).write_bytes((folder / RESULTS).read_bytes()[:500])
    (tmp_path / ERRORS).write_bytes((folder / ERRORS).read_bytes())
    with pytest.raises(BatchError, match="damaged"):
        StoredBatch(tmp_path)
