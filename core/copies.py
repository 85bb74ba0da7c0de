"""What of the data set is on this machine: the prepared store, and slices fetched from figshare."""

from dataclasses import dataclass
from pathlib import Path

from core.errors import DatasetError
from core.figshare import Store

_MEGABYTE = 1e6


@dataclass(frozen=True)
class StoreState:
    """The prepared store.

    Attributes:
        exists: whether there is a file.
        slices: how many it holds.
        whole: whether it holds every slice with its fold.
        megabytes: of the file.
        problem: what is wrong with the file, in a sentence, or None.
    """

    exists: bool
    slices: int = 0
    whole: bool = False
    megabytes: float = 0.0
    problem: str | None = None


@dataclass(frozen=True)
class CacheState:
    """The folder of fetched slices: how many, and the size of the folder's files."""

    slices: int
    megabytes: float


def store_state(path: Path) -> StoreState:
    """The state of the store at ``path``."""
    if not path.is_file():
        return StoreState(exists=False)
    megabytes = path.stat().st_size / _MEGABYTE
    try:
        with Store(path) as store:
            return StoreState(True, len(store), store.whole, megabytes)
    except DatasetError as error:
        return StoreState(True, megabytes=megabytes, problem=str(error))


def cache_state(folder: Path) -> CacheState:
    """The state of a ``core.remote.Figshare``'s cache, which may change at any moment."""
    slices, taken = 0, 0
    for path in folder.glob("*.npz"):
        try:
            taken += path.stat().st_size
        except FileNotFoundError:
            continue  # trimmed just now
        slices += path.stem.removeprefix("slice-").isdecimal()
    return CacheState(slices, taken / _MEGABYTE)
