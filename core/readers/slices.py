"""A slice, and reading one from any file a person may bring.

Everything is refused or read from bytes in memory: nothing a person uploads touches the disk.
"""

from dataclasses import dataclass, field

import numpy as np

from core.config import CLASSES
from core.errors import SliceError
from core.readers.mat import MAX_FILE_BYTES, is_hdf5, read_mat
from core.readers.picture import read_picture

EXTENSIONS = ("png", "jpg", "jpeg", "tif", "tiff", "webp", "bmp", "mat")
MIN_SIDE = 16
"""Shortest side of a slice that is read, in pixels."""


@dataclass(frozen=True)
class Slice:
    """One slice and what is known about it.

    Attributes:
        pixels: (H, W) float32, the file's own values.
        name: what to call it on a page.
        spacing_mm: side of a pixel in mm, or None where it is not known.
        spacing_source: whose word that is, such as "as stated by the data set".
        mask: (H, W) bool, the true mask, or None.
        class_name: the true class, or None.
        number: the slice's number in the figshare data set, or None.
        notes: one sentence each on what a reader should know about how it was read.
        warnings: one sentence each on why the slice is hardly what a network expects.
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
        name: its name; a name ending in .mat is read as one.

    Raises:
        SliceError: one sentence on what is wrong with the file and what would be accepted.
    """
    if not data:
        raise SliceError("The file is empty; a picture of one MRI slice is needed.")
    if len(data) > MAX_FILE_BYTES:
        raise SliceError(f"The file has {len(data) / 2**20:.1f} MB; at most {MAX_FILE_BYTES // 2**20} MB are accepted.")
    if name.lower().endswith(".mat"):
        return _from_mat(data, name)
    if is_hdf5(data):
        raise SliceError("The file looks like MATLAB v7.3 but is not named so; give it a name that ends in .mat.")
    pixels, notes, warnings = read_picture(data)
    return _checked(Slice(pixels, name, notes=notes, warnings=warnings))


def _from_mat(data: bytes, name: str) -> Slice:
    found = read_mat(data)
    return _checked(
        Slice(
            pixels=found.pixels.astype(np.float32),
            name=name,
            mask=found.mask,
            class_name=CLASSES[found.label - 1] if found.label else None,
        )
    )


def _checked(slice_: Slice) -> Slice:
    pixels = slice_.pixels
    if min(pixels.shape) < MIN_SIDE:
        raise SliceError(
            f"The slice is {pixels.shape[1]} x {pixels.shape[0]} pixels; at least {MIN_SIDE} a side are needed."
        )
    if not np.isfinite(pixels).all():
        raise SliceError("The slice holds values that are no numbers (NaN or infinity); plain intensities are needed.")
    if pixels.min() == pixels.max():
        raise SliceError("Every pixel of the slice has the same value; there is nothing to look at.")
    return slice_
