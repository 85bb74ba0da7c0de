"""Choosing a slice: a sample, an upload, or a number of the data set."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from core.dataset.slices import read_and_recognise_slice, slice_from_store
from core.dataset.store import SLICE_COUNT
from core.errors import SliceScopeError
from core.inference.render import default_window, grey_image
from core.readers.preprocessing import centred_placement
from core.readers.samples import find_sample, read_samples
from core.readers.slices import EXTENSIONS, Slice
from panels.shared.cache import has_store, open_store
from panels.shared.theme import CLASS_TITLES, escape_markdown

SliceIdentity = tuple[str, str | int]
"""Where a slice comes from ("sample", "slice" or "upload") and which one it is."""
MAX_UPLOADS = 50
"""Files looked at at a time; each is held in the session's memory."""
MAX_PIXELS = 64 * 2**20
"""Pixels of all of them together: 4 bytes each, 256 MB a session, and four slices of the largest size."""
_STRIP = 10
_THUMBNAIL = 84
_ADDRESS = ("sample", "slice")
_CHOSEN = "chosen_slice"
"""In the session: what is chosen, on whichever page."""
_UPLOAD = "chosen_upload"
"""In the session: the chosen upload with its identity, since an uploader forgets its files when its page is left."""


@dataclass(frozen=True)
class ChosenSlice:
    """The slice to look at, and all the uploads it may be one of.

    Attributes:
        identity: tells the slice from every other of the session.
        slice: the slice itself.
        uploads: every readable upload, by identity, in order.
    """

    identity: SliceIdentity
    slice: Slice
    uploads: dict[SliceIdentity, Slice]

    @property
    def address(self) -> dict[str, str]:
        """What an address carries for this slice to be chosen; nothing for an upload, which goes with the session."""
        return _address(self.identity)


def choose_slice(*, key: str) -> ChosenSlice | None:
    """Draw the chooser; returns the chosen slice, or None while there is none.

    What is chosen on one page is chosen on the others too. The address carries the choice (``?sample=…`` or
    ``?slice=…``), except for an upload; an address that has changed since, by a link or the Back button, decides.
    """
    uploads, refused = _read_uploads(key)
    uploads |= st.session_state.get(_UPLOAD, {})
    selection = _selection(key)
    if selection is not None and selection[0] == "upload" and selection not in uploads:
        selection = next(iter(uploads), None)
    slice_ = None
    if selection is not None:
        try:
            slice_ = uploads[selection] if selection[0] == "upload" else _read_slice(selection)
        except SliceScopeError as error:
            refused.append(escape_markdown(str(error)))
    if selection is not None and selection[0] == "upload":
        st.session_state[_UPLOAD] = {selection: slice_}
    label = "Choose a slice" if slice_ is None else "Choose another slice"
    # A key that changes with the slice: choosing one closes the chooser.
    with st.expander(
        label, expanded=slice_ is None, icon=":material/photo_library:", key=f"{key}_chooser_{slice_ and selection}"
    ):
        own, shipped = st.columns([2, 3], gap="medium")
        with own:
            _uploader(key)
            _number_input(key)
        with shipped:
            _gallery(key)
    for sentence in refused:
        st.error(sentence, icon=":material/error:")
    if slice_ is None or selection is None:
        return None
    if selection in uploads and len(uploads) > 1:
        _strip(key, uploads, selection)
    return ChosenSlice(selection, slice_, uploads)


def _selection(key: str) -> SliceIdentity | None:
    """The address's selection if it has changed since the last one was made, else this session's."""
    address = {name: st.query_params[name] for name in _ADDRESS if name in st.query_params}
    if st.session_state.get(f"{key}_address") != address:
        st.session_state[f"{key}_address"] = address
        number = address.get("slice", "")
        if "sample" in address:
            st.session_state[_CHOSEN] = ("sample", address["sample"])
        elif number.isdecimal() and len(number) <= len(str(SLICE_COUNT)):
            st.session_state[_CHOSEN] = ("slice", int(number))
    return st.session_state.get(_CHOSEN)


def _select(key: str, identity: SliceIdentity) -> None:
    st.session_state[_CHOSEN] = identity
    st.session_state.pop(_UPLOAD, None)
    for name in _ADDRESS:
        st.query_params.pop(name, None)
    st.query_params.update(_address(identity))
    st.session_state[f"{key}_address"] = _address(identity)


def _address(identity: SliceIdentity) -> dict[str, str]:
    kind, which = identity
    return {kind: str(which)} if kind in _ADDRESS else {}


def _read_slice(identity: SliceIdentity) -> Slice:
    kind, which = identity
    if kind == "sample":
        return find_sample(str(which)).slice()
    return slice_from_store(open_store(), int(which))


def _uploader(key: str) -> None:
    def newest() -> None:
        known = st.session_state.get(f"{key}_known", set())
        uploads, _ = _read_uploads(key)
        new = [identity for identity in uploads if identity not in known]
        if (known - set(uploads)) & set(st.session_state.get(_UPLOAD, {})):
            del st.session_state[_UPLOAD]  # taken away here
        st.session_state[f"{key}_known"] = set(uploads)
        # A new file that cannot be read leaves the slice that is being looked at.
        if new:
            _select(key, new[0])

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
    if not has_store():
        st.caption("A slice of the data set by number: once it is prepared here (README, “The data”).")
        return
    with st.form(f"{key}_form", border=False):
        number = st.number_input(
            "Slice of the data set by number",
            1,
            SLICE_COUNT,
            value=None,
            key=f"{key}_number",
            placeholder=f"1 to {SLICE_COUNT}",
        )
        if st.form_submit_button("Show slice") and number is not None:
            _select(key, ("slice", int(number)))
            st.rerun()


def _gallery(key: str) -> None:
    st.markdown("**Or try a sample** (simulated lesions with true masks)")
    with st.container(horizontal=True, gap="small"):
        seen: Counter[str] = Counter()
        for one in read_samples():
            title = CLASS_TITLES[one.class_name].split()[0] if one.class_name else "No tumour"
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
    return square_thumbnail(find_sample(name).slice())


def square_thumbnail(slice_: Slice) -> np.ndarray:
    """A small square grey picture, (n, n, 3) uint8, padded with black."""
    step = max(1, max(slice_.pixels.shape) // (2 * _THUMBNAIL))
    pixels = slice_.pixels[::step, ::step]
    place = centred_placement(*pixels.shape)
    square = np.zeros((place.side, place.side, 3), np.uint8)
    square[place.top : place.top + place.height, place.left : place.left + place.width] = grey_image(
        pixels, *default_window(pixels)
    )
    return square


def _read_uploads(key: str) -> tuple[dict[SliceIdentity, Slice], list[str]]:
    """Every upload that can be read, and a sentence for each that cannot; a file is read once.

    One that has no room beside those before it is left out, and its number of pixels kept, to see when it has.
    """
    cache: dict[str, Slice | str | int] = st.session_state.setdefault(f"{key}_read", {})
    files: list[Any] = st.session_state.get(f"{key}_files") or []
    for gone in set(cache) - {file.file_id for file in files}:
        del cache[gone]
    uploads: dict[SliceIdentity, Slice] = {}
    refused, left_out = [], []
    room = MAX_PIXELS
    for file in files[:MAX_UPLOADS]:
        found = cache.get(file.file_id, 0)
        if isinstance(found, int) and found <= room:
            try:
                found = read_and_recognise_slice(file.getvalue(), file.name)
            except SliceScopeError as error:
                found = str(error)
        if isinstance(found, Slice) and found.pixels.size > room:
            found = found.pixels.size
        cache[file.file_id] = found
        if isinstance(found, Slice):
            uploads["upload", file.file_id] = found
            room -= found.pixels.size
        elif isinstance(found, int):
            left_out.append(f"**{escape_markdown(file.name)}**")
        else:
            refused.append(f"**{escape_markdown(file.name)}**: {escape_markdown(found)}")
    if left_out:
        refused.append(
            f"At most {MAX_PIXELS / 1e6:.0f} million pixels are held at a time; left out: {', '.join(left_out)}."
        )
    if len(files) > MAX_UPLOADS:
        refused.append(f"{len(files)} files are too many at a time; the first {MAX_UPLOADS} were read.")
    return uploads, refused


def _strip(key: str, uploads: dict[SliceIdentity, Slice], selection: SliceIdentity) -> None:
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
                st.image(square_thumbnail(uploads[identity]), width=64, alt=f"Upload {i + 1}")
                st.button(
                    f"{i + 1}",
                    key=f"{key}_upload_{identity[1]}",
                    help=escape_markdown(uploads[identity].name),
                    icon=":material/check:" if identity == selection else None,
                    on_click=_select,
                    args=(key, identity),
                )
