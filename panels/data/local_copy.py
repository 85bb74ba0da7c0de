"""What of the data set is on this machine, and how to get the rest."""

import os

import streamlit as st

from core.dataset.download import CACHE_BYTES, default_cache
from core.dataset.lookup import StoreState, cache_state
from core.dataset.store import SLICE_COUNT, STORE_NAME, default_store
from panels.shared.cache import fetching_allowed
from panels.shared.theme import escape_markdown

_COMMANDS = "make setup\n.venv/bin/python -m core prepare FOLDER"


def local_copy(state: StoreState) -> None:
    """Say where the store is looked for and what it holds, what the cache holds, and the commands that make a store."""
    folder = os.environ.get("SLICESCOPE_DATA")
    # The default is named as the README does; where this server keeps the project is nobody's business.
    path = str(default_store()) if folder else f"data/{STORE_NAME}"
    by_whom = "as SLICESCOPE_DATA says" if folder else "the default; SLICESCOPE_DATA names another folder"
    if state.problem:
        st.error(escape_markdown(state.problem), icon=":material/error:")
    elif not state.exists:
        st.info("The data set is not on this machine. The app works without it.", icon=":material/cloud_off:")
    elif state.whole:
        st.success(f"The data set is here, whole: {state.slices:,} slices.", icon=":material/check_circle:")
    else:
        st.warning(
            f"Part of the data set is here: {state.slices:,} of {SLICE_COUNT:,} slices.", icon=":material/warning:"
        )
    kept = cache_state(default_cache())
    size = f", {state.megabytes:,.0f} MB" if state.exists else ""
    lines = [f"- Looked for at {escape_markdown(path)} ({by_whom}){size}."]
    if not state.whole or kept.slices:
        fetching = "on" if fetching_allowed() else "off, until someone presses “Fetch from figshare”"
        lines.append(
            f"- Fetched from figshare and kept: {kept.slices} slices, {kept.megabytes:.1f} of at most "
            f"{CACHE_BYTES / 1e6:.0f} MB. Fetching is {fetching}."
        )
    st.markdown("\n".join(lines))
    if not state.whole:
        st.markdown(
            "To have it all, download the four zip files and `cvind.mat` from the address above into one folder, "
            "without unpacking them, and name that folder for FOLDER:"
        )
        st.code(_COMMANDS, language="bash")
