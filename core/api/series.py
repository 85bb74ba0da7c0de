"""Answer slices one after the other for a table: a row and a small picture each, and files of all of them.

Pictures are drawn from what is kept of the predictions; the slices are read again.
"""

import io
import json
import zipfile
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.api.answers import AnsweredSlice, answer_slice
from core.api.kept import KeptPrediction, keep_prediction
from core.dataset.slices import adjust_slice, usual_adjustment
from core.errors import error_message
from core.inference.background import on_each_core
from core.inference.predictor import Prediction, Predictor
from core.inference.render import encode_jpeg, encode_png, thumbnail
from core.inference.result import is_withheld, overlay_png, results_csv
from core.inference.volumes.series import series_row
from core.readers.adjusting.adjustment import Adjustment
from core.readers.slices import Slice
from core.translation.messages import Message

PICTURE_SIDE = 96
"""Of a row's picture, in pixels: twice what a table shows."""
KEPT_BYTES = 48 * 10**6
"""Most that is kept of a series' predictions, enough for 500 slices by the report's networks; those of later slices are
made anew for pictures of them."""
ZIP_BYTES = 200 * 10**6
"""Most bytes of the pictures in one file."""
LEFT_OUT = "left-out.txt"
"""In the file of the pictures, names the slices without room."""


@dataclass(frozen=True)
class Task:
    """A slice of a series that is to be answered.

    Attributes:
        key: tells it from the others, and from the same slice as it was adjusted before.
        name: of its file.
        read: reads it; called when it is its turn, by another thread.
        adjustment: by hand; None for the usual one.
        mask: (H, W) bool, the true mask given by hand, or None.
    """

    key: Hashable
    name: str
    read: Callable[[], Slice] = field(repr=False)
    adjustment: Adjustment | None = None
    mask: np.ndarray | None = field(default=None, repr=False)

    def answer(self, predictor: Predictor) -> AnsweredSlice:
        """Read and answer the slice, as ``core.api.answers.answer_slice`` does.

        Raises:
            SliceError, WorkerError: it cannot be read.
        """
        return answer_slice(self._read(), predictor, adjustment=self.adjustment)

    def recall(self, result: dict[str, Any], kept: KeptPrediction) -> AnsweredSlice:
        """Read the slice, and return the answer that it was given before.

        Raises:
            SliceError, WorkerError: it cannot be read.
        """
        as_read = self._read()
        adjustment = usual_adjustment(as_read) if self.adjustment is None else self.adjustment
        height, width = as_read.pixels.shape
        return AnsweredSlice(result, adjust_slice(as_read, adjustment), kept, adjustment, (height, width))

    def _read(self) -> Slice:
        as_read = self.read()
        return as_read if self.mask is None else replace(as_read, mask=self.mask)


@dataclass(frozen=True)
class Row:
    """What is kept of an answered slice, or why there is no answer.

    Attributes:
        key: of its task.
        name: of its file.
        result: by ``core.inference.result.slice_result``; None where it failed.
        picture: JPEG of ``PICTURE_SIDE``, with the mask's outline where it is shown; empty where it failed.
        kept: of the prediction; None where it failed, or there was no room.
        error: why it failed, or None.
    """

    key: Hashable
    name: str
    result: dict[str, Any] | None = field(default=None, repr=False)
    picture: bytes = field(default=b"", repr=False)
    kept: KeptPrediction | None = field(default=None, repr=False)
    error: Message | None = None


def answer_series(tasks: Sequence[Task], predictor: Predictor, *, room: int = KEPT_BYTES) -> Iterator[Row]:
    """Yield a row for each task, in order; a fault is a row that says why. Whoever stops iterating stops it.

    Args:
        tasks: to answer.
        predictor: of the slices.
        room: bytes that may be kept of the predictions.
    """
    for row in on_each_core(partial(_answer, predictor.one_core_each()), tasks):
        if row.kept is not None and row.kept.size > room:
            yield replace(row, kept=None)
        else:
            room -= row.kept.size if row.kept else 0
            yield row


def _answer(predictor: Predictor, task: Task) -> Row:
    try:
        answered = task.answer(predictor)
    except Exception as error:
        return Row(task.key, task.name, error=error_message(error))
    prediction = answered.prediction
    assert isinstance(prediction, Prediction)
    mask = None if is_withheld(prediction) else prediction.mask
    picture = encode_jpeg(thumbnail(answered.slice_.pixels, PICTURE_SIDE, mask=mask))
    return Row(task.key, task.name, answered.result, picture, keep_prediction(prediction))


def series_csv(rows: Sequence[Row], together: dict[str, Any] | None = None) -> str:
    """Return ``core.inference.result.results_csv`` of the slices, those that failed among them.

    Args:
        rows: of the slices.
        together: ``core.inference.volumes.series.series_result`` of them where they are of one patient; the last row.
    """
    results = [row.result or {"name": row.name, "error": row.error and str(row.error)} for row in rows]
    return results_csv([*results, *([series_row(together) | {"error": None}] if together else [])])


def series_json(rows: Sequence[Row], together: dict[str, Any] | None = None) -> str:
    """Return what ``core predict --json`` prints of the slices; those that failed are left out, as there.

    Args:
        rows: of the slices.
        together: as of ``series_csv``; the last result.
    """
    results = [*(row.result for row in rows if row.result is not None), *([together] if together else [])]
    return json.dumps(results, indent=2, allow_nan=False)


def series_pictures(answered: Sequence[tuple[Task, Row]], predictor: Predictor, *, room: int = ZIP_BYTES) -> bytes:
    """Return a .zip of each slice's overlay and, unless it is withheld, its mask on the file's own pixels, as PNG.

    Args:
        answered: tasks and their rows.
        predictor: of slices of whose prediction nothing is kept.
        room: bytes of all pictures; ``LEFT_OUT`` names the slices from the one on that has none.
    """
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        drawn = on_each_core(partial(_pictures, again(answered, predictor)), enumerate(answered, 1))
        for number, files in enumerate(drawn):
            room -= sum(map(len, files.values()))
            if room < 0:
                archive.writestr(LEFT_OUT, "".join(f"{task.name}\n" for task, _ in answered[number:]))
                break
            for name, content in files.items():
                archive.writestr(name, content)
    return file.getvalue()


def again(answered: Sequence[tuple[Task, Row]], predictor: Predictor) -> Callable[[Task, Row], AnsweredSlice | None]:
    """Return what gives the answer of a row again; threads may call it at once. It gives None where there is none.

    It runs the networks for slices alone of whose prediction nothing is kept.
    """
    is_kept = all(row.kept is not None for _, row in answered if row.result is not None)
    own = predictor if is_kept else predictor.one_core_each()

    def answer(task: Task, row: Row) -> AnsweredSlice | None:
        if row.result is None:
            return None
        try:
            return task.answer(own) if row.kept is None else task.recall(row.result, row.kept)
        except Exception:  # the file can no longer be read
            return None

    return answer


def _pictures(
    answer: Callable[[Task, Row], AnsweredSlice | None], numbered: tuple[int, tuple[Task, Row]]
) -> dict[str, bytes]:
    number, (task, row) = numbered
    answered = answer(task, row)
    if answered is None:
        return {}
    stem = f"{number:03}-{Path(task.name).stem}"
    files = {f"{stem}-overlay.png": overlay_png(answered.slice_, answered.prediction)}
    if not is_withheld(answered.prediction):
        files[f"{stem}-mask.png"] = encode_png(answered.file_mask(), answered.slice_.notes)
    return files
