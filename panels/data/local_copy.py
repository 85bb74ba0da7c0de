"""The local copy of the data set: what of it is on this machine, and how to get the rest."""

import os

import streamlit as st

from core.dataset.lookup import StoreState, cache_state
from core.dataset.remote.download import CACHE_BYTES, default_cache
from core.dataset.store import SLICE_COUNT, STORE_NAME
from core.translation.messages import mark, tr
from panels.shared.slices.data_set.find import fetching_wanted
from panels.shared.theme import error_text

_COMMANDS = "make setup\n.venv/bin/python -m core prepare FOLDER"


def draw_local_copy(state: StoreState) -> None:
    """Write where the store is expected, what store and cache hold, and the commands that make a store.

    Args:
        state: of the store.
    """
    folder = os.environ.get("SLICESCOPE_DATA")
    # The page does not show where this server keeps what.
    place = tr("in the folder that SLICESCOPE_DATA names") if folder else tr("as data/{file}", file=STORE_NAME)
    if state.problem:
        st.error(error_text(state.problem), icon=":material/error:")
    elif not state.exists:
        st.info(tr("The data set is not on this machine. The app works without it."), icon=":material/cloud_off:")
    elif state.whole:
        st.success(
            tr("The local copy is complete: {slices:,} slices.", slices=state.slices), icon=":material/check_circle:"
        )
    else:
        st.warning(
            tr(
                "The local copy is incomplete: {slices:,} of {slice_count:,} slices.",
                slices=state.slices,
                slice_count=SLICE_COUNT,
            ),
            icon=":material/warning:",
        )
    cached = cache_state(default_cache())
    expected = (
        mark("- {file} is expected {place}, {megabytes:,.0f} MB.")
        if state.exists
        else mark("- {file} is expected {place}.")
    )
    lines = [tr(expected, file=STORE_NAME, place=place, megabytes=state.megabytes)]
    if not state.whole or cached.slices:
        fetching = tr("on") if fetching_wanted() else tr("off")
        lines.append(
            tr(
                "- Downloaded from figshare so far: {slices} slices, {megabytes:.1f} MB of at most "
                "{limit:.0f} MB. Fetching is {fetching}.",
                slices=cached.slices,
                megabytes=cached.megabytes,
                limit=CACHE_BYTES / 1e6,
                fetching=fetching,
            )
        )
    st.markdown("\n".join(lines))
    if not state.whole:
        st.markdown(
            tr(
                "To get all of it, download the four zip files and `cvind.mat` from the address above into one "
                "folder. Do not unpack them. Put that folder's path in place of FOLDER:"
            )
        )
        st.code(_COMMANDS, language=None, wrap_lines=True)
