"""Change slices so that both labels occur in both sources: inpaint a tumour, or insert one into another head.

All tumours to fit a gate on come from one data set and all slices without one from another, so that anything that
separates the sources would separate the labels too.
"""

import numpy as np
from scipy import ndimage

from core.readers.preprocessing import HEAD_THRESHOLD


def remove_tumour(plane: np.ndarray, mask: np.ndarray) -> np.ndarray | None:
    """Replace the tumour by the mirror image of the other side of the head, at the brightness of its surroundings.

    Args:
        plane: (S, S) float32 in [0, 1], cropped to the head.
        mask: (S, S) bool.

    Returns:
        A new plane; None where the tumour crosses the midline or has no surroundings.
    """
    return _inpaint(plane, mask, avoid=mask)


def inpaint_beside_tumour(plane: np.ndarray, mask: np.ndarray) -> np.ndarray | None:
    """Replace an area of the tumour's shape beside the tumour, as ``remove_tumour`` does with the tumour itself.

    Args:
        plane: (S, S) float32 in [0, 1], cropped to the head.
        mask: (S, S) bool.

    Returns:
        A new plane, with its tumour; None where no such area lies in the head away from tumour and midline.
    """
    size = len(plane)
    rows = np.flatnonzero(mask.any(axis=1))
    head = ndimage.binary_fill_holes(plane > HEAD_THRESHOLD)
    near = ndimage.binary_dilation(mask, iterations=10)
    for move in sorted(range(-size, size), key=abs):
        if not len(rows) or rows[0] + move < 0 or rows[-1] + move >= size:
            continue
        moved = np.roll(mask, move, axis=0)
        if (moved & (near | ~head)).any() or _crosses_midline(plane, moved):
            continue
        inpainted = _inpaint(plane, moved, avoid=mask)
        if inpainted is not None:
            return inpainted
    return None


def _inpaint(plane: np.ndarray, area: np.ndarray, *, avoid: np.ndarray) -> np.ndarray | None:
    """Replace an area by the plane's mirror image; return None where that would copy a part of ``avoid``."""
    opposite = _opposite_columns(plane)
    if opposite is None or not area.any():
        return None
    grown = ndimage.binary_dilation(area, iterations=5)
    ring = ndimage.binary_dilation(area, iterations=10) & ~grown
    if (grown & avoid[:, opposite]).any() or not ring.any():
        return None
    mirrored = plane[:, opposite]
    mirrored = mirrored + plane[ring].mean() - mirrored[ring].mean()
    weight = _soft_mask(area, grow=4, blur=2.5)
    return np.clip(plane * (1 - weight) + mirrored * weight, 0, 1).astype(np.float32)


def _opposite_columns(plane: np.ndarray) -> np.ndarray | None:
    """Return, for every column, the index of the one on the other side of the head, (S,); None without a head."""
    columns = np.flatnonzero((plane > HEAD_THRESHOLD).any(axis=0))
    if not len(columns):
        return None
    return np.clip(columns[0] + columns[-1] - np.arange(len(plane)), 0, len(plane) - 1)


def _crosses_midline(plane: np.ndarray, mask: np.ndarray) -> bool:
    opposite = _opposite_columns(plane)
    return opposite is not None and bool((mask & mask[:, opposite]).any())


def insert_tumour(
    plane: np.ndarray, source: np.ndarray, mask: np.ndarray, random: np.random.Generator
) -> np.ndarray | None:
    """Insert the tumour of another plane at a random place well inside the head, at the brightness of that place.

    Args:
        plane: (S, S) float32 in [0, 1], cropped to the head.
        source: (S, S), the plane with the tumour.
        mask: (S, S) bool, that tumour.
        random: draws the place.

    Returns:
        A new plane; None where the tumour does not fit at the place drawn.
    """
    size = len(plane)
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return None
    top, left = max(rows.min() - 8, 0), max(columns.min() - 8, 0)
    part = np.s_[top : rows.max() + 9, left : columns.max() + 9]
    tumour, shape = source[part], mask[part]
    inside = ndimage.binary_erosion(ndimage.binary_fill_holes(plane > HEAD_THRESHOLD), iterations=size // 11)
    places = np.argwhere(inside)
    if not len(places):
        return None
    top, left = places[random.integers(len(places))] - np.array(shape.shape) // 2
    ring = ndimage.binary_dilation(shape, iterations=6) & ~ndimage.binary_dilation(shape, iterations=2)
    if min(top, left) < 0 or max(top + shape.shape[0], left + shape.shape[1]) > size or not ring.any():
        return None
    inserted = plane.copy()
    place = inserted[top : top + shape.shape[0], left : left + shape.shape[1]]
    tumour = tumour * place[ring].mean() / max(tumour[ring].mean(), 0.05)
    weight = _soft_mask(shape, grow=1, blur=1.5)
    place[...] = np.clip(place * (1 - weight) + tumour * weight, 0, 1)
    return inserted


def _soft_mask(mask: np.ndarray, *, grow: int, blur: float) -> np.ndarray:
    """Grow a mask by some pixels and blur its edge; return weights in [0, 1]."""
    return ndimage.gaussian_filter(ndimage.binary_dilation(mask, iterations=grow).astype(np.float32), blur)
