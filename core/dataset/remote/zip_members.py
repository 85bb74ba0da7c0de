"""Read single members of a zip file of which only parts have been fetched.

A zip file's directory stands at its end and gives the position of each member; remotezip reads a member, from its
header to the next one's, in one part. The zip file is not trusted: sizes and compression are checked before anything is
inflated, and every part is fetched within the caller's limits.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from remotezip import PartialBuffer, RemoteZip, RemoteZipError

from core.config import MAX_FILE_BYTES

Fetch = Callable[[int, int], bytes]
"""A function that fetches bytes of the zip file: (start, length) -> bytes."""

# What zipfile, zlib and remotezip raise on a damaged file.
_ZIP_ERRORS = (
    zlib.error, struct.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError, KeyError, OverflowError,
    RemoteZipError,
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
        source = _Source(size, start, data, fetch)
        with source.open() as archive:
            names, first = tuple(archive.namelist()), archive.start_dir
        # The directory alone: the last member's bytes stand before it.
        return Directory(size, first, source.end_from(first), names)


def read_member(directory: Directory, name: str, fetch: Fetch) -> bytes:
    """Read a member: inflate it and verify its checksum. This normally takes one fetch.

    Raises:
        zipfile.BadZipFile: the member is damaged, larger than a slice can be, or compressed in an uncommon way.
    """
    source = _Source(directory.size, directory.start, directory.data, fetch)
    with _damage_as_bad_zip_file(), source.open() as archive:
        info = archive.getinfo(name)
        # zipfile inflates other compressions without a limit.
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise zipfile.BadZipFile("An uncommon compression.")
        if info.file_size > MAX_FILE_BYTES:
            raise zipfile.BadZipFile("Larger than a slice can be.")
        later = [other.header_offset for other in archive.infolist() if other.header_offset > info.header_offset]
        if info.header_offset + info.compress_size > min(later, default=archive.start_dir):
            raise zipfile.BadZipFile("Longer than its place in the file.")
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


class _Source:
    """Where remotezip gets a zip file's bytes: the end from memory, other parts by the caller's fetch."""

    def __init__(self, size: int, start: int, data: bytes, fetch: Fetch) -> None:
        self._size, self._start, self._data, self._fetch = size, start, data, fetch

    def open(self) -> RemoteZip:
        """Open the zip file.

        Raises:
            zipfile.BadZipFile: it is damaged.
        """
        return RemoteZip("", fetcher=lambda *_, **__: self)

    def end_from(self, start: int) -> bytes:
        """Return the known bytes from ``start`` on."""
        return self._data[start - self._start :]

    def fetch(self, span: tuple[int, int | None], stream: bool = False) -> PartialBuffer:
        """Return the bytes from the first to the last of ``span``; where it has no last, the known end."""
        first, last = span
        if last is None:
            first, last = self._start, self._size - 1
        if not 0 <= first <= last < self._size:
            raise zipfile.BadZipFile("A position outside the file.")
        if first < self._start <= last:
            self._data = self._fetch(first, self._start - first) + self._data
            self._start = first
        if first < self._start:
            data = self._fetch(first, last - first + 1)
        else:
            data = self._data[first - self._start : last - self._start + 1]
        return PartialBuffer(io.BytesIO(data), first, len(data), stream=False)
