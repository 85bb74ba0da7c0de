"""A slice of the data set by its number, from wherever it can be had."""

from collections.abc import Callable

from core.errors import DatasetError
from core.figshare import SLICES, Store
from core.remote import Figshare
from core.slices import Slice, store_slice


def find_slice(
    number: int, *, store: Store | None, remote: Figshare | None, progress: Callable[[int], None] | None = None
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
    if not 1 <= number <= SLICES:
        raise DatasetError(f"There is no slice {number} in the data set; numbers run from 1 to {SLICES}.")
    if store is not None and number in store:
        return store_slice(store, number)
    if remote is not None:
        return remote.slice(number, progress=progress)
    raise DatasetError(f"Slice {number} is not on this machine; prepare the data set to see it (README, “The data”).")
