"""Turn a slice's pixels into a network's input, and map the network's output back onto the slice.

Training and inference call the same functions. A bundle's card names the preprocessing it was trained with.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from core.errors import BundleError

MIN_MAX = "min-max"
"""Name, in a card, of the report's preprocessing: scale by the slice's minimum and maximum."""
HEAD = "head"
"""Name, in a card, of the other preprocessing: crop to the head and scale by percentiles."""
PERCENTILES = (1.0, 99.5)
"""The percentiles that become 0 and 1 under ``HEAD``, so that a few bright pixels do not matter."""

HEAD_THRESHOLD = 0.1
"""Scaled intensity above which a pixel counts as head under ``HEAD``."""
# Smallest connected piece that counts, as a share of all head pixels; excludes specks and burnt-in letters.
_SMALLEST_PIECE = 0.02
LEAST_SIMILARITY = 0.7
"""Correlation of two slices' planes from which one counts as the other's neighbour; so 97 % of the data set's slices
have one."""
# Side, in pixels, of the reduced picture in which the head is searched.
_COARSE_SIDE = 128
# Margin around the head on each side, as a share of its longer side.
_MARGIN = 0.06

_WIDEST_FRAME = 1 / 24
"""Widest frame, as a share of the shorter side; what stays bright farther in is the picture's own background."""
_FRAME_LEVEL = 0.5
"""Level of a frame's pixels, from the picture's minimum (0) to its maximum (1)."""
_FRAME_SHARE = 0.95
"""Share of a line's pixels that are as bright as a frame. The head never reaches so much of all four sides."""


@dataclass(frozen=True)
class Placement:
    """The position of a slice in the square that becomes a network's input, in pixels of the slice.

    Where the square is larger than the slice, the slice is padded; where it is smaller, the slice is cropped.

    Attributes:
        height, width: of the slice.
        top, left: position of the slice's first row and column in the square; negative where they are cropped.
        side: of the square.
    """

    height: int
    width: int
    top: int
    left: int
    side: int

    @property
    def in_square(self) -> tuple[slice, slice]:
        """The rows and columns of the square that show the slice."""
        return _within(self.top, self.height, self.side), _within(self.left, self.width, self.side)

    @property
    def in_slice(self) -> tuple[slice, slice]:
        """The rows and columns of the slice that the square shows, as many as ``in_square``."""
        return _within(-self.top, self.side, self.height), _within(-self.left, self.side, self.width)


def _within(start: int, length: int, limit: int) -> slice:
    """Clip the range of ``length`` from ``start`` on to [0, ``limit``)."""
    return slice(min(max(start, 0), limit), min(max(start + length, 0), limit))


def scale_to_unit(pixels: np.ndarray) -> np.ndarray:
    """Scale by the slice's own range: (H, W) of any number type to float32 with minimum 0 and maximum 1.

    A constant array becomes zeros.
    """
    values = pixels.astype(np.float32)
    low, high = float(values.min()), float(values.max())
    if high == low:
        return np.zeros_like(values)
    return (values - low) / (high - low)


def centred_placement(height: int, width: int) -> Placement:
    """Place a (height, width) slice in the middle of the smallest square around it."""
    side = max(height, width)
    return Placement(height, width, (side - height) // 2, (side - width) // 2, side)


def _to_square(values: np.ndarray, place: Placement) -> np.ndarray:
    square = np.zeros((place.side, place.side), values.dtype)
    square[place.in_square] = values[place.in_slice]
    return square


def resize(values: np.ndarray, height: int, width: int, *, method: Image.Resampling) -> np.ndarray:
    """Resize a (H, W) float32 array; shrinking by bilinear or box averages over the pixels that merge."""
    if values.shape == (height, width):
        return values.astype(np.float32)
    return np.asarray(Image.fromarray(values.astype(np.float32)).resize((width, height), method))


def scale_by_percentiles(pixels: np.ndarray) -> np.ndarray:
    """Scale by the slice's own ``PERCENTILES``: (H, W) of any number type to float32 in [0, 1], clipped.

    Where both percentiles have one value, as in a picture that is empty but for a few pixels, scale by its range.
    """
    values = pixels.astype(np.float32)
    low, high = (float(value) for value in np.percentile(values, PERCENTILES))
    if high == low:
        return scale_to_unit(values)
    # In place: fresh arrays of this size cost more than the arithmetic.
    values -= low
    values /= high - low
    return np.clip(values, 0, 1, out=values)


def frame_width(pixels: np.ndarray) -> int:
    """Return the width of a bright frame around a picture in pixels, 0 where there is none.

    Args:
        pixels: (H, W), any number type.
    """
    limit = int(min(pixels.shape) * _WIDEST_FRAME)
    low, high = float(pixels.min()), float(pixels.max())
    if high == low:
        return 0
    level = low + _FRAME_LEVEL * (high - low)
    for width in range(limit + 1):
        if not _is_frame(pixels, width, level):
            return width
    return 0


def _is_frame(pixels: np.ndarray, depth: int, level: float) -> bool:
    """Return whether the ring of one pixel at a depth is bright on all four sides."""
    height, width = pixels.shape
    rows, columns = slice(depth, height - depth), slice(depth, width - depth)
    sides = (
        pixels[depth, columns],
        pixels[height - 1 - depth, columns],
        pixels[rows, depth],
        pixels[rows, width - 1 - depth],
    )
    return all((side > level).mean() >= _FRAME_SHARE for side in sides)


def _scaled_without_frame(pixels: np.ndarray) -> np.ndarray:
    """Scale by percentiles as if a bright frame around the slice were black; without a frame nothing else changes."""
    width = frame_width(pixels)
    if not width:
        return scale_by_percentiles(pixels)
    return np.pad(scale_by_percentiles(pixels[width:-width, width:-width]), width)


def coarse_head(unit: np.ndarray) -> np.ndarray | None:
    """Find the pixels of the head in a picture reduced to about 128 pixels a side, or None where there is no head.

    Pixels brighter than ``HEAD_THRESHOLD`` are head. Connected pieces with less than 2 % of all head pixels are left
    out, so that specks and letters do not count.

    Args:
        unit: (H, W) float32, from ``scale_by_percentiles``.

    Returns:
        (h, w) bool.
    """
    coarse = np.asarray(Image.fromarray(unit).reduce(_reduction(unit)))
    from scipy import ndimage

    pieces, _ = ndimage.label(coarse > HEAD_THRESHOLD, structure=np.ones((3, 3)))
    counts = np.bincount(pieces.ravel())
    counts[0] = 0
    kept = (counts > 0) & (counts >= _SMALLEST_PIECE * counts.sum())
    head: np.ndarray = kept[pieces]
    return head if head.any() else None


def _reduction(unit: np.ndarray) -> int:
    """Return how many pixels in each direction become one of ``coarse_head``."""
    return max(1, round(max(unit.shape) / _COARSE_SIDE))


def head_box(unit: np.ndarray) -> tuple[slice, slice] | None:
    """Find the smallest box around the head (``coarse_head``): its rows and columns, or None where there is no head.

    Args:
        unit: (H, W) float32, from ``scale_by_percentiles``.
    """
    head = coarse_head(unit)
    if head is None:
        return None
    factor = _reduction(unit)
    rows, columns = (
        slice(int(occupied[0]) * factor, min((int(occupied[-1]) + 1) * factor, limit))
        for occupied, limit in zip((np.flatnonzero(head.any(1)), np.flatnonzero(head.any(0))), unit.shape, strict=True)
    )
    return rows, columns


def head_placement(unit: np.ndarray) -> Placement:
    """Place the slice so that the square lies around the head with a margin, or around the slice if there is no head.

    Args:
        unit: (H, W) float32, from ``scale_by_percentiles``.
    """
    box = head_box(unit)
    return centred_placement(*unit.shape) if box is None else placement_around(box, *unit.shape)


def placement_around(box: tuple[slice, slice], height: int, width: int) -> Placement:
    """Place a (height, width) slice so that the square lies around a box, in pixels of the slice, with a margin."""
    rows, columns = box
    side = round(max(rows.stop - rows.start, columns.stop - columns.start) * (1 + 2 * _MARGIN))
    top, left = ((side - extent.start - extent.stop) // 2 for extent in box)
    return Placement(height, width, top, left, side)


def preprocess_slice(pixels: np.ndarray, *, size: int, preprocessing: str = MIN_MAX) -> tuple[np.ndarray, Placement]:
    """Scale, place and resize a slice to a network's input, before its channels are repeated.

    Args:
        pixels: (H, W), any number type.
        size: side of the network's input in pixels.
        preprocessing: the name in the bundle's card, ``MIN_MAX`` or ``HEAD``.

    Returns:
        (size, size) float32 in [0, 1], and the placement that maps an output back.

    Raises:
        BundleError: this version does not know the preprocessing.
    """
    unit = _scaled(pixels, preprocessing)
    place = head_placement(unit) if preprocessing == HEAD else centred_placement(*pixels.shape)
    return _placed(unit, place, size), place


def preprocess_with_neighbours(
    pixels: np.ndarray, around: tuple[np.ndarray | None, np.ndarray | None], *, size: int, preprocessing: str
) -> tuple[np.ndarray, Placement]:
    """Make the three channels of a network that also reads the slices before and after.

    The neighbours lie in the square of the slice itself. Where there is no neighbour, or one of another shape, or one
    unlike the slice (``LEAST_SIMILARITY``), the slice stands in its place.

    Args:
        pixels: (H, W), any number type.
        around: pixels of the slice before and of the one after; None where there is none.
        size, preprocessing: as for ``preprocess_slice``.

    Returns:
        (size, size, 3) float32 in [0, 1]: before, the slice, after; and the placement that maps an output back.

    Raises:
        BundleError: this version does not know the preprocessing.
    """
    plane, place = preprocess_slice(pixels, size=size, preprocessing=preprocessing)
    before, after = (
        plane
        if other is None or other.shape != pixels.shape
        else _if_alike(_placed(_scaled(other, preprocessing), place, size), plane)
        for other in around
    )
    return np.stack([before, plane, after], axis=-1), place


def _if_alike(neighbour: np.ndarray, plane: np.ndarray) -> np.ndarray:
    """Return a neighbour's plane if it is like the slice's, else the slice's."""
    if not neighbour.std() or not plane.std():
        return plane
    return neighbour if np.corrcoef(neighbour.ravel(), plane.ravel())[0, 1] >= LEAST_SIMILARITY else plane


def _scaled(pixels: np.ndarray, preprocessing: str) -> np.ndarray:
    """Scale a slice to [0, 1] as a preprocessing does; raise ``BundleError`` for an unknown one."""
    if preprocessing == MIN_MAX:
        return scale_to_unit(pixels)
    if preprocessing == HEAD:
        return _scaled_without_frame(pixels)
    raise BundleError(
        "The bundle needs the preprocessing '{preprocessing}', which this version does not know; it knows "
        "'{min_max}' and '{head}'.",
        preprocessing=preprocessing,
        min_max=MIN_MAX,
        head=HEAD,
    )


def _placed(unit: np.ndarray, place: Placement, size: int) -> np.ndarray:
    return resize(_to_square(unit, place), size, size, method=Image.Resampling.BILINEAR)


def preprocess_mask(mask: np.ndarray, place: Placement, *, size: int) -> np.ndarray:
    """Resize a mask to a network's input: a pixel is tumour where at least half of its area is.

    Args:
        mask: (H, W) bool, of the slice.
        place: the placement from ``preprocess_slice``.
        size: side of the network's input in pixels.

    Returns:
        (size, size) bool.
    """
    square = _to_square(mask.astype(np.float32), place)
    return resize(square, size, size, method=Image.Resampling.BOX) >= 0.5


def map_to_slice(plane: np.ndarray, place: Placement) -> np.ndarray:
    """Map a (size, size) output back to (H, W) float32 at the slice's own size, 0 where the slice was cropped."""
    square = resize(plane, place.side, place.side, method=Image.Resampling.BILINEAR)
    values = np.zeros((place.height, place.width), np.float32)
    values[place.in_slice] = square[place.in_square]
    return values
