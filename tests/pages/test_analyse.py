"""The Analyse page without a browser: what it shows for samples, uploads, numbers and wrong files."""

import io
import json
import re
import shutil
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.bundles.bundle import CARD, GATE, WEIGHTS, open_bundle
from core.bundles.listing import list_bundles
from core.config import CLASSIFICATION, NOTICE, ROOT
from core.inference.gate import GateDecision
from core.inference.render import TRUE_COLOUR
from core.labels import CLASS_LABELS, OUTCOME_LABELS
from core.outcome import CONFIDENT, LOW_CONFIDENCE, NO_TUMOUR, NOT_A_HEAD, OUTCOMES, UNUSUAL, WITHHELD, GateThresholds
from core.readers import samples
from core.readers.decoder import Decoder
from core.readers.samples import read_samples
from panels.analyse import details, doors
from panels.shared import model_choice, predictions
from panels.shared.labels import SPLITS_SECTION
from panels.shared.slices.held import HeldSlice
from panels.shared.theme import percent
from tests.pages.situations import ask_in_viewer, bars, own_predictions, sound, viewers
from tests.published import a_slice, mat_bytes
from tests.settings import SHIPPED_MODELS

TIMEOUT = 120


def opened(**query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "frame.py"), default_timeout=TIMEOUT)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def texts(app: AppTest) -> str:
    return "\n".join(element.value for kind in (app.markdown, app.caption, app.info, app.warning) for element in kind)


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def sample_file(name: str = "pituitary-coronal-1") -> bytes:
    return (ROOT / "samples" / f"{name}.png").read_bytes()


def viewer(app: AppTest) -> dict[str, Any]:
    """Return what the page's viewer is told of its picture."""
    (header,) = viewers(app)
    return header


def layer_names(header: dict[str, Any]) -> list[str]:
    return [layer["name"] for layer in header["layers"]]


def upload(app: AppTest, *files: tuple[str, bytes]) -> AppTest:
    app.file_uploader[0].set_value([(name, data, "application/octet-stream") for name, data in files])
    return app.run()


def test_the_start_shows_the_notice_a_finished_answer_and_every_sample_and_runs_no_network(monkeypatch):
    def run(*arguments: object) -> None:
        pytest.fail("the answer is stored")

    monkeypatch.setattr(predictions, "_run_networks", run)
    app = opened()
    assert not app.exception and not app.error
    first = read_samples()[0]
    (headline,) = [header.value for header in app.header]
    assert headline.startswith(CLASS_LABELS[first.class_name].title) and "%" in headline
    assert "True class" in texts(app)
    assert NOTICE in texts(app)
    keys = {button.key for button in app.button}
    assert {f"analyse_sample_{sample.name}" for sample in read_samples()} <= keys


def test_the_example_is_of_the_chosen_networks():
    report = opened(networks="Report CNN + U-Net")
    assert not report.exception and not report.error
    assert report.header[0].value != opened().header[0].value


def test_the_start_leads_to_views_that_their_pages_have():
    models, masks = ((ROOT / "pages" / f"{name}.py").read_text(encoding="utf-8") for name in ("models", "masks"))
    assert "SPLITS_SECTION:" in models and doors.SPLITS_SECTION == SPLITS_SECTION
    assert f'"{doors.IOU_VIEW}"' in masks


def test_the_start_and_the_section_it_leads_to_have_the_same_figures():
    (door,) = [each.value for each in opened().markdown if "The report's network" in each.value]
    models = AppTest.from_file(str(ROOT / "frame.py"), default_timeout=TIMEOUT).switch_page("pages/models.py")
    models.query_params["show"] = SPLITS_SECTION
    (chart,) = [
        each.value for each in models.run().caption if each.value.startswith("Accuracy") and "Report CNN " in each.value
    ]
    figures = re.findall(r"[\d.]+\xa0%", door)
    assert len(figures) == 2 and all(figure in chart for figure in figures)


def test_a_sample_in_the_address_is_analysed():
    app = opened(sample="meningioma-axial-1")
    assert not app.exception and not app.error
    assert "%" in app.header[0].value
    text = texts(app)
    assert "True class" in text and "Dice" in text and "Simulated" in text
    assert text.count("(unified-unet)") == 2
    assert "slice-level" not in text.lower() and "patient-level" in text.lower()


def test_the_reports_networks_are_one_click_away_and_their_split_is_named_leaky():
    app = opened(sample="glioma-axial-1")
    app.selectbox(key="networks").set_value("Report CNN + U-Net").run()
    assert not app.exception and not app.error
    text = texts(app)
    assert "(report-cnn)" in text and "(report-unet)" in text
    assert "slice-level" in text.lower() and "leaks" in text and "patient-level" in text.lower()
    for title in ("Report CNN + U-Net", "The report's two"):
        text = texts(opened(sample="glioma-axial-1", networks=title))
        assert "(report-cnn)" in text, "the title in the address, and the one it had before"


def test_a_slice_is_analysed_after_streamlit_has_cleared_kerass_session():
    import keras

    opened(sample="glioma-axial-1")
    keras.backend.clear_session()
    app = opened(sample="pituitary-coronal-1")
    assert not app.exception and not app.error and "%" in app.header[0].value


def test_pressing_a_sample_puts_it_into_the_address():
    app = opened()
    app.button(key="analyse_sample_no-tumour-axial").click().run()
    assert not app.exception and not app.error
    assert app.query_params["sample"] == "no-tumour-axial"
    assert "no tumour" in texts(app)


def test_a_further_run_never_runs_a_network(monkeypatch):
    app = opened(sample="glioma-axial-1")

    def fail(*_):
        raise AssertionError("a network ran")

    monkeypatch.setattr("core.inference.predictor.Predictor.__call__", fail)
    app.run()
    assert not app.exception and not app.error
    # The same patch does stop a slice that was not seen before.
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64)).astype(np.uint8)
    assert upload(app, ("new.png", png(pixels))).exception


def test_a_changed_address_decides():
    app = opened(sample="glioma-axial-1")
    app.query_params["sample"] = "pituitary-coronal-1"
    app.run()
    assert "pituitary" in texts(app).lower()
    assert app.session_state["chosen_slice"] == ("sample", "pituitary-coronal-1")


def test_a_wrong_upload_leaves_the_current_slice():
    app = upload(opened(sample="glioma-axial-1"), ("note.png", b"no picture"))
    assert len(app.error) == 1
    assert app.header and app.query_params["sample"] == "glioma-axial-1"


def test_the_viewer_has_the_slice_its_layers_and_the_probability():
    header = viewer(opened(sample="glioma-axial-1"))
    assert layer_names(header) == ["Heat map", "Probability", "True mask", "Predicted mask"]
    assert (header["width"], header["height"]) == (512, 512) and header["spacing"] and "Simulated" in header["notes"]
    assert not header["adjustable"]
    header = viewer(upload(opened(), ("mine.png", sample_file())))
    assert layer_names(header) == ["Heat map", "Probability", "Predicted mask"] and header["spacing"] is None
    assert header["adjustable"] and not header["undoable"]


@pytest.mark.parametrize("content", [None, b"no picture", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_a_missing_or_damaged_sample_is_told_and_the_others_stay(content, tmp_path, monkeypatch, fresh_caches):
    shutil.copytree(samples.SAMPLES, tmp_path / "samples")
    monkeypatch.setattr(samples, "SAMPLES", tmp_path / "samples")
    broken = tmp_path / "samples" / "glioma-axial-1.png"
    broken.unlink()
    if content is not None:
        broken.write_bytes(content)
    app = opened()
    assert not app.exception and ["glioma-axial-1" in error.value for error in app.error] == [True]
    assert {"analyse_sample_glioma-axial-2"} <= keys(app) and "analyse_sample_glioma-axial-1" not in keys(app)
    app = opened(sample="glioma-axial-1")
    assert not app.exception and any("glioma-axial-1" in error.value for error in app.error)
    assert len(app.header) == 1, "the example's"
    app.button(key="analyse_sample_glioma-axial-2").click().run()
    assert not app.exception and app.header[0].value.startswith("Glioma")


def test_a_damaged_first_sample_leaves_the_example_to_the_next(tmp_path, monkeypatch, fresh_caches):
    shutil.copytree(samples.SAMPLES, tmp_path / "samples")
    monkeypatch.setattr(samples, "SAMPLES", tmp_path / "samples")
    first, second = read_samples()[:2]
    (tmp_path / "samples" / first.path.name).unlink()
    app = opened()
    assert not app.exception and [first.name in error.value for error in app.error] == [True]
    assert len(app.header) == 1 and second.class_name


def forget_samples() -> None:
    samples.read_samples.cache_clear()
    samples.read_sample_volumes.cache_clear()


@pytest.mark.parametrize("content", [None, b"{", b"[1]", b"{}", b'[{"file": 3}]'])
def test_without_samples_a_picture_can_be_uploaded(content, tmp_path, monkeypatch, fresh_caches):
    if content is not None:
        (tmp_path / "samples.json").write_bytes(content)
    monkeypatch.setattr(samples, "SAMPLES", tmp_path)
    forget_samples()
    app = upload(opened(), ("mine.png", sample_file()))
    forget_samples()
    assert not app.exception and app.header
    assert not app.error or all(re.search(r"(samples|volumes)\.json", error.value) for error in app.error)


def test_text_from_the_address_is_no_markdown():
    app = opened(sample="[log in](https://example.org)")
    assert "[log in](" not in app.error[0].value
    assert not opened(slice="9" * 5000).exception


def test_an_unknown_sample_or_number_gets_one_sentence():
    assert "no sample 'nothing'" in opened(sample="nothing").error[0].value
    app = opened(slice="9999")
    assert not app.exception
    assert len(app.error) == 1


def test_an_upload_is_analysed_and_leaves_the_address_empty():
    app = upload(opened(sample="glioma-axial-1"), ("mine.png", sample_file()))
    assert not app.exception and not app.error
    assert "sample" not in app.query_params
    assert "True class" not in texts(app)
    # A PNG states no pixel spacing, so nothing is said in millimetres.
    assert "mm²" not in texts(app) and "longest diameter" not in texts(app)


def test_a_mat_shows_its_truth_and_never_its_pid():
    pixels, mask, border = a_slice(3, side=512)
    data = mat_bytes(pixels, mask, label=2, pid="ZZ000001B", border=border)
    app = upload(opened(), ("3.mat", data))
    assert not app.exception and not app.error
    assert "True class: **Glioma**" in texts(app)
    assert "ZZ000001" not in str(app.main)


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("note.txt", b"hello, this is no picture", "no readable PNG"),
        ("cut.png", sample_file()[:2000], "damaged or cut short"),
        ("empty.png", b"", "empty"),
        ("flat.png", png(np.full((64, 64), 7, np.uint8)), "same value"),
        ("other.mat", b"MATLAB 5.0 MAT-file" + bytes(600), "v7.3"),
        ("wide.png", png(np.zeros((20, 5000), np.uint8)), "at most 4096"),
    ],
)
def test_a_wrong_file_gets_one_sentence_and_the_good_one_beside_it_is_kept(name, data, sentence):
    app = upload(opened(), (name, data), ("good.png", sample_file()))
    assert not app.exception
    assert len(app.error) == 1
    assert sentence in app.error[0].value
    assert app.header, "the good slice is analysed"


def test_a_colour_photograph_gets_a_warning():
    colour = np.zeros((128, 128, 3), np.uint8)
    colour[:, :64, 0] = 200
    colour[:, 64:, 2] = 180
    app = upload(opened(), ("cat.png", png(colour)))
    assert not app.error
    assert "colour picture" in texts(app)


def test_a_slice_that_is_not_square_keeps_its_shape():
    pixels = np.asarray(Image.open(io.BytesIO(sample_file())))[100:400, :]
    app = upload(opened(), ("wide.png", png(pixels)))
    assert not app.exception and not app.error
    assert "512 x 300 px" in texts(app)


def test_several_uploads_are_stepped_through_and_make_one_table():
    files = [(f"{name}.png", sample_file(name)) for name in ("glioma-axial-1", "pituitary-axial-1", "no-tumour-axial")]
    app = upload(opened(), *files)
    assert "1 of 3" in texts(app)
    app.button(key="analyse_Next").click().run()
    assert "2 of 3" in texts(app)
    assert not app.exception
    assert len(app.dataframe[0].value) == 3


def test_a_sample_is_shown_without_running_a_network(monkeypatch):
    monkeypatch.setattr(predictions, "cached_predictor", None)
    app = opened(sample="glioma-axial-1")
    assert not app.exception and not app.error
    assert app.header[0].value and len(app.session_state["predictions"]) == 1


def let_gate_answer(monkeypatch, kind: str, *, score: float = 0.0, ood_score: float = 5.0) -> None:
    """Make the gate give this answer to every slice."""
    limits = GateThresholds(no_tumour=-1, tumour=1, sure=0.8, strange=20, temperature=1)
    decision = GateDecision(kind, score, ood_score, np.array([0.1, 0.6, 0.3]), limits)
    predict = predictions.predict
    monkeypatch.setattr(
        predictions, "predict", lambda *args, **options: replace(predict(*args, **options), gate=decision)
    )


@pytest.fixture
def gated(monkeypatch):
    """Make the gate give an answer to every slice: gated(kind, …)."""
    return partial(let_gate_answer, monkeypatch)


def asked(app: AppTest) -> AppTest:
    """The page after a press of the button that shows what an outcome withholds, or hides it again."""
    (button,) = [button for button in app.button if "_anyway_button_" in (button.key or "")]
    return button.click().run()


@pytest.fixture
def offered(monkeypatch):
    """What can be downloaded: each button's label, and what makes its file."""
    downloads = {}
    monkeypatch.setattr(details, "_button", lambda label, data, *_: downloads.update({label: data}))
    return downloads


def test_an_out_of_distribution_image_has_no_class_and_no_mask_unless_asked(gated):
    gated(UNUSUAL, ood_score=31)
    app = opened(sample="glioma-axial-1")
    assert not app.exception and not app.error
    assert app.header[0].value == OUTCOME_LABELS[UNUSUAL].title
    text = texts(app)
    assert "The OOD score is 31" in text and "differs from the slices" in text
    assert "Predicted area" not in text and not bars(app)
    asked(app)
    assert "Predicted area" in texts(app) and bars(app) and "Most probable class: **" in texts(app)
    asked(app)
    assert "Predicted area" not in texts(app) and not bars(app), "and hidden again"


@pytest.mark.parametrize("kind", WITHHELD)
def test_the_downloads_of_a_flagged_image_show_no_more_than_the_page(gated, offered, kind):
    def coloured() -> bool:
        with Image.open(io.BytesIO(offered["Overlay PNG"]())) as image:
            picture = np.asarray(image)
        # The true mask is not the networks' answer.
        rest = picture[(picture != TRUE_COLOUR).any(axis=2)]
        return bool(np.ptp(rest.astype(int), axis=1).any())

    gated(kind)
    app = opened(sample="glioma-axial-1")
    assert not coloured()
    assert "Mask PNG" not in offered
    asked(app)
    assert not app.exception
    assert coloured()
    assert "Mask PNG" in offered


@pytest.mark.parametrize(
    ("kind", "why"), [(UNUSUAL, "unusual image"), (NOT_A_HEAD, "not a head slice"), (NO_TUMOUR, "no tumour found")]
)
def test_a_hidden_mask_is_neither_measured_nor_compared_with_the_truth(gated, kind, why):
    gated(kind)
    app = opened(sample="glioma-axial-1")
    text = texts(app)
    assert "no measurements" in text and why in text
    assert not re.search(r"\d components?\b", text) and "longest diameter" not in text and "**Dice" not in text
    assert "True class: **Glioma**" in text
    asked(app)
    text = texts(app)
    assert "no measurements" not in text
    assert re.search(r"\d components?\b", text) and "**Dice" in text


def test_showing_a_flagged_upload_does_not_show_another_of_the_same_name(gated):
    gated(UNUSUAL)
    app = upload(opened(), *(("scan.png", sample_file(name)) for name in ("glioma-axial-1", "pituitary-axial-1")))
    asked(app)
    assert bars(app)
    app.button(key="analyse_Next").click().run()
    assert not app.exception
    assert "2 of 2" in texts(app)
    assert not bars(app)


def test_a_refitted_gate_leaves_no_stale_answers(tmp_path, configure):
    folder = tmp_path / "unified-unet"
    shutil.copytree(SHIPPED_MODELS / "unified-unet", folder)
    configure(models=tmp_path)
    app = opened(sample="glioma-axial-1")
    assert not app.header[0].value.startswith(("Unusual image", "Not a head slice"))
    card = json.loads((folder / CARD).read_text())
    card["screen"]["thresholds"]["strange"] = -1
    (folder / CARD).write_text(json.dumps(card))
    app.run()
    assert not app.exception
    assert app.header[0].value == "Unusual image"


def test_predictions_depend_on_the_gates_file_too():
    bundle = open_bundle("unified-unet")
    other = replace(bundle, card=bundle.card.changed({"files": bundle.card.files | {GATE: bundle.card.files[WEIGHTS]}}))
    keys = {
        predictions._prediction_key(None, variant, variant) for variant in (bundle, other, open_bundle("unified-unet"))
    }
    assert len(keys) == 2


def test_a_slice_without_a_tumour_gets_that_answer_with_the_reason(gated):
    gated(NO_TUMOUR, score=-2.5)
    app = opened(sample="no-tumour-axial")
    assert app.header[0].value == "No tumour found"
    text = texts(app)
    assert "no sign of a tumour" in text and re.search(r"is -2\.5; below -1\.0 .*no tumour", text)
    assert re.search(r":green\[.*\] .*\*\*no tumour\*\*", text)
    assert re.search(r":red\[.*\] .*\*\*Glioma\*\*", texts(opened(sample="glioma-axial-1")))


@pytest.mark.parametrize("kind", OUTCOMES)
def test_a_line_beside_the_answer_says_how_often_such_an_answer_is_right(gated, kind):
    gated(kind)
    metrics = open_bundle("unified-unet").card.metrics.external
    own, outside = metrics.figshare_by_outcome[kind], metrics.by_outcome[kind]
    lines = [each.value for each in opened(sample="glioma-axial-1").markdown]
    (line,) = [line for line in lines if "uch answers" in line or "got this answer" in line]
    expected = {
        CONFIDENT: (f"{own.right} of {own.slices}", f"{outside.right} of {outside.slices}"),
        LOW_CONFIDENCE: (f"{own.right} of {own.slices}", f"{outside.right} of {outside.slices}"),
        NO_TUMOUR: (f"{outside.right} of {outside.slices}", f"{own.slices} of {metrics.figshare_all.slices}"),
    }
    others = metrics.non_brain_by_outcome[kind].slices, own.slices, outside.slices
    assert all(f"**{part}" in line for part in expected.get(kind, [f"{count} of" for count in others]))


def test_a_network_without_a_gate_is_said_to_have_none_and_how_often_its_class_is_right():
    app = opened(sample="glioma-axial-1", networks="Report CNN + U-Net")
    patients = open_bundle(open_bundle("report-cnn").card.data.by_patient_bundle).test_metrics
    text = texts(app)
    assert f"**{percent(patients.accuracy)}** of {patients.slices} slices of new patients" in text
    assert "No gate" in text and "Such answers" not in text


def test_accuracy_after_the_gate_stands_before_accuracy_before_it():
    card = open_bundle("unified-unet").card.metrics
    text = texts(opened(sample="glioma-axial-1"))
    answer, alone = (
        text.index(f"**{percent(share)}** {words}")
        for share, words in (
            (card.external.figshare_all.right, "are classified correctly"),
            (card.test.accuracy, "on 570 slices"),
        )
    )
    assert answer < text.index("before the gate") < alone
    assert "before the gate" not in texts(opened(sample="glioma-axial-1", networks="Report CNN + U-Net"))


@pytest.mark.parametrize("kind", WITHHELD)
def test_an_abstention_hides_scores_and_layers_of_class_and_mask(gated, kind):
    gated(kind)
    app = opened(sample="glioma-axial-1")
    text = texts(app)
    assert "are classified correctly" in text and "before the gate" not in text and "**Mask:**" not in text
    assert layer_names(viewer(app)) == ["True mask"]
    asked(app)
    assert "before the gate" in texts(app) and layer_names(viewer(app))[0] == "Heat map"


def test_a_choice_holds_on_explain_too_and_an_upload_is_not_lost():
    app = upload(opened(), ("own.png", sample_file()))
    identity = app.session_state["chosen_slice"]
    app.switch_page("pages/explain.py").run()
    assert not app.exception and not app.error
    assert "Choose another slice" in [expander.label for expander in app.expander]
    assert identity in held(app)
    app.switch_page("pages/analyse.py").run()
    assert not app.exception and not app.error
    assert app.header and app.session_state["chosen_slice"] == identity
    app.button(key="analyse_sample_glioma-axial-1").click().run()
    assert identity in held(app)
    app.switch_page("pages/explain.py").run()
    assert not app.exception and "slice glioma-axial-1" not in texts(app)
    assert app.session_state["chosen_slice"] == ("sample", "glioma-axial-1")


def test_an_upload_that_is_removed_does_not_come_back():
    app = upload(opened(), ("own.png", sample_file()))
    app.file_uploader[0].set_value([])
    app.run()
    assert not app.exception and not app.error and not held(app)
    assert "upload" not in app.query_params
    assert "Choose a slice" in [expander.label for expander in app.expander]


def held(app: AppTest) -> set[tuple[str, str]]:
    return {
        ("upload", name) for name, content in app.session_state["uploads"].items() if isinstance(content, HeldSlice)
    }


def test_an_upload_that_the_session_does_not_hold_is_told_and_the_page_goes_on():
    app = opened(upload="12345678")
    assert not app.exception and len(app.error) == 1
    app.button(key="analyse_sample_glioma-axial-1").click().run()
    assert not app.exception and not app.error and app.header


def test_several_uploads_survive_a_change_of_page_and_are_removed_one_by_one():
    app = upload(opened(), ("a.png", sample_file()), ("b.png", sample_file("glioma-axial-1")))
    app.switch_page("pages/models.py").run()
    app.switch_page("pages/analyse.py").run()
    assert not app.exception and not app.error and len(held(app)) == 2
    app.button(key="analyse_remove").click().run()
    assert not app.exception and not app.error and len(held(app)) == 1 and app.header
    app.button(key="analyse_remove").click().run()
    assert not app.exception and not app.error and not held(app)
    assert "Choose a slice" in [expander.label for expander in app.expander]


def framed_sample(name: str = "glioma-axial-1") -> bytes:
    with Image.open(io.BytesIO(sample_file(name))) as image:
        return png(np.pad(np.asarray(image.convert("L")), 12, constant_values=255))


def test_a_frame_is_trimmed_told_and_put_back_on_request():
    app = upload(opened(), ("framed.png", framed_sample()))
    assert not app.exception and not app.error
    notes = [note.value for note in app.caption if "12 px" in note.value]
    assert len(notes) == 1 and "512" not in notes[0]
    trimmed = own_predictions(app)
    answer = app.header[0].value
    assert answer == upload(opened(), ("plain.png", sample_file("glioma-axial-1"))).header[0].value
    app.button(key="analyse_undo").click().run()
    assert not app.exception and not any("12 px" in note.value for note in app.caption)
    assert len(trimmed) == 1 and len(own_predictions(app)) == 2, "the picture as it is, is another slice"
    app.button(key="analyse_undo").click().run()
    assert app.header[0].value == answer and any("12 px" in note.value for note in app.caption)


def keys(app: AppTest) -> set[str]:
    return {button.key for button in app.button}


def test_a_turn_is_offered_not_done_and_can_be_undone():
    turned = np.rot90(np.asarray(Image.open(io.BytesIO(sample_file("glioma-axial-2")))))
    app = upload(opened(), ("turned.png", png(turned)))
    assert "analyse_turn" in keys(app) and "analyse_undo" not in keys(app)
    app.button(key="analyse_turn").click().run()
    assert not app.exception and not app.error
    (note,) = [note.value for note in app.caption if "270°" in note.value]
    assert "analyse_turn" not in keys(app), "it looks upright now"
    upright = upload(opened(), ("plain.png", sample_file("glioma-axial-2")))
    assert app.header[0].value == upright.header[0].value
    assert "analyse_turn" not in keys(upright)
    app.button(key="analyse_undo").click().run()
    assert "analyse_turn" in keys(app) and not any(each.value == note for each in app.caption)


def test_pictures_of_a_composite_are_offered_apart_and_can_be_put_back():
    names = ("glioma-axial-1", "pituitary-axial-1", "meningioma-axial-1", "no-tumour-axial")
    tiles = [np.asarray(Image.open(io.BytesIO(sample_file(name)))) for name in names]
    framed = [np.pad(pixels, 5, constant_values=255) for pixels in tiles]
    app = upload(opened(), ("four.png", png(np.block([framed[:2], framed[2:]]))))
    assert not app.exception and {f"analyse_picture_{number}" for number in range(1, 5)} <= keys(app)
    app.button(key="analyse_picture_3").click().run()
    assert not app.exception and not app.error and app.button(key="analyse_picture_3").disabled
    alone = upload(opened(), ("one.png", sample_file(names[2])))
    assert app.header[0].value == alone.header[0].value
    assert "analyse_picture_1" not in keys(alone)
    app.button(key="analyse_undo").click().run()
    assert not app.exception and not app.button(key="analyse_picture_3").disabled


def test_undoing_keeps_the_pixel_size_that_was_typed_in():
    app = upload(opened(), ("own.png", sample_file()))
    (spacing,) = [box for box in app.number_input if box.key.startswith("analyse_spacing")]
    spacing.set_value(0.5).run()
    ask_in_viewer(app, "adjust", {"kind": "flip"})
    app.button(key="analyse_undo").click().run()
    assert not app.exception and "mm²" in texts(app)


def test_a_picture_is_turned_mirrored_inverted_and_cropped_in_the_viewer_and_all_of_it_undone():
    app = upload(opened(), ("own.png", sample_file()))
    pictures = [viewer(app)]
    for kind in ("left", "flip", "invert", "right"):
        sound(ask_in_viewer(app, "adjust", {"kind": kind}))
        pictures.append(viewer(app))
        assert pictures[-1]["undoable"]
    sound(ask_in_viewer(app, "adjust", {"kind": "crop", "box": [10, 410, 20, 320]}))
    assert (viewer(app)["height"], viewer(app)["width"]) == (400, 300)
    assert len({picture["picture"] for picture in pictures}) == len(pictures)
    for former in reversed(pictures):
        sound(ask_in_viewer(app, "adjust", {"kind": "undo"}))
        assert viewer(app) == former
    assert not any("Changed before" in note.value for note in app.caption), "all of it is undone"


def test_what_a_browser_may_not_ask_of_a_picture_changes_nothing():
    app = upload(opened(), ("own.png", sample_file()))
    before = viewer(app)
    for wish in ({"kind": "crop", "box": [0, 3, 0, 3]}, {"kind": "undo"}, {"kind": "delete"}, None):
        assert viewer(sound(ask_in_viewer(app, "adjust", wish))) == before


def test_millimetres_follow_from_a_pixel_size_that_is_typed_in():
    app = upload(opened(), ("own.png", sample_file()))
    (spacing,) = [box for box in app.number_input if box.key.startswith("analyse_spacing")]
    spacing.set_value(0.5).run()
    assert not app.exception and "mm²" in texts(app) and viewer(app)["spacing"] == 0.5


def test_a_true_mask_is_attached_to_an_upload():
    app = upload(opened(), ("own.png", sample_file("glioma-axial-1")))
    assert "against true mask" not in texts(app)
    (masks,) = [box for box in app.file_uploader if (box.key or "").startswith("analyse_mask")]
    masks.set_value([("mask.png", png(np.zeros((9, 9), np.uint8) + np.eye(9, dtype=np.uint8)), "image/png")])
    app.run()
    assert len(app.error) == 1
    (masks,) = [box for box in app.file_uploader if (box.key or "").startswith("analyse_mask")]
    mask = (ROOT / "samples" / "masks" / "glioma-axial-1.png").read_bytes()
    masks.set_value([("mask.png", mask, "image/png")])
    app.run()
    assert not app.exception and not app.error and re.search(r"against true mask: \*\*Dice 0\.[5-9]", texts(app))


@pytest.mark.parametrize("mask", [b"no picture", (ROOT / "samples" / "masks" / "glioma-axial-1.png").read_bytes()])
def test_a_mask_is_read_once_though_the_page_runs_again(mask, monkeypatch):
    read, original = [], Decoder.read
    monkeypatch.setattr(Decoder, "read", lambda self, data, name: read.append(name) or original(self, data, name))
    app = upload(opened(), ("own.png", sample_file("glioma-axial-1")))
    (masks,) = [box for box in app.file_uploader if (box.key or "").startswith("analyse_mask")]
    masks.set_value([("mask.png", mask, "image/png")])
    app.run()
    app.run()
    assert read.count("mask.png") == 1


@pytest.mark.parametrize("number", ["abc", "0", "99999", "-1", "1e3", "٣"])
def test_a_slice_that_there_is_not_is_told(number):
    app = opened(slice=number)
    assert not app.exception and len(app.error) == 1


def test_an_address_can_name_the_two_networks():
    pair = [open_bundle(name) for name in ("report-cnn-patients", "unified-unet")]
    address = model_choice.model_address(*(bundle.name for bundle in pair))
    app = opened(sample="glioma-axial-1", **address)
    assert [app.selectbox(key=key).value for key in ("class_by", "mask_by")] == [bundle.name for bundle in pair]
    own = "unified-unet"
    assert model_choice.model_address(own, own) == {"networks": model_choice.UNIFIED_NETWORK}


def test_low_confidence_gives_class_and_probability_and_says_why(gated):
    gated(LOW_CONFIDENCE, score=3)
    app = opened(sample="glioma-axial-1")
    (heading,) = [heading.value for heading in app.header]
    assert re.fullmatch(r"\w+( tumour)? · [136]0\.0\xa0%", heading)
    text = texts(app)
    assert "Low confidence" in text and "no type is clearly" in text
    assert "probable type has 60\xa0%" in text and "Predicted area" in text
    assert re.search(r":(green|red)\[.*\] .*\*\*Glioma\*\*", text), "the class is given, so it is right or wrong"
    assert bars(app)


def test_any_network_can_be_chosen_for_class_and_mask():
    app = opened(sample="glioma-axial-1", networks="Custom")
    app.selectbox(key="class_by").set_value("report-cnn-patients").run()
    app.selectbox(key="mask_by").set_value("unified-unet").run()
    assert not app.exception and not app.error
    text = texts(app)
    assert "(report-cnn-patients)" in text and text.count("(unified-unet)") == 1
    assert set(app.selectbox(key="class_by").options) == {
        open_bundle(name).card.title for name in list_bundles().evaluated(CLASSIFICATION)
    }


@pytest.mark.dataset
def test_a_numbered_slice_says_that_a_network_was_trained_on_it(data_folder, monkeypatch):
    from core.dataset import splits

    number = int(splits.split_parts("table-1").pipe(lambda part: part.index[part == "train"][0]))
    app = opened(slice=str(number), networks="Report CNN + U-Net")
    assert not app.exception and not app.error
    assert re.search(rf"\b{number} .*training part .*\bReport CNN\b", texts(app))
    assert "mm²" in texts(app) or "No tumour outlined" in texts(app)


def test_without_a_data_set_the_page_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("SLICESCOPE_DATA", str(tmp_path))
    app = opened()
    assert not app.exception
    assert not app.number_input
    assert "README" in texts(app)
