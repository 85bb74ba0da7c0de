"""The patient ids of the data set, to check that the project contains none of them."""

import re
from collections.abc import Set
from pathlib import Path

import h5py

SHAPE = re.compile(r"\bMR0\d+[A-Z]?\b")
"""The pattern of an id that begins with letters; other ids are plain numbers."""

# The shortest id has five characters. Digits after a decimal point are no word.
_WORD = re.compile(r"(?<!\d\.)\b\w{5,}\b")


def read_ids(mats: Path) -> frozenset[str]:
    """Read the id of every slice in a folder of .mat files, in seconds: nothing but the ids is read."""
    ids = set()
    for path in mats.glob("[0-9]*.mat"):
        with h5py.File(path) as file:
            ids.add("".join(map(chr, file["cjdata/PID"][()].ravel())))
    assert ids and min(map(len, ids)) >= 5
    return frozenset(ids)


def ids_in(text: str, ids: Set[str]) -> set[str]:
    """Return the ids that a text contains as whole words."""
    return ids & set(_WORD.findall(text))
