"""The session's uploads: each file is read once, as far as there is room in memory, and stays until it is removed."""

from typing import Any

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from core.errors import SliceScopeError
from core.readers.slices import Slice
from panels.shared.theme import error_text, escape_markdown

SliceIdentity = tuple[str, str | int]
"""Where a slice comes from ("sample", "slice" or "upload") and which one it is."""
MAX_UPLOADS = 50
"""Slices held at a time."""
MAX_PIXELS = 25 * 2**20
"""Pixels of all of them together: 4 bytes each, 105 MB a session, and a slice and a half of the largest size."""
MAX_BYTES = 95 * 10**6
"""Bytes of the files that Streamlit holds of a session; with the slices read from them at most 200 MB."""
_UPLOADS = "uploads"
"""Session key: by file id the slice, why the file is refused, how many pixels it needs, or None once it is removed."""
_LEFT_OUT = "application/x-left-out"
"""The type of a file that arrived when there was no room; its content was dropped."""
_Content = Slice | str | int | None


def bound_uploads(limit: int = MAX_BYTES) -> None:
    """Drop the content of each file that arrives when its session's files hold ``limit`` bytes with it.

    Streamlit bounds a single file only.
    """
    add_file = MemoryUploadedFileManager.add_file

    def add_within_limit(self: MemoryUploadedFileManager, session_id: str, file: UploadedFileRec) -> None:
        held = sum(len(other.data) for other in list(self.file_storage.get(session_id, {}).values()))
        if held + len(file.data) > limit:
            file = file._replace(type=_LEFT_OUT, data=b"")
        add_file(self, session_id, file)

    MemoryUploadedFileManager.add_file = add_within_limit  # type: ignore[method-assign]


def read_uploads(key: str, *, max_pixels: int = MAX_PIXELS) -> tuple[dict[SliceIdentity, Slice], list[str]]:
    """Read the new files of the uploader ``{key}_files``; return the session's slices, and a sentence for each refusal.

    A slice stays when the uploader's page is left. A file without room beside the others, within ``max_pixels``, is
    left out; its number of pixels is kept, to see when there is room.
    """
    contents: dict[str, _Content] = st.session_state.setdefault(_UPLOADS, {})
    files: list[Any] = st.session_state.get(f"{key}_files") or []
    _forget_removed(key, {file.file_id for file in files}, contents)
    refusals, left_out, gone = [], [], 0
    for file in files:
        if not hasattr(file, "getvalue"):  # Streamlit has lost it: the server was started again
            gone += file.file_id not in contents
            continue
        content = contents[file.file_id] = _read_if_room(file, contents, max_pixels)
        if isinstance(content, int):
            left_out.append(f"**{escape_markdown(file.name)}**")
        elif isinstance(content, str):
            refusals.append(f"**{escape_markdown(file.name)}**: {error_text(content)}")
    if left_out:
        refusals.append(
            f"At most {MAX_UPLOADS} slices and {max_pixels / 1e6:.2g} million pixels are held at a time; left out: "
            f"{', '.join(left_out)}."
        )
    if gone:
        refusals.append(gone_sentence())
    return {("upload", name): slice_ for name, slice_ in _slices(contents).items()}, refusals


def held_uploads() -> set[SliceIdentity]:
    """Return the identities of the uploads that have been read."""
    return {("upload", name) for name in _slices(st.session_state.get(_UPLOADS, {}))}


def gone_sentence() -> str:
    """Say that an upload is no longer held."""
    return "An upload is gone: it is held only as long as its page stays open and connected. Upload the file again."


def remove_upload(identity: SliceIdentity) -> None:
    """Forget an upload, though the uploader may still list its file."""
    st.session_state[_UPLOADS][identity[1]] = None


def _forget_removed(key: str, listed: set[str], contents: dict[str, _Content]) -> None:
    """Forget the files that the visitor took out of the uploader, and what is no slice of an uploader that is gone."""
    is_drawn = f"{key}_files" in st.session_state  # not so when its page has just been opened again
    removed = st.session_state.get(f"{key}_listed", set()) - listed if is_drawn else set()
    for name in [name for name in contents if name in removed]:
        del contents[name]
    for name in [name for name, of in contents.items() if name not in listed and not isinstance(of, Slice)]:
        del contents[name]
    st.session_state[f"{key}_listed"] = listed


def _slices(contents: dict[str, _Content]) -> dict[str, Slice]:
    return {name: content for name, content in contents.items() if isinstance(content, Slice)}


def _read_if_room(file: Any, contents: dict[str, _Content], max_pixels: int) -> _Content:
    """Return the file's slice, why it is refused, the number of pixels for which there is no room, or None."""
    from core.dataset.slices import read_and_recognise_slice

    content = contents.get(file.file_id, 0)
    if not isinstance(content, int):
        return content
    if file.type == _LEFT_OUT:
        return f"there is no room; at most {MAX_BYTES / 1e6:.0f} MB of files are held at a time. Remove some of them."
    held = _slices(contents).values()
    room = max_pixels - sum(slice_.pixels.size for slice_ in held)
    if len(held) >= MAX_UPLOADS or content > room:
        return content
    try:
        slice_ = read_and_recognise_slice(file.getvalue(), file.name)
    except SliceScopeError as error:
        return str(error)
    return slice_ if slice_.pixels.size <= room else int(slice_.pixels.size)
