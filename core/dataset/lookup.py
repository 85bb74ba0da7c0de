"""A slice of the data set by its number, from wherever it can be had."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.dataset.download import FigshareDownloader
from core.dataset.slices import slice_from_store
from core.dataset.store import SLICE_COUNT, Store
from core.errors import DatasetError
from core.readers.slices import Slice


def find_slice(
    number: int,
    *,
    store: Store | None,
    remote: FigshareDownloader | None,
    progress: Callable[[int], None] | None = None,
) -> Slice:
    """Slice ``number`` with its mask: from the prepared store, else from figshare.

    Args:
        number: 1 to 3064.
        store: the prepared data set, or None where there is none.
        remote: slices on demand, or None where nobody has allowed them.
        progress: is told the bytes received so far from figshare.

    Raises:
        DatasetError: no such slice, or it cannot be had; the sentence says how to get the data.
    """
    if not 1 <= number <= SLICE_COUNT:
        raise DatasetError(f"There is no slice {number} in the data set; numbers run from 1 to {SLICE_COUNT}.")
    if store is not None and number in store:
        return slice_from_store(store, number)
    if remote is not None:
        return remote.slice(number, progress=progress)
    raise DatasetError(f"Slice {number} is not on this machine; prepare the data set to see it (README, “The data”).")


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
    """The state of a ``core.dataset.download.FigshareDownloader``'s cache, which may change at any moment."""
    slices, taken = 0, 0
    for path in folder.glob("*.npz"):
        try:
            taken += path.stat().st_size
        except FileNotFoundError:
            continue  # trimmed just now
        slices += path.stem.removeprefix("slice-").isdecimal()
    return CacheState(slices, taken / _MEGABYTE)
