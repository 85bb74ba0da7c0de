"""Where the pictures of slices come from: the switch that decides, and what looks again while they are fetched."""

from pathlib import Path

import streamlit as st

from core.translation.messages import mark, tr
from panels.shared.slices.data_set.find import FoundSlices, fetching_wanted, want_fetching

_AT_HAND = mark("Outlined in yellow: the true mask.")
_INSTEAD = mark(
    "Without its slice a tile shows the head's outline in the colour of its class, the predicted mask in cyan, and the "
    "heat map."
)
_MILLISECONDS = 700
"""Between two looks at what has come."""


def draw_source(found: FoundSlices, *, key: str, instead: str = _INSTEAD, at_hand: str = _AT_HAND) -> None:
    """Draw the switch, and what it has led to; nothing where the data set is prepared on this machine.

    Args:
        found: the slices whose pictures are shown.
        key: of the switch.
        instead: says what is shown in the place of a missing slice.
        at_hand: says what is shown of the others.
    """
    if found.prepared:
        return
    name = f"{key}_figshare"
    st.session_state[name] = fetching_wanted()
    with st.container(gap="xsmall", key=f"{key}_source"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.toggle(
                tr("Slices from figshare.com"),
                key=name,
                on_change=lambda: want_fetching(st.session_state[name]),
                help=tr(
                    "The data set is not on this machine. A slice is up to 1 MB; it is kept on the server's disk "
                    "for the next visitor. To have all of them, prepare the data set (README, “The data”)."
                ),
                width="content",
            )
            st.caption(_state(found), width="content")
        st.caption(tr(instead if found.missing else at_hand))


def _state(found: FoundSlices) -> str:
    if not fetching_wanted():
        return tr("off")
    if found.coming:
        return tr(":material/cloud_download: on their way")
    return tr(":material/cloud_off: out of reach") if found.missing else ":material/cloud_done: CC BY 4.0"


def look_again(found: FoundSlices, *, key: str) -> None:
    """Have the part of the page that this stands in run again while slices are being fetched.

    Args:
        found: the slices that the part shows.
        key: tells it from others on the page.
    """
    if found.coming:
        _COMPONENT(key=f"{key}_again", data={"milliseconds": _MILLISECONDS}, on_again_change=lambda: None)


_COMPONENT = st.components.v2.component(
    "slicescope_redraw", js=Path(__file__).with_name("redraw.mjs").read_text(encoding="utf-8")
)
