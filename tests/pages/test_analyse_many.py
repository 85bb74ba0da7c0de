"""Many uploads on the Analyse page without a browser: the table, what stops it, what fails, and its files."""

import csv
import io
import json
import threading
import zipfile

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.api import series
from core.batch.reports import series_report
from core.batch.stored import StoredBatch
from core.bundles.bundle import DEFAULT_CLASSIFIER, open_bundle
from core.config import ROOT, SAMPLES
from core.dataset import splits
from core.hardware import usable_cores
from core.inference.predictor import Predictor
from core.inference.volumes.analysis import sure_probability
from core.inference.volumes.series import left_out_message, series_result
from panels.analyse.many.stored import ROW
from panels.shared.answer import class_text
from panels.shared.predictions import cached_predictor
from panels.shared.results_table import FAILED, NAME, OUTCOME, PICTURE, PROBABILITY, REMARKS, WAITING
from tests.core.batch.test_stored import a_batch
from tests.pages.situations import opened as page_opened
from tests.pages.situations import own_predictions, sound
from tests.volumes import a_head, nifti

TIMEOUT = 120
NAMES = ("glioma-axial-1", "no-tumour-axial", "pituitary-axial-1")


def png(shift: int = 0, name: str = NAMES[0]) -> bytes:
    with Image.open(SAMPLES / f"{name}.png") as image:
        file = io.BytesIO()
        Image.fromarray(np.roll(np.asarray(image.convert("L")), shift, axis=1)).save(file, "PNG", compress_level=1)
    return file.getvalue()


def opened(*files: tuple[str, bytes]) -> AppTest:
    app = AppTest.from_file(str(ROOT / "frame.py"), default_timeout=TIMEOUT).run()
    app.file_uploader[0].set_value([(name, data, "application/octet-stream") for name, data in files])
    return app.run()


def answered(app: AppTest) -> AppTest:
    """The page once every upload is answered."""
    app.session_state["series"].job.wait(TIMEOUT)
    return app.run()


def table(app: AppTest):
    return app.dataframe[0].value


def test_each_upload_is_a_row_with_the_answer_it_has_alone():
    files = [(f"{name}.png", png(5, name)) for name in NAMES]
    app = sound(answered(opened(*files)))
    rows = table(app)
    assert list(rows[NAME]) == [name for name, _ in files] and rows[PICTURE].str.startswith("data:image/jpeg").all()
    bundle = open_bundle(DEFAULT_CLASSIFIER)
    predictor = Predictor(bundle, bundle)
    results = json.loads(series.series_json(list(app.session_state["series"].rows.values())))
    assert len(results) == 3
    for (name, _), result in zip(files, results, strict=True):
        shown = opened(*[file for file in files if file[0] == name])
        (prediction,) = own_predictions(shown)
        assert result["name"] == name and result["mask"]["area_px"] == int(prediction.mask.sum())
        assert list(result["probabilities"].values()) == pytest.approx(prediction.probabilities.tolist(), abs=2e-6)
    assert predictor.classifier is bundle
    hidden = rows[rows[OUTCOME] == "No tumour found"]
    assert not hidden[PROBABILITY].notna().any()


def test_uploads_of_one_patient_have_one_answer_above_the_table_and_in_the_files():
    files = [(f"{name}.png", png(5, name)) for name in (*NAMES[:2], "glioma-axial-2")]
    app = sound(answered(opened(*files, ("note.png", b"no picture"))))
    assert "All slices together" not in "\n".join(text.value for text in app.markdown)
    sound(app.toggle(key="analyse_many_series").set_value(True).run())
    rows = list(app.session_state["series"].rows.values())
    results = [row.result for row in rows if row.result]
    assert len(results) == 3 < len(rows)
    together = series_result("series", results, sure=sure_probability(open_bundle(DEFAULT_CLASSIFIER)))
    texts = [text.value for text in (*app.header, *app.markdown)]
    assert class_text(together["class"], together["probabilities"]) in texts
    assert any(text.startswith(str(left_out_message(together))) and "of new patients and" in text for text in texts)
    assert together["left_out"] == [{"name": "no-tumour-axial.png", "outcome": "no_tumour"}]
    written = list(csv.DictReader(io.StringIO(series.series_csv(rows, together))))
    assert len(written) == 5 and written[-1]["name"] == "series" and written[-1]["class"] == together["class"]
    assert json.loads(series.series_json(rows, together))[-1] == together


@pytest.mark.dataset
def test_all_slices_of_a_patient_are_answered_as_a_series_and_those_in_training_are_told(data_store):
    part = splits.split_parts("table-1")
    trained = int(part.index[part == "train"][0])
    app = page_opened("analyse", slice=str(trained), networks="Report CNN + U-Net")
    numbers = data_store.numbers_of_patient(trained)
    assert trained in numbers and len(numbers) > 1 and not app.dataframe
    sound(app.toggle(key="all_slices").set_value(True).run())
    assert app.query_params["all_slices"] == "true", "a copied link keeps it"
    app.session_state["patient_series"].job.wait(TIMEOUT)
    sound(app.run())
    assert list(table(app)[NAME]) == [f"slice {number}" for number in numbers]
    assert not (table(app)[OUTCOME] == WAITING).any()
    in_training = (part[numbers] == "train").sum()
    warnings = [warning.value for warning in app.warning]
    assert any(f"holds {in_training} of these {len(numbers)} slices" in text for text in warnings)
    results = [row.result for row in app.session_state["patient_series"].rows.values()]
    bundle = open_bundle("report-cnn")
    together = series_result("series", results, sure=sure_probability(bundle))
    texts = [text.value for text in (*app.header, *app.markdown)]
    assert class_text(together["class"], together["probabilities"]) in texts
    assert any(text.startswith(str(left_out_message(together))) for text in texts)


@pytest.mark.dataset
def test_the_answers_of_a_patient_give_way_to_those_of_another(data_store):
    first, *others = data_store.numbers()
    other = next(number for number in others if number not in data_store.numbers_of_patient(first))
    app = sound(page_opened("analyse", slice=str(first), all_slices="true"))
    app.button(key="analyse_patient_stop").click().run()
    app.query_params["slice"] = str(other)
    sound(app.run())
    app.session_state["patient_series"].job.wait(TIMEOUT)
    sound(app.run())
    assert list(table(app)[NAME]) == [f"slice {number}" for number in data_store.numbers_of_patient(other)]
    assert not (table(app)[OUTCOME] == WAITING).any(), "one that was stopped does not stop the next"


def test_without_the_data_set_no_slices_of_a_patient_are_offered(monkeypatch, tmp_path):
    monkeypatch.setenv("SLICESCOPE_DATA", str(tmp_path))
    app = page_opened("analyse", sample=NAMES[0])
    assert not [toggle for toggle in sound(app).toggle if toggle.key == "all_slices"]


def test_a_file_that_fails_is_a_row_that_says_why():
    app = answered(opened(("a.png", png(3)), ("note.png", b"no picture"), ("b.png", png(4))))
    assert not app.exception and app.header
    rows = table(app).set_index(NAME)
    assert rows[OUTCOME]["note.png"] == FAILED and rows[REMARKS]["note.png"]
    assert (rows[OUTCOME][["a.png", "b.png"]] != FAILED).all()
    written = list(csv.DictReader(io.StringIO(series.series_csv(list(app.session_state["series"].rows.values())))))
    assert [bool(row["error"]) for row in written] == [False, True, False]


def test_a_stopped_table_keeps_what_is_done_and_goes_on(monkeypatch):
    made: list[str] = []
    answer, may = series.Task.answer, threading.Event()

    def first_ones(task, predictor):
        made.append(task.name)
        if len(made) > 2:
            may.wait(TIMEOUT)
        return answer(task, predictor)

    monkeypatch.setattr(series.Task, "answer", first_ones)
    app = sound(opened(*((f"{number}.png", png(number)) for number in range(9))))
    assert app.header, "the first slice is answered meanwhile"
    app.button(key="analyse_many_stop").click().run()
    may.set()
    sound(answered(app))
    waiting = table(app)[OUTCOME] == WAITING
    done = 9 - int(waiting.sum())
    assert 0 < done < 9
    app.button(key="analyse_many_go_on").click().run()
    sound(answered(app))
    assert not (table(app)[OUTCOME] == WAITING).any()
    assert len(made) <= 9 + usable_cores() + 1, "what is answered is not answered again"


def test_an_upload_that_is_adjusted_is_answered_anew_and_only_it():
    app = answered(opened(("a.png", png(3)), ("b.png", png(4))))
    before = list(app.session_state["series"].rows)
    (spacing,) = [box for box in app.number_input if (box.key or "").startswith("analyse_spacing_")]
    sound(answered(spacing.set_value(0.5).run()))
    rows = app.session_state["series"].rows
    assert len(rows) == 2 and len(rows.keys() - set(before)) == 1
    assert list(table(app)["Pixel, mm"].notna()) == [True, False]
    app.button(key="analyse_remove").click().run()
    assert not app.exception and not app.dataframe, "one upload alone needs no table"


def test_a_zip_of_slices_is_a_table_and_a_volume_has_a_row():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(2):
            archive.writestr(f"scans/{number}.png", png(number))
    app = sound(answered(opened(("all.zip", packed.getvalue()), ("head.nii", nifti(a_head((16, 40, 32))[0])))))
    assert list(table(app)[NAME]) == ["0.png", "1.png", "head.nii"]
    assert table(app)[OUTCOME].iloc[2] == "Volume"


def test_another_model_answers_all_anew():
    app = answered(opened(("a.png", png(3)), ("b.png", png(4))))
    before = set(app.session_state["series"].rows)
    app.selectbox(key="networks").select("Report CNN + U-Net").run()
    sound(answered(app))
    after = app.session_state["series"].rows
    assert len(after) == 2 and not before & set(after)


def test_pictures_and_report_of_a_table_are_those_of_its_slices():
    app = answered(opened(("a.png", png(3)), ("b.png", png(4)), ("c.png", b"none")))
    keys = list(app.session_state["series"].rows)
    uploads = app.session_state["uploads"]
    rows = app.session_state["series"].rows
    answered_tasks = [(series.Task(key, uploads[key[0][1]].name, uploads[key[0][1]].read), rows[key]) for key in keys]
    bundle = open_bundle(DEFAULT_CLASSIFIER)
    predictor = cached_predictor(bundle, bundle)
    with zipfile.ZipFile(io.BytesIO(series.series_pictures(answered_tasks, predictor))) as archive:
        names = archive.namelist()
        assert names == ["001-a-overlay.png", "001-a-mask.png", "002-b-overlay.png", "002-b-mask.png"]
        mask = np.asarray(Image.open(io.BytesIO(archive.read("001-a-mask.png"))))
    assert np.count_nonzero(mask) == rows[keys[0]].result["mask"]["area_px"]
    report = series_report(answered_tasks, predictor)
    assert report.startswith(b"%PDF") and report.count(b"/Type /Page\n") == 3


def test_the_results_of_a_batch_stand_on_the_start_and_a_row_opens(tmp_path, configure):
    configure(batch=a_batch(tmp_path / "out", tmp_path / "scans"))
    app = sound(AppTest.from_file(str(ROOT / "frame.py"), default_timeout=TIMEOUT).run())
    rows = table(app)
    batch = StoredBatch(tmp_path / "out")
    assert len(rows) == len(batch.table) and rows[OUTCOME].iloc[-1] == FAILED
    assert rows[REMARKS].iloc[-1] == batch.table["error"].iloc[-1]
    first = batch.result(0)
    assert rows["Area, px"].iloc[0] == first["mask"]["area_px"]
    likeliest = first["gate"]["calibrated_probabilities"][first["likeliest_class"]]
    assert rows[PROBABILITY].iloc[0] == pytest.approx(100 * likeliest)
    for place in (0, len(rows) - 2, len(rows) - 1):  # a slice, a volume, a fault
        app.number_input(key="analyse_batch_row").set_value(place + 1).run()
        assert not app.exception and not app.error
        assert any(str(batch.table["name"][place]) in each.value.replace("\\", "") for each in app.markdown)
    area = app.selectbox(key="analyse_batch_sort").select("Area, px").run()
    assert table(area)["Area, px"].dropna().is_monotonic_increasing and len(table(app)) == len(rows)
    app.toggle(key="analyse_batch_descending").set_value(True).run()
    assert table(app)["Area, px"].dropna().is_monotonic_decreasing
    app.text_input(key="analyse_batch_find").set_value("NOTE").run()
    assert list(table(app)[ROW]) == [str(len(rows))] and app.number_input(key="analyse_batch_row").value == len(rows)
    configure(batch=tmp_path)
    app.run()
    assert not app.exception and len(app.error) == 1 and "results.parquet" in app.error[0].value
