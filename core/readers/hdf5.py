"""Read plain arrays from HDF5, which MATLAB's v7.3 files are behind a 512-byte header, without trusting the file.

HDF5 can refer to other files (external links, external storage, virtual data sets) or to other places in the file
(soft links), and can declare sizes it does not hold. This reader accepts hard links and plain numbers only, and reads
an array only after it has checked the declared shape, type and chunk size.
"""

import contextlib
import io
import math
import zlib
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np
from h5py._objects import phil

from core.errors import SliceError

MAX_SIDE = 4096
"""Longest accepted side of a slice, in pixels."""
MAX_FILE_BYTES = 20 * 1024 * 1024
"""Largest accepted file, in bytes."""

_MAX_CHUNK_BYTES = MAX_SIDE * MAX_SIDE * 8
# While HDF5 reads, it keeps about 700 bytes a chunk in memory, also for declared chunks that hold nothing.
_MAX_CHUNKS = MAX_SIDE
# The filters that MATLAB writes. Any other could make HDF5 load a filter plug-in.
_FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}
# NumPy's letters of plain numbers.
_NUMBERS = "iufb"
# What h5py and zlib raise on a damaged file.
_HDF5_ERRORS = (OSError, RuntimeError, ValueError, KeyError, TypeError, OverflowError, zlib.error)


@contextlib.contextmanager
def open_hdf5(data: bytes) -> Iterator[h5py.File]:
    """Open a file's bytes, and say in a sentence when reading fails.

    Raises:
        SliceError: the file is damaged.
    """
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            yield file
    except _HDF5_ERRORS as error:
        raise SliceError("The .mat file is damaged or cut short and could not be read.") from error


def read_group(file: h5py.File, name: str) -> h5py.Group | None:
    """Return the group ``name``, or None where there is no such name.

    Raises:
        SliceError: the name is a link, or something else than a group.
    """
    return _hard_linked_member(file, name, h5py.Group)


def _hard_linked_member(group: h5py.Group, name: str, kind: type) -> Any:
    """Return the member ``name``, which the file itself must hold, or None where there is no such name."""
    link = group.get(name, getlink=True)
    if link is None:
        return None
    if not isinstance(link, h5py.HardLink):
        raise SliceError(
            "The .mat file's '{name}' is a link to another place; only data in the file itself is read.", name=name
        )
    member = group[name]
    if not isinstance(member, kind):
        raise SliceError("The .mat file's '{name}' is not of the kind that the data set's files hold there.", name=name)
    return member


def read_array(group: h5py.Group, name: str, *, max_values: int) -> np.ndarray | None:
    """Return an array of numbers as MATLAB shows it (the file holds it transposed), or None where there is none.

    Args:
        group: where to look.
        name: of the array.
        max_values: most values that are accepted.

    Raises:
        SliceError: it is a link, is stored elsewhere, or is of another type, size or storage than a slice has.
    """
    dataset = _hard_linked_member(group, name, h5py.Dataset)
    if dataset is None:
        return None
    layout = dataset.id.get_create_plist()
    if layout.get_layout() == h5py.h5d.VIRTUAL or layout.get_external_count():
        raise SliceError(
            "The .mat file's '{name}' is stored in another file; only data in the file itself is read.", name=name
        )
    filters = [layout.get_filter(i)[0] for i in range(layout.get_nfilters())]
    if not _FILTERS.issuperset(filters) or len(set(filters)) < len(filters):
        raise SliceError("The .mat file's '{name}' is compressed in a way MATLAB does not use.", name=name)
    if dataset.dtype.kind not in _NUMBERS or dataset.dtype.itemsize > 8:
        raise SliceError("The .mat file's '{name}' holds {kind}, not plain numbers.", name=name, kind=dataset.dtype)
    if dataset.shape is None or len(dataset.shape) > 2 or not 0 < dataset.size <= max_values:
        raise SliceError(
            "The .mat file's '{name}' has the shape {shape}, more or less than a slice has.",
            name=name,
            shape=dataset.shape,
        )
    if dataset.chunks:
        _check_chunks(dataset, name, filters)
    return dataset[()].T


def _check_chunks(dataset: h5py.Dataset, name: str, filters: list[int]) -> None:
    """Refuse chunks that would take far more memory than their array.

    A chunk may be declared larger than its array, an array may be cut into millions of chunks, and HDF5 inflates a
    chunk to its end, however long the result.
    """
    chunk_bytes = math.prod(dataset.chunks) * dataset.dtype.itemsize
    chunks = math.prod(math.ceil(side / step) for side, step in zip(dataset.shape, dataset.chunks, strict=True))
    if chunk_bytes > _MAX_CHUNK_BYTES or chunks > _MAX_CHUNKS:
        raise SliceError(
            "The .mat file's '{name}' is stored in chunks of {size}, not as a slice would be.",
            name=name,
            size=dataset.chunks,
        )
    if h5py.h5z.FILTER_DEFLATE not in filters:
        return
    not_deflated = 1 << filters.index(h5py.h5z.FILTER_DEFLATE)
    stored: list[Any] = []
    dataset.id.chunk_iter(stored.append)
    for chunk in stored:
        if chunk.size > MAX_FILE_BYTES:
            raise SliceError(
                "The .mat file's '{name}' claims a chunk of {size} bytes, more than a file has.",
                name=name,
                size=chunk.size,
            )
        # Up to h5py 3.15 this call does not take the lock that HDF5 needs with several threads.
        with phil:
            filter_mask, data = dataset.id.read_direct_chunk(chunk.chunk_offset)
        if filter_mask & not_deflated:
            continue
        # A checksum may have been added before compression.
        limit = chunk_bytes + 4
        if len(zlib.decompressobj().decompress(data, limit + 1)) > limit:
            raise SliceError("The .mat file's '{name}' inflates to more than its declared size.", name=name)
