"""Read single members of a zip file of which only parts have been fetched.

A zip file's directory stands at its end and gives the position of each member. Python's zipfile reads from a file
object that fetches missing parts. The zip file is not trusted: size and compression are checked before anything is
inflated.
"""

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from core.readers.mat import MAX_FILE_BYTES

Fetch = Callable[[int, int], bytes]
"""A function that fetches bytes of the zip file: (start, length) -> bytes."""

# A member's own header with its extra field, which the directory does not list; a longer one costs one more fetch.
_MEMBER_HEADER_BYTES = 30 + 128
# What zipfile and zlib raise on a damaged file.
_ZIP_ERRORS = (
    zlib.error, struct.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError, KeyError, OverflowError,
)  # fmt: skip


@dataclass(frozen=True)
class Directory:
    """A zip file's directory.

    Attributes:
        size: bytes of the zip file.
        start: position of the directory in the zip file.
        data: the zip file's bytes from there to its end.
        names: the members' names.
    """

    size: int
    start: int
    data: bytes
    names: tuple[str, ...]


def read_directory(size: int, start: int, data: bytes, fetch: Fetch) -> Directory:
    """Read the directory of a zip file.

    Args:
        size: bytes of the zip file.
        start: position of the part that has been fetched.
        data: that part, up to the file's end.
        fetch: fetches the rest where the directory is longer.

    Raises:
        zipfile.BadZipFile: it is not a zip file, or it is damaged.
    """
    with _damage_as_bad_zip_file():
        file = _PartialFile(size, start, data, fetch)
        with zipfile.ZipFile(file) as archive:
            names, first = tuple(archive.namelist()), archive.start_dir
        # The directory alone: the last member's bytes stand before it.
        file.seek(first)
        return Directory(size, first, file.read(), names)


def read_member(directory: Directory, name: str, fetch: Fetch) -> bytes:
    """Read a member: inflate it and verify its checksum. This normally takes one fetch.

    Raises:
        zipfile.BadZipFile: the member is damaged, larger than a slice can be, or compressed in an uncommon way.
    """
    with _damage_as_bad_zip_file():
        file = _PartialFile(directory.size, directory.start, directory.data, fetch)
        with zipfile.ZipFile(file) as archive:
            info = archive.getinfo(name)
            # zipfile inflates other compressions without a limit.
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise zipfile.BadZipFile("An uncommon compression.")
            if info.file_size > MAX_FILE_BYTES:
                raise zipfile.BadZipFile("Larger than a slice can be.")
            # Read header and data at once, so that they are fetched together.
            file.seek(info.header_offset)
            file.read(_MEMBER_HEADER_BYTES + len(name) + info.compress_size)
            with archive.open(info) as member:
                # With a length: without one, zipfile inflates everything before it checks the size.
                return member.read(info.file_size + 1)


@contextmanager
def _damage_as_bad_zip_file() -> Iterator[None]:
    """Raise zipfile.BadZipFile for every error of a damaged zip file."""
    try:
        yield
    except _ZIP_ERRORS as error:
        raise zipfile.BadZipFile("The zip file is damaged.") from error


class _PartialFile(io.RawIOBase):
    """A file of which some parts are in memory; others are fetched when they are read, and kept."""

    def __init__(self, size: int, start: int, data: bytes, fetch: Fetch) -> None:
        self._size = size
        self._parts = [(start, data)]
        self._fetch = fetch
        self._position = 0

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        position = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if position < 0:
            raise OSError("A position before the file's start.")  # as a file on disk does; zipfile relies on it
        self._position = position
        return position

    def read(self, count: int = -1) -> bytes:
        end = self._size if count < 0 else min(self._size, self._position + count)
        data = b""
        while self._position < end:
            start, part = self._current_part(end)
            piece = part[self._position - start : end - start]
            data += piece
            self._position += len(piece)
        return data

    def _current_part(self, end: int) -> tuple[int, bytes]:
        """Return the part that holds the current position, with its start; fetch it up to ``end`` if it is missing."""
        for start, data in self._parts:
            if start <= self._position < start + len(data):
                return start, data
        until = min([end, *(start for start, _ in self._parts if start > self._position)])
        self._parts.append((self._position, self._fetch(self._position, until - self._position)))
        return self._parts[-1]
