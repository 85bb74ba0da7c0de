"""The choice of a slice: a sample, an upload, or a number of the data set."""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image

from core.config import NO_TUMOUR
from core.dataset.store import SLICE_COUNT
from core.errors import DatasetError, SliceError, SliceScopeError
from core.inference.render import default_window, encode_png, grey_image
from core.labels import ANSWER_LABELS
from core.readers.preprocessing import centred_placement
from core.readers.samples import find_sample, read_samples
from core.readers.slices import EXTENSIONS, Slice
from panels.shared.controls import errors_in_one_sentence
from panels.shared.slices.adjusting import (
    adjusted_identity,
    adjusted_uploads,
    draw_adjustment,
    draw_offers,
    place_in_file,
)
from panels.shared.slices.data_set import has_store, open_store
from panels.shared.slices.image import shown_pixels
from panels.shared.slices.uploads import SliceIdentity, gone_sentence, held_uploads, read_uploads, remove_upload
from panels.shared.theme import error_text, escape_markdown

_STRIP_LENGTH = 10
_THUMBNAIL, _UPLOAD_THUMBNAIL = 84, 64
"""Sides of the pictures of samples and of uploads, in pixels."""
_THUMBNAILS = "upload_thumbnails"
"""Session key: pictures of uploads by identity."""
_SHOWN_REFUSAL = """<style>
[data-testid="stFileChip"] [role="alert"] {
  position: static !important; clip: auto !important; clip-path: none !important; width: auto !important;
  height: auto !important; margin: 0 !important; overflow: visible !important; white-space: normal !important;
}
</style>"""
"""Shows the uploader's sentence on a file that is too large, which Streamlit says to screen readers only."""
_PARAMETERS = ("sample", "slice", "upload")
"""Names in the address."""
_CHOSEN = "chosen_slice"
"""Session key of the chosen identity, the same on every page."""
_SHORT_ID = 8
"""Characters of an upload's identity in the address."""


@dataclass(frozen=True)
class ChosenSlice:
    """The chosen slice, and every upload of the session.

    Attributes:
        identity: tells the slice from every other of the session.
        slice: the slice itself; an upload as it is adjusted.
        uploads: every readable upload, by identity, in order, as it is adjusted.
        in_file: brings (h, w) values of the slice back to the place they have in the file.
    """

    identity: SliceIdentity
    slice: Slice
    uploads: dict[SliceIdentity, Slice]
    in_file: Callable[[np.ndarray], np.ndarray] = np.asarray

    @property
    def address(self) -> dict[str, str]:
        """The query parameters that choose this slice; an upload only in the session that holds it."""
        return _address(self.identity)


def choose_slice(*, key: str) -> ChosenSlice | None:
    """Draw the chooser; return the chosen slice, or None while there is none.

    A choice holds on every page. The address carries it (``?sample=…``, ``?slice=…`` or ``?upload=…``). An address that
    has changed since, by a link or the Back button, overrides it.
    """
    uploads, refusals = read_uploads(key)
    slice_ = None
    try:
        selection = _selection(key, uploads)
        if selection is not None:
            slice_ = uploads[selection] if selection[0] == "upload" else _read_slice(selection)
    except SliceScopeError as error:
        selection = None
        refusals.append(error_text(error))
    label = "Choose a slice" if slice_ is None else "Choose another slice"
    # The key changes with the slice, so that choosing one closes the chooser.
    with st.expander(
        label, expanded=slice_ is None, icon=":material/photo_library:", key=f"{key}_chooser_{slice_ and selection}"
    ):
        upload_column, sample_column = st.columns([2, 3], gap="medium")
        with upload_column:
            _uploader(key)
            _number_input(key)
        with sample_column, errors_in_one_sentence():
            _sample_buttons(key)
    for sentence in refusals:
        st.error(sentence, icon=":material/error:")
    if slice_ is None or selection is None:
        return None
    if selection not in uploads:
        return ChosenSlice(selection, slice_, adjusted_uploads(uploads))
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        _upload_buttons(key, uploads, selection)
        draw_adjustment(selection, slice_, key=key)
    draw_offers(selection, slice_, key=key)
    if len(uploads) > 1:
        _upload_strip(key, uploads, selection)
    adjusted = adjusted_uploads(uploads)
    return ChosenSlice(adjusted_identity(selection), adjusted[selection], adjusted, place_in_file(selection, slice_))


def _selection(key: str, uploads: Collection[SliceIdentity]) -> SliceIdentity | None:
    """Return the address's identity if the address has changed since the last choice, else the session's.

    Raises:
        SliceError: the address names an upload that the session does not hold, or no number of a slice.
    """
    address = {name: st.query_params[name] for name in _PARAMETERS if name in st.query_params}
    if st.session_state.get(f"{key}_address") != address:
        chosen = _named(address, uploads)
        st.session_state[f"{key}_address"] = address
        if chosen:
            st.session_state[_CHOSEN] = chosen
    chosen = st.session_state.get(_CHOSEN)
    if chosen and chosen[0] == "upload" and chosen not in uploads:
        # The visitor has removed it.
        _select(key, next(iter(uploads), None))
    return st.session_state.get(_CHOSEN)


def _named(address: dict[str, str], uploads: Collection[SliceIdentity]) -> SliceIdentity | None:
    """Return the identity that an address names, or None where it names none; see ``_selection``."""
    if "sample" in address:
        return "sample", address["sample"]
    if "slice" in address:
        number = address["slice"]
        if not (number.isascii() and number.isdecimal() and 1 <= int(number[:9]) <= SLICE_COUNT):
            raise SliceError(f"There is no slice '{number}' in the data set; numbers run from 1 to {SLICE_COUNT}.")
        return "slice", int(number)
    if "upload" in address:
        named = [identity for identity in uploads if str(identity[1]).startswith(address["upload"])]
        if not named:
            raise SliceError(gone_sentence())
        return named[0]
    return None


def _select(key: str, identity: SliceIdentity | None) -> None:
    """Choose a slice, or none."""
    st.session_state[_CHOSEN] = identity
    address = _address(identity) if identity else {}
    for name in _PARAMETERS:
        st.query_params.pop(name, None)
    st.query_params.update(address)
    st.session_state[f"{key}_address"] = address


def _address(identity: SliceIdentity) -> dict[str, str]:
    kind, which = identity
    return {kind: str(which)[:_SHORT_ID] if kind == "upload" else str(which)}


def _read_slice(identity: SliceIdentity) -> Slice:
    kind, which = identity
    if kind == "sample":
        return find_sample(str(which)).slice()
    from core.dataset.slices import slice_from_store

    return slice_from_store(open_store(), int(which))


def _uploader(key: str) -> None:
    def select_newest() -> None:
        known = held_uploads()
        uploads, _ = read_uploads(key)
        new = [identity for identity in uploads if identity not in known]
        # A new file that cannot be read leaves the current slice.
        if new:
            _select(key, new[0])

    st.file_uploader(
        "Upload slices",
        accept_multiple_files=True,
        key=f"{key}_files",
        on_change=select_newest,
    )
    st.html(_SHOWN_REFUSAL)
    pictures = ", ".join(extension.upper() for extension in EXTENSIONS if extension not in ("jpeg", "tiff", "mat"))
    st.caption(f"One slice a file: {pictures}, or a figshare .mat. Up to 20 MB and 4096 pixels a side.")
    st.caption(
        "Files go to the server that runs this app, and nowhere else. It holds them in memory while this page is open "
        "and writes them to no disk."
    )


def _number_input(key: str) -> None:
    if not has_store():
        st.caption("A slice of the data set by number: available once it is prepared here (README, “The data”).")
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


def _sample_buttons(key: str) -> None:
    st.markdown("**Or try a sample** (simulated lesions with true masks)")
    problems = []
    with st.container(horizontal=True, gap="small"):
        counts: Counter[str] = Counter()
        for sample in read_samples():
            try:
                thumbnail = _sample_thumbnail(sample.name)
            except DatasetError as error:
                problems.append(error)
                continue
            title = ANSWER_LABELS[sample.class_name or NO_TUMOUR].short
            counts[title] += 1
            with st.container(width=_THUMBNAIL + 10, gap=None):
                st.image(thumbnail, width=_THUMBNAIL, output_format="PNG", alt=sample.alt)
                st.button(
                    f"{title} {counts[title]}" if sample.class_name else title,
                    key=f"{key}_sample_{sample.name}",
                    help=sample.alt,
                    on_click=_select,
                    args=(key, ("sample", sample.name)),
                    type="tertiary",
                )
    for problem in problems:
        st.error(error_text(problem), icon=":material/error:")


@st.cache_resource(show_spinner=False)
def _sample_thumbnail(name: str) -> bytes:
    return square_thumbnail(find_sample(name).slice(), side=_THUMBNAIL)


def square_thumbnail(slice_: Slice, *, side: int) -> bytes:
    """Return a small square grey picture, padded with black, as PNG of ``side`` pixels: as Streamlit shows it."""
    pixels = slice_.pixels[shown_pixels(slice_, longest_side=2 * side)]
    frame = centred_placement(*pixels.shape)
    square = np.zeros((frame.side, frame.side), np.uint8)
    square[frame.top : frame.top + frame.height, frame.left : frame.left + frame.width] = grey_image(
        pixels, *default_window(pixels)
    )[..., 0]
    return encode_png(np.asarray(Image.fromarray(square).resize((side, side), Image.Resampling.BILINEAR)))


def _upload_buttons(key: str, uploads: dict[SliceIdentity, Slice], selection: SliceIdentity) -> None:
    """Draw a button that removes the chosen upload and, where there are several, buttons to step through them."""
    identities = list(uploads)
    position = identities.index(selection)
    for label, target in (("Previous", position - 1), ("Next", position + 1)) if len(uploads) > 1 else ():
        st.button(
            label,
            key=f"{key}_{label}",
            icon=":material/chevron_left:" if target < position else ":material/chevron_right:",
            disabled=not 0 <= target < len(identities),
            on_click=_select,
            args=(key, identities[max(0, min(target, len(identities) - 1))]),
        )
    if len(uploads) > 1:
        st.caption(f"{position + 1} of {len(identities)}")
    st.button(
        "Remove this upload", key=f"{key}_remove", icon=":material/delete:", on_click=remove_upload, args=(selection,)
    )


def _upload_strip(key: str, uploads: dict[SliceIdentity, Slice], selection: SliceIdentity) -> None:
    """Draw thumbnails of the uploads around the chosen one."""
    identities = list(uploads)
    position = identities.index(selection)
    first = max(0, min(position - _STRIP_LENGTH // 2, len(identities) - _STRIP_LENGTH))
    thumbnails: dict[SliceIdentity, bytes] = st.session_state.setdefault(_THUMBNAILS, {})
    for removed in set(thumbnails) - set(uploads):
        del thumbnails[removed]
    with st.container(horizontal=True, gap="small"):
        for i, identity in enumerate(identities[first : first + _STRIP_LENGTH], first):
            with st.container(width=72, gap=None):
                if identity not in thumbnails:
                    thumbnails[identity] = square_thumbnail(uploads[identity], side=_UPLOAD_THUMBNAIL)
                st.image(thumbnails[identity], width=_UPLOAD_THUMBNAIL, output_format="PNG", alt=f"Upload {i + 1}")
                st.button(
                    f"{i + 1}",
                    key=f"{key}_upload_{identity[1]}",
                    help=escape_markdown(uploads[identity].name),
                    icon=":material/check:" if identity == selection else None,
                    on_click=_select,
                    args=(key, identity),
                )
