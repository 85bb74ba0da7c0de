"""Answer one input of a batch, in a process of its own."""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.api.answers import AnsweredSlice, AnsweredVolume, answer_slice, answer_volume
from core.batch.inputs import Input
from core.batch.reports import report_page
from core.batch.table import SLICE, VOLUME, error_row, result_cells
from core.bundles.bundle import open_bundle
from core.config import MAX_FILE_BYTES, MAX_VOLUME_BYTES
from core.dataset.slices import recognise_slice
from core.errors import error_message
from core.inference.predictor import Predictor
from core.inference.render import encode_png
from core.inference.result import is_withheld, overlay_png, remarks, slice_row
from core.inference.volumes.analysis import volume_mask
from core.inference.volumes.files import mask_nifti, volume_overlay
from core.inference.volumes.result import volume_row
from core.readers.adjusting.adjustment import Adjustment
from core.readers.decoder_pool import DECODER
from core.readers.slices import check_size
from core.readers.volumes.files import VolumeChoice, check_volume_size

MASKS, OVERLAYS, PICTURES = "masks", "overlays", "pictures"
"""Folders of what is written on request; the last one holds what a PDF shows."""
_LONGEST_STEM = 60


@dataclass(frozen=True)
class BatchOptions:
    """How a batch answers; a folder holds the answers of one set of options.

    Attributes:
        classifier, segmenter: names of the bundles.
        as_is: trim no frame and turn no inverted picture back.
        plane: of a volume's slices; its best if None.
        allow_other_modality: read DICOM files that are not MR too, with a warning.
        masks, overlays: whether they are written.
        pdf: whether a report is written, and the pictures in it.
    """

    classifier: str
    segmenter: str
    as_is: bool = False
    plane: str | None = None
    allow_other_modality: bool = False
    masks: bool = False
    overlays: bool = False
    pdf: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of an input.

    Attributes:
        rows: of the table; none where the stored answer is of the same content.
        files: number of files it was made of.
        slices: number of slices that were predicted.
    """

    rows: list[dict[str, Any]]
    files: int
    slices: int


@dataclass
class _Answers:
    """Rows and files of one input, before any is written."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)


class Answerer:
    """Answers inputs with one predictor, one thread a network.

    Args:
        options: of the batch.
        write: keeps a file's content under its name.
        cores: how many a volume takes, a slice each; a slice takes one.
    """

    def __init__(self, options: BatchOptions, write: Callable[[str, bytes], None], *, cores: int = 1) -> None:
        self._cores = cores
        self._options = options
        self._write = write
        self._predictor = Predictor(open_bundle(options.classifier), open_bundle(options.segmenter), threads=1)

    def __call__(self, given: Input, known: str | None) -> Outcome:
        """Answer an input; a fault is a row that says why.

        Args:
            given: the input.
            known: SHA-256 of the content whose answer is stored, or None.

        Raises:
            OSError: the disk does not take a mask, an overlay or a picture.
        """
        digest, answers = None, _Answers()
        try:
            contents = self._read(given)
            digest = _sha256(contents)
            if digest == known:
                return Outcome([], len(given.members), 0)
            for answered in self._answer(given, contents):
                self._keep(answers, answered, given)
        except Exception as error:
            answers = _Answers([error_row(given.name, error_message(error))])
        for name, content in answers.files.items():
            self._write(name, content)
        slices = sum(row["of"] == SLICE for row in answers.rows)
        rows = [{"source": given.source, "sha256": digest, **row} for row in answers.rows]
        return Outcome(rows, len(given.members), slices)

    def _read(self, given: Input) -> list[bytes]:
        """Return the content of an input's files, of which no more is taken than a slice or a volume may have."""
        most = (MAX_VOLUME_BYTES if given.is_volume else MAX_FILE_BYTES) + 1
        contents = []
        for member in given.members:
            contents.append(member.read(most))
            most -= len(contents[-1])
        size = sum(map(len, contents))
        (check_volume_size if given.is_volume else check_size)(size)
        return contents

    def _answer(self, given: Input, contents: list[bytes]) -> Iterator[AnsweredSlice | AnsweredVolume]:
        if given.is_volume:
            choice = VolumeChoice(allow_other_modality=self._options.allow_other_modality)
            yield from answer_volume(
                DECODER.read_volume(contents, given.name, choice),
                self._predictor,
                self._options.plane,
                cores=self._cores,
            )
        else:
            read = recognise_slice(DECODER.read(contents[0], given.name))
            yield answer_slice(read, self._predictor, adjustment=Adjustment() if self._options.as_is else None)

    def _keep(self, answers: _Answers, answered: AnsweredSlice | AnsweredVolume, given: Input) -> None:
        """Add the row of an answer, and the files that are asked for."""
        result = answered.result
        is_slice = isinstance(answered, AnsweredSlice)
        row = {
            **(slice_row if is_slice else volume_row)(result),
            "of": SLICE if is_slice else VOLUME,
            **{name: result.get(name) for name in ("plane", "slice", "slices", "width", "height")},
            "spacing_mm": result["mask"].get("spacing_mm"),
            **result_cells(result, remarks(result)),
        }
        stem = file_stem(given.source, result.get("slice"))
        if isinstance(answered, AnsweredVolume):
            self._keep_volume_files(answers, row, answered, stem)
        elif not given.is_volume:
            self._keep_slice_files(answers, row, answered, stem)
        if self._options.pdf and not (is_slice and given.is_volume):
            row["pictures"] = f"{PICTURES}/{stem}"
            answers.files |= dict(report_page(answered, self._predictor).pictures.files(row["pictures"]))
        answers.rows.append(row)

    def _keep_slice_files(self, answers: _Answers, row: dict[str, Any], answered: AnsweredSlice, stem: str) -> None:
        slice_, prediction = answered.slice_, answered.prediction
        if self._options.masks and not is_withheld(prediction):
            row["mask_file"] = f"{MASKS}/{stem}.png"
            answers.files[row["mask_file"]] = encode_png(answered.file_mask(), slice_.notes)
        if self._options.overlays:
            row["overlay_file"] = f"{OVERLAYS}/{stem}.png"
            answers.files[row["overlay_file"]] = overlay_png(slice_, prediction)

    def _keep_volume_files(self, answers: _Answers, row: dict[str, Any], answered: AnsweredVolume, stem: str) -> None:
        volume, plane, largest = answered.volume, answered.plane, answered.answer.largest
        if self._options.masks:
            row["mask_file"] = f"{MASKS}/{stem}.nii.gz"
            answers.files[row["mask_file"]] = mask_nifti(volume, volume_mask(volume, plane, answered.findings))
        if self._options.overlays and largest is not None:
            slice_ = volume.slice(plane, largest)
            row["overlay_file"] = f"{OVERLAYS}/{stem}.png"
            answers.files[row["overlay_file"]] = volume_overlay(volume, slice_, self._predictor(slice_))


def file_stem(source: str, number: int | None = None) -> str:
    """Return what the files of a source are called: readable, and another for every source and slice."""
    name = re.sub(r"[^\w.-]+", "_", Path(source).stem)[:_LONGEST_STEM]
    return f"{name}-{hashlib.sha256(f'{source} {number}'.encode()).hexdigest()[:12]}"


def _sha256(contents: list[bytes]) -> str:
    """Return the SHA-256 of files one after the other; of one file, its own."""
    digest = hashlib.sha256()
    for content in contents:
        digest.update(content)
    return digest.hexdigest()
