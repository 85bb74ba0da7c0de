"""The data set's slices as ``Slice``, also when one comes as somebody's file."""

from dataclasses import replace

import numpy as np

from core.dataset.splits import class_of_slice, recognise_number
from core.dataset.store import SIDE, SPACING_MM, Store
from core.readers.slices import Slice, read_slice

DATA_SET_SPACING = "as stated by the data set"


def figshare_spacing(shape: tuple[int, ...]) -> float | None:
    """Side of a pixel in mm of a figshare slice: the data set states it for 512-pixel slices only."""
    return SPACING_MM if shape == (SIDE, SIDE) else None


def slice_from_store(store: Store, number: int) -> Slice:
    """Slice ``number`` of a prepared data set.

    Raises:
        DatasetError: no such slice.
    """
    return slice_from_arrays(number, store.pixels(number), store.mask(number), store.class_name(number))


def slice_from_arrays(number: int, pixels: np.ndarray, mask: np.ndarray, class_name: str) -> Slice:
    """Slice ``number`` of the data set.

    Args:
        number: its number, 1 to 3064.
        pixels: (H, W), any number type, upright.
        mask: (H, W) bool, the true mask.
        class_name: the true class.
    """
    return Slice(
        pixels=pixels.astype(np.float32),
        name=f"slice {number}",
        spacing_mm=figshare_spacing(pixels.shape),
        spacing_source=DATA_SET_SPACING,
        mask=mask,
        class_name=class_name,
        number=number,
    )


def recognise_slice(slice_: Slice) -> Slice:
    """The slice with what is known of it where it is one of the data set's, whatever file it came in.

    The published files keep a scanner's own intensities, of which the digest of 256 grey levels may miss a level; their
    masks tell them. A file of the same layout that is none of the data set's may come from any scanner, so that its
    pixel spacing is not known.
    """
    number = recognise_number(slice_.pixels, slice_.mask)
    if number is None:
        return slice_
    told = () if slice_.class_name else (f"This is slice {number} of the data set.",)
    return replace(
        slice_,
        number=number,
        class_name=slice_.class_name or class_of_slice(number),
        spacing_mm=figshare_spacing(slice_.pixels.shape),
        spacing_source=DATA_SET_SPACING,
        notes=(*slice_.notes, *told),
    )


def read_and_recognise_slice(data: bytes, name: str) -> Slice:
    """Read a file as ``read_slice`` does, and recognise a slice of the data set in it.

    Raises:
        SliceError: see ``read_slice``.
    """
    return recognise_slice(read_slice(data, name))
