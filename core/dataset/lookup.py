"""Describe the local copy of the data set: the prepared store, and what was downloaded from figshare."""

from dataclasses import dataclass
from pathlib import Path

from core.dataset.store import Store
from core.errors import DatasetError
from core.translation.messages import Message

_MEGABYTE = 1e6


@dataclass(frozen=True)
class StoreState:
    """The state of the prepared store.

    Attributes:
        exists: whether there is a file.
        slices: number of slices in it.
        whole: whether it holds every slice with its fold.
        megabytes: size of the file.
        problem: one sentence that says what is wrong with the file, or None.
    """

    exists: bool
    slices: int = 0
    whole: bool = False
    megabytes: float = 0.0
    problem: Message | None = None


@dataclass(frozen=True)
class CacheState:
    """The state of the folder of downloaded slices: their number, and the size of all files in it."""

    slices: int
    megabytes: float


def store_state(path: Path) -> StoreState:
    """Describe the store at ``path``."""
    if not path.is_file():
        return StoreState(exists=False)
    megabytes = path.stat().st_size / _MEGABYTE
    try:
        with Store(path) as store:
            return StoreState(True, len(store), store.whole, megabytes)
    except DatasetError as error:
        return StoreState(True, megabytes=megabytes, problem=error.message)


def cache_state(folder: Path) -> CacheState:
    """Describe the cache of a ``core.dataset.remote.download.FigshareDownloader``; it may change at any moment."""
    slices, size = 0, 0
    for path in folder.glob("*.npz"):
        try:
            size += path.stat().st_size
        except FileNotFoundError:
            continue  # the cache has just removed it
        slices += path.stem.removeprefix("slice-").isdecimal()
    return CacheState(slices, size / _MEGABYTE)
