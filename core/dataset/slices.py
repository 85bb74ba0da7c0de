"""Make a ``Slice`` from the data set, and recognise slices of the data set in uploaded files."""

from dataclasses import replace

import numpy as np

from core.dataset.splits import class_of_slice, recognise_changed, recognise_number
from core.dataset.store import SIDE, SPACING_MM, Store
from core.readers.adjusting.adjustment import Adjustment, suggest_adjustment
from core.readers.decoder_pool import DECODER
from core.readers.slices import Slice
from core.translation.messages import Message, mark

DATA_SET_SPACING = mark("as stated by the data set")
"""The ``Slice.spacing_source`` of the data set's slices."""


def figshare_spacing(shape: tuple[int, ...]) -> float | None:
    """Return the side of a pixel in mm of a figshare slice: the data set states it for 512-pixel slices only."""
    return SPACING_MM if shape == (SIDE, SIDE) else None


def slice_name(number: int) -> Message:
    """Return what a slice of the data set is called."""
    return Message("slice {number}", number=number)


def slice_from_store(store: Store, number: int) -> Slice:
    """Read slice ``number`` from a prepared data set.

    Raises:
        DatasetError: there is no such slice.
    """
    return slice_from_arrays(number, store.pixels(number), store.mask(number), store.class_name(number))


def slice_from_arrays(number: int, pixels: np.ndarray, mask: np.ndarray, class_name: str) -> Slice:
    """Make the ``Slice`` of the data set's slice ``number``.

    Args:
        number: 1 to 3064.
        pixels: (H, W), any number type, upright.
        mask: (H, W) bool, the true mask.
        class_name: the true class.
    """
    return Slice(
        pixels=pixels.astype(np.float32),
        name=slice_name(number),
        spacing_mm=figshare_spacing(pixels.shape),
        spacing_source=DATA_SET_SPACING,
        mask=mask,
        class_name=class_name,
        number=number,
    )


def recognise_slice(slice_: Slice) -> Slice:
    """Add number, class and pixel spacing to a slice of the data set, from any kind of file; return others unchanged.

    The published files hold the scanner's own intensities, whose digest of 256 grey levels may differ by a level; their
    masks identify them. A label that contradicts the data set's gives way to it, with a note. The pixel spacing of any
    other .mat file is unknown, since it may come from any scanner.

    A slice that was compressed, scaled or mirrored gets number and class; its pixel spacing is unknown.
    """
    number = recognise_number(slice_.pixels, slice_.mask)
    if number is None:
        return _recognise_changed(slice_)
    new_notes = () if slice_.class_name else (Message("This is slice {number} of the data set.", number=number),)
    return replace(
        _numbered(slice_, number, *new_notes),
        spacing_mm=figshare_spacing(slice_.pixels.shape),
        spacing_source=DATA_SET_SPACING,
    )


def _recognise_changed(slice_: Slice) -> Slice:
    found = recognise_changed(slice_.pixels)
    if found is None:
        return slice_
    number, mirrored = found
    note = (
        Message("This is slice {number} of the data set, mirrored.", number=number)
        if mirrored
        else Message("This is slice {number} of the data set, compressed, scaled or changed otherwise.", number=number)
    )
    return _numbered(slice_, number, note)


def _numbered(slice_: Slice, number: int, *notes: str) -> Slice:
    """Return a slice with the data set's number and class, and a note where its own label says another class."""
    class_name = class_of_slice(number)
    if slice_.class_name not in (None, class_name):
        notes = (
            *notes,
            Message(
                "The file's label says {label}, but slice {number} of the data set is {true}, which is shown.",
                label=Message(slice_.class_name),
                number=number,
                true=Message(class_name),
            ),
        )
    return replace(slice_, number=number, class_name=class_name, notes=(*slice_.notes, *notes))


def adjust_slice(slice_: Slice, adjustment: Adjustment) -> Slice:
    """Return the slice after an adjustment, with a note that says so; recognise it where it was not before."""
    changed = adjustment(slice_)
    note = adjustment.sentence((slice_.pixels.shape[0], slice_.pixels.shape[1]))
    if note is None:
        return changed
    changed = replace(changed, notes=(*changed.notes, note))
    return changed if changed.number else recognise_slice(changed)


def usual_adjustment(slice_: Slice) -> Adjustment:
    """Return the adjustment that an unknown picture is given unasked; none to a slice of the data set."""
    return Adjustment() if slice_.number else suggest_adjustment(slice_.pixels)


def read_and_recognise_slice(data: bytes, name: str) -> Slice:
    """Read a file in the decoder's process (``core.readers.decoder``), and recognise a slice of the data set.

    Raises:
        SliceError: see ``read_slice``; or the file takes too long.
        WorkerError: the process cannot be started.
    """
    return recognise_slice(DECODER.read(data, name))
