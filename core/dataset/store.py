"""Read the prepared data set, one HDF5 store, slice by slice.

Jun Cheng, "brain tumor dataset", figshare 1512427 version 5, CC BY 4.0,
doi 10.6084/m9.figshare.1512427.v5. ``core.dataset.prepare`` writes the store.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import h5py
import numpy as np

from core.config import CLASSES, ROOT
from core.errors import DatasetError

SLICE_COUNT = 3064
"""Slices in the whole data set."""
CLASS_COUNTS = {"meningioma": 708, "glioma": 1426, "pituitary": 930}
"""Slices of each class in the whole data set, as its description states."""
PATIENT_COUNT = 233
"""Patients in the whole data set, as its description states."""
SIDE = 512
"""Side of all slices in pixels, except 15 slices of 256."""
SPACING_MM = 0.49
"""Side of a pixel of the 512-pixel slices in mm, as the data set states; it states none for the 256-pixel slices."""
STORE_VERSION = 1
STORE_NAME = "figshare.h5"


def default_store() -> Path:
    """Return the path of the store: in the folder that SLICESCOPE_DATA names, else in ``data/``."""
    return Path(os.environ.get("SLICESCOPE_DATA") or ROOT / "data") / STORE_NAME


@dataclass(frozen=True)
class Index:
    """Each slice's number, class, patient and fold, by row of the store; every array is (n,).

    Attributes:
        number: the slice's number in the data set, 1 to 3064, ascending.
        label: 1 meningioma, 2 glioma, 3 pituitary tumour.
        patient: patient number, 1 to 233, in the order of first slices.
        patient_group: the lowest patient number among patients whose ids differ only by a final letter; equal to
            ``patient`` for all others.
        fold: the official fold, 1 to 5, or 0 where cvind.mat was missing.
        size: side of the square slice in pixels.
    """

    number: np.ndarray
    label: np.ndarray
    patient: np.ndarray
    patient_group: np.ndarray
    fold: np.ndarray
    size: np.ndarray


class Store:
    """A prepared data set, open for reading; a context manager.

    Attributes:
        whole: whether it holds every slice with its fold.
        index: the table of slices.

    Raises:
        DatasetError: there is no store at ``path``, or it has another version.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise DatasetError(
                "There is no prepared data set at '{path}'; make it with 'python -m core prepare FOLDER'.", path=path
            )
        try:
            self._file = h5py.File(path, "r")
        except OSError as error:
            raise DatasetError("'{path}' is not a prepared data set; make it again.", path=path) from error
        if self._file.attrs.get("version") != STORE_VERSION:
            self._file.close()
            raise DatasetError("'{path}' was prepared by another version; make it again.", path=path)
        self.whole = bool(self._file.attrs["whole"])
        self.index = Index(**{name: self._file[name][()] for name in Index.__dataclass_fields__})
        self._row = {int(number): row for row, number in enumerate(self.index.number)}

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self.index.number)

    def __contains__(self, number: int) -> bool:
        return number in self._row

    def row(self, number: int) -> int:
        """Return the row of slice ``number``.

        Raises:
            DatasetError: there is no such slice.
        """
        try:
            return self._row[number]
        except KeyError:
            raise DatasetError(
                "There is no slice {number} in the prepared data set; numbers run from 1 to {last}.",
                number=number,
                last=SLICE_COUNT,
            ) from None

    def pixels(self, number: int) -> np.ndarray:
        """Read the pixels of slice ``number``: (H, W) int16 as published, upright."""
        row = self.row(number)
        size = self.index.size[row]
        return self._file["slices"][row, :size, :size]

    def pixels_around(self, number: int) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Read the pixels of the slice before and of the one after: (H, W) int16, or None where there is none.

        Consecutive numbers of one patient are neighbouring slices, as far as the data set tells. Patients whose ids
        differ only by a final letter count as one.

        Raises:
            DatasetError: there is no such slice.
        """
        group = self.index.patient_group[self.row(number)]
        before, after = (
            self.pixels(other) if other in self and self.index.patient_group[self.row(other)] == group else None
            for other in (number - 1, number + 1)
        )
        return before, after

    def mask(self, number: int) -> np.ndarray:
        """Read the true mask of slice ``number``: (H, W) bool, True on the tumour."""
        row = self.row(number)
        size = self.index.size[row]
        return self._file["masks"][row, :size, :size].astype(bool)

    def border(self, number: int) -> np.ndarray:
        """Read the hand-drawn outline of slice ``number``: (k, 2) float32, x and y in pixels."""
        return self._file["borders"][self.row(number)].reshape(-1, 2)

    def class_name(self, number: int) -> str:
        """Return the class of slice ``number``."""
        return CLASSES[int(self.index.label[self.row(number)]) - 1]

    def numbers_of_patient(self, number: int) -> list[int]:
        """Return the numbers of all slices of the patient of slice ``number``, ascending.

        Raises:
            DatasetError: there is no such slice.
        """
        of_patient = self.index.patient == self.index.patient[self.row(number)]
        return [int(one) for one in self.index.number[of_patient]]

    def numbers(self) -> Iterator[int]:
        """Iterate over the slice numbers in ascending order."""
        return iter(self._row)
