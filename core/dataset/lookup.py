"""Find a slice of the data set by its number, in the store or at figshare; describe the local copy."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.dataset.download import FigshareDownloader
from core.dataset.slices import slice_from_store
from core.dataset.store import SLICE_COUNT, Store
from core.errors import DatasetError
from core.readers.slices import Slice

_MEGABYTE = 1e6


def find_slice(
    number: int,
    *,
    store: Store | None,
    remote: FigshareDownloader | None,
    progress: Callable[[int], None] | None = None,
) -> Slice:
    """Find slice ``number`` with its mask: in the prepared store, else at figshare.

    Args:
        number: 1 to 3064.
        store: the prepared data set, or None where there is none.
        remote: downloads single slices, or None where downloads are not allowed.
        progress: called with the bytes received so far from figshare.

    Raises:
        DatasetError: there is no such slice, or it is not available; the sentence says how to get the data.
    """
    if not 1 <= number <= SLICE_COUNT:
        raise DatasetError(f"There is no slice {number} in the data set; numbers run from 1 to {SLICE_COUNT}.")
    if store is not None and number in store:
        return slice_from_store(store, number)
    if remote is not None:
        return remote.slice(number, progress=progress)
    raise DatasetError(f"Slice {number} is not on this machine; prepare the data set to see it (README, “The data”).")


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
    problem: str | None = None


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
        return StoreState(True, megabytes=megabytes, problem=str(error))


def cache_state(folder: Path) -> CacheState:
    """Describe the cache of a ``core.dataset.download.FigshareDownloader``; it may change at any moment."""
    slices, size = 0, 0
    for path in folder.glob("*.npz"):
        try:
            size += path.stat().st_size
        except FileNotFoundError:
            continue  # the cache has just removed it
        slices += path.stem.removeprefix("slice-").isdecimal()
    return CacheState(slices, size / _MEGABYTE)
