"""Prepare the data set: read the published files and write one HDF5 store.

Slices are read and checked in parts of 128. A finished part is written beside the store under a temporary name and
renamed, so that a killed run continues after its last finished part. The parts then become the store in one more
rename. Patient ids are only compared: a part holds digests of them, the store holds numbers.
"""

import hashlib
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np
from PIL import Image, ImageDraw

from core.config import CLASSES
from core.dataset.raw_files import RawFiles, open_raw_files
from core.dataset.store import CLASS_COUNTS, PATIENT_COUNT, SIDE, SLICE_COUNT, STORE_VERSION
from core.errors import DatasetError, SliceError, error_message
from core.files import replace_file
from core.metrics.overlap import iou
from core.progress import ProgressWrapper
from core.readers.mat import MatSlice, read_folds, read_mat
from core.text import joined
from core.translation.messages import Message
from core.translation.stored import read_remarks, stored_remarks

MIN_BORDER_IOU = 0.8
"""Lowest accepted IoU of a slice's filled outline and its mask; a transposed mask falls below it."""


@dataclass(frozen=True)
class WholeSet:
    """What a whole data set holds, and how it is read.

    Attributes:
        slices: number of slices.
        patients: number of patients.
        classes: number of slices of each class.
        side: of the slices in pixels; some have half of it.
        part: slices a part.
    """

    slices: int
    patients: int
    classes: dict[str, int]
    side: int
    part: int


_PARTS_FORMAT = 2
"""Of a finished part; one of another format is made again."""

FIGSHARE = WholeSet(SLICE_COUNT, PATIENT_COUNT, CLASS_COUNTS, SIDE, part=128)


@dataclass
class Outcome:
    """The result of ``prepare``.

    Attributes:
        expected: number of slices of the whole data set.
        slices: number of sound slices.
        problems: one sentence for each file that is missing, cut short or not as published.
        written: whether the store was written.
        border_iou: lowest IoU of outline and mask over the slices; 1.0 where there are no slices.
    """

    expected: int
    slices: int = 0
    problems: list[str] = field(default_factory=list)
    written: bool = False
    border_iou: float = 1.0


def prepare(
    source: Path,
    store: Path,
    *,
    whole: WholeSet = FIGSHARE,
    allow_missing: bool = False,
    progress: Callable[[Iterable[list[int]], int], Iterable[list[int]]] | None = None,
    writing: ProgressWrapper = iter,
) -> Outcome:
    """Write the store at ``store`` from the published files below ``source``.

    Args:
        source: a folder of .mat files or of the four zip files.
        store: the file to write; replaced in one step at the end.
        whole: what the data set must hold.
        allow_missing: write a store in spite of problems, and mark it as incomplete.
        progress: wraps the remaining parts (lists of slice numbers; second argument: number of slices already done) to
            show a progress bar.
        writing: wraps the finished parts' files while they become the store, to show a progress bar.

    Raises:
        DatasetError: ``source`` holds no slice.
    """
    files = open_raw_files(source, whole.slices)
    outcome = Outcome(whole.slices, problems=list(files.problems))
    parts = _parts_folder(store, f"{_PARTS_FORMAT} {files.fingerprint}")
    remaining: list[list[int]] = []
    done = 0
    for first in range(1, whole.slices + 1, whole.part):
        numbers = list(range(first, min(first + whole.part, whole.slices + 1)))
        if (parts / f"{first:04d}.npz").is_file():
            done += len(numbers)
        else:
            remaining.append(numbers)
    for numbers in progress(remaining, done) if progress else remaining:
        _write_part(parts / f"{numbers[0]:04d}.npz", numbers, files, whole.side)
    folds = _read_official_folds(files, outcome)
    paths = sorted(parts.glob("????.npz"))
    _collect_problems(paths, outcome, whole)
    if (outcome.problems and not allow_missing) or not outcome.slices:
        return outcome
    with replace_file(store) as temporary:
        _assemble(writing(paths), temporary, folds, outcome, whole.side)
    shutil.rmtree(parts)
    outcome.written = True
    return outcome


def _parts_folder(store: Path, fingerprint: str) -> Path:
    """Make the folder of finished parts; empty it if it belongs to other raw files or is of another format."""
    parts = store.with_name(store.name + ".parts")
    source = parts / "source.txt"
    if parts.is_dir() and not (source.is_file() and source.read_text() == fingerprint):
        shutil.rmtree(parts)
    parts.mkdir(parents=True, exist_ok=True)
    if not source.is_file():
        with replace_file(source) as temporary:
            temporary.write_text(fingerprint)
    return parts


def _write_part(path: Path, numbers: list[int], files: RawFiles, side: int) -> None:
    """Read and check the slices ``numbers``; write the sound ones and the problems of the others to ``path``."""
    sound: list[int] = []
    slices: list[MatSlice] = []
    border_ious: list[float] = []
    problems: list[str] = []
    for number in numbers:
        if number not in files.files:
            problems.append(Message("{number}.mat is missing.", number=number))
            continue
        try:
            data = read_mat(files.files[number]())
            border_ious.append(_check_slice_file(data, side))
        except (SliceError, OSError) as error:
            problems.append(Message("{number}.mat: {why}", number=number, why=error_message(error)))
            continue
        sound.append(number)
        slices.append(data)
    pixels = np.zeros((len(slices), side, side), np.int16)
    masks = np.zeros((len(slices), side, side), bool)
    for row, data in enumerate(slices):
        size = len(data.pixels)
        pixels[row, :size, :size] = data.pixels
        masks[row, :size, :size] = data.mask
    borders = [np.asarray(data.border, np.float32).ravel() for data in slices]
    with replace_file(path) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            number=np.array(sound, np.uint16),
            label=np.array([data.label for data in slices], np.uint8),
            size=np.array([len(data.pixels) for data in slices], np.uint16),
            pid=np.array([_pid_digest(data.pid or "") for data in slices], "S32"),
            stem=np.array([_pid_digest(re.sub(r"[A-Za-z]$", "", data.pid or "")) for data in slices], "S32"),
            slices=pixels,
            masks=np.packbits(masks, axis=-1),
            border_values=np.concatenate([np.empty(0, np.float32), *borders]),
            border_lengths=np.array([len(border) for border in borders], np.int64),
            border_iou=np.array(border_ious),
            problems=np.array(stored_remarks(problems) or "[]"),
        )


def _check_slice_file(data: MatSlice, side: int) -> float:
    """Check one slice of a data set whose slices have this side or half of it; return its outline's IoU with its mask.

    Raises:
        SliceError: the slice is not as published.
    """
    if data.mask is None or data.label is None or not data.pid or data.border is None:
        raise SliceError("It lacks a mask, a label, a patient id or an outline.")
    if data.pixels.shape not in ((side, side), (side // 2, side // 2)):
        raise SliceError(
            "It is {shape}; the data set's slices are {side}x{side} or {half_side}x{half_side}.",
            shape=data.pixels.shape,
            side=side,
            half_side=side // 2,
        )
    low, high = np.iinfo(np.int16).min, np.iinfo(np.int16).max
    if data.pixels.dtype.kind == "f" or data.pixels.min() < low or data.pixels.max() > high:
        raise SliceError("Its pixels are not 16-bit integers.")
    if data.pixels.min() == data.pixels.max():
        raise SliceError("Every pixel has the same value.")
    if not data.mask.any():
        raise SliceError("Its mask is empty.")
    outline = Image.new("1", data.mask.shape[::-1])
    ImageDraw.Draw(outline).polygon([(x, y) for x, y in data.border], fill=1, outline=1)
    border_iou = iou(np.asarray(outline), data.mask)
    if border_iou < MIN_BORDER_IOU:
        raise SliceError("Its outline and its mask agree only to an IoU of {border_iou:.2f}.", border_iou=border_iou)
    return border_iou


def _pid_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _read_official_folds(files: RawFiles, outcome: Outcome) -> np.ndarray:
    """Read the official folds, (slices,) uint8; where there are none, note a problem and return zeros."""
    missing = np.zeros(outcome.expected, np.uint8)
    if files.folds is None:
        outcome.problems.append(Message("cvind.mat, the official folds, is missing."))
        return missing
    try:
        folds = read_folds(files.folds())
    except (SliceError, OSError) as error:
        outcome.problems.append(Message("cvind.mat: {why}", why=error_message(error)))
        return missing
    if len(folds) != outcome.expected:
        outcome.problems.append(
            Message("cvind.mat holds {count} folds instead of {expected}.", count=len(folds), expected=outcome.expected)
        )
        return missing
    return folds


def _collect_problems(paths: list[Path], outcome: Outcome, whole: WholeSet) -> None:
    """Add the parts' problems, slices and lowest border IoU to ``outcome``; check the counts of a whole data set."""
    labels, pids = [], []
    for path in paths:
        with np.load(path) as part:
            outcome.problems += read_remarks(str(part["problems"]))
            labels.append(part["label"])
            pids.append(part["pid"])
            outcome.border_iou = min([outcome.border_iou, *part["border_iou"].tolist()])
    label = np.concatenate(labels)
    outcome.slices = len(label)
    if outcome.slices == whole.slices:
        patients = len(np.unique(np.concatenate(pids)))
        if patients != whole.patients:
            outcome.problems.append(
                Message(
                    "The slices are of {patients} patients; a whole data set has {expected}.",
                    patients=patients,
                    expected=whole.patients,
                )
            )
        counts = {name: int((label == i).sum()) for i, name in enumerate(CLASSES, 1)}
        if counts != whole.classes:
            outcome.problems.append(
                Message(
                    "The classes count {counts}; a whole data set counts {expected}.",
                    counts=_counted(counts),
                    expected=_counted(whole.classes),
                )
            )


def _counted(counts: dict[str, int]) -> Message:
    return joined(Message("{name} {count}", name=Message(name), count=count) for name, count in counts.items())


def _assemble(paths: Iterable[Path], target: Path, folds: np.ndarray, outcome: Outcome, side: int) -> None:
    """Write the store at ``target`` from the parts at ``paths``."""
    columns: dict[str, list[np.ndarray]] = {name: [] for name in ("number", "label", "size", "pid", "stem")}
    with h5py.File(target, "w") as file:
        shape, chunk = (outcome.slices, side, side), (1, side, side)
        # With level 1 and shuffle a slice takes a fifth of the space and is read in 1.2 ms.
        compression = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
        slices = file.create_dataset("slices", shape, np.int16, chunks=chunk, **compression)
        masks = file.create_dataset("masks", shape, bool, chunks=chunk, compression="gzip", compression_opts=1)
        borders = file.create_dataset("borders", (outcome.slices,), h5py.vlen_dtype(np.float32))
        row = 0
        for path in paths:
            with np.load(path) as part:
                pixels, packed = part["slices"], part["masks"]
                ends = np.cumsum(part["border_lengths"])[:-1]
                for i, border in enumerate(np.split(part["border_values"], ends) if len(pixels) else []):
                    slices[row + i] = pixels[i]
                    masks[row + i] = np.unpackbits(packed[i], axis=-1).astype(bool)
                    borders[row + i] = border
                row += len(pixels)
                for name, values in columns.items():
                    values.append(part[name])
        table = {name: np.concatenate(values) for name, values in columns.items()}
        patient = _number_by_appearance(table.pop("pid"))
        stem = table.pop("stem")
        group = np.array([patient[stem == value].min() for value in stem], np.uint16)
        for name, column in {**table, "patient": patient, "patient_group": group}.items():
            file.create_dataset(name, data=column)
        file.create_dataset("fold", data=folds[table["number"].astype(int) - 1])
        file.attrs["version"] = STORE_VERSION
        file.attrs["whole"] = not outcome.problems


def _number_by_appearance(keys: np.ndarray) -> np.ndarray:
    """Number distinct keys 1, 2, … by first appearance."""
    numbers: dict[bytes, int] = {}
    return np.array([numbers.setdefault(bytes(key), len(numbers) + 1) for key in keys], np.uint16)


def require_written(outcome: Outcome) -> None:
    """Check that ``prepare`` wrote the store.

    Raises:
        DatasetError: it did not; the sentence states the number of problems and what to do.
    """
    if not outcome.written:
        raise DatasetError(
            "The data set is incomplete ({faults} problems, {slices} of {expected} slices); repair the raw files and "
            "run prepare again, or write an incomplete store with --allow-missing.",
            faults=len(outcome.problems),
            slices=outcome.slices,
            expected=outcome.expected,
        )
