"""The data set's slices as pages read them: from the prepared store, or from figshare, fetched beside the page."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.dataset.store import SLICE_COUNT, Store, default_store
from core.errors import DatasetError
from core.readers.slices import Slice
from core.translation.messages import tr

if TYPE_CHECKING:
    from core.dataset.remote.background_fetch import BackgroundFetcher
    from core.dataset.remote.download import FigshareDownloader

_WAIT_SECONDS = 0.1
_FETCHING = "figshare"
"""Session key: whether this session's visitor wants slices from figshare."""


def has_store() -> bool:
    """Return whether there is a prepared data set."""
    return default_store().is_file()


def open_store() -> Store:
    """Open the prepared data set.

    Raises:
        DatasetError: there is none.
    """
    return _open_store(default_store())


@st.cache_resource(show_spinner=False)
def _open_store(path: Path) -> Store:
    return Store(path)


@dataclass(frozen=True)
class FoundSlices:
    """Those of some slices of the data set that are at hand.

    Attributes:
        by_number: the slices, in the order in which they were asked for.
        missing: the other numbers.
        coming: whether one of these may still come from figshare: look again.
        prepared: whether all lie in the prepared data set.
    """

    by_number: dict[int, Slice]
    missing: tuple[int, ...]
    coming: bool
    prepared: bool


def find_slices(numbers: Sequence[int]) -> FoundSlices:
    """Find slices of the data set by number; have those that are missing fetched beside the page.

    They come from the prepared store, else from the disk cache of what was fetched from figshare, where the visitor
    wants slices from there.
    """
    from core.dataset.slices import slice_from_store

    store, wanted = open_store() if has_store() else None, fetching_wanted()
    # Before the look: what comes meanwhile is found by the next one.
    coming = wanted and figshare_fetcher().is_fetching(numbers)
    found: dict[int, Slice] = {}
    for number in numbers:
        slice_ = None
        if store is not None and number in store:
            slice_ = slice_from_store(store, number)
        elif wanted:
            slice_ = figshare_downloader().cached(number)
        if slice_ is not None:
            found[number] = slice_
    missing = tuple(number for number in numbers if number not in found)
    if missing and wanted:
        figshare_fetcher().ask(missing)
        coming = coming or figshare_fetcher().is_fetching(missing)
    prepared = store is not None and all(number in store for number in numbers)
    return FoundSlices(found, missing, bool(missing) and coming, prepared)


def wait_for_slice(number: int) -> Slice:
    """Return slice ``number`` of the data set; wait for it where it comes from figshare.

    Raises:
        DatasetError: there is no such slice, or it is not at hand and does not come.
    """
    if not 1 <= number <= SLICE_COUNT:
        raise DatasetError(
            "There is no slice {number} in the data set; numbers run from 1 to {last}.", number=number, last=SLICE_COUNT
        )
    found = find_slices([number])
    if found.coming:
        with st.spinner(tr("Fetching slice {number} from figshare.com", number=number)):
            while found.coming:
                time.sleep(_WAIT_SECONDS)
                found = find_slices([number])
    if found.missing:
        raise DatasetError(
            "Slice {number} is not on this machine; prepare the data set to see it (README, “The data”).", number=number
        )
    return found.by_number[number]


def simulated_slice(class_name: str) -> Slice:
    """Return the first simulated sample of a class, which stands for a slice that is not at hand.

    Raises:
        DatasetError: there is no such sample, or it cannot be read.
    """
    from core.readers.samples import read_samples

    for sample in read_samples():
        if sample.class_name == class_name:
            return sample.slice()
    raise DatasetError("There is no simulated sample of class '{class_name}' in samples/.", class_name=class_name)


def fetching_wanted() -> bool:
    """Return whether slices are fetched from figshare: this session's visitor decides, until then a setting."""
    from core.dataset.remote.download import remote_enabled

    return bool(st.session_state.get(_FETCHING, remote_enabled()))


def want_fetching(wanted: bool) -> None:
    """Have slices fetched from figshare for this session, or not."""
    st.session_state[_FETCHING] = wanted


@st.cache_resource(show_spinner=False)
def figshare_downloader() -> "FigshareDownloader":
    """Return the downloader of single slices, shared by all sessions."""
    from core.dataset.remote.download import FigshareDownloader, default_cache

    return FigshareDownloader(default_cache())


@st.cache_resource(show_spinner=False)
def figshare_fetcher() -> "BackgroundFetcher":
    """Return what fetches slices beside the pages, shared by all sessions."""
    from core.dataset.remote.background_fetch import BackgroundFetcher

    return BackgroundFetcher(figshare_downloader())
