"""Read one MATLAB v7.3 file of the data set without trusting it.

A v7.3 file is HDF5 behind a 512-byte header. HDF5 can refer to other files (external links, external storage, virtual
data sets) or to other places in the file (soft links), and can declare sizes it does not hold. This reader accepts hard
links and plain numbers only, and reads an array only after it has checked the declared shape, type and chunk size.
"""

import io
import math
import zlib
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from h5py._objects import phil

from core.errors import SliceError

MAX_SIDE = 4096
"""Longest accepted side of a slice, in pixels."""
MAX_FILE_BYTES = 20 * 1024 * 1024
"""Largest accepted file, in bytes."""

_MAX_PID_LENGTH = 64
_MAX_BORDER_VALUES = 100_000
_MAX_CHUNK_BYTES = MAX_SIDE * MAX_SIDE * 8
# While HDF5 reads, it keeps about 700 bytes a chunk in memory, also for declared chunks that hold nothing.
_MAX_CHUNKS = MAX_SIDE
# The filters that MATLAB writes. Any other could make HDF5 load a filter plug-in.
_FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}
# What h5py and zlib raise on a damaged file.
_HDF5_ERRORS = (OSError, RuntimeError, ValueError, KeyError, TypeError, OverflowError, zlib.error)


@dataclass(frozen=True)
class MatSlice:
    """The fields of ``cjdata``, upright (MATLAB's column-major arrays arrive transposed).

    Attributes:
        pixels: (H, W), as stored (int16 in the published files).
        mask: (H, W) bool, True on the tumour, or None where the file has none.
        label: 1 meningioma, 2 glioma, 3 pituitary tumour, or None.
        pid: the patient id, or None. It only serves to number patients: never show it, never store it.
        border: (k, 2) float64, the hand-drawn outline as x, y in pixels, or None.
    """

    pixels: np.ndarray
    mask: np.ndarray | None
    label: int | None
    pid: str | None
    border: np.ndarray | None


def is_hdf5(data: bytes) -> bool:
    """Tell whether ``data`` starts with the signature of HDF5, plain or behind MATLAB's 512-byte header."""
    signature = b"\x89HDF\r\n\x1a\n"
    return data[:8] == signature or data[512:520] == signature


def read_mat(data: bytes) -> MatSlice:
    """Read the bytes of one slice's .mat file.

    Raises:
        SliceError: the file is not MATLAB v7.3, has no ``cjdata``, is cut short, or has a field of an unexpected kind,
            type or size.
    """
    with _open_hdf5(data) as file:
        try:
            group = _hard_linked_member(file, "cjdata", h5py.Group)
            if group is None:
                raise SliceError(
                    "The .mat file has no struct 'cjdata'; files of the figshare brain tumor dataset have one."
                )
            pixels = _read_array(group, "image", max_values=MAX_SIDE * MAX_SIDE)
            if pixels is None:
                raise SliceError("The .mat file's 'cjdata' has no 'image'; it should hold the slice's pixels.")
            if pixels.ndim != 2 or min(pixels.shape) < 2 or max(pixels.shape) > MAX_SIDE:
                raise SliceError(
                    f"The .mat file's 'image' has the shape {pixels.shape}; one slice of 2 to {MAX_SIDE} "
                    "pixels a side is accepted."
                )
            mask = _read_array(group, "tumorMask", max_values=MAX_SIDE * MAX_SIDE)
            label = _read_array(group, "label", max_values=1)
            pid = _read_array(group, "PID", max_values=_MAX_PID_LENGTH, kinds="u")
            border = _read_array(group, "tumorBorder", max_values=_MAX_BORDER_VALUES)
        except SliceError:
            raise
        except _HDF5_ERRORS as error:
            raise SliceError("The .mat file is damaged or cut short and could not be read.") from error
    if mask is not None and mask.shape != pixels.shape:
        raise SliceError(
            f"The .mat file's mask is {mask.shape[::-1]} and its image {pixels.shape[::-1]}; both must have one size."
        )
    if label is not None and (label.size != 1 or float(label.flat[0]) not in (1, 2, 3)):
        raise SliceError("The .mat file's 'label' is not 1, 2 or 3 (meningioma, glioma, pituitary tumour).")
    if border is not None and (border.size % 2 or border.size < 6 or not np.isfinite(border).all()):
        raise SliceError("The .mat file's 'tumorBorder' is not a list of three or more x, y pairs.")
    return MatSlice(
        pixels=np.ascontiguousarray(pixels.T),
        mask=None if mask is None else np.ascontiguousarray(mask.T != 0),
        label=None if label is None else int(label.flat[0]),
        pid=None if pid is None else pid.ravel().astype("<u2").tobytes().decode("utf-16-le", "replace"),
        border=None if border is None else border.astype(np.float64).reshape(-1, 2),
    )


def read_folds(data: bytes) -> np.ndarray:
    """Read cvind.mat: (n,) uint8, the official fold (1 to 5) of slice 1, 2, ….

    Raises:
        SliceError: the file is damaged or holds something else.
    """
    with _open_hdf5(data) as file:
        try:
            folds = _read_array(file, "cvind", max_values=100_000)
        except SliceError:
            raise
        except _HDF5_ERRORS as error:
            raise SliceError("cvind.mat is damaged or cut short and could not be read.") from error
    if folds is None or not np.isin(folds, (1, 2, 3, 4, 5)).all():
        raise SliceError("cvind.mat does not hold a vector 'cvind' of folds from 1 to 5.")
    return folds.ravel().astype(np.uint8)


def _open_hdf5(data: bytes) -> h5py.File:
    if not data:
        raise SliceError("The file is empty.")
    if len(data) > MAX_FILE_BYTES:
        raise SliceError(f"The file is larger than {MAX_FILE_BYTES // 2**20} MB, the most that is read.")
    if not is_hdf5(data):
        raise SliceError("The .mat file is not in MATLAB's v7.3 format, the one the data set is published in.")
    try:
        return h5py.File(io.BytesIO(data), "r")
    except _HDF5_ERRORS as error:
        raise SliceError("The .mat file is damaged or cut short and could not be read.") from error


def _hard_linked_member(group: h5py.Group, name: str, kind: type) -> Any:
    """Return the member ``name``, which the file itself must hold, or None where there is no such name."""
    link = group.get(name, getlink=True)
    if link is None:
        return None
    if not isinstance(link, h5py.HardLink):
        raise SliceError(f"The .mat file's '{name}' is a link to another place; only data in the file itself is read.")
    member = group[name]
    if not isinstance(member, kind):
        raise SliceError(f"The .mat file's '{name}' is not of the kind that the data set's files hold there.")
    return member


def _read_array(group: h5py.Group, name: str, *, max_values: int, kinds: str = "iufb") -> np.ndarray | None:
    dataset = _hard_linked_member(group, name, h5py.Dataset)
    if dataset is None:
        return None
    layout = dataset.id.get_create_plist()
    if layout.get_layout() == h5py.h5d.VIRTUAL or layout.get_external_count():
        raise SliceError(f"The .mat file's '{name}' is stored in another file; only data in the file itself is read.")
    filters = [layout.get_filter(i)[0] for i in range(layout.get_nfilters())]
    if not _FILTERS.issuperset(filters) or len(set(filters)) < len(filters):
        raise SliceError(f"The .mat file's '{name}' is compressed in a way MATLAB does not use.")
    if dataset.dtype.kind not in kinds or dataset.dtype.itemsize > 8:
        raise SliceError(f"The .mat file's '{name}' holds {dataset.dtype}, not plain numbers.")
    if dataset.shape is None or len(dataset.shape) > 2 or not 0 < dataset.size <= max_values:
        raise SliceError(f"The .mat file's '{name}' has the shape {dataset.shape}, more or less than a slice has.")
    if dataset.chunks:
        _check_chunks(dataset, name, filters)
    return dataset[()]


def _check_chunks(dataset: h5py.Dataset, name: str, filters: list[int]) -> None:
    """Refuse chunks that would take far more memory than their array.

    A chunk may be declared larger than its array, an array may be cut into millions of chunks, and HDF5 inflates a
    chunk to its end, however long the result.
    """
    chunk_bytes = math.prod(dataset.chunks) * dataset.dtype.itemsize
    chunks = math.prod(math.ceil(side / step) for side, step in zip(dataset.shape, dataset.chunks, strict=True))
    if chunk_bytes > _MAX_CHUNK_BYTES or chunks > _MAX_CHUNKS:
        raise SliceError(f"The .mat file's '{name}' is stored in chunks of {dataset.chunks}, not as a slice would be.")
    if h5py.h5z.FILTER_DEFLATE not in filters:
        return
    not_deflated = 1 << filters.index(h5py.h5z.FILTER_DEFLATE)
    stored: list[Any] = []
    dataset.id.chunk_iter(stored.append)
    for chunk in stored:
        if chunk.size > MAX_FILE_BYTES:
            raise SliceError(f"The .mat file's '{name}' claims a chunk of {chunk.size} bytes, more than a file has.")
        # Up to h5py 3.15 this call does not take the lock that HDF5 needs with several threads.
        with phil:
            filter_mask, data = dataset.id.read_direct_chunk(chunk.chunk_offset)
        if filter_mask & not_deflated:
            continue
        # A checksum may have been added before compression.
        limit = chunk_bytes + 4
        if len(zlib.decompressobj().decompress(data, limit + 1)) > limit:
            raise SliceError(f"The .mat file's '{name}' inflates to more than its declared size.")
