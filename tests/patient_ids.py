"""The patient ids of the data set, to see that the project names none of them."""

import re
from collections.abc import Set
from pathlib import Path

import h5py

SHAPE = re.compile(r"\bMR0\d+[A-Z]?\b")
"""What an id that begins with letters looks like; the others are plain numbers, as anything may be."""

# The shortest id has five characters. A number behind a decimal point is no word.
_WORD = re.compile(r"(?<!\d\.)\b\w{5,}\b")


def read_ids(mats: Path) -> frozenset[str]:
    """The id of every slice in a folder of .mat files, which takes seconds: only the ids are read."""
    ids = set()
    for path in mats.glob("[0-9]*.mat"):
        with h5py.File(path) as file:
            ids.add("".join(map(chr, file["cjdata/PID"][()].ravel())))
    assert ids and min(map(len, ids)) >= 5
    return frozenset(ids)


def ids_in(text: str, ids: Set[str]) -> set[str]:
    """Those of the ids that stand in a text as whole words."""
    return ids & set(_WORD.findall(text))
