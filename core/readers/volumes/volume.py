"""A volume of MRI: voxels on a grid in the patient's space, and its axial, coronal and sagittal planes as slices.

docs/formats.md shows the orientation of each plane, which is that of the data set's slices.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image

from core.config import MAX_SIDE, MAX_VOLUME_BYTES, MAX_VOLUME_SLICES
from core.errors import SliceError
from core.readers.preprocessing import resize
from core.readers.slices import MIN_SIDE, Slice
from core.translation.messages import Message, mark

PLANES = (mark("axial"), mark("coronal"), mark("sagittal"))
"""The planes in the order of a volume's axes: each lies across one of them."""
ORIENTATION = ("I", "P", "L")
"""Where a volume's three axes point to: the feet, the back, the patient's left."""
_SAME_SPACING = 1.01
"""Ratio of two spacings up to which a pixel counts as a square."""
_THICK = 1.1
"""Ratio of the largest to the smallest spacing from which slices count as thick, and decide the plane."""
_LONGEST_RESAMPLED = 1024
"""Longest side of a slice that is resampled to square pixels."""
_SPACINGS_MM = 0.01, 100.0
"""Between these a spacing is believed."""
_FARTHEST_MM = 1e6
_SAME_PLACE = 0.1
"""Part of a voxel's side by which two grids may differ and still count as one."""
# As core.readers.slices: between these, single precision neither overflows nor vanishes in what follows.
_SMALLEST_RANGE, _LARGEST = 1e-30, 1e30


@dataclass(frozen=True)
class SourceGrid:
    """How a file's own voxels lie.

    Attributes:
        shape: of the file's array.
        affine: (4, 4) float64, from its indices to mm, to the patient's right, front and head.
        frame_of_reference: the UID of the space that DICOM files state, or None; not to be shown.
    """

    shape: tuple[int, int, int]
    affine: np.ndarray
    frame_of_reference: str | None = field(default=None, repr=False)


@dataclass(frozen=True, eq=False)
class Volume:
    """One volume, oriented as ``ORIENTATION`` says.

    Attributes:
        values: (S, H, W) numbers in the scanner's terms, from the crown, the front and the patient's right on.
        name: the title on a page.
        source: the grid of the file.
        spacing_mm: of the three axes in mm, or None where it is not known.
        mask: (S, H, W) bool, the true mask, or None.
        window: the lowest and the highest value that the file asks to show, or None.
        notes: sentences about how the files were read.
        warnings: sentences about why the volume is unlike the slices the networks were trained on.
        is_other_modality: whether it is of another modality than MR.
        found: the slices of each series (DICOM), or of each volume (NIfTI), that the files hold.
        chosen: which of ``found`` this is, from 1 on.
    """

    values: np.ndarray
    name: str
    source: SourceGrid
    spacing_mm: tuple[float, float, float] | None = None
    mask: np.ndarray | None = None
    window: tuple[float, float] | None = None
    notes: tuple[str, ...] = field(default=())
    warnings: tuple[str, ...] = field(default=())
    is_other_modality: bool = False
    found: tuple[int, ...] = field(default=())
    chosen: int = 1

    @property
    def planes(self) -> tuple[str, ...]:
        """The planes whose slices are large enough, and not too many."""
        return tuple(
            plane
            for axis, plane in enumerate(PLANES)
            if min(_without(self.values.shape, axis)) >= MIN_SIDE and self.values.shape[axis] <= MAX_VOLUME_SLICES
        )

    @property
    def best_plane(self) -> str:
        """The plane across the axis with the largest spacing, as thick slices are acquired; axial where all are alike.

        Where no spacing is known, the plane with the fewest slices.
        """
        planes = self.planes
        if self.spacing_mm is None:
            return min(planes, key=self.count)
        thickest = max(planes, key=lambda plane: self.spacing_mm[PLANES.index(plane)])  # type: ignore[index]
        if max(self.spacing_mm) > _THICK * min(self.spacing_mm):
            return thickest
        return planes[0]

    @property
    def affine(self) -> np.ndarray:
        """(4, 4) float64, from the indices of ``values`` to mm, to the right, the front and the head."""
        from nibabel.orientations import axcodes2ornt, inv_ornt_aff, io_orientation, ornt_transform

        to_volume = ornt_transform(io_orientation(self.source.affine), axcodes2ornt(ORIENTATION))
        affine: np.ndarray = self.source.affine @ inv_ornt_aff(to_volume, self.source.shape)
        return affine

    @property
    def voxel_ml(self) -> float | None:
        """The size of a voxel in ml; None where no spacing is known."""
        return None if self.spacing_mm is None else float(np.prod(self.spacing_mm)) / 1000

    def count(self, plane: str) -> int:
        """Return the number of slices in a plane."""
        return int(self.values.shape[PLANES.index(plane)])

    def slice(self, plane: str, number: int) -> Slice:
        """Return a slice, resampled to square pixels where its voxels are none.

        Args:
            plane: one of ``planes``.
            number: 1 to ``count(plane)``, from the crown, the front or the patient's right on.
        """
        spacing, pixels = self.on_square_pixels(plane, self._cut(self.values, plane, number).astype(np.float32))
        mask = None
        if self.mask is not None:
            _, mask = self.on_square_pixels(plane, self._cut(self.mask, plane, number))
        return Slice(
            pixels=np.ascontiguousarray(pixels),
            name=Message(
                "{name}, {plane} {number} of {count}",
                name=self.name,
                plane=Message(plane),
                number=number,
                count=self.count(plane),
            ),
            spacing_mm=spacing,
            spacing_source=None if spacing is None else mark("as stated by the file"),
            mask=None if mask is None else np.ascontiguousarray(mask),
            notes=self.notes,
            warnings=self.warnings,
        )

    def on_square_pixels(self, plane: str, values: np.ndarray) -> tuple[float | None, np.ndarray]:
        """Resample (h, w) float32 or bool values of a plane's voxels to square pixels; return their side in mm, too."""
        spacing, shape = self._square(plane)
        if shape == values.shape:
            return spacing, values
        resampled = resize(values, *shape, method=Image.Resampling.BILINEAR)
        return spacing, resampled >= 0.5 if values.dtype == bool else resampled

    def on_voxels(self, plane: str, values: np.ndarray) -> np.ndarray:
        """Bring (h, w) float32 values of a slice of a plane, such as tumour probabilities, to that plane's voxels."""
        return resize(values, *_without(self.values.shape, PLANES.index(plane)), method=Image.Resampling.BILINEAR)

    def _cut(self, values: np.ndarray, plane: str, number: int) -> np.ndarray:
        cut: np.ndarray = values.take(number - 1, axis=PLANES.index(plane))
        return cut

    def _square(self, plane: str) -> tuple[float | None, tuple[int, int]]:
        """Return a plane's pixel side in mm once its pixels are square, and its shape then."""
        axis = PLANES.index(plane)
        rows, columns = _without(self.values.shape, axis)
        if self.spacing_mm is None:
            return None, (rows, columns)
        down, across = _without(self.spacing_mm, axis)
        side = min(down, across)
        if max(down, across) <= _SAME_SPACING * side:
            return (down + across) / 2, (rows, columns)
        side = max(side, max(rows * down, columns * across) / _LONGEST_RESAMPLED)
        return side, (max(1, round(rows * down / side)), max(1, round(columns * across / side)))


def _without(numbers: Sequence, axis: int) -> tuple:
    first, second = (number for place, number in enumerate(numbers) if place != axis)
    return first, second


def require_volume_size(shape: Sequence[int], item_bytes: int) -> None:
    """Refuse a volume that would be too large, or too small, before its values are decoded.

    Raises:
        SliceError: it is.
    """
    stated = " x ".join(str(side) for side in shape)
    size = item_bytes
    for side in shape:
        size *= side
    if size > MAX_VOLUME_BYTES:
        raise SliceError(
            "The volume has {stated} voxels, more than the {megabytes} MB accepted.",
            stated=stated,
            megabytes=MAX_VOLUME_BYTES // 2**20,
        )
    if sorted(shape)[1] < MIN_SIDE or min(shape) < 1:
        raise SliceError(
            "The volume has {stated} voxels; slices of at least {min_side} pixels a side are needed.",
            stated=stated,
            min_side=MIN_SIDE,
        )
    if max(shape) > MAX_SIDE or not _has_plane(shape):
        raise SliceError(
            "The volume has {stated} voxels; at most {slice_limit} slices of {max_side} pixels a side are accepted.",
            stated=stated,
            slice_limit=MAX_VOLUME_SLICES,
            max_side=MAX_SIDE,
        )


def _has_plane(shape: Sequence[int]) -> bool:
    return any(side <= MAX_VOLUME_SLICES and min(_without(shape, axis)) >= MIN_SIDE for axis, side in enumerate(shape))


def orient(values: np.ndarray, affine: np.ndarray, name: str, *, notes: Sequence[str] = ()) -> Volume:
    """Make a volume of a file's array: its axes are permuted and flipped, its voxels stay as they are.

    Args:
        values: as the file has them.
        affine: (4, 4) from their indices to mm, to the right, the front and the head.
        name: of the volume.
        notes: of the volume.

    Raises:
        SliceError: the affine has no direction for an axis, or no voxel is a number.
    """
    from nibabel.orientations import apply_orientation, axcodes2ornt, io_orientation, ornt_transform

    lowest, highest = _SPACINGS_MM
    if not np.isfinite(affine).all() or np.abs(affine).max() > _FARTHEST_MM or np.linalg.matrix_rank(affine) < 4:
        raise SliceError("The file states no directions for its three axes; an affine that can be inverted is needed.")
    to_volume = ornt_transform(io_orientation(affine), axcodes2ornt(ORIENTATION))
    values, finite = _finite(values)
    first, second, third = (float(side) for side in _spacings(affine)[np.argsort(to_volume[:, 0])])
    known = lowest <= min(first, second, third) and max(first, second, third) <= highest
    rows, columns, planes = values.shape
    return Volume(
        values=np.ascontiguousarray(apply_orientation(values, to_volume)),
        name=name,
        source=SourceGrid((rows, columns, planes), affine),
        spacing_mm=(first, second, third) if known else None,
        notes=(*notes, *finite),
    )


def volume_of_array(values: np.ndarray, name: str, *, spacing_mm: tuple[float, float, float] | None = None) -> Volume:
    """Make a volume of (S, H, W) voxels, oriented as ``ORIENTATION`` says.

    Args:
        values: of any number type.
        name: of the volume.
        spacing_mm: of the three axes, where it is known.

    Raises:
        SliceError: it is no volume of numbers, or one that is too large, too small or constant.
    """
    if values.ndim != 3 or values.dtype.kind not in "iuf":
        raise SliceError(
            "The array has {dimensions} dimensions of {kind}; a volume has three, of numbers.",
            dimensions=values.ndim,
            kind=values.dtype,
        )
    require_volume_size(values.shape, values.itemsize)
    down, back, left = spacing_mm or (1.0, 1.0, 1.0)
    affine = np.array([[0, 0, -left, 0], [0, -back, 0, 0], [-down, 0, 0, 0], [0, 0, 0, 1.0]])
    volume = require_contrast(orient(values, affine, name))
    return volume if spacing_mm else replace(volume, spacing_mm=None)


def require_contrast(volume: Volume) -> Volume:
    """Return a volume whose voxels differ.

    Raises:
        SliceError: they do not.
    """
    if float(volume.values.max()) - float(volume.values.min()) < _SMALLEST_RANGE:
        raise SliceError("Every voxel of the volume has the same value; a volume with contrast is needed.")
    return volume


def to_source(volume: Volume, values: np.ndarray) -> np.ndarray:
    """Bring (S, H, W) values of a volume's voxels, such as a mask, to the array of its file."""
    from nibabel.orientations import apply_orientation, axcodes2ornt, io_orientation, ornt_transform

    back = ornt_transform(axcodes2ornt(ORIENTATION), io_orientation(volume.source.affine))
    return np.asarray(apply_orientation(values, back))


def with_true_mask(volume: Volume, labels: Volume) -> Volume:
    """Return a volume with a label map as its true mask: every label but 0 is tumour.

    Raises:
        SliceError: the label map lies on another grid.
    """
    far = np.array([[0, 0, 0, 1], [*volume.values.shape, 1]]).T
    apart = np.abs((volume.affine - labels.affine) @ far).max()
    if volume.values.shape != labels.values.shape or apart > _SAME_PLACE * min(_spacings(volume.source.affine)):
        raise SliceError("The label map lies on another grid than the volume; both must have the same voxels.")
    note = mark("The true mask is every label of the label map but 0.")
    return replace(volume, mask=labels.values != 0, notes=(*volume.notes, note))


def _spacings(affine: np.ndarray) -> np.ndarray:
    """Return (3,) sides of a voxel in mm, in the order of the affine's axes."""
    return np.sqrt((affine[:3, :3] ** 2).sum(axis=0))


def _finite(values: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Replace what is not a number by the lowest value, with a note; return integers as they are."""
    if values.dtype.kind in "iu":
        return values, ()
    with np.errstate(invalid="ignore"):
        good = np.abs(values) < _LARGEST
    if good.all():
        return values, ()
    if not good.any():
        raise SliceError("The volume holds no numbers (only NaN or infinity); every voxel must have an intensity.")
    return np.where(good, values, values[good].min()), (mark("Voxels that are not numbers count as the lowest value."),)
