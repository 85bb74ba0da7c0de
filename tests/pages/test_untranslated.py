"""Every text that a visitor reads is translated: in a made-up language no page shows an English word."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.batch.answering import BatchOptions
from core.batch.run import run_batch
from core.batch.table import RESULTS
from core.bundles.bundle import DEFAULT_CLASSIFIER, DEFAULT_SEGMENTER
from core.config import SAMPLES
from core.translation import language
from core.translation.language import speaking
from tests.pages.situations import NOTHING, STORE, clear_caches, opened, situation
from tests.pages.untranslated import SPOKEN, left_in_english, made_up, made_up_language, names, shown_texts
from tests.volumes import a_head, dicom_series, nifti

ADDRESSES: list[tuple[str, dict[str, str]]] = [
    ("analyse", {}),
    ("analyse", {"sample": "glioma-axial-2"}),
    ("analyse", {"sample": "no-tumour-axial", "networks": "Report CNN + U-Net"}),
    ("analyse", {"sample": "glioma-volume"}),
    ("analyse", {"sample": "figshare"}),
    ("explain", {}),
    ("errors", {}),
    ("errors", {"true": "glioma", "predicted": "meningioma", "slice": "1"}),
    ("errors", {"view": "Confidence"}),
    ("errors", {"view": "Compare"}),
    ("errors", {"view": "Report's tables"}),
    ("masks", {}),
    ("masks", {"view": "Slices"}),
    ("masks", {"view": "Why IoU says 0.49"}),
    ("external", {}),
    ("external", {"view": "Thresholds"}),
    ("external", {"view": "By image kind"}),
    ("training", {}),
    ("training", {"kind": "Masks"}),
    ("tuning", {}),
    ("report", {}),
    ("models", {}),
    ("models", {"view": "Card"}),
    ("models", {"show": "Slice-level and patient-level splits"}),
    ("models", {"show": "Internal and external"}),
    ("models", {"show": "Published results"}),
    ("data", {}),
]
SLICE_PAGES = ("errors", "masks", "explain", "analyse")
"""Pages that open a slice of the data set by its number in the address."""
TIMEOUT = 120
SPANISH = language.LOCALE
HEAD, _ = a_head((16, 40, 32))
REFUSED = {
    "text": b"no picture",
    "empty": b"",
    "cut picture": (SAMPLES / "glioma-axial-2.png").read_bytes()[:200],
    "odd mat": b"MATLAB 5.0" + bytes(200),
    "cut volume": nifti(HEAD)[:500],
    "odd zip": b"PK\x03\x04" + bytes(40),
}
"""Contents of files that cannot be read."""


@pytest.fixture(scope="module")
def known() -> re.Pattern[str]:
    return names()


@pytest.fixture(autouse=True)
def in_the_made_up_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # A test that fills in a form reads the words of its choices, as the page does.
    with (
        made_up_language(monkeypatch),
        situation(NOTHING, tmp_path, monkeypatch),
        speaking(SPOKEN),
    ):
        yield


@pytest.mark.parametrize(
    ("page", "query"), ADDRESSES, ids=lambda part: part if isinstance(part, str) else "-".join(part.values())
)
def test_no_english_word_is_left(page: str, query: dict[str, str], known: re.Pattern[str]) -> None:
    assert_nothing_left(opened(page, lang=SPOKEN, **query), known)


@pytest.mark.parametrize("page", SLICE_PAGES)
def test_no_english_word_is_left_beside_an_open_slice(
    page: str, known: re.Pattern[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with situation(STORE, tmp_path, monkeypatch):
        assert_nothing_left(opened(page, lang=SPOKEN, slice="1"), known)


@pytest.mark.dataset
@pytest.mark.parametrize("page", SLICE_PAGES)
def test_no_english_word_is_left_beside_a_slice_of_the_data_set(
    page: str, known: re.Pattern[str], data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLICESCOPE_DATA", str(data_folder))
    clear_caches()
    assert_nothing_left(opened(page, lang=SPOKEN, slice="1"), known)


def test_no_english_word_is_left_of_many_uploads(known: re.Pattern[str]) -> None:
    app = uploaded(
        moved_sample("a.png", 3),
        moved_sample("b.png", 4),
        ("c.png", b"no picture"),
        ("d.mat", b"MATLAB 5.0" + bytes(200)),
        ("head.nii", nifti(HEAD)),
    )
    app.session_state["series"].job.wait(TIMEOUT)
    assert_nothing_left(app.run(), known)
    assert_nothing_left(app.toggle(key="analyse_many_series").set_value(True).run(), known)


@pytest.mark.parametrize("kind", ["nifti", "dicom"])
def test_no_english_word_is_left_of_a_volume(kind: str, known: re.Pattern[str]) -> None:
    dicom = [(f"IM{number}", data) for number, data in enumerate(dicom_series(HEAD))]
    app = uploaded(*([("head.nii", nifti(HEAD))] if kind == "nifti" else dicom))
    assert_nothing_left(app, known)
    app.button(key="analyse_volume_start").click().run()
    (analysis,) = app.session_state["volume_analyses"].values()
    analysis.wait(TIMEOUT)
    assert_nothing_left(app.run(), known)


def test_no_english_word_is_left_of_a_stored_batch(
    known: re.Pattern[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given, out = Path("1"), tmp_path / "2"  # names of folders without a word
    given.mkdir()
    (given / "a.png").write_bytes((SAMPLES / "glioma-axial-1.png").read_bytes())
    (given / "broken.png").write_bytes(b"no picture")
    (given / "head.nii").write_bytes(nifti(HEAD))
    run_batch((str(given),), out, BatchOptions(DEFAULT_CLASSIFIER, DEFAULT_SEGMENTER), as_series=True)
    monkeypatch.setenv("SLICESCOPE_BATCH", str(out))
    app = opened("analyse", lang=SPOKEN)
    assert_nothing_left(app, known)
    for row in (1, 2, len(pd.read_parquet(out / RESULTS))):
        assert_nothing_left(app.number_input[0].set_value(row).run(), known)


@pytest.mark.parametrize("kind", REFUSED)
def test_no_english_word_is_left_of_a_refused_file(kind: str, known: re.Pattern[str]) -> None:
    app = uploaded(("x.png", REFUSED[kind]))
    assert app.error
    assert_nothing_left(app, known)


def assert_nothing_left(app: AppTest, known: re.Pattern[str]) -> None:
    """Expect a page that shows no English word."""
    assert not app.exception
    left = {text: words for text in shown_texts(app) if (words := left_in_english(text, known))}
    assert left == {}


def uploaded(*files: tuple[str, bytes]) -> AppTest:
    """The Analyse page after an upload."""
    app = opened("analyse", lang=SPOKEN)
    app.file_uploader[0].set_value([(name, data, "application/octet-stream") for name, data in files])
    return app.run()


def moved_sample(name: str, shift: int) -> tuple[str, bytes]:
    """A sample moved to the side, which is not known to be one."""
    with Image.open(SAMPLES / "glioma-axial-1.png") as image:
        file = io.BytesIO()
        Image.fromarray(np.roll(np.asarray(image.convert("L")), shift, axis=1)).save(file, "PNG", compress_level=1)
    return name, file.getvalue()


def test_an_english_word_is_noticed(known: re.Pattern[str]) -> None:
    assert made_up("{count} slices") == "{count} ｓｌｉｃｅｓ"
    assert left_in_english(made_up("[Slices](#term-slice) of :material/info: `code`"), known) == []
    assert left_in_english('<b title="Title">ｔｅｘｔ</b> unified-unet of', known) == ["of", "Title"]


def test_figures_kept_in_spanish_are_not_shown_in_the_made_up_language(
    known: re.Pattern[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(language, "LOCALE", SPANISH)
        language.catalogue.cache_clear()
        assert any("Filtros" in text for text in shown_texts(opened("tuning", lang=SPOKEN)))
    with made_up_language(monkeypatch), situation(NOTHING, tmp_path, monkeypatch):
        assert_nothing_left(opened("tuning", lang=SPOKEN), known)


def test_the_texts_of_charts_tables_and_components_are_found() -> None:
    found = {*shown_texts(opened("masks", lang=SPOKEN))}
    for text in ("Slice", "Class", "true mask, pixels", "Copy link", "Threshold"):
        assert any(made_up(text) in each for each in found), text
