"""The outline of the head in every slice of the data set: what pages draw where the slice itself is not at hand.

``head_outlines.npz`` beside this file holds a polygon of some forty corners a slice, and the box that a network's input
is cut by. No intensity of a slice is in it. It depends on no network; ``python -m core outlines`` writes it from the
store.
"""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from core.checked_files import read_arrays
from core.errors import DatasetError
from core.files import replace_file
from core.readers.preprocessing import (
    HEAD,
    Placement,
    centred_placement,
    coarse_head,
    head_box,
    placement_around,
    scale_by_percentiles,
)

OUTLINES_FILE = Path(__file__).with_name("head_outlines.npz")
STEPS = 255
"""Steps into which a slice's side is divided: a corner is a byte in each direction, within 1 pixel of 512."""

_ARRAYS = {"slice": 1, "size": 1, "box": 2, "corners": 1, "corner": 2}
# Pixels of the reduced picture, about 128 a side: gaps that are closed, what is smoothed away, what a corner may spare.
_CLOSED, _SMOOTHED, _SPARED = 6, 1.0, 0.5


@dataclass(frozen=True, eq=False)
class HeadOutline:
    """The outline of the head in one slice.

    Attributes:
        number: of the slice, 1 to 3064.
        size: side of the square slice in pixels.
        corners: (k, 2) uint8, x and y of the polygon's corners; 0 and ``STEPS`` are the slice's borders.
        box: rows and columns of the head in pixels; see ``core.readers.preprocessing.head_box``.
    """

    number: int
    size: int
    corners: np.ndarray
    box: tuple[slice, slice]

    def area(self, side: int | None = None) -> np.ndarray:
        """Return the head as a (side, side) bool mask of the whole slice, as large as the slice if ``side`` is None."""
        side = side or self.size
        picture = Image.new("1", (side, side))
        # Where the middle of a pixel lies, Pillow's polygons have whole numbers.
        corners = self.corners * (side / STEPS) - 0.5
        ImageDraw.Draw(picture).polygon([(float(x), float(y)) for x, y in corners], fill=1)
        return np.asarray(picture)

    def placement(self, preprocessing: str) -> Placement:
        """Return where the slice lies in a network's input; see ``core.readers.preprocessing.preprocess_slice``."""
        if preprocessing == HEAD:
            return placement_around(self.box, self.size, self.size)
        return centred_placement(self.size, self.size)


def measure_outline(number: int, pixels: np.ndarray) -> HeadOutline:
    """Trace the head in a slice; it is the largest connected piece, without holes.

    Args:
        number: of the slice.
        pixels: (H, H), any number type.

    Raises:
        DatasetError: the slice shows no head.
    """
    from scipy import ndimage
    from skimage.measure import approximate_polygon, find_contours

    unit = scale_by_percentiles(pixels)
    box, head = head_box(unit), coarse_head(unit)
    if box is None or head is None:
        raise DatasetError("Slice {number} shows no head.", number=number)
    side = head.shape[0]
    # A head that is cut off goes on beyond the border, so that nothing of it is closed or smoothed away there.
    padded = ndimage.binary_closing(np.pad(head, 2 * _CLOSED, mode="edge"), iterations=_CLOSED)
    pieces, _ = ndimage.label(ndimage.binary_fill_holes(padded))
    largest = pieces == 1 + np.bincount(pieces.ravel())[1:].argmax()
    smooth = ndimage.gaussian_filter(largest.astype(np.float32), _SMOOTHED)[2 * _CLOSED :, 2 * _CLOSED :]
    # A frame of background closes the outline along the border.
    contour = max(find_contours(np.pad(smooth[:side, :side], 1), 0.5), key=len)
    corners = approximate_polygon(contour, _SPARED)[:-1, ::-1]  # x and y; the last is the first again
    shares = np.clip((corners - 0.5) / side, 0, 1)
    return HeadOutline(number, pixels.shape[0], np.round(shares * STEPS).astype(np.uint8), box)


def write_outlines(path: Path, outlines: Iterable[HeadOutline]) -> None:
    """Write outlines into an NPZ file.

    Its arrays, of n slices with m corners in all: slice (n,) uint16; size (n,) uint16 in pixels; box (n, 4) uint16,
    first row, row after the last, first column, column after the last; corners (n,) uint8, how many of each slice;
    corner (m, 2) uint8, x and y in 255ths of the side, slice after slice.
    """
    listed = list(outlines)
    boxes = [[edge for extent in outline.box for edge in (extent.start, extent.stop)] for outline in listed]
    with replace_file(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            slice=np.array([outline.number for outline in listed], np.uint16),
            size=np.array([outline.size for outline in listed], np.uint16),
            box=np.array(boxes, np.uint16),
            corners=np.array([len(outline.corners) for outline in listed], np.uint8),
            corner=np.concatenate([outline.corners for outline in listed]),
        )


def head_outline(number: int, path: Path = OUTLINES_FILE) -> HeadOutline:
    """Return the outline of a slice's head.

    Args:
        number: of the slice.
        path: the file.

    Raises:
        DatasetError: the file is missing, holds something else, or has no such slice.
    """
    outlines = _read_outlines(path)
    if number not in outlines:
        raise DatasetError(
            "There is no outline of a slice {number}; '{file}' has {slices} slices.",
            number=number,
            file=path.name,
            slices=len(outlines),
        )
    return outlines[number]


@functools.cache
def _read_outlines(path: Path) -> dict[int, HeadOutline]:
    try:
        arrays = read_arrays(path, _ARRAYS)
        ends = np.cumsum(arrays["corners"].astype(int))
        polygons = np.split(arrays["corner"], ends[:-1])
        if ends[-1] != len(arrays["corner"]) or arrays["corner"].shape[1] != 2 or arrays["corner"].dtype != np.uint8:
            raise ValueError("its corners do not belong to its slices")
        rows = zip(*(arrays[name].tolist() for name in ("slice", "size", "box")), polygons, strict=True)
        return {
            number: HeadOutline(number, size, corners, (slice(top, bottom), slice(left, right)))
            for number, size, (top, bottom, left, right), corners in rows
        }
    except (ValueError, OSError) as error:
        raise DatasetError(
            "'{file}' cannot be used; take it from the project again, or write it anew from the data set with "
            "'python -m core outlines'.",
            file=path.name,
        ) from error
