"""Reports: what their pages say and show, and what a PDF reader needs to know of them."""

import io
import time
from pathlib import Path

import pytest

import core
from core.api.model import Model
from core.batch.reports import PAGES, report_page, write_report
from core.batch.stored import StoredBatch
from core.cli.main import main
from core.config import NOTICE, ROOT, SAMPLES
from core.labels import CLASS_LABELS, OUTCOME_LABELS
from core.translation.language import speaking
from core.translation.messages import tr
from tests.volumes import PLANTED, a_head, dicom_series

pypdf = pytest.importorskip("pypdf")
VALUES, _ = a_head()
EXAMPLE = ROOT / "docs" / "report.pdf"
EXAMPLE_OF = SAMPLES / "glioma-axial-2.png"
A4 = (595, 842)
"""In points."""


@pytest.fixture(scope="module")
def model() -> Model:
    return core.load()


def read(path: Path) -> "pypdf.PdfReader":
    return pypdf.PdfReader(io.BytesIO(path.read_bytes()))


def text_of(page: "pypdf.PageObject") -> str:
    """The text of a page, whose lines may be broken anywhere."""
    return " ".join(page.extract_text().replace("\N{NO-BREAK SPACE}", " ").split())


def predicted(path: Path, *files: object) -> "pypdf.PdfReader":
    assert main(["predict", *map(str, files), "--pdf", str(path)]) == 0
    return read(path)


def test_a_slice_s_page_says_what_is_known_and_how_far_to_trust_it(tmp_path: Path, model: Model) -> None:
    report, result = predicted(tmp_path / "one.pdf", EXAMPLE_OF), model(EXAMPLE_OF)
    (page,) = report.pages
    text, card = text_of(page), model.predictor.classifier.card
    assert card.metrics.test is not None and card.metrics.test.patient_accuracy is not None
    for expected in (
        EXAMPLE_OF.name,
        CLASS_LABELS[result.class_].title,
        f"{100 * max(result.gate.calibrated_probabilities.values()):.1f} %",
        OUTCOME_LABELS[result.outcome].title,
        result.reason,
        result.gate.figures,
        f"{result.mask.area_px:,} px",
        card.title,
        card.version,
        f"{card.metrics.test.patients} patients",
        f"{100 * card.metrics.test.patient_accuracy:.1f} %",
        "patient-level split",
        NOTICE,
        *result.notes,
    ):
        assert expected in text, expected
    assert len(page.images) == 3, "slice, mask and heat map"


def test_a_reader_is_told_title_language_and_fonts(tmp_path: Path) -> None:
    report = predicted(tmp_path / "one.pdf", EXAMPLE_OF)
    assert report.trailer["/Root"]["/Lang"] == "en-GB"
    assert EXAMPLE_OF.name in report.metadata.title
    (page,) = report.pages
    assert (round(float(page.mediabox.width)), round(float(page.mediabox.height))) == A4
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    assert len(fonts) == 2, "regular and bold"
    for font in fonts:
        descendant = font["/DescendantFonts"][0].get_object()
        assert "DejaVu" in descendant["/BaseFont"]
        assert "/FontFile2" in descendant["/FontDescriptor"].get_object(), "embedded"
        assert "/ToUnicode" in font, "its text can be selected"


def test_what_is_withheld_is_not_shown(tmp_path: Path) -> None:
    (page,) = predicted(tmp_path / "odd.pdf", SAMPLES / "no-brain" / "chart-3.png").pages
    assert len(page.images) == 1
    assert "px" not in text_of(page) and "probabilities" not in text_of(page)


def test_two_bundles_are_both_named_with_their_patient_level_figures(tmp_path: Path) -> None:
    path = tmp_path / "two.pdf"
    bundles = ["--classifier", "report-cnn", "--segmenter", "report-unet"]
    assert main(["predict", str(EXAMPLE_OF), *bundles, "--pdf", str(path)]) == 0
    text = text_of(read(path).pages[0])
    assert all(name in text for name in ("report-cnn", "report-unet", "report-cnn-patients", "report-unet-patients"))


def test_a_volume_has_a_page_and_nothing_of_its_header(tmp_path: Path) -> None:
    folder = tmp_path / "series"
    folder.mkdir()
    for number, data in enumerate(dicom_series(VALUES[12:18])):
        (folder / f"{number}.dcm").write_bytes(data)
    report = predicted(tmp_path / "volume.pdf", folder, EXAMPLE_OF)
    summary, volume, _slice = report.pages
    assert "series" in text_of(summary) and "axial slices" in text_of(volume)
    assert PLANTED not in str(report.metadata) + "".join(page.extract_text() for page in report.pages)


def test_letters_that_the_font_lacks_are_replaced(tmp_path: Path, model: Model) -> None:
    page = report_page(model(EXAMPLE_OF)._answered, model.predictor)  # type: ignore[union-attr, arg-type]
    page.result["name"] = "Ärzte 脳 🧠 .png"
    write_report(tmp_path / "odd.pdf", [page], (model.predictor.classifier,))
    assert "Ärzte \ufffd \ufffd .png" in text_of(read(tmp_path / "odd.pdf").pages[0])


def test_a_batch_s_report_has_a_page_for_each_input(tmp_path: Path) -> None:
    files = sorted(SAMPLES.glob("*.png"))[:3]
    assert main(["batch", *map(str, files), "--pdf", "--out", str(tmp_path / "out")]) == 0
    report = read(tmp_path / "out" / "report.pdf")
    assert len(report.pages) == 4
    assert all(path.name in text_of(page) for path, page in zip(files, report.pages[1:], strict=True))


def test_a_batch_s_report_speaks_the_environment_s_language_and_its_tables_english(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "es_AR.UTF-8")
    files, out = [EXAMPLE_OF, SAMPLES / "no-tumour-axial.png"], tmp_path / "out"
    assert main(["batch", *map(str, files), "--pdf", "--as-series", "--out", str(out)]) == 0
    summary, page, _ = map(text_of, read(out / "report.pdf").pages)
    with speaking("es"):
        stored = StoredBatch(out)
        result = stored.result(0)
        assert result is not None
        for expected in (tr(result["reason"]), tr(result["gate"]["figures"]), *map(tr, result["notes"]), tr(NOTICE)):
            assert expected.replace("\N{NO-BREAK SPACE}", " ") in page
        assert stored.remarks().iloc[-1] in summary, "which slices count"
        assert OUTCOME_LABELS[result["outcome"]].title in page
    assert result["gate"]["figures"].startswith("The tumour score is ")
    assert "left out: 1 no tumour found" in (out / "results.csv").read_text(encoding="utf-8")


def test_a_report_is_written_in_time(tmp_path: Path, model: Model) -> None:
    """A hundred slices may take 20 s; a tenth of that is given here to a tenth of them, and twice as much to start."""
    page = report_page(model(EXAMPLE_OF)._answered, model.predictor)  # type: ignore[union-attr, arg-type]
    began = time.process_time()
    write_report(tmp_path / "ten.pdf", [page] * 10, (model.predictor.classifier,))
    assert time.process_time() - began < 6
    assert PAGES >= 100


def test_the_example_in_docs_is_the_code_s(tmp_path: Path) -> None:
    made = predicted(tmp_path / "report.pdf", EXAMPLE_OF)
    assert [text_of(page) for page in read(EXAMPLE).pages] == [text_of(page) for page in made.pages], (
        "python -m core predict samples/glioma-axial-2.png --pdf docs/report.pdf writes it"
    )
