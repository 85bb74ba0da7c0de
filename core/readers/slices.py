"""Read a slice from an uploaded file of any accepted format.

Files are read from bytes in memory; an upload is never written to disk.
"""

from dataclasses import dataclass, field

import numpy as np

from core.config import CLASSES
from core.errors import SliceError
from core.readers.mat import MAX_FILE_BYTES, is_hdf5, read_mat
from core.readers.picture import read_picture

EXTENSIONS = ("png", "jpg", "jpeg", "tif", "tiff", "webp", "bmp", "mat")
MIN_SIDE = 16
"""Shortest accepted side of a slice, in pixels."""


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
    """Read a PNG, JPEG, TIFF, WebP or BMP picture (8 or 16 bit), or a figshare .mat file.

    Args:
        data: the whole file.
        name: the file's name; a name that ends in .mat is read as a .mat file.

    Raises:
        SliceError: one sentence that says what is wrong with the file and what would be accepted.
    """
    if not data:
        raise SliceError("The file is empty; it should hold one MRI slice.")
    if len(data) > MAX_FILE_BYTES:
        raise SliceError(f"The file has {len(data) / 2**20:.1f} MB; at most {MAX_FILE_BYTES // 2**20} MB are accepted.")
    if name.lower().endswith(".mat"):
        return _read_mat_slice(data, name)
    if is_hdf5(data):
        raise SliceError("The file is in MATLAB's v7.3 format; give it a name that ends in .mat.")
    pixels, notes, warnings = read_picture(data)
    return _check_slice(Slice(pixels, name, notes=notes, warnings=warnings))


def _read_mat_slice(data: bytes, name: str) -> Slice:
    mat = read_mat(data)
    return _check_slice(
        Slice(
            pixels=mat.pixels.astype(np.float32),
            name=name,
            mask=mat.mask,
            class_name=CLASSES[mat.label - 1] if mat.label else None,
        )
    )


def _check_slice(slice_: Slice) -> Slice:
    """Return the slice.

    Raises:
        SliceError: it is too small, constant or not finite.
    """
    pixels = slice_.pixels
    if min(pixels.shape) < MIN_SIDE:
        raise SliceError(
            f"The slice is {pixels.shape[1]} x {pixels.shape[0]} pixels; at least {MIN_SIDE} a side are needed."
        )
    if not np.isfinite(pixels).all():
        raise SliceError(
            "The slice holds values that are not numbers (NaN or infinity); every pixel must have an intensity."
        )
    if pixels.min() == pixels.max():
        raise SliceError("Every pixel of the slice has the same value; an image with contrast is needed.")
    return slice_
