"""Which slice belongs to which part (train, validation, test) of which split.

``splits.csv`` beside this file holds every split by slice number, with each slice's class, patient
number and official fold. ``make_splits`` writes it from the data set and a seed; everything else reads it.

- ``table-1``: the report's Table 1. Of each class the ceiling of a fifth is test; of the rest a
  stratified tenth is validation.
- ``table-5``: the report's Table 5, 2453/488/123. Its test and validation slices are drawn from
  Table 1's test slices, so that no network of one split has trained on the other's test slices.
- ``fold-1`` … ``fold-5``: the official patient-wise folds; fold K is test. Validation is about a tenth
  of the other folds' slices of each class, whole patients at a time, and patients whose ids differ only
  by a final letter stay on one side.
"""

import functools
import hashlib
import math
from pathlib import Path

import numpy as np
import pandas as pd

from core.classes import CLASSES
from core.errors import DatasetError
from core.figshare import SLICES, Index, Store

SPLITS_FILE = Path(__file__).with_name("splits.csv")
SEED = 2023
"""Seed of every random draw here: the report's year."""
PARTS = ("train", "validation", "test")
TABLE_1 = "table-1"
TABLE_5 = "table-5"
FOLDS = tuple(f"fold-{k}" for k in range(1, 6))
NAMES = (TABLE_1, TABLE_5, *FOLDS)

_VALIDATION_SHARE = 0.1
_TABLE_5_VALIDATION = 488
_TABLE_5_TEST = 123


def make_splits(store: Store) -> pd.DataFrame:
    """Draw every split from the seed.

    Returns:
        One row a slice: slice, class, patient, patient_group, fold, size, mask_digest, and a column a
        split.

    Raises:
        DatasetError: the store does not hold the whole data set.
    """
    index = store.index
    if len(index.number) != SLICES or not index.fold.all():
        raise DatasetError(f"Splits are drawn from the whole data set, {SLICES} slices with their folds.")
    table = pd.DataFrame(
        {
            "slice": index.number,
            "class": [CLASSES[label - 1] for label in index.label],
            "patient": index.patient,
            "patient_group": index.patient_group,
            "fold": index.fold,
            "size": index.size,
            "mask_digest": [mask_digest(store.mask(number)) for number in store.numbers()],
        }
    )
    table[TABLE_1] = _table_1(index.label)
    table[TABLE_5] = _table_5(table[TABLE_1].to_numpy())
    for fold, name in enumerate(FOLDS, 1):
        table[name] = _by_patient(index, fold)
    return table


@functools.cache
def index_table() -> pd.DataFrame:
    """The shipped table, one row a slice; see ``make_splits``. Do not change it in place."""
    return pd.read_csv(SPLITS_FILE)


def parts(name: str) -> pd.Series:
    """The part of every slice in the split ``name``, indexed by slice number.

    Raises:
        DatasetError: no such split.
    """
    if name not in NAMES:
        raise DatasetError(f"There is no split '{name}'; there are {', '.join(NAMES)}.")
    return index_table().set_index("slice")[name]


def mask_digest(mask: np.ndarray) -> str:
    """A short digest of a (H, W) bool mask, by which a slice of the data set is recognised."""
    return hashlib.sha256(repr(mask.shape).encode() + np.packbits(mask).tobytes()).hexdigest()[:16]


def number_of(mask: np.ndarray) -> int | None:
    """The number of the data set's slice that has exactly this true mask, or None."""
    table = index_table()
    found = table["slice"][table["mask_digest"] == mask_digest(mask)]
    return int(found.iloc[0]) if len(found) else None


def _table_1(label: np.ndarray) -> np.ndarray:
    part = np.full(len(label), "train", dtype=object)
    random = np.random.default_rng(SEED)
    for one in np.unique(label):
        rows = random.permutation(np.flatnonzero(label == one))
        test = math.ceil(len(rows) / 5)
        validation = round((len(rows) - test) * _VALIDATION_SHARE)
        part[rows[:test]] = "test"
        part[rows[test : test + validation]] = "validation"
    return part


def _table_5(table_1: np.ndarray) -> np.ndarray:
    part = np.full(len(table_1), "train", dtype=object)
    rows = np.random.default_rng([SEED, 5]).permutation(np.flatnonzero(table_1 == "test"))
    part[rows[:_TABLE_5_TEST]] = "test"
    part[rows[_TABLE_5_TEST : _TABLE_5_TEST + _TABLE_5_VALIDATION]] = "validation"
    return part


def _by_patient(index: Index, fold: int) -> np.ndarray:
    part = np.where(index.fold == fold, "test", "train").astype(object)
    random = np.random.default_rng([SEED, 10 + fold])
    for label in np.unique(index.label):
        rows = np.flatnonzero((index.fold != fold) & (index.label == label))
        wanted = len(rows) * _VALIDATION_SHARE
        taken = 0
        for group in random.permutation(np.unique(index.patient_group[rows])):
            # All slices of the group in the training folds, of whatever class.
            members = (index.patient_group == group) & (index.fold != fold)
            if taken + members.sum() / 2 > wanted:
                continue
            part[members] = "validation"
            taken += int(members.sum())
    return part
