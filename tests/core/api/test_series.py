"""A series answers each slice once: its pictures and its report are drawn from what is kept, within bounds."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from core.api import series
from core.api.series import Row, Task, answer_series, series_pictures
from core.batch.reports import series_report
from core.bundles.bundle import DEFAULT_CLASSIFIER, REPORT_CLASSIFIER, REPORT_SEGMENTER, open_bundle
from core.config import SAMPLES
from core.dataset.slices import read_and_recognise_slice
from core.inference.predictor import Predictor

NAMES = ("glioma-axial-1", "no-tumour-axial", "pituitary-axial-1")
Answered = list[tuple[Task, Row]]


def tasks_of(names: tuple[str, ...]) -> list[Task]:
    contents = {name: (SAMPLES / f"{name}.png").read_bytes() for name in names}
    return [Task(name, f"{name}.png", partial(read_and_recognise_slice, contents[name], "a.png")) for name in names]


@pytest.fixture(scope="module", params=["one network", "two networks without a gate"])
def predictor(request: pytest.FixtureRequest) -> Predictor:
    if request.param == "one network":
        bundle = open_bundle(DEFAULT_CLASSIFIER)
        return Predictor(bundle, bundle)
    return Predictor(open_bundle(REPORT_CLASSIFIER), open_bundle(REPORT_SEGMENTER))


@pytest.fixture(scope="module")
def answered(predictor: Predictor) -> Answered:
    tasks = tasks_of(NAMES)
    return list(zip(tasks, answer_series(tasks, predictor), strict=True))


@pytest.fixture
def predicted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the slices that are predicted."""
    names: list[str] = []
    predict: Callable = Predictor.__call__

    def counted(self: Predictor, slice_):
        names.append(slice_.name)
        return predict(self, slice_)

    monkeypatch.setattr(Predictor, "__call__", counted)
    return names


def forgotten(answered: Answered) -> Answered:
    return [(task, replace(row, kept=None)) for task, row in answered]


def files_of(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_files_of_a_series_predict_no_slice_again(answered: Answered, predictor: Predictor, predicted: list[str]):
    assert len(files_of(series_pictures(answered, predictor))) >= len(NAMES)
    assert series_report(answered, predictor).startswith(b"%PDF")
    assert predicted == []


def test_pictures_from_what_is_kept_are_those_of_a_new_prediction(answered: Answered, predictor: Predictor):
    kept, anew = (files_of(series_pictures(pairs, predictor)) for pairs in (answered, forgotten(answered)))
    assert kept == anew


def test_without_room_the_later_slices_are_predicted_again_and_only_they(predictor: Predictor, predicted: list[str]):
    tasks = tasks_of(NAMES)
    whole = list(answer_series(tasks, predictor))
    room = whole[0].kept.size
    rows = list(answer_series(tasks, predictor, room=room))
    assert [row.result for row in rows] == [row.result for row in whole]
    assert sum(row.kept.size for row in rows if row.kept) <= room
    missing = [row for row in rows if row.kept is None]
    assert missing and rows[0].kept
    predicted.clear()
    series_pictures(list(zip(tasks, rows, strict=True)), predictor)
    assert len(predicted) == len(missing)


def test_a_file_of_pictures_is_bounded_and_names_what_it_leaves_out(answered: Answered, predictor: Predictor):
    whole = files_of(series_pictures(answered, predictor))
    room = sum(len(content) for name, content in whole.items() if name.startswith("001-"))
    few = files_of(series_pictures(answered, predictor, room=room))
    assert few.pop(series.LEFT_OUT).decode().split() == [f"{name}.png" for name in NAMES[1:]]
    assert few == {name: content for name, content in whole.items() if name.startswith("001-")}
