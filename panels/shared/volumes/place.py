"""The choice of a volume's plane and of a slice in it, which stands in the address."""

from collections.abc import Callable

import streamlit as st

from core.translation.messages import tr
from panels.shared.link.address import bound, change
from panels.shared.slices.chosen import AT, PLANE, ChosenSlice, ChosenVolume
from panels.shared.viewer.viewer import Volume
from panels.shared.volumes.held import opening_number

_OF = "place_of"
"""Session key: the volume, and the volume's plane, that the controls' values belong to."""


def choose_place(chosen: ChosenVolume, *, opening: Callable[[str], int | None] = lambda plane: None) -> ChosenSlice:
    """Draw the choice of plane and slice; return the slice.

    Args:
        chosen: the volume.
        opening: returns the slice at which a plane opens, and to which it goes where the visitor chose none; None for
            the one where the true mask is largest, or the middle one.
    """
    volume = chosen.volume
    volume_of, slice_of = st.session_state.get(_OF, (None, None))
    if volume_of not in (None, chosen.identity) or st.session_state.get(PLANE) not in (None, *volume.planes):
        st.session_state[PLANE] = volume.best_plane
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        plane = bound(
            st.segmented_control,
            tr("Plane"),
            volume.planes,
            default=volume.best_plane,
            required=True,
            format_func=lambda plane: tr(plane).capitalize(),
            key=PLANE,
            goes_along=True,
            width="content",
        )
        count = volume.count(plane)
        first = opening(plane) or opening_number(volume, plane)
        if slice_of not in (None, (chosen.identity, plane)) or not 1 <= st.session_state.get(AT, 1) <= count:
            st.session_state[AT] = first
        number = (
            bound(
                st.slider,
                tr("Slice, 1 to {count}", count=count),
                1,
                count,
                first,
                key=AT,
                goes_along=True,
                width="stretch",
            )
            if count > 1
            else 1
        )
    st.session_state[_OF] = chosen.identity, (chosen.identity, plane)
    return chosen.at(plane, number)


def stepping(chosen: ChosenSlice) -> Volume | None:
    """Return how the viewer steps through the volume that a slice is of; None where it is of none."""
    if not chosen.plane:
        return None
    return Volume(chosen.number, chosen.count, lambda by: go_to(min(max(1, chosen.number + by), chosen.count)))


def go_to(number: int) -> None:
    """Show another slice of the plane; call it before the controls are drawn."""
    st.session_state[AT] = number
    change({AT: [str(number)]})
