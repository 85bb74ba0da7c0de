"""Single members out of a zip file of which only parts are at hand.

A zip file's directory stands at its end and says where each member lies. Python's zipfile does the reading; here
is the file it reads from, which fetches what is missing, and what it takes to trust a zip file with nothing.
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
"""Gives the zip file's bytes from a place on: (start, length) -> bytes."""

# A member's own header with an extra field that the directory does not tell of; a longer one is one more fetch.
_MEMBER_HEADER_BYTES = 30 + 128
# What zipfile and zlib raise on a damaged file.
_DAMAGED = (
    zlib.error, struct.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError, KeyError, OverflowError,
)  # fmt: skip


@dataclass(frozen=True)
class Directory:
    """A zip file's directory.

    Attributes:
        size: bytes of the zip file.
        start: where the directory begins.
        data: the zip file's bytes from there to its end.
        names: the members' names.
    """

    size: int
    start: int
    data: bytes
    names: tuple[str, ...]


def read_directory(size: int, start: int, data: bytes, fetch: Fetch) -> Directory:
    """The directory of a zip file.

    Args:
        size: bytes of the zip file.
        start: place of the part at hand.
        data: the part at hand, up to the file's end.
        fetch: asked for what is missing, if the directory is longer.

    Raises:
        zipfile.BadZipFile: it is none, or damaged.
    """
    with _damage_told():
        file = _PartialFile(size, start, data, fetch)
        with zipfile.ZipFile(file) as archive:
            names, first = tuple(archive.namelist()), archive.start_dir
        # No more than the directory: before it lie the last member's bytes.
        file.seek(first)
        return Directory(size, first, file.read(), names)


def read_member(directory: Directory, name: str, fetch: Fetch) -> bytes:
    """The bytes of a member, inflated, their checksum verified; one fetch as a rule.

    Raises:
        zipfile.BadZipFile: the member is damaged, larger than a slice can be, or compressed in an uncommon way.
    """
    with _damage_told():
        file = _PartialFile(directory.size, directory.start, directory.data, fetch)
        with zipfile.ZipFile(file) as archive:
            info = archive.getinfo(name)
            # zipfile inflates other methods without a limit.
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise zipfile.BadZipFile("An uncommon compression.")
            if info.file_size > MAX_FILE_BYTES:
                raise zipfile.BadZipFile("Larger than a slice can be.")
            # Read once, so that header and data are fetched together.
            file.seek(info.header_offset)
            file.read(_MEMBER_HEADER_BYTES + len(name) + info.compress_size)
            with archive.open(info) as member:
                # A number of bytes, since without one zipfile inflates all there is before it counts.
                return member.read(info.file_size + 1)


@contextmanager
def _damage_told() -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        raise zipfile.BadZipFile("The zip file is damaged.") from error


class _PartialFile(io.RawIOBase):
    """A file some parts of which are at hand; others are fetched as they are read, and stay."""

    def __init__(self, size: int, start: int, data: bytes, fetch: Fetch) -> None:
        self._size = size
        self._parts = [(start, data)]
        self._fetch = fetch
        self._at = 0

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if at < 0:
            raise OSError("A place before the file's start.")  # as of a file on disk; zipfile counts on it
        self._at = at
        return at

    def read(self, count: int = -1) -> bytes:
        end = self._size if count < 0 else min(self._size, self._at + count)
        found = b""
        while self._at < end:
            start, data = self._part_here(end)
            piece = data[self._at - start : end - start]
            found += piece
            self._at += len(piece)
        return found

    def _part_here(self, end: int) -> tuple[int, bytes]:
        for start, data in self._parts:
            if start <= self._at < start + len(data):
                return start, data
        until = min([end, *(start for start, _ in self._parts if start > self._at)])
        self._parts.append((self._at, self._fetch(self._at, until - self._at)))
        return self._parts[-1]
