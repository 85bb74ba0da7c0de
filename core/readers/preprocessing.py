"""From a slice's pixels to a network's input, and from its output back to the slice's own pixels.

Training and inference call the same functions, and a bundle's card names the preprocessing it was
trained with.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from core.errors import BundleError

MIN_MAX = "min-max"
"""Name, in a card, of the report's preprocessing: scaled by the slice's own minimum and maximum."""
HEAD = "head"
"""Name, in a card, of the preprocessing that crops to the head and scales by percentiles."""
PERCENTILES = (1.0, 99.5)
"""What becomes 0 and 1 under ``HEAD``; a bright pixel more or less does not matter."""

# Under HEAD: what is head, in parts of the range; the least part of it that a piece must have, so that specks and
# burnt-in letters do not count; the side, in pixels, of the coarse picture it is looked for in; what is left around
# it on each side, in parts of its longer side.
HEAD_THRESHOLD = 0.1
_LEAST_PIECE = 0.02
_COARSE_SIDE = 128
_MARGIN = 0.06


@dataclass(frozen=True)
class Placement:
    """Where a slice lies in the square that a network is given, in pixels of the slice.

    The square may be larger than the slice, which then is padded, or smaller, which then is cropped; or both, one
    to a side.

    Attributes:
        height, width: of the slice.
        top, left: where the slice's first row and column lie in the square; negative if they are cropped away.
        side: of the square.
    """

    height: int
    width: int
    top: int
    left: int
    side: int

    @property
    def in_square(self) -> tuple[slice, slice]:
        """Rows and columns of the square that show the slice."""
        return _within(self.top, self.height, self.side), _within(self.left, self.width, self.side)

    @property
    def in_slice(self) -> tuple[slice, slice]:
        """Rows and columns of the slice that the square shows, as many as ``in_square``."""
        return _within(-self.top, self.side, self.height), _within(-self.left, self.side, self.width)


def _within(start: int, length: int, limit: int) -> slice:
    return slice(min(max(start, 0), limit), min(max(start + length, 0), limit))


def scale_to_unit(pixels: np.ndarray) -> np.ndarray:
    """Scale by the slice's own range: (H, W) of any number type to float32, minimum 0 and maximum 1.

    A constant array becomes zeros.
    """
    values = pixels.astype(np.float32)
    low, high = float(values.min()), float(values.max())
    if high == low:
        return np.zeros_like(values)
    return (values - low) / (high - low)


def centred_placement(height: int, width: int) -> Placement:
    """The centred placement of a (height, width) slice in the smallest square around it."""
    side = max(height, width)
    return Placement(height, width, (side - height) // 2, (side - width) // 2, side)


def _to_square(values: np.ndarray, place: Placement) -> np.ndarray:
    square = np.zeros((place.side, place.side), values.dtype)
    square[place.in_square] = values[place.in_slice]
    return square


def resize(values: np.ndarray, height: int, width: int, *, method: Image.Resampling) -> np.ndarray:
    """Resize a (H, W) float32 array; bilinear and box average over the footprint when shrinking."""
    if values.shape == (height, width):
        return values.astype(np.float32)
    return np.asarray(Image.fromarray(values.astype(np.float32)).resize((width, height), method))


def scale_by_percentiles(pixels: np.ndarray) -> np.ndarray:
    """Scale by the slice's own ``PERCENTILES``: (H, W) of any number type to float32 in [0, 1], clipped.

    Where the percentiles are one value, as in a picture that is empty but for a few pixels, by its whole range.
    """
    values = pixels.astype(np.float32)
    low, high = (float(value) for value in np.percentile(values, PERCENTILES))
    if high == low:
        return scale_to_unit(values)
    return np.clip((values - low) / (high - low), 0, 1)


def head_box(unit: np.ndarray) -> tuple[slice, slice] | None:
    """Rows and columns of the smallest box around the head, or None where there is none.

    Head is what is brighter than a tenth of the range, in pieces: touching pixels of the picture reduced to about
    128 a side. Pieces that are less than 2 % of it all do not count, so that specks and letters do not widen the
    box.

    Args:
        unit: (H, W) float32, from ``scale_by_percentiles``.
    """
    height, width = unit.shape
    factor = max(1, round(max(height, width) / _COARSE_SIDE))
    coarse = np.asarray(Image.fromarray(unit).reduce(factor))
    pieces, _ = ndimage.label(coarse > HEAD_THRESHOLD, structure=np.ones((3, 3)))
    counts = np.bincount(pieces.ravel())
    counts[0] = 0
    kept = (counts > 0) & (counts >= _LEAST_PIECE * counts.sum())
    if not kept.any():
        return None
    head = kept[pieces]
    rows, columns = (
        slice(hit[0] * factor, min((hit[-1] + 1) * factor, limit))
        for hit, limit in ((np.flatnonzero(head.any(1)), height), (np.flatnonzero(head.any(0)), width))
    )
    return rows, columns


def head_placement(unit: np.ndarray) -> Placement:
    """The square around the head, in the middle of it, with a margin; around the whole slice if there is no head.

    Args:
        unit: (H, W) float32, from ``scale_by_percentiles``.
    """
    height, width = unit.shape
    box = head_box(unit)
    if box is None:
        return centred_placement(height, width)
    rows, columns = box
    side = round(max(rows.stop - rows.start, columns.stop - columns.start) * (1 + 2 * _MARGIN))
    top, left = ((side - along.start - along.stop) // 2 for along in box)
    return Placement(height, width, top, left, side)


def preprocess_slice(pixels: np.ndarray, *, size: int, preprocessing: str = MIN_MAX) -> tuple[np.ndarray, Placement]:
    """One slice as a network sees it, before its channels are repeated.

    Args:
        pixels: (H, W), any number type.
        size: side of the network's input in pixels.
        preprocessing: the name in the bundle's card, ``MIN_MAX`` or ``HEAD``.

    Returns:
        (size, size) float32 in [0, 1], and the placement that maps an output back.

    Raises:
        BundleError: a preprocessing this version does not know.
    """
    if preprocessing == MIN_MAX:
        unit, place = scale_to_unit(pixels), centred_placement(*pixels.shape)
    elif preprocessing == HEAD:
        unit = scale_by_percentiles(pixels)
        place = head_placement(unit)
    else:
        raise BundleError(
            f"The bundle asks for the preprocessing '{preprocessing}', which this version does not know; "
            f"it knows '{MIN_MAX}' and '{HEAD}'."
        )
    return resize(_to_square(unit, place), size, size, method=Image.Resampling.BILINEAR), place


def preprocess_mask(mask: np.ndarray, place: Placement, *, size: int) -> np.ndarray:
    """A (H, W) bool mask at network size: a pixel is tumour where at least half of it is.

    Args:
        mask: (H, W) bool, of the slice.
        place: where ``network_plane`` placed the slice.
        size: side of the network's input in pixels.

    Returns:
        (size, size) bool.
    """
    square = _to_square(mask.astype(np.float32), place)
    return resize(square, size, size, method=Image.Resampling.BOX) >= 0.5


def map_to_slice(plane: np.ndarray, place: Placement) -> np.ndarray:
    """Map a (S, S) network-size plane back: (H, W) float32 at the slice's own size, 0 where it was cropped."""
    square = resize(plane, place.side, place.side, method=Image.Resampling.BILINEAR)
    values = np.zeros((place.height, place.width), np.float32)
    values[place.in_slice] = square[place.in_square]
    return values
