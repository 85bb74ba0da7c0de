"""Read a NIfTI file, version 1 or 2, plain or gzipped, without trusting it.

Only the grid and the values leave this module; the header's texts are not read.
"""

import io
import warnings
import zlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.errors import SliceError
from core.readers.volumes.volume import Volume, orient, require_contrast, require_volume_size
from core.translation.messages import Message, mark

_GZIP = b"\x1f\x8b"
_HEADER_BYTES = {1: 348, 2: 540}
"""By NIfTI's version."""
_MOST_BEFORE = 2**29
"""Most bytes that stand before the chosen volume: the header's extensions and the volumes before it."""
_MOST_EXTENSIONS = 2**24
_MOST_LISTED = 2**15
"""Most volumes of a file that are told, whatever its header says."""
_CHUNK = 2**20
_DAMAGED = mark("The NIfTI file is damaged or cut short and could not be read.")
_TYPES = "iuf"


def is_nifti(data: bytes) -> bool:
    """Tell whether ``data`` starts as a NIfTI file does, plain or gzipped."""
    try:
        start = _Stream(data).take(_HEADER_BYTES[2], short=True)
    except SliceError:
        return False
    return _version(start) is not None


def read_nifti(data: bytes, name: str, *, number: int | None = None) -> Volume:
    """Read one volume of a NIfTI file.

    Args:
        data: the whole file.
        name: of the volume.
        number: which volume of a file with four dimensions, from 1 on; None for the first, with a note.

    Raises:
        SliceError: one sentence that says what is wrong with the file and what would be accepted.
    """
    return require_contrast(_read(data, name, number))


def read_label_map(data: bytes, name: str) -> Volume:
    """Read a NIfTI file whose values are labels, 0 for none; see ``read_nifti``."""
    return _read(data, name, None)


def _read(data: bytes, name: str, number: int | None) -> Volume:
    stream = _Stream(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layout = _layout(stream)
        notes = _choose(layout.volumes, number)
        if not layout.oriented:
            notes.append(
                mark("The file states no orientation; its axes are taken to point to the left, the front and the head.")
            )
        dtype = layout.dtype
        size = int(np.prod(layout.shape)) * dtype.itemsize
        before = layout.offset + ((number or 1) - 1) * size - stream.taken
        if before < 0 or before > _MOST_BEFORE:
            raise SliceError(
                _DAMAGED if before < 0 else mark("The chosen volume stands too far behind in the NIfTI file.")
            )
        stream.skip(before)
        values = np.frombuffer(stream.take(size), dtype).reshape(layout.shape, order="F")
        volume = orient(_scaled(values, layout.slope, layout.intercept), layout.affine, name, notes=notes)
        return replace(volume, found=(layout.shape[2],) * min(layout.volumes, _MOST_LISTED), chosen=number or 1)


@dataclass(frozen=True)
class _Layout:
    """What a header says: one volume's shape, the number of volumes, where and how their values are stored."""

    shape: tuple[int, int, int]
    volumes: int
    offset: int
    dtype: np.dtype
    slope: float
    intercept: float
    affine: np.ndarray
    oriented: bool


def _layout(stream: "_Stream") -> _Layout:
    """Read a header, and refuse what it announces before any value is decoded."""
    from nibabel.nifti1 import Nifti1Header
    from nibabel.nifti2 import Nifti2Header

    start = stream.take(_HEADER_BYTES[1])
    version = _version(start)
    if version is None:
        raise SliceError("The file is no NIfTI file; .nii and .nii.gz of version 1 or 2 are accepted.")
    if version == 2:
        start += stream.take(_HEADER_BYTES[2] - len(start))
    if b"ni" in (start[344:346], start[4:6]):
        raise SliceError("The NIfTI file keeps its values in a second file (.img); save both as one .nii file.")
    header_class: Any = Nifti1Header if version == 1 else Nifti2Header
    try:
        header = header_class.from_fileobj(io.BytesIO(start), check=False)
        dimensions = [int(side) for side in header["dim"]]
        dtype = header.get_data_dtype()
        offset = int(header["vox_offset"])
        affine = np.asarray(header.get_best_affine(), np.float64)
        oriented = bool(header["qform_code"] > 0 or header["sform_code"] > 0)
        slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    except Exception as error:  # nibabel raises errors of several types on a damaged header
        raise SliceError(_DAMAGED) from error
    count, *sides = dimensions
    if not 1 <= count <= 7 or min(sides[:count]) < 1:
        raise SliceError(_DAMAGED)
    if dtype.kind not in _TYPES or dtype.itemsize > 8:
        raise SliceError("The NIfTI file's values are complex, colours or the like; one plain number a voxel is read.")
    sides = [*sides[:count], 1, 1][: max(count, 3)]
    if max(sides[4:], default=1) > 1:
        raise SliceError("The NIfTI file has more than four dimensions; three, or four for several volumes, are read.")
    require_volume_size(sides[:3], 4 if dtype.kind == "f" else dtype.itemsize)
    if not 0 <= offset <= _MOST_EXTENSIONS:
        raise SliceError(_DAMAGED)
    if slope == 0 or not np.isfinite([slope, intercept]).all():
        slope, intercept = 1.0, 0.0
    rows, columns, planes = sides[:3]
    volumes = sides[3] if len(sides) > 3 else 1
    return _Layout((rows, columns, planes), volumes, offset, dtype, slope, intercept, affine, oriented)


def _choose(volumes: int, number: int | None) -> list[str]:
    """Check the number of the chosen volume; return a note where one of several is taken."""
    if number is not None and not 1 <= number <= volumes:
        raise SliceError(
            "The NIfTI file holds {volumes} volumes; choose one by its number, 1 to {volumes}.", volumes=volumes
        )
    if volumes == 1:
        return []
    note = Message("The file holds {volumes} volumes; this is volume {number}.", volumes=volumes, number=number or 1)
    return [note]


def _scaled(values: np.ndarray, slope: float, intercept: float) -> np.ndarray:
    """Return values in the scanner's terms: small integers as they are stored, others as float32."""
    native = values.dtype.newbyteorder("=")
    if (slope, intercept) == (1.0, 0.0) and native.kind in "iu" and native.itemsize <= 2:
        return values.astype(native)
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = values.astype(np.float32) if values.dtype.itemsize <= 4 else values.astype(np.float64)
        return (scaled * scaled.dtype.type(slope) + scaled.dtype.type(intercept)).astype(np.float32)


def _version(start: bytes) -> int | None:
    if len(start) >= 348 and start[344:348] in (b"n+1\0", b"ni1\0"):
        return 1
    return 2 if start[4:8] in (b"n+2\0", b"ni2\0") else None


class _Stream:
    """The bytes of a file from the start on; gzip is inflated as far as it is asked for."""

    def __init__(self, data: bytes) -> None:
        self._rest = memoryview(data)
        self._inflater = zlib.decompressobj(wbits=31) if data.startswith(_GZIP) else None
        self.taken = 0

    def take(self, count: int, *, short: bool = False) -> bytes:
        """Return the next bytes.

        Args:
            count: how many.
            short: return fewer where there are no more.

        Raises:
            SliceError: there are fewer, or they are damaged.
        """
        parts, missing = [], count
        while missing and (part := self._next(missing)):
            parts.append(part)
            missing -= len(part)
        if missing and not short:
            raise SliceError(_DAMAGED)
        self.taken += count - missing
        return b"".join(parts)

    def skip(self, count: int) -> None:
        """Leave bytes out.

        Raises:
            SliceError: see ``take``.
        """
        while count:
            count -= len(self.take(min(count, _CHUNK)))

    def _next(self, most: int) -> bytes:
        if self._inflater is None:
            part, self._rest = bytes(self._rest[:most]), self._rest[most:]
            return part
        while not self._inflater.eof:
            source = self._inflater.unconsumed_tail or self._rest[:_CHUNK]
            if not self._inflater.unconsumed_tail:
                self._rest = self._rest[_CHUNK:]
            if not len(source):
                return b""
            try:
                part = self._inflater.decompress(source, most)
            except zlib.error as error:
                raise SliceError(_DAMAGED) from error
            if part:
                return part
        return b""
