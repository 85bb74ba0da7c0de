"""Choosing a slice: a sample, an upload, or a number of the data set."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from core.errors import SliceScopeError
from core.figshare import SLICES
from core.overlay import default_window, grey_picture
from core.preprocessing import placement
from core.samples import sample, samples
from core.slices import EXTENSIONS, Slice, read_slice, store_slice
from panels import loaders

Identity = tuple[str, str | int]
"""Where a slice comes from ("sample", "slice" or "upload") and which one it is."""
_STRIP = 10
_THUMBNAIL = 88


@dataclass(frozen=True)
class Chosen:
    """The slice to look at, and all the uploads it may be one of.

    Attributes:
        identity: tells the slice from every other of the session.
        slice: the slice itself.
        uploads: every readable upload, by identity, in order.
    """

    identity: Identity
    slice: Slice
    uploads: dict[Identity, Slice]


def choose_slice(*, key: str) -> Chosen | None:
    """Draw the chooser; returns the chosen slice, or None while there is none.

    The address carries the choice (``?sample=…`` or ``?slice=…``), except for an upload.
    """
    selection = _selection(key)
    label = "Choose a slice" if selection is None else "Choose another slice"
    with st.expander(label, expanded=selection is None, icon=":material/photo_library:"):
        own, shipped = st.columns([2, 3], gap="medium")
        with own:
            _uploader(key)
            _number_input(key)
        with shipped:
            _gallery(key)
    uploads = _read_uploads(key)
    if selection is not None and selection[0] == "upload" and selection not in uploads:
        selection = next(iter(uploads), None)
    if selection is None:
        return None
    try:
        slice_ = uploads[selection] if selection[0] == "upload" else _slice(selection)
    except SliceScopeError as error:
        st.error(str(error), icon=":material/error:")
        return None
    if selection in uploads and len(uploads) > 1:
        _strip(key, uploads, selection)
    return Chosen(selection, slice_, uploads)


def _selection(key: str) -> Identity | None:
    """The selection of this session, or else the one in the address."""
    state = f"{key}_selection"
    if state not in st.session_state:
        address = st.query_params
        number = address.get("slice", "")
        if "sample" in address:
            st.session_state[state] = ("sample", address["sample"])
        elif number.isdecimal():
            st.session_state[state] = ("slice", int(number))
    return st.session_state.get(state)


def _select(key: str, identity: Identity) -> None:
    st.session_state[f"{key}_selection"] = identity
    for name in ("sample", "slice"):
        st.query_params.pop(name, None)
    if identity[0] != "upload":
        st.query_params[identity[0]] = str(identity[1])


def _slice(identity: Identity) -> Slice:
    kind, which = identity
    if kind == "sample":
        return sample(str(which)).slice()
    return store_slice(loaders.open_store(), int(which))


def _uploader(key: str) -> None:
    def newest() -> None:
        files = st.session_state[f"{key}_files"]
        known = st.session_state.get(f"{key}_known", set())
        new = [file.file_id for file in files if file.file_id not in known]
        st.session_state[f"{key}_known"] = {file.file_id for file in files}
        if new:
            _select(key, ("upload", new[0]))

    st.file_uploader(
        "Upload slices",
        accept_multiple_files=True,
        key=f"{key}_files",
        on_change=newest,
        help="Files stay in this session's memory; nothing is written to disk.",
    )
    pictures = ", ".join(extension.upper() for extension in EXTENSIONS if extension not in ("jpeg", "tiff", "mat"))
    st.caption(f"One slice a file: {pictures}, 8 or 16 bit, or a figshare .mat. Up to 20 MB and 4096 pixels a side.")


def _number_input(key: str) -> None:
    if not loaders.has_store():
        st.caption("A slice of the data set by number: once it is prepared here (README, “Getting the data”).")
        return
    widget = f"{key}_number"
    with st.form(f"{key}_form", border=False):
        number = st.number_input(
            "Slice of the data set by number", 1, SLICES, value=None, key=widget, placeholder="1 to 3064"
        )
        if st.form_submit_button("Show slice") and number is not None:
            _select(key, ("slice", int(number)))
            st.rerun()


def _gallery(key: str) -> None:
    st.markdown("**Or try a sample** (simulated lesions with true masks)")
    with st.container(horizontal=True, gap="small"):
        seen: Counter[str] = Counter()
        for one in samples():
            title = one.class_name.capitalize() if one.class_name else "No tumour"
            seen[title] += 1
            with st.container(width=_THUMBNAIL + 10, gap=None):
                st.image(_sample_thumbnail(one.name), width=_THUMBNAIL, alt=one.alt)
                st.button(
                    f"{title} {seen[title]}" if one.class_name else title,
                    key=f"{key}_sample_{one.name}",
                    help=one.alt,
                    on_click=_select,
                    args=(key, ("sample", one.name)),
                    type="tertiary",
                )


@st.cache_data(show_spinner=False)
def _sample_thumbnail(name: str) -> np.ndarray:
    return thumbnail(sample(name).slice())


def thumbnail(slice_: Slice) -> np.ndarray:
    """A small square grey picture, (n, n, 3) uint8, padded with black."""
    picture = grey_picture(slice_.pixels, *default_window(slice_.pixels))
    place = placement(*slice_.pixels.shape)
    square = np.zeros((place.side, place.side, 3), np.uint8)
    square[place.top : place.top + place.height, place.left : place.left + place.width] = picture
    step = max(1, place.side // (2 * _THUMBNAIL))
    return square[::step, ::step]


def _read_uploads(key: str) -> dict[Identity, Slice]:
    """Read what is new among the uploaded files, say what is wrong with those that cannot be read."""
    cache: dict[str, Slice | str] = st.session_state.setdefault(f"{key}_read", {})
    files: list[Any] = st.session_state.get(f"{key}_files") or []
    for gone in set(cache) - {file.file_id for file in files}:
        del cache[gone]
    uploads: dict[Identity, Slice] = {}
    for file in files:
        if file.file_id not in cache:
            try:
                cache[file.file_id] = read_slice(file.getvalue(), file.name)
            except SliceScopeError as error:
                cache[file.file_id] = str(error)
        found = cache[file.file_id]
        if isinstance(found, Slice):
            uploads["upload", file.file_id] = found
        else:
            st.error(f"**{_plain(file.name)}**: {found}", icon=":material/error:")
    return uploads


def _strip(key: str, uploads: dict[Identity, Slice], selection: Identity) -> None:
    """Thumbnails of the uploads around the chosen one, and steps to either side."""
    identities = list(uploads)
    at = identities.index(selection)
    first = max(0, min(at - _STRIP // 2, len(identities) - _STRIP))
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        for label, to in (("Previous", at - 1), ("Next", at + 1)):
            st.button(
                label,
                key=f"{key}_{label}",
                icon=":material/chevron_left:" if to < at else ":material/chevron_right:",
                disabled=not 0 <= to < len(identities),
                on_click=_select,
                args=(key, identities[max(0, min(to, len(identities) - 1))]),
            )
        st.caption(f"{at + 1} of {len(identities)}")
    with st.container(horizontal=True, gap="small"):
        for i, identity in enumerate(identities[first : first + _STRIP], first):
            with st.container(width=72, gap=None):
                st.image(thumbnail(uploads[identity]), width=64, alt=f"Upload {i + 1}")
                st.button(
                    f"{i + 1}",
                    key=f"{key}_upload_{identity[1]}",
                    help=_plain(uploads[identity].name),
                    icon=":material/check:" if identity == selection else None,
                    on_click=_select,
                    args=(key, identity),
                )


def _plain(text: str) -> str:
    """A file's name as literal text in Markdown."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()#+-.!|<>$:~" else c for c in text)
