"""Assign every slice to a part (train, validation or test) of every split.

``splits.csv`` beside this file holds every split by slice number, with each slice's class, patient number, official
fold and tumour size. ``make_splits`` draws it from the data set and a seed; everything else reads it.

- ``table-1``: the report's Table 1, a slice-level split. A fifth of each class, rounded up, is test; a tenth of the
  rest of each class is validation.
- ``table-5``: the report's Table 5, 2453/488/123, a slice-level split. Its test and validation slices are drawn from
  Table 1's test slices, so that no network of one split has trained on the other's test slices. Three slices are the
  exception: Table 1 has 614 test slices, 488 + 123 are 611, and the report has 2453 training slices.
- ``table-1-literal``: the same as it stands in the report, without a validation part: what is validation in
  ``table-1`` is training. A training on it stops by its test slices, as the report's did. No column of its own.
- ``fold-1`` … ``fold-5``: the official patient-level folds; fold K is test. Validation is about a tenth of the other
  folds' slices of each class, drawn by whole patients. Patients whose ids differ only by a final letter stay together.
"""

import functools
import hashlib
import math
from pathlib import Path

import numpy as np
import pandas as pd

from core.config import CLASSES, SEED, splits_file
from core.dataset.perceptual_hash import LARGEST_DISTANCE, bits_apart, hash_text, perceptual_hash
from core.dataset.store import SLICE_COUNT, Index, Store
from core.errors import DatasetError
from core.readers.preprocessing import scale_to_unit

PARTS = ("train", "validation", "test")
TABLE_1 = "table-1"
TABLE_5 = "table-5"
FOLD_SPLITS = tuple(f"fold-{k}" for k in range(1, 6))
SPLIT_NAMES = (TABLE_1, TABLE_5, *FOLD_SPLITS)
"""The columns of splits.csv."""
TABLE_1_LITERAL = "table-1-literal"
ALL_SPLITS = (*SPLIT_NAMES, TABLE_1_LITERAL)

_VALIDATION_SHARE = 0.1
_TABLE_5_VALIDATION = 488
_TABLE_5_TEST = 123


def make_splits(store: Store) -> pd.DataFrame:
    """Draw every split from the seed.

    Returns:
        One row a slice: slice, class, patient, patient_group, fold, size, tumour_px (pixels of
        the true mask), pixel_digest, mask_digest, perceptual_hash, and a column a split.

    Raises:
        DatasetError: the store does not hold the whole data set with its folds.
    """
    index = store.index
    if len(index.number) != SLICE_COUNT or not index.fold.all():
        raise DatasetError(
            "Splits are drawn from the whole data set, {slices} slices with their folds.", slices=SLICE_COUNT
        )
    table = pd.DataFrame(
        {
            "slice": index.number,
            "class": [CLASSES[label - 1] for label in index.label],
            "patient": index.patient,
            "patient_group": index.patient_group,
            "fold": index.fold,
            "size": index.size,
            "tumour_px": [np.count_nonzero(store.mask(number)) for number in store.numbers()],
            "pixel_digest": [pixel_digest(store.pixels(number)) for number in store.numbers()],
            "mask_digest": [mask_digest(store.mask(number)) for number in store.numbers()],
            "perceptual_hash": [hash_text(store.pixels(number)) for number in store.numbers()],
        }
    )
    table[TABLE_1] = _draw_table_1(index.label)
    table[TABLE_5] = _draw_table_5(table[TABLE_1].to_numpy())
    for fold, name in enumerate(FOLD_SPLITS, 1):
        table[name] = _draw_fold(index, fold)
    return table


def class_of_slice(number: int) -> str:
    """Return the class of slice ``number`` of the data set."""
    return str(index_table().set_index("slice")["class"][number])


def index_table() -> pd.DataFrame:
    """Read ``core.config.splits_file()``, one row a slice; see ``make_splits``. Do not change it in place."""
    return _read_table(splits_file())


@functools.cache
def _read_table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path)


def split_parts(name: str) -> pd.Series:
    """Return the part of every slice in the split ``name``, indexed by slice number.

    Raises:
        DatasetError: there is no such split.
    """
    if name not in ALL_SPLITS:
        raise DatasetError(
            "There is no split '{name}'; there are {accepted}.", name=name, accepted=", ".join(ALL_SPLITS)
        )
    if name == TABLE_1_LITERAL:
        return split_parts(TABLE_1).replace("validation", "train").rename(name)
    return index_table().set_index("slice")[name]


def selecting_part(name: str) -> str:
    """Return the part of the split ``name`` that stops a training and chooses its epoch: "validation", or "test"."""
    return "test" if name == TABLE_1_LITERAL else "validation"


def pixel_digest(pixels: np.ndarray) -> str:
    """Digest (H, W) pixels by their 256 grey levels, so that gain and offset do not change the digest."""
    levels = np.round(scale_to_unit(pixels) * 255).astype(np.uint8)
    return _shape_digest(levels.shape, levels.tobytes())


def mask_digest(mask: np.ndarray) -> str:
    """Digest a (H, W) bool mask."""
    return _shape_digest(mask.shape, np.packbits(mask).tobytes())


def _shape_digest(shape: tuple[int, ...], content: bytes) -> str:
    return hashlib.sha256(repr(shape).encode() + content).hexdigest()[:16]


def recognise_number(pixels: np.ndarray, mask: np.ndarray | None = None) -> int | None:
    """Find the number of the data set's slice with these pixels, up to gain and offset, or with this mask.

    Args:
        pixels: (H, W), any number type.
        mask: (H, W) bool, the true mask where there is one.

    Returns:
        The number, or None where the data set has no such slice.
    """
    table = index_table()
    matches = table["pixel_digest"] == pixel_digest(pixels)
    if mask is not None:
        matches |= table["mask_digest"] == mask_digest(mask)
    numbers = table["slice"][matches]
    return int(numbers.iloc[0]) if len(numbers) else None


def recognise_changed(pixels: np.ndarray) -> tuple[int, bool] | None:
    """Find the data set's slice that was compressed, scaled, or mirrored left to right to give these pixels.

    Args:
        pixels: (H, W), any number type.

    Returns:
        Its number, and whether it is mirrored; None where the data set has no such slice.
    """
    hashes = known_hashes()
    for mirrored, given in ((False, pixels), (True, pixels[:, ::-1])):
        apart = bits_apart(perceptual_hash(given), hashes)
        if apart.min() <= LARGEST_DISTANCE:
            return int(index_table()["slice"].iloc[int(apart.argmin())]), mirrored
    return None


def known_hashes() -> np.ndarray:
    """Return the perceptual hash of every slice, (n, 32) uint8."""
    return _read_hashes(splits_file())


@functools.cache
def _read_hashes(path: Path) -> np.ndarray:
    return np.frombuffer(bytes.fromhex("".join(_read_table(path)["perceptual_hash"])), np.uint8).reshape(-1, 32)


def _draw_table_1(label: np.ndarray) -> np.ndarray:
    part = np.full(len(label), "train", dtype=object)
    random = np.random.default_rng(SEED)
    for value in np.unique(label):
        rows = random.permutation(np.flatnonzero(label == value))
        test = math.ceil(len(rows) / 5)
        validation = round((len(rows) - test) * _VALIDATION_SHARE)
        part[rows[:test]] = "test"
        part[rows[test : test + validation]] = "validation"
    return part


def _draw_table_5(table_1: np.ndarray) -> np.ndarray:
    part = np.full(len(table_1), "train", dtype=object)
    rows = np.random.default_rng([SEED, 5]).permutation(np.flatnonzero(table_1 == "test"))
    part[rows[:_TABLE_5_TEST]] = "test"
    part[rows[_TABLE_5_TEST : _TABLE_5_TEST + _TABLE_5_VALIDATION]] = "validation"
    return part


def _draw_fold(index: Index, fold: int) -> np.ndarray:
    part = np.where(index.fold == fold, "test", "train").astype(object)
    random = np.random.default_rng([SEED, 10 + fold])
    for label in np.unique(index.label):
        rows = np.flatnonzero((index.fold != fold) & (index.label == label))
        target = len(rows) * _VALIDATION_SHARE
        drawn = 0
        for group in random.permutation(np.unique(index.patient_group[rows])):
            # All slices of the group in the other folds, of any class.
            members = (index.patient_group == group) & (index.fold != fold)
            if drawn + members.sum() / 2 > target:
                continue
            part[members] = "validation"
            drawn += int(members.sum())
    return part
