"""The session's uploads: files are held as far as there is room in memory, and stay until they are removed.

A slice is read when it is its turn; a volume as it arrives.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from core.config import MAX_VOLUME_BYTES
from core.errors import SliceScopeError
from core.readers.slices import Slice
from core.readers.volumes.archive import file_names, holds_dicom
from core.readers.volumes.dicom_header import is_dicom
from core.readers.volumes.files import is_volume, is_zip
from core.translation.messages import Message, tr
from panels.shared.slices.held import HeldSlice, forget_read
from panels.shared.theme import error_text, escape_markdown
from panels.shared.volumes.held import HeldVolume, allow, read_upload

SliceIdentity = tuple[str, str | int]
"""Where a slice comes from ("sample", "slice" or "upload") and which one it is."""
Upload = HeldSlice | HeldVolume
MAX_UPLOADS = 500
"""Slices and volumes held at a time."""
MAX_BYTES = 200 * 10**6
"""Bytes of the files that are held of a session."""
MAX_VALUES = MAX_VOLUME_BYTES
"""Bytes of the values of its volumes."""
_UPLOADS, _FILES = "uploads", "upload_files"
"""Session keys: by name the upload, why it is refused, what it needs, or None once it is removed; and by name the ids
of the files it came in: DICOM files make one upload together, and a .zip of slices makes one of each."""
_PEEK = 132
"""First bytes that tell a DICOM file."""
_LEFT_OUT = "application/x-left-out"
"""The type of a file that arrived when there was no room; its content was dropped."""


@dataclass(frozen=True)
class Refused:
    """An upload that cannot be read.

    Attributes:
        name: the title on a page.
        sentence: why.
    """

    name: str
    sentence: Message


@dataclass(frozen=True)
class _Need:
    """The bytes of values that a volume without room needs once it is read."""

    volume_bytes: int


_Content = HeldSlice | HeldVolume | Refused | _Need | None


@dataclass(frozen=True)
class Uploads:
    """What a session holds, and what is told of the rest.

    Attributes:
        held: uploads by identity, in order.
        refused: those that cannot be read.
        told: sentences, as Markdown, on files for which there is no room, and on those that are gone.
    """

    held: dict[SliceIdentity, Upload] = field(default_factory=dict)
    refused: dict[SliceIdentity, Refused] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    @property
    def sentences(self) -> list[str]:
        """All that is told, as Markdown."""
        refused = [f"**{escape_markdown(one.name)}**: {error_text(one.sentence)}" for one in self.refused.values()]
        return refused + self.told


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


def read_uploads(key: str) -> Uploads:
    """Take the new files of the uploader ``{key}_files``; return what the session holds.

    DICOM files that come together are one upload. An upload stays when the uploader's page is left. A file without
    room beside the others is left out until there is.
    """
    contents: dict[str, _Content] = st.session_state.setdefault(_UPLOADS, {})
    ids: dict[str, tuple[str, ...]] = st.session_state.setdefault(_FILES, {})
    files: list[Any] = st.session_state.get(f"{key}_files") or []
    _forget_removed(key, {file.file_id for file in files}, contents)
    known = {file_id for name in contents for file_id in ids[name]}
    new = [file for file in files if file.file_id not in known]
    here = [file for file in new if hasattr(file, "getvalue")]  # Streamlit has lost others: it was started again
    told = [gone_sentence().translated()] if len(here) < len(new) else []
    dropped = [file.name for file in here if file.type == _LEFT_OUT]
    left_out = []
    for group in _by_upload([file for file in here if file.type != _LEFT_OUT]):
        taken = _take([file.getvalue() for file in group], group, contents)
        if taken is None:
            left_out.append(_title(group))
            continue
        contents |= taken
        ids |= dict.fromkeys(taken, tuple(file.file_id for file in group))
    left_out += _read_waiting(files, contents)
    if dropped or left_out:
        told.append(_no_room_sentence([*dropped, *left_out]))
    found = Uploads(_of_type(contents, HeldSlice | HeldVolume), _of_type(contents, Refused), told)
    forget_read(set(found.held))
    return found


def held_uploads() -> set[SliceIdentity]:
    """Return the identities of the uploads that the session holds."""
    return set(_of_type(st.session_state.get(_UPLOADS, {}), HeldSlice | HeldVolume))


def gone_sentence() -> Message:
    """Say that an upload is no longer held."""
    return Message(
        "An upload is gone: it is held only as long as its page stays open and connected. Upload the file again."
    )


def remove_upload(identity: SliceIdentity) -> None:
    """Forget an upload, though the uploader may still list its file."""
    st.session_state[_UPLOADS][identity[1]] = None


def refuse_upload(identity: SliceIdentity, error: SliceScopeError) -> None:
    """Hold why an upload cannot be read in its place."""
    contents = st.session_state[_UPLOADS]
    contents[identity[1]] = Refused(contents[identity[1]].name, error.message)


def allow_upload(identity: SliceIdentity) -> None:
    """Show an upload that is held back, since it is of another modality than MR."""
    contents = st.session_state[_UPLOADS]
    held: HeldVolume = contents[identity[1]]
    allowed = allow(held)
    contents[identity[1]] = HeldSlice(held.name, held.files[0]) if isinstance(allowed, Slice) else allowed


def choose_in_upload(identity: SliceIdentity, chosen: int) -> None:
    """Read another series, or another volume, of an upload's files.

    Raises:
        SliceError, WorkerError: it cannot be read, and the upload stays as it is.
    """
    contents = st.session_state[_UPLOADS]
    held: HeldVolume = contents[identity[1]]
    contents[identity[1]] = _as_held(read_upload(held.files, held.volume.name, chosen), held.files)


def _forget_removed(key: str, listed: set[str], contents: dict[str, _Content]) -> None:
    """Forget the files that the visitor took out of the uploader, and what is no upload of an uploader that is gone.

    Of a series from which a file was taken out, the others are read anew.
    """
    ids: dict[str, tuple[str, ...]] = st.session_state[_FILES]
    is_drawn = f"{key}_files" in st.session_state  # not so when its page has just been opened again
    removed = st.session_state.get(f"{key}_listed", set()) - listed if is_drawn else set()
    for name in list(contents):
        own = set(ids[name])
        if own & removed or not (own & listed or isinstance(contents[name], HeldSlice | HeldVolume)):
            del contents[name], ids[name]
    st.session_state[f"{key}_listed"] = listed


def _by_upload(files: Sequence[Any]) -> list[list[Any]]:
    """Return new files by upload: DICOM files make one together."""
    dicom = [file for file in files if _starts_as_dicom(file)] if len(files) > 1 else []
    groups = [[file] for file in files if file not in dicom]
    return [dicom, *groups] if dicom else groups


def _starts_as_dicom(file: Any) -> bool:
    return is_dicom(file.getvalue()[:_PEEK])


def _title(files: Sequence[Any]) -> str:
    others = len(files) - 1
    return tr("{name} and {count} more", name=files[0].name, count=others) if others else str(files[0].name)


def _no_room_sentence(titles: Sequence[str]) -> str:
    named = ", ".join(f"**{escape_markdown(title)}**" for title in titles[:5])
    if len(titles) > 5:
        named = tr("{names} and {count} more", names=named, count=len(titles) - 5)
    return tr(
        "{names}: there is no room; at most {files} files, {megabytes:.0f} MB of them, and {volume_megabytes:.0f} MB "
        "of volumes' values are held at a time. Remove some of them.",
        names=named,
        files=MAX_UPLOADS,
        megabytes=MAX_BYTES / 1e6,
        volume_megabytes=MAX_VALUES / 1e6,
    )


def _of_type(contents: Mapping[str, _Content], kind: Any) -> dict[SliceIdentity, Any]:
    return {("upload", name): content for name, content in contents.items() if isinstance(content, kind)}


def _take(data: list[bytes], files: Sequence[Any], contents: Mapping[str, _Content]) -> dict[str, _Content] | None:
    """Return the uploads that files make, by name; None where there is no room for them."""
    held = [content for content in contents.values() if isinstance(content, HeldSlice | HeldVolume)]
    parts = {id(part): len(part) for one in held for part in _data_of(one)}
    if len(held) >= MAX_UPLOADS or sum(parts.values()) + sum(map(len, data)) > MAX_BYTES:
        return None
    file_id, title = files[0].file_id, _title(files)
    try:
        if len(data) == 1 and is_zip(data[0]) and not holds_dicom(data[0]) and (names := file_names(data[0])):
            if len(held) + len(names) > MAX_UPLOADS:
                return None
            return {_entry_name(file_id, name): HeldSlice(PurePosixPath(name).name, data[0], name) for name in names}
        name = f"{file_id}+{len(data) - 1}" if len(data) > 1 else file_id
        return {name: _read_if_room(data, title, contents)}
    except SliceScopeError as error:
        return {file_id: Refused(title, error.message)}


def _data_of(held: Upload) -> tuple[bytes, ...]:
    return (held.data,) if isinstance(held, HeldSlice) else held.files


def _entry_name(file_id: str, entry: str) -> str:
    return hashlib.sha256(f"{file_id} {entry}".encode()).hexdigest()[:16]


def _read_if_room(data: Sequence[bytes], title: str, contents: Mapping[str, _Content]) -> _Content:
    """Return a slice that is not read yet, a volume, or what it needs.

    Raises:
        SliceError, WorkerError: the volume cannot be read.
    """
    if len(data) == 1 and not is_volume(data[0]):
        return HeldSlice(title, data[0])
    upload = _as_held(read_upload(data, title), data)
    if isinstance(upload, HeldVolume) and upload.size > _room_for_values(contents):
        return _Need(upload.size)
    return upload


def _as_held(upload: Slice | HeldVolume, files: Sequence[bytes]) -> Upload:
    return HeldSlice(upload.name, files[0]) if isinstance(upload, Slice) else upload


def _room_for_values(contents: Mapping[str, _Content]) -> int:
    return MAX_VALUES - sum(one.size for one in contents.values() if isinstance(one, HeldVolume))


def _read_waiting(files: Sequence[Any], contents: dict[str, _Content]) -> list[str]:
    """Read the volumes for which there is room by now; return the titles of those for which there is none."""
    ids: dict[str, tuple[str, ...]] = st.session_state[_FILES]
    by_id = {file.file_id: file for file in files}
    waiting = []
    for name, content in contents.items():
        if isinstance(content, _Need):
            group = [by_id[file_id] for file_id in ids[name]]
            if content.volume_bytes > _room_for_values(contents):
                waiting.append(_title(group))
            else:
                contents[name] = _read_if_room([file.getvalue() for file in group], _title(group), contents)
    return waiting
