"""Slices that never were: a tumour taken out, or put into another head, so that source and label come apart.

All tumours to learn from come from one data set and all slices without one from another; a network could tell the two
by anything but the tumour. With a tumour-free twin of a slice that has one, and with tumours in slices that had none,
both labels occur in both sources.
"""

import numpy as np
from scipy import ndimage

from core.readers.preprocessing import HEAD_THRESHOLD


def remove_tumour(plane: np.ndarray, mask: np.ndarray) -> np.ndarray | None:
    """A plane whose tumour is replaced by the other side of the head, mirrored, at the surroundings' brightness.

    Args:
        plane: (S, S) float32 in [0, 1], cropped to the head.
        mask: (S, S) bool.

    Returns:
        A new plane; None where the tumour crosses the middle, or has no surroundings to be matched to.
    """
    return _mirrored_in(plane, mask, avoid=mask)


def inpaint_beside_tumour(plane: np.ndarray, mask: np.ndarray) -> np.ndarray | None:
    """A plane in which a piece of the tumour's shape is replaced as in ``without_tumour``, but beside the tumour.

    Args:
        plane: (S, S) float32 in [0, 1], cropped to the head.
        mask: (S, S) bool.

    Returns:
        A new plane, with its tumour; None where the piece finds no place in the head away from tumour and middle.
    """
    size = len(plane)
    rows = np.flatnonzero(mask.any(axis=1))
    head = ndimage.binary_fill_holes(plane > HEAD_THRESHOLD)
    near = ndimage.binary_dilation(mask, iterations=10)
    for move in sorted(range(-size, size), key=abs):
        if not len(rows) or rows[0] + move < 0 or rows[-1] + move >= size:
            continue
        moved = np.roll(mask, move, axis=0)
        if (moved & (near | ~head)).any() or _crosses_middle(plane, moved):
            continue
        made = _mirrored_in(plane, moved, avoid=mask)
        if made is not None:
            return made
    return None


def _mirrored_in(plane: np.ndarray, where: np.ndarray, *, avoid: np.ndarray) -> np.ndarray | None:
    """A plane with its own mirror image at ``where``; None where that would bring in something of ``avoid``."""
    opposite = _opposite(plane)
    if opposite is None or not where.any():
        return None
    grown = ndimage.binary_dilation(where, iterations=5)
    ring = ndimage.binary_dilation(where, iterations=10) & ~grown
    if (grown & avoid[:, opposite]).any() or not ring.any():
        return None
    mirrored = plane[:, opposite]
    mirrored = mirrored + plane[ring].mean() - mirrored[ring].mean()
    weight = _soft(where, grow=4, blur=2.5)
    return np.clip(plane * (1 - weight) + mirrored * weight, 0, 1).astype(np.float32)


def _opposite(plane: np.ndarray) -> np.ndarray | None:
    """(S,) for every column the one on the other side of the head, or None where there is no head."""
    columns = np.flatnonzero((plane > HEAD_THRESHOLD).any(axis=0))
    if not len(columns):
        return None
    return np.clip(columns[0] + columns[-1] - np.arange(len(plane)), 0, len(plane) - 1)


def _crosses_middle(plane: np.ndarray, mask: np.ndarray) -> bool:
    opposite = _opposite(plane)
    return opposite is not None and bool((mask & mask[:, opposite]).any())


def insert_tumour(
    plane: np.ndarray, source: np.ndarray, mask: np.ndarray, random: np.random.Generator
) -> np.ndarray | None:
    """A plane with the tumour of another one at a random place well inside its head, at that place's brightness.

    Args:
        plane: (S, S) float32 in [0, 1], cropped to the head.
        source: (S, S), the plane the tumour is taken from.
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
    made = plane.copy()
    there = made[top : top + shape.shape[0], left : left + shape.shape[1]]
    tumour = tumour * there[ring].mean() / max(tumour[ring].mean(), 0.05)
    weight = _soft(shape, grow=1, blur=1.5)
    there[...] = np.clip(there * (1 - weight) + tumour * weight, 0, 1)
    return made


def _soft(mask: np.ndarray, *, grow: int, blur: float) -> np.ndarray:
    """The mask, grown by some pixels, with soft edges: weights in [0, 1]."""
    return ndimage.gaussian_filter(ndimage.binary_dilation(mask, iterations=grow).astype(np.float32), blur)
