"""Slices of the data set on demand: one .mat file out of figshare's zip files, some hundreds of KB each.

A zip file's directory stands at its end and says where each slice lies. The four directories are fetched once and
kept; after that a slice is one request. What is kept on disk are directories (names and places) and decoded
arrays: a .mat file holds a patient id, which is dropped as it is read.

Off by default: ``remote_enabled`` or a person's click turns it on. The live site cannot be reached from where the
project is tested; its manners are played by a local server (tests/figshare_server.py).
"""

import os
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeVar
from urllib.parse import urlsplit

import numpy as np
import pandas as pd

from core.config import CLASSES
from core.dataset.disk_cache import ArrayCache
from core.dataset.http_ranges import AddressError, LimitError, RangeClient
from core.dataset.slices import slice_from_arrays
from core.dataset.splits import index_table, mask_digest
from core.dataset.store import SLICE_COUNT, default_store
from core.dataset.zip_members import Directory, Fetch, read_directory, read_member
from core.errors import DatasetError, SliceError
from core.readers.mat import read_mat
from core.readers.slices import Slice

FILE_IDS = (3381290, 3381293, 3381296, 3381302)
"""The data set's four zip files at figshare."""
FIGSHARE_ADDRESSES = tuple(
    (f"https://api.figshare.com/v2/file/download/{id_}", f"https://ndownloader.figshare.com/files/{id_}")
    for id_ in FILE_IDS
)
"""The addresses of each zip file, in the order they are tried."""
LIMIT_BYTES = 1_000_000
"""Bytes a slice may take, directories included."""
TIMEOUT = 20.0
"""Seconds a slice may take."""
CACHE_BYTES = 100_000_000
"""Bytes kept on disk: about 400 slices."""

# A directory of 766 entries has 41 KB, 68 KB if each entry carries the times Windows adds; a longer one costs one
# more request. Four of these and a slice stay below the limit even if its 512 x 512 pixels of 16 bits, 0.52 MB,
# could not be compressed at all.
_DIRECTORY_BYTES = 80 * 1024
_MEMBER = re.compile(r"(?:.*/)?(\d{1,4})\.mat")

_T = TypeVar("_T")


def remote_enabled() -> bool:
    """Whether this deployment fetches slices from figshare without a click: SLICESCOPE_FIGSHARE=1."""
    return os.environ.get("SLICESCOPE_FIGSHARE") == "1"


def default_cache() -> Path:
    """Where fetched slices are kept: a folder beside the prepared data set."""
    return default_store().parent / "figshare-cache"


@dataclass(frozen=True)
class _Zip:
    """One of the zip files: its addresses, its directory, and its members' names by slice number."""

    addresses: Sequence[str]
    directory: Directory
    members: dict[int, str]


class FigshareDownloader:
    """Slices by number, from the cache or from figshare. One instance may serve many sessions at once.

    Args:
        cache: folder for fetched slices.
        sources: the addresses of each zip file, in the order they are tried.
        index: the data set's table, which slices are checked against; see ``core.dataset.splits.index_table``.
        limit_bytes: what a slice may take, all requests together.
        timeout: seconds a slice may take, all requests together; a single wait takes a quarter at most.
        cache_bytes: what the cache may take on disk.
    """

    def __init__(
        self,
        cache: Path,
        *,
        sources: Sequence[Sequence[str]] = FIGSHARE_ADDRESSES,
        index: pd.DataFrame | None = None,
        limit_bytes: int = LIMIT_BYTES,
        timeout: float = TIMEOUT,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self._cache = ArrayCache(cache, limit_bytes=cache_bytes)
        self._sources = sources
        self._index = (index_table() if index is None else index).set_index("slice")
        self._limit_bytes = limit_bytes
        self._timeout = timeout
        self._known: dict[str, str] = {}
        self._zips: dict[str, _Zip] = {}

    def cached(self, number: int) -> bool:
        """Whether slice ``number`` can be had without asking figshare."""
        return self._from_cache(number) is not None

    def slice(self, number: int, *, progress: Callable[[int], None] | None = None) -> Slice:
        """Slice ``number`` with its mask.

        Args:
            number: 1 to 3064.
            progress: is told the bytes received so far; never called for a slice in the cache.

        Raises:
            DatasetError: no such slice, or figshare does not give it.
        """
        if number not in self._index.index:
            raise DatasetError(f"There is no slice {number} in the data set; numbers run from 1 to {SLICE_COUNT}.")
        kept = self._from_cache(number)
        if kept is not None:
            return kept
        try:
            with RangeClient(
                self._known, limit_bytes=self._limit_bytes, timeout=self._timeout, progress=progress
            ) as visit:
                return self._fetch(number, visit)
        except (AddressError, LimitError) as error:
            raise DatasetError(
                f"Slice {number} could not be fetched: figshare {error}; try again later, or prepare the data set "
                "here (README, “The data”)."
            ) from error

    def _from_cache(self, number: int) -> Slice | None:
        arrays = self._cache.load(_slice_name(number))
        if arrays is None or set(arrays) != {"pixels", "mask"}:
            return None
        return self._recognised(number, **arrays)

    def _recognised(self, number: int, pixels: np.ndarray, mask: np.ndarray) -> Slice | None:
        """The slice, or None where these are not the pixels and the mask of slice ``number``."""
        known = self._index.loc[number]
        # The mask decides, not the pixels: copies of the data set differ in how they scale intensities, and a
        # digest of grey levels does not survive every rounding. No two slices have the same mask.
        if (
            mask.dtype != bool
            or mask_digest(mask) != known["mask_digest"]
            or pixels.shape != mask.shape
            or pixels.dtype.kind not in "iuf"
            or not np.isfinite(pixels).all()
            or pixels.min() == pixels.max()
        ):
            return None
        return slice_from_arrays(number, pixels, mask, str(known["class"]))

    def _fetch(self, number: int, visit: RangeClient) -> Slice:
        found = self._zip_of(number, visit)
        try:
            return self._from_any(found.addresses, lambda address: self._read(number, found, address, visit))
        except (AddressError, LimitError):
            # The directory may be to blame: the file may have been replaced since, or the directory lie.
            self._forget(found.addresses)
            raise

    def _zip_of(self, number: int, visit: RangeClient) -> _Zip:
        """The zip file that holds slice ``number``."""
        refusal = None
        for addresses in self._sources:
            try:
                found = self._zip(addresses, visit)
            except AddressError as error:
                if visit.flooded:
                    raise  # asking for the other files would bring more of the same
                refusal = error  # one file may be gone and the others there
                continue
            if number in found.members:
                return found
        if refusal is None:
            for addresses in self._sources:
                self._forget(addresses)
            refusal = AddressError("has no such slice in its zip files")
        raise refusal

    def _forget(self, addresses: Sequence[str]) -> None:
        """Read a zip file's directory again the next time."""
        self._zips.pop(addresses[0], None)
        self._cache.remove(_directory_name(addresses))

    def _zip(self, addresses: Sequence[str], visit: RangeClient) -> _Zip:
        if addresses[0] in self._zips:
            return self._zips[addresses[0]]
        directory = self._directory_from_cache(addresses)
        if directory is None:
            directory = self._from_any(addresses, lambda address: _fetch_directory(address, visit))
            self._cache.save(
                _directory_name(addresses),
                size=np.array(directory.size),
                start=np.array(directory.start),
                data=np.frombuffer(directory.data, np.uint8),
            )
        matches = map(_MEMBER.fullmatch, directory.names)
        found = _Zip(addresses, directory, {int(match[1]): match[0] for match in matches if match})
        self._zips[addresses[0]] = found
        return found

    def _directory_from_cache(self, addresses: Sequence[str]) -> Directory | None:
        arrays = self._cache.load(_directory_name(addresses))
        if arrays is None or set(arrays) != {"size", "start", "data"}:
            return None
        try:
            return read_directory(int(arrays["size"]), int(arrays["start"]), arrays["data"].tobytes(), _nothing)
        except zipfile.BadZipFile:
            return None

    def _from_any(self, addresses: Sequence[str], read: Callable[[str], _T]) -> _T:
        """What the first address gives that gives something sound; one that did before comes first."""
        refusal = AddressError("has no address")
        for address in sorted(addresses, key=lambda one: one not in self._known):
            try:
                return read(address)
            except AddressError as error:
                refusal = error
            except zipfile.BadZipFile:
                refusal = AddressError("sent a damaged zip file")
            self._known.pop(address, None)
        raise refusal

    def _read(self, number: int, source: _Zip, address: str, visit: RangeClient) -> Slice:
        """The slice out of the zip file at ``address``; a sound one is kept."""
        fetch = _fetcher(address, source.directory.size, visit)
        try:
            mat = read_mat(read_member(source.directory, source.members[number], fetch))
        except SliceError as error:
            raise AddressError("sent a file that cannot be read") from error
        if mat.mask is None or mat.label is None:
            raise AddressError("sent a slice without its mask or its class")
        found = self._recognised(number, mat.pixels, mat.mask)
        if found is None or found.class_name != CLASSES[mat.label - 1]:
            raise AddressError("sent another slice than was asked for")
        self._cache.save(_slice_name(number), pixels=found.pixels, mask=mat.mask)
        return found


def _slice_name(number: int) -> str:
    return f"slice-{number}"


def _directory_name(addresses: Sequence[str]) -> str:
    return f"directory-{PurePosixPath(urlsplit(addresses[0]).path).name}"


def _fetcher(address: str, size: int, visit: RangeClient) -> Fetch:
    return lambda start, length: visit.part(address, start, length, size).data


def _nothing(start: int, length: int) -> bytes:
    raise zipfile.BadZipFile("A directory that was kept, but not whole.")


def _fetch_directory(address: str, visit: RangeClient) -> Directory:
    end = visit.end(address, _DIRECTORY_BYTES)
    return read_directory(end.size, end.start, end.data, _fetcher(address, end.size, visit))
