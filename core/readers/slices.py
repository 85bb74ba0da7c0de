"""Read a slice from an uploaded file of any accepted format.

Files are read from bytes in memory; an upload is never written to disk.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.config import CLASSES, MAX_FILE_BYTES, MAX_SIDE
from core.errors import SliceError
from core.readers.kinds import is_mat
from core.readers.picture import read_picture
from core.translation.messages import mark

EXTENSIONS = ("png", "jpg", "jpeg", "tif", "tiff", "webp", "bmp", "mat")
MIN_SIDE = 16
"""Shortest accepted side of a slice, in pixels."""

# Between these, single precision neither overflows nor vanishes in what follows.
_SMALLEST, _LARGEST = 1e-30, 1e30
# Most that a pixel may lose in single precision, as a share of the slice's range.
_MOST_LOSS = 2.0**-16


@dataclass(frozen=True)
class Slice:
    """One slice with its metadata.

    Attributes:
        pixels: (H, W) float32, the values of the file.
        name: the title on a page.
        spacing_mm: side of a pixel in mm, or None where it is not known.
        spacing_source: where ``spacing_mm`` comes from, such as "as stated by the data set".
        mask: (H, W) bool, the true mask, or None.
        class_name: the true class, or None.
        number: the slice's number in the figshare data set, or None.
        notes: sentences about how the file was read.
        warnings: sentences about why the slice is unlike those the networks were trained on.
    """

    pixels: np.ndarray
    name: str
    spacing_mm: float | None = None
    mask: np.ndarray | None = None
    class_name: str | None = None
    number: int | None = None
    notes: tuple[str, ...] = field(default=())
    spacing_source: str | None = None
    warnings: tuple[str, ...] = field(default=())


def read_slice(data: bytes, name: str) -> Slice:
    """Read a PNG, JPEG, TIFF, WebP or BMP picture, or a figshare .mat file, in this process.

    Args:
        data: the whole file.
        name: the file's name; a name that ends in .mat is read as a .mat file.

    Raises:
        SliceError: one sentence that says what is wrong with the file and what would be accepted.
    """
    check_size(len(data))
    if name.lower().endswith(".mat"):
        return _read_mat_slice(data, name)
    if is_mat(data):
        raise SliceError("The file is in MATLAB's format; give it a name that ends in .mat.")
    values, notes, warnings = read_picture(data)
    pixels, scaled = _to_float32(values)
    return Slice(pixels, name, notes=(*notes, *scaled), warnings=warnings)


def check_size(length: int) -> None:
    """Refuse a file of so many bytes that is empty or too large.

    Raises:
        SliceError: it is.
    """
    if not length:
        raise SliceError("The file is empty; it should hold one MRI slice.")
    if length > MAX_FILE_BYTES:
        raise SliceError(
            "The file has {length:,} bytes; at most {limit:,} ({megabytes} MB) are accepted.",
            length=length,
            limit=MAX_FILE_BYTES,
            megabytes=MAX_FILE_BYTES // 2**20,
        )


def read_file(path: Path) -> bytes:
    """Return a file's bytes, of which no more are taken than a slice may have.

    Raises:
        SliceError: the file is empty or too large.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(MAX_FILE_BYTES + 1)
    # A device states no size.
    check_size(max(len(data), path.stat().st_size))
    return data


def _read_mat_slice(data: bytes, name: str) -> Slice:
    # It brings HDF5, which pictures do without.
    from core.readers.mat import read_mat

    mat = read_mat(data)
    pixels, scaled = _to_float32(mat.pixels)
    return Slice(
        pixels=pixels,
        name=name,
        mask=mat.mask,
        class_name=CLASSES[mat.label - 1] if mat.label else None,
        notes=(*mat.notes, *scaled),
    )


def slice_of_array(values: np.ndarray, name: str, *, spacing_mm: float | None = None) -> Slice:
    """Make a slice of (H, W) intensities.

    Args:
        values: of any number type.
        name: of the slice.
        spacing_mm: side of a pixel, where it is known.

    Raises:
        SliceError: it is no slice of numbers, or one that is too small, constant or not finite.
    """
    if values.ndim != 2 or values.dtype.kind not in "iuf" or max(values.shape) > MAX_SIDE:
        raise SliceError(
            "The array has {dimensions} dimensions of {kind}; a slice has two, of at most {max_side} numbers.",
            dimensions=values.ndim,
            kind=values.dtype,
            max_side=MAX_SIDE,
        )
    pixels, scaled = _to_float32(values)
    source = None if spacing_mm is None else "as stated by the caller"
    return Slice(pixels, name, spacing_mm=spacing_mm, spacing_source=source, notes=scaled)


def _to_float32(values: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Convert (H, W) numbers of any type to float32, with a note where that needs scaling.

    Numbers that single precision cannot tell apart, or whose range it cannot hold, are scaled to 0 to 1 in double
    precision.

    Raises:
        SliceError: the slice is too small, constant or not finite.
    """
    if min(values.shape) < MIN_SIDE:
        raise SliceError(
            "The slice is {width} x {height} pixels; at least {min_side} a side are needed.",
            width=values.shape[1],
            height=values.shape[0],
            min_side=MIN_SIDE,
        )
    if not np.isfinite(values).all():
        raise SliceError(
            "The slice holds values that are not numbers (NaN or infinity); every pixel must have an intensity."
        )
    if values.min() == values.max():
        raise SliceError("Every pixel of the slice has the same value; an image with contrast is needed.")
    if _fits_float32(values):
        return values.astype(np.float32), ()
    unit = _scale_to_unit(values).astype(np.float32)
    return unit, (mark("Its numbers are beyond single precision; they were scaled to 0 to 1."),)


def _fits_float32(values: np.ndarray) -> bool:
    """Tell whether numbers stay apart in single precision, and what follows neither overflows nor vanishes."""
    if values.dtype.itemsize <= 2:
        return True
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    if not _SMALLEST < np.abs(single).max() < _LARGEST:
        return False
    if values.dtype == np.float32:
        return True
    return bool(np.abs(_scale_to_unit(single) - _scale_to_unit(values)).max() <= _MOST_LOSS)


def _scale_to_unit(values: np.ndarray) -> np.ndarray:
    """Scale by the minimum and maximum in double precision: (H, W) of any number type to float64 in [0, 1].

    A constant array becomes zeros.
    """
    if values.dtype.kind in "iu":
        # Modulo 2^64, where no difference is lost.
        above = (values.astype(np.uint64) - values.min().astype(np.uint64)).astype(np.float64)
    else:
        double = values.astype(np.float64)
        if np.isinf(float(double.max()) - float(double.min())):
            double /= 2
        above = double - double.min()
    highest = above.max()
    return above / highest if highest else above
