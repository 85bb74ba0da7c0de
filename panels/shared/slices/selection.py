"""Which slice or upload is chosen: the same on every page, and in the address."""

from collections.abc import Collection

import streamlit as st

from core.dataset.store import SLICE_COUNT
from core.errors import SliceError
from panels.shared.link.address import change, show, take
from panels.shared.slices.uploads import SliceIdentity, gone_sentence

_PARAMETERS = ("sample", "slice", "upload")
"""Names in the address."""
_CHOSEN = "chosen_slice"
"""Session key of the chosen identity, the same on every page."""
_SHORT_ID = 8
"""Characters of an upload's identity in the address."""


def selection(key: str, uploads: Collection[SliceIdentity]) -> SliceIdentity | None:
    """Return the address's identity if the address has changed since the last choice, else the session's.

    Raises:
        SliceError: the address names an upload that the session does not hold, or no number of a slice.
    """
    taken = [take(name, goes_along=True) for name in _PARAMETERS]
    named = {name: texts[-1] for name, texts in zip(_PARAMETERS, taken, strict=True) if texts}
    if named or all(texts == [] for texts in taken):
        # On the same page an address that names no slice is one from before the choice.
        st.session_state[_CHOSEN] = None
        st.session_state[_CHOSEN] = _named(named, uploads)
    chosen = st.session_state.get(_CHOSEN)
    if chosen and chosen[0] == "upload" and chosen not in uploads:
        # The visitor has removed it.
        select(key, next(iter(uploads), None))
    for name, texts in _changes(st.session_state.get(_CHOSEN)).items():
        show(name, texts)
    return st.session_state.get(_CHOSEN)


def _named(address: dict[str, str], uploads: Collection[SliceIdentity]) -> SliceIdentity | None:
    """Return the identity that an address names, or None where it names none; see ``selection``."""
    if "sample" in address:
        return "sample", address["sample"]
    if "slice" in address:
        number = address["slice"]
        if not (number.isascii() and number.isdecimal() and 1 <= int(number[:9]) <= SLICE_COUNT):
            raise SliceError(
                "There is no slice '{number}' in the data set; numbers run from 1 to {last}.",
                number=number,
                last=SLICE_COUNT,
            )
        return "slice", int(number)
    if "upload" in address:
        named = [identity for identity in uploads if str(identity[1]).startswith(address["upload"])]
        if not named:
            raise SliceError(gone_sentence())
        return named[0]
    return None


def select(key: str, identity: SliceIdentity | None) -> None:
    """Choose a slice or an upload, or none."""
    st.session_state[_CHOSEN] = identity
    change(_changes(identity))


def _changes(identity: SliceIdentity | None) -> dict[str, list[str]]:
    """Return what the address has for a choice: a name's value, the others none."""
    chosen = address_of(identity) if identity else {}
    return {name: [chosen[name]] if name in chosen else [] for name in _PARAMETERS}


def address_of(identity: SliceIdentity) -> dict[str, str]:
    """Return the query parameter that chooses a slice or an upload."""
    kind, which = identity
    return {kind: str(which)[:_SHORT_ID] if kind == "upload" else str(which)}
