"""The data set's slices as pages read them: from the prepared store, or singly from figshare."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.dataset.store import Store, default_store
from core.errors import DatasetError
from core.readers.slices import Slice
from panels.shared.theme import error_text

if TYPE_CHECKING:
    from core.dataset.download import FigshareDownloader


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


def load_slice(number: int) -> Slice | None:
    """Return slice ``number`` of the data set, or None where it is not available (``load_slices``)."""
    return load_slices([number]).get(number)


def load_slices(numbers: Sequence[int]) -> dict[int, Slice]:
    """Return the slices of the data set that are available, by number, in the order of ``numbers``.

    They come from the prepared store, else from the disk cache, else from figshare where a setting or this session's
    visitor allows it. A failed download draws one sentence, and nothing more is fetched until the visitor asks again.
    """
    from core.dataset.lookup import find_slice

    store, remote, fetch = open_store() if has_store() else None, figshare_downloader(), fetching_allowed()
    slices: dict[int, Slice] = {}
    bar = None
    for position, number in enumerate(numbers):
        is_here = (store is not None and number in store) or remote.cached(number)
        if not is_here and not fetch:
            continue
        if not is_here:
            bar = bar or st.progress(0.0)
            bar.progress(position / len(numbers), f"Fetching slice {number} from figshare")
        try:
            slices[number] = find_slice(number, store=store, remote=remote)
        except DatasetError as error:
            st.session_state["figshare"] = fetch = False
            st.error(error_text(error), icon=":material/cloud_off:")
    if bar is not None:
        bar.empty()
    return slices


def fetching_allowed() -> bool:
    """Return whether slices may be fetched from figshare: a setting or this session's visitor allows it."""
    from core.dataset.download import remote_enabled

    return bool(st.session_state.get("figshare", remote_enabled()))


def allow_fetching() -> None:
    """Allow this session to fetch slices from figshare."""
    st.session_state["figshare"] = True


@st.cache_resource(show_spinner=False)
def figshare_downloader() -> "FigshareDownloader":
    """Return the downloader of single slices, shared by all sessions."""
    from core.dataset.download import FigshareDownloader, default_cache

    return FigshareDownloader(default_cache())
