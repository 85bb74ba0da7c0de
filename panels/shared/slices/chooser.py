"""The choice of a slice: a sample, an upload, or a number of the data set."""

import contextlib
from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.config import MAX_FILE_BYTES, MAX_SIDE, MAX_VOLUME_BYTES, MAX_VOLUME_SLICES
from core.dataset.store import SLICE_COUNT
from core.errors import SliceScopeError
from core.readers.slices import EXTENSIONS, Slice
from core.translation.messages import tr
from panels.shared.controls import errors_in_one_sentence
from panels.shared.slices.adjusting import (
    adjusted_identity,
    adjusted_upload,
    adjusting_of,
    draw_adjustment,
    draw_offers,
    forget_adjustments,
    place_in_file,
)
from panels.shared.slices.chosen import ChosenSlice, ChosenVolume
from panels.shared.slices.data_set.find import fetching_wanted, has_store, wait_for_slice
from panels.shared.slices.held import HeldSlice, read_once
from panels.shared.slices.sample_buttons import draw_sample_buttons, first_readable_sample, read_sample
from panels.shared.slices.selection import select, selection
from panels.shared.slices.upload_buttons import draw_upload_buttons
from panels.shared.slices.uploads import (
    MAX_BYTES,
    MAX_UPLOADS,
    SliceIdentity,
    Upload,
    Uploads,
    held_uploads,
    read_uploads,
    refuse_upload,
)
from panels.shared.theme import error_text
from panels.shared.volumes.choices import draw_choices, forget_removed, is_label_name
from panels.shared.volumes.held import HeldVolume

_TRIED = 5
"""Of new files, how many are read to find one that can be shown."""
DrawTable = Callable[[Uploads, SliceIdentity | None], None]
_SHOWN_REFUSAL = """<style>
[data-testid="stFileChip"] [role="alert"] {
  position: static !important; clip: auto !important; clip-path: none !important; width: auto !important;
  height: auto !important; margin: 0 !important; overflow: visible !important; white-space: normal !important;
}
</style>"""
"""Shows the uploader's sentence on a file that is too large, which Streamlit says to screen readers only."""


def choose_image(
    *,
    key: str,
    draw_table: DrawTable | None = None,
    draw_beside: Callable[[SliceIdentity], None] | None = None,
    introduce: Callable[[], DeltaGenerator | None] | None = None,
    with_example: bool = False,
) -> ChosenSlice | ChosenVolume | None:
    """Draw the chooser; return the chosen slice or volume, or None while there is none, or it is held back.

    A choice holds on every page. The address carries it (``?sample=…``, ``?slice=…`` or ``?upload=…``). An address that
    has changed since, by a link or the Back button, overrides it.

    Args:
        key: tells the chooser from those of other pages.
        draw_table: draws a table of several uploads, one of which is chosen.
        draw_beside: draws what stands beside the closed chooser of a sample or a slice of the data set.
        introduce: draws what stands above the chooser while nothing is chosen or uploaded; it may return where the
            chooser then stands.
        with_example: return the first sample while nothing is chosen or uploaded.
    """
    uploads = read_uploads(key)
    held, sentences = uploads.held, uploads.sentences
    forget_removed(held)
    forget_adjustments(held)
    image: Slice | HeldVolume | None = None
    try:
        chosen = selection(key, held)
        if chosen is not None:
            image = _read_upload(chosen, held[chosen]) if chosen[0] == "upload" else _read_slice(chosen)
    except SliceScopeError as error:
        chosen = None
        sentences.append(error_text(error))
    room = introduce() if introduce is not None and image is None and not held else None
    example = first_readable_sample() if with_example and image is None and not held else None
    line = (room or st).container(horizontal=True, gap="small", vertical_alignment="center", key=f"{key}_line")
    with line:
        # The key changes with the slice, so that choosing one closes the chooser.
        of = None if image is None else chosen
        _draw_chooser(key, is_open=image is None and example is None, of=of, is_narrow=room is not None)
    for sentence in sentences:
        st.error(sentence, icon=":material/error:")
    is_several = len(held) > 1 and any(isinstance(upload, HeldSlice) for upload in held.values())
    if draw_table is not None and is_several and (chosen is None or chosen[0] == "upload"):
        draw_table(uploads, chosen)
    if image is None or chosen is None:
        return ChosenSlice(*example, is_example=True) if example else None
    if chosen not in held:
        if draw_beside is not None:
            with line:
                draw_beside(chosen)
        if isinstance(image, HeldVolume):
            return ChosenVolume(chosen, chosen, image.volume, image.files)
        return ChosenSlice(chosen, image)
    with line:
        draw_upload_buttons(key, held, chosen)
        if isinstance(image, Slice):
            draw_adjustment(chosen, image, key=key)
    if isinstance(image, HeldVolume):
        return _chosen_volume(chosen, image, held, key=key)
    draw_offers(chosen, image, key=key)
    adjusted = adjusted_upload(chosen, image)
    return ChosenSlice(
        adjusted_identity(chosen),
        adjusted,
        place_in_file(chosen, image),
        adjusting=adjusting_of(chosen, image),
    )


def _draw_chooser(key: str, *, is_open: bool, of: SliceIdentity | None, is_narrow: bool) -> None:
    with st.expander(
        tr("Choose a slice") if is_open else tr("Choose another slice"),
        expanded=is_open,
        icon=":material/photo_library:",
        key=f"{key}_chooser_{of}",
    ):
        # Where it is narrow, samples stand below the upload: a first-time visitor has no number of a slice.
        if is_narrow:
            upload, samples, number = st.container(), st.container(), st.container()
        else:
            upload, samples = st.columns([2, 3], gap="medium")
            number = upload
        with upload:
            _uploader(key)
        with samples, errors_in_one_sentence():
            draw_sample_buttons(key)
        with number:
            _number_input(key)


def _chosen_volume(
    chosen: SliceIdentity, held: HeldVolume, uploads: dict[SliceIdentity, Upload], *, key: str
) -> ChosenVolume | None:
    volume = draw_choices(chosen, held, uploads, key=key)
    if volume is None:
        return None
    return ChosenVolume((chosen[0], f"{chosen[1]}-{volume.chosen}"), chosen, volume, held.files)


def _read_upload(identity: SliceIdentity, held: Upload) -> Slice | HeldVolume:
    """Return an upload, read; one that cannot be is held as refused.

    Raises:
        SliceError, WorkerError: it cannot be read.
    """
    if isinstance(held, HeldVolume):
        return held
    try:
        return read_once(identity, held)
    except SliceScopeError as error:
        refuse_upload(identity, error)
        raise


def _read_slice(identity: SliceIdentity) -> Slice | HeldVolume:
    """Read a slice of the data set or a sample, which may be a volume."""
    kind, which = identity
    if kind == "sample":
        return read_sample(str(which))
    return wait_for_slice(int(which))


def _uploader(key: str) -> None:
    def select_newest() -> None:
        known = held_uploads()
        uploads = read_uploads(key).held
        new = [identity for identity in uploads if identity not in known]
        # A new file that cannot be read leaves the current slice.
        for identity in sorted(new, key=lambda one: is_label_name(uploads[one].name))[:_TRIED]:
            with contextlib.suppress(SliceScopeError):
                _read_upload(identity, uploads[identity])
                select(key, identity)
                return

    st.file_uploader(
        tr("Upload slices or volumes"),
        accept_multiple_files=True,
        key=f"{key}_files",
        on_change=select_newest,
    )
    st.html(_SHOWN_REFUSAL)
    pictures = ", ".join(extension.upper() for extension in EXTENSIONS if extension not in ("jpeg", "tiff", "mat"))
    st.caption(
        tr("Pictures, a figshare .mat, NIfTI or DICOM; many at once make a table."),
        help=tr(
            "Slices: {pictures} or a figshare .mat, up to {max_file_bytes} MB and {max_side} pixels a side. "
            "Volumes: NIfTI (.nii, .nii.gz); a series of DICOM files, together or in a .zip; up to "
            "{max_volume_bytes} MB and {max_volume_slices} slices. Many slices at once, or in a .zip, make a "
            "table: up to {max_uploads} files and {max_bytes} MB.",
            pictures=pictures,
            max_file_bytes=MAX_FILE_BYTES // 2**20,
            max_side=MAX_SIDE,
            max_volume_bytes=MAX_VOLUME_BYTES // 2**20,
            max_volume_slices=MAX_VOLUME_SLICES,
            max_uploads=MAX_UPLOADS,
            max_bytes=MAX_BYTES // 10**6,
        ),
    )
    st.caption(
        tr("The server that runs this app holds files in memory while this page is open, and writes them to no disk.")
    )


def _number_input(key: str) -> None:
    if not has_store() and not fetching_wanted():
        st.caption(tr("A slice of the data set by number: available once it is prepared here (README, “The data”)."))
        return
    with st.form(f"{key}_form", border=False):
        number = st.number_input(
            tr("Slice of the data set by number"),
            1,
            SLICE_COUNT,
            value=None,
            key=f"{key}_number",
            placeholder=tr("1 to {slice_count}", slice_count=SLICE_COUNT),
        )
        if st.form_submit_button(tr("Show slice")) and number is not None:
            select(key, ("slice", int(number)))
            st.rerun()
