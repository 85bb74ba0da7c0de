"""Download single slices of the data set: one .mat file out of figshare's zip files, some hundreds of KB each.

A zip file's directory stands at its end and gives the position of each slice. The four directories are fetched once and
cached; after that a slice takes one request. The cache on disk holds directories (names and positions) and decoded
arrays. A .mat file holds a patient id, which is dropped when the file is read.

A setting (``remote_enabled``) or a visitor's switch turns downloads off. Tests do not reach the live site; a local
server (tests/figshare_server.py) imitates it.
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
from core.dataset.perceptual_hash import LARGEST_DISTANCE, bits_apart, perceptual_hash
from core.dataset.remote.disk_cache import ArrayCache
from core.dataset.remote.http_ranges import AddressError, LimitError, RangeClient
from core.dataset.remote.zip_members import Directory, Fetch, read_directory, read_member
from core.dataset.slices import slice_from_arrays
from core.dataset.splits import index_table, mask_digest
from core.dataset.store import SLICE_COUNT, default_store
from core.errors import DatasetError, SliceError
from core.readers.mat import read_mat
from core.readers.slices import Slice
from core.translation.messages import Message

FILE_IDS = (3381290, 3381293, 3381296, 3381302)
"""The data set's four zip files at figshare."""
FIGSHARE_ADDRESSES = tuple(
    (f"https://api.figshare.com/v2/file/download/{id_}", f"https://ndownloader.figshare.com/files/{id_}")
    for id_ in FILE_IDS
)
"""The addresses of each zip file, in the order in which they are tried."""
LIMIT_BYTES = 1_000_000
"""Largest download for one slice, in bytes, directories included."""
TIMEOUT = 20.0
"""Longest download of one slice, in seconds."""
CACHE_BYTES = 100_000_000
"""Largest size of the cache on disk, in bytes: about 400 slices."""

# A directory of 766 entries has 41 KB, or 68 KB where each entry has the timestamps that Windows adds; a longer one
# costs one more request. Four directories and a slice stay below the limit even if the slice's 512 x 512 pixels of
# 16 bits, 0.52 MB, cannot be compressed.
_DIRECTORY_BYTES = 80 * 1024
_MEMBER_NAME = re.compile(r"(?:.*/)?(\d{1,4})\.mat")

_T = TypeVar("_T")


def remote_enabled() -> bool:
    """Tell whether this deployment downloads slices from figshare unasked: unless SLICESCOPE_FIGSHARE=0."""
    return os.environ.get("SLICESCOPE_FIGSHARE") != "0"


def default_cache() -> Path:
    """Return the folder of downloaded slices, beside the prepared data set."""
    return default_store().parent / "figshare-cache"


@dataclass(frozen=True)
class _ZipFile:
    """One of the zip files: its addresses, its directory, and its members' names by slice number."""

    addresses: Sequence[str]
    directory: Directory
    members: dict[int, str]


class FigshareDownloader:
    """Get slices by number, from the cache or from figshare. One instance may serve many sessions at once.

    Args:
        cache: folder for downloaded slices.
        sources: the addresses of each zip file, in the order in which they are tried.
        index: the data set's table, which slices are checked against; see ``core.dataset.splits.index_table``.
        limit_bytes: largest download for one slice, all requests together.
        timeout: longest download of one slice in seconds, all requests together; a single wait takes at most a quarter.
        cache_bytes: largest size of the cache on disk.
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
        self._redirects: dict[str, str] = {}
        self._zip_files: dict[str, _ZipFile] = {}

    def cached(self, number: int) -> Slice | None:
        """Return slice ``number`` if it is in the cache, else None."""
        arrays = self._cache.load(_slice_name(number))
        if arrays is None or set(arrays) != {"pixels", "mask"}:
            return None
        return self._check_slice(number, **arrays)

    def slice(self, number: int, *, progress: Callable[[int], None] | None = None) -> Slice:
        """Get slice ``number`` with its mask.

        Args:
            number: 1 to 3064.
            progress: called with the bytes received so far; never for a slice in the cache.

        Raises:
            DatasetError: there is no such slice, or figshare does not send it.
        """
        if number not in self._index.index:
            raise DatasetError(
                "There is no slice {number} in the data set; numbers run from 1 to {last}.",
                number=number,
                last=SLICE_COUNT,
            )
        cached = self.cached(number)
        if cached is not None:
            return cached
        try:
            with RangeClient(
                self._redirects, limit_bytes=self._limit_bytes, timeout=self._timeout, progress=progress
            ) as client:
                return self._fetch(number, client)
        except (AddressError, LimitError) as error:
            raise DatasetError(
                "Slice {number} could not be fetched: figshare {error}; try again later, or prepare the data set "
                "here (README, “The data”).",
                number=number,
                error=error.args[0],
            ) from error

    def _check_slice(self, number: int, pixels: np.ndarray, mask: np.ndarray) -> Slice | None:
        """Return the slice, or None where these are not the pixels and the mask of slice ``number``."""
        row = self._index.loc[number]
        # Not the digest of grey levels: copies of the data set scale intensities differently, and it does not survive
        # every rounding. No two slices have the same mask, and none is near another by its hash.
        if (
            mask.dtype != bool
            or mask_digest(mask) != row["mask_digest"]
            or pixels.shape != mask.shape
            or pixels.dtype.kind not in "iuf"
            or not np.isfinite(pixels).all()
            or pixels.min() == pixels.max()
            or bits_apart(perceptual_hash(pixels), _as_bits(str(row["perceptual_hash"]))) > LARGEST_DISTANCE
        ):
            return None
        return slice_from_arrays(number, pixels, mask, str(row["class"]))

    def _fetch(self, number: int, client: RangeClient) -> Slice:
        zip_file = self._find_zip_file(number, client)
        try:
            return self._try_addresses(
                zip_file.addresses, lambda address: self._fetch_slice(number, zip_file, address, client)
            )
        except (AddressError, LimitError):
            # The cached directory may be wrong: the file may have been replaced since.
            self._forget_directory(zip_file.addresses)
            raise

    def _find_zip_file(self, number: int, client: RangeClient) -> _ZipFile:
        """Find the zip file that holds slice ``number``.

        Raises:
            AddressError: no zip file holds it, or one could not be read.
        """
        address_error = None
        for addresses in self._sources:
            try:
                zip_file = self._open_zip_file(addresses, client)
            except AddressError as error:
                if client.cut_off:
                    raise  # the other files would be cut off too
                address_error = error  # one file may be gone and the others available
                continue
            if number in zip_file.members:
                return zip_file
        if address_error is None:
            for addresses in self._sources:
                self._forget_directory(addresses)
            address_error = AddressError(Message("has no such slice in its zip files"))
        raise address_error

    def _forget_directory(self, addresses: Sequence[str]) -> None:
        """Remove a zip file's directory from the cache, so that it is fetched again."""
        self._zip_files.pop(addresses[0], None)
        self._cache.remove(_directory_name(addresses))

    def _open_zip_file(self, addresses: Sequence[str], client: RangeClient) -> _ZipFile:
        if addresses[0] in self._zip_files:
            return self._zip_files[addresses[0]]
        directory = self._load_directory(addresses)
        if directory is None:
            directory = self._try_addresses(addresses, lambda address: _fetch_directory(address, client))
            self._cache.save(
                _directory_name(addresses),
                size=np.array(directory.size),
                start=np.array(directory.start),
                data=np.frombuffer(directory.data, np.uint8),
            )
        matches = map(_MEMBER_NAME.fullmatch, directory.names)
        zip_file = _ZipFile(addresses, directory, {int(match[1]): match[0] for match in matches if match})
        self._zip_files[addresses[0]] = zip_file
        return zip_file

    def _load_directory(self, addresses: Sequence[str]) -> Directory | None:
        arrays = self._cache.load(_directory_name(addresses))
        if arrays is None or set(arrays) != {"size", "start", "data"}:
            return None
        try:
            return read_directory(int(arrays["size"]), int(arrays["start"]), arrays["data"].tobytes(), _refuse_fetch)
        except zipfile.BadZipFile:
            return None

    def _try_addresses(self, addresses: Sequence[str], read: Callable[[str], _T]) -> _T:
        """Read from the first address that works; addresses that worked before come first.

        Raises:
            AddressError: no address works; the error of the last one.
        """
        address_error = AddressError(Message("has no address"))
        for address in sorted(addresses, key=lambda address: address not in self._redirects):
            try:
                return read(address)
            except AddressError as error:
                address_error = error
            except zipfile.BadZipFile:
                address_error = AddressError(Message("sent a damaged zip file"))
            self._redirects.pop(address, None)
        raise address_error

    def _fetch_slice(self, number: int, zip_file: _ZipFile, address: str, client: RangeClient) -> Slice:
        """Fetch a slice out of the zip file at ``address``, check it and cache it."""
        fetch = _fetcher(address, zip_file.directory.size, client)
        try:
            mat = read_mat(read_member(zip_file.directory, zip_file.members[number], fetch))
        except SliceError as error:
            raise AddressError(Message("sent a file that cannot be read")) from error
        if mat.mask is None or mat.label is None:
            raise AddressError(Message("sent a slice without its mask or its class"))
        slice_ = self._check_slice(number, mat.pixels, mat.mask)
        if slice_ is None or slice_.class_name != CLASSES[mat.label - 1]:
            raise AddressError(Message("sent another slice than the requested one"))
        self._cache.save(_slice_name(number), pixels=slice_.pixels, mask=mat.mask)
        return slice_


def _as_bits(text: str) -> np.ndarray:
    return np.frombuffer(bytes.fromhex(text), np.uint8)[None]


def _slice_name(number: int) -> str:
    return f"slice-{number}"


def _directory_name(addresses: Sequence[str]) -> str:
    return f"directory-{PurePosixPath(urlsplit(addresses[0]).path).name}"


def _fetcher(address: str, size: int, client: RangeClient) -> Fetch:
    return lambda start, length: client.read_part(address, start, length, size).data


def _refuse_fetch(start: int, length: int) -> bytes:
    raise zipfile.BadZipFile("The cached directory is incomplete.")


def _fetch_directory(address: str, client: RangeClient) -> Directory:
    end = client.read_end(address, _DIRECTORY_BYTES)
    return read_directory(end.size, end.start, end.data, _fetcher(address, end.size, client))
