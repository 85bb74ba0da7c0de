"""The session's uploads: each file is read once, as far as there is room in memory."""

from typing import Any

import streamlit as st

from core.errors import SliceScopeError
from core.readers.slices import Slice
from panels.shared.theme import escape_markdown

SliceIdentity = tuple[str, str | int]
"""Where a slice comes from ("sample", "slice" or "upload") and which one it is."""
MAX_UPLOADS = 50
"""Files read at a time; each is held in the session's memory."""
MAX_PIXELS = 64 * 2**20
"""Pixels of all of them together: 4 bytes each, 256 MB a session, and four slices of the largest size."""


def read_uploads(key: str, *, max_pixels: int = MAX_PIXELS) -> tuple[dict[SliceIdentity, Slice], list[str]]:
    """Read the files of the uploader ``{key}_files``; return the slices by identity, and a sentence for each refusal.

    A file without room beside those before it, within ``max_pixels``, is left out. Its number of pixels is kept, to
    see when there is room.
    """
    # By file id: the slice, why it is refused, or how many pixels it needs.
    cache: dict[str, Slice | str | int] = st.session_state.setdefault(f"{key}_read", {})
    files: list[Any] = st.session_state.get(f"{key}_files") or []
    for removed in set(cache) - {file.file_id for file in files}:
        del cache[removed]
    uploads: dict[SliceIdentity, Slice] = {}
    refusals, left_out = [], []
    room = max_pixels
    for file in files[:MAX_UPLOADS]:
        content = cache[file.file_id] = _read_if_room(file, cache.get(file.file_id, 0), room)
        if isinstance(content, Slice):
            uploads["upload", file.file_id] = content
            room -= content.pixels.size
        elif isinstance(content, int):
            left_out.append(f"**{escape_markdown(file.name)}**")
        else:
            refusals.append(f"**{escape_markdown(file.name)}**: {escape_markdown(content)}")
    if left_out:
        refusals.append(
            f"At most {max_pixels / 1e6:.2g} million pixels are held at a time; left out: {', '.join(left_out)}."
        )
    if len(files) > MAX_UPLOADS:
        refusals.append(f"{len(files)} files are too many at a time; the first {MAX_UPLOADS} were read.")
    return uploads, refusals


def _read_if_room(file: Any, cached: Slice | str | int, room: int) -> Slice | str | int:
    """Return the file's slice, why it is refused, or the number of pixels for which there is no room."""
    from core.dataset.slices import read_and_recognise_slice

    content = cached
    if isinstance(content, int) and content <= room:
        try:
            content = read_and_recognise_slice(file.getvalue(), file.name)
        except SliceScopeError as error:
            return str(error)
    if isinstance(content, Slice) and content.pixels.size > room:
        return int(content.pixels.size)
    return content
