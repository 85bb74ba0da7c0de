"""Read one MATLAB file of the data set, of version 5, 7 or 7.3, without trusting it."""

from dataclasses import dataclass, field

import numpy as np

from core.config import MAX_FILE_BYTES, MAX_SIDE
from core.errors import SliceError
from core.readers.hdf5 import open_hdf5, read_array, read_group
from core.readers.kinds import is_hdf5, is_mat
from core.readers.mat5 import read_struct
from core.translation.messages import mark

_MAX_PID_LENGTH = 64
_MAX_BORDER_VALUES = 100_000
_STRUCT = "cjdata"
_MOST_VALUES = {
    "image": MAX_SIDE * MAX_SIDE,
    "tumorMask": MAX_SIDE * MAX_SIDE,
    "label": 1,
    "PID": _MAX_PID_LENGTH,
    "tumorBorder": _MAX_BORDER_VALUES,
}
"""The fields that are read, and most values of each."""
_NO_MASK = mark("The file's mask holds values that are not numbers (NaN or infinity); it counts as none.")


@dataclass(frozen=True)
class MatSlice:
    """The fields of ``cjdata``, upright.

    Attributes:
        pixels: (H, W), as stored (int16 in the published files).
        mask: (H, W) bool, True on the tumour, or None where the file has none.
        label: 1 meningioma, 2 glioma, 3 pituitary tumour, or None.
        pid: the patient id, or None. It only serves to number patients: never show it, never store it.
        border: (k, 2) float64, the hand-drawn outline as x, y in pixels, or None.
        notes: sentences about how the file was read.
    """

    pixels: np.ndarray
    mask: np.ndarray | None
    label: int | None
    pid: str | None
    border: np.ndarray | None
    notes: tuple[str, ...] = field(default=())


def read_mat(data: bytes) -> MatSlice:
    """Read the bytes of one slice's .mat file.

    Raises:
        SliceError: the file is not MATLAB's, has no ``cjdata``, is cut short, or has a field of an unexpected kind,
            type or size.
    """
    _check_file(data)
    fields = _fields_of_hdf5(data) if is_hdf5(data) else read_struct(data, _STRUCT, _MOST_VALUES)
    if fields is None:
        raise SliceError("The .mat file has no struct 'cjdata'; files of the figshare brain tumor dataset have one.")
    pixels, mask, label, pid, border = (fields.get(name) for name in _MOST_VALUES)
    if pixels is None:
        raise SliceError("The .mat file's 'cjdata' has no 'image'; it should hold the slice's pixels.")
    if pixels.ndim != 2 or min(pixels.shape) < 2 or max(pixels.shape) > MAX_SIDE:
        raise SliceError(
            "The .mat file's 'image' has the shape {shape}; one slice of 2 to {max_side} pixels a side is accepted.",
            shape=pixels.shape,
            max_side=MAX_SIDE,
        )
    if mask is not None and mask.shape != pixels.shape:
        raise SliceError(
            "The .mat file's mask is {mask_shape} and its image {shape}; both must have one size.",
            mask_shape=mask.shape,
            shape=pixels.shape,
        )
    if label is not None and (label.size != 1 or float(label.flat[0]) not in (1, 2, 3)):
        raise SliceError("The .mat file's 'label' is not 1, 2 or 3 (meningioma, glioma, pituitary tumour).")
    if pid is not None and pid.dtype.kind != "u":
        raise SliceError("The .mat file's 'PID' is not text.")
    if border is not None and (border.size % 2 or border.size < 6 or not np.isfinite(border).all()):
        raise SliceError("The .mat file's 'tumorBorder' is not a list of three or more x, y pairs.")
    notes: tuple[str, ...] = ()
    if mask is not None and not np.isfinite(mask).all():
        mask, notes = None, (_NO_MASK,)
    return MatSlice(
        pixels=np.ascontiguousarray(pixels),
        mask=None if mask is None else np.ascontiguousarray(mask != 0),
        label=None if label is None else int(label.flat[0]),
        pid=None if pid is None else pid.ravel().astype("<u2").tobytes().decode("utf-16-le", "replace"),
        border=None if border is None else border.astype(np.float64).reshape(-1, 2),
        notes=notes,
    )


def read_folds(data: bytes) -> np.ndarray:
    """Read cvind.mat, which is MATLAB v7.3: (n,) uint8, the official fold (1 to 5) of slice 1, 2, ….

    Raises:
        SliceError: the file is damaged or holds something else.
    """
    _check_file(data)
    if not is_hdf5(data):
        raise SliceError("cvind.mat is not in MATLAB's v7.3 format, the one the data set is published in.")
    with open_hdf5(data) as file:
        folds = read_array(file, "cvind", max_values=100_000)
    if folds is None or not np.isin(folds, (1, 2, 3, 4, 5)).all():
        raise SliceError("cvind.mat does not hold a vector 'cvind' of folds from 1 to 5.")
    return folds.ravel().astype(np.uint8)


def _check_file(data: bytes) -> None:
    if not data:
        raise SliceError("The file is empty.")
    if len(data) > MAX_FILE_BYTES:
        raise SliceError(
            "The file is larger than {megabytes} MB, the most that is read.", megabytes=MAX_FILE_BYTES // 2**20
        )
    if not is_mat(data):
        raise SliceError("The .mat file is not in MATLAB's format v5, v7 or v7.3; save it in one of these.")


def _fields_of_hdf5(data: bytes) -> dict[str, np.ndarray] | None:
    with open_hdf5(data) as file:
        group = read_group(file, _STRUCT)
        if group is None:
            return None
        arrays = {name: read_array(group, name, max_values=most) for name, most in _MOST_VALUES.items()}
    return {name: array for name, array in arrays.items() if array is not None}
