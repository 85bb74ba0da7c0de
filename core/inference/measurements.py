"""Measurements of a mask: its area and its longest diameter."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Measurements:
    """Sizes of a mask; millimetres only where the pixel spacing is known.

    Attributes:
        area_px: pixels in the mask.
        components: connected components (8-neighbourhood).
        area_mm2: area in square millimetres, or None.
        diameter_mm: longest diameter of the largest component in millimetres, or None.
    """

    area_px: int
    components: int
    area_mm2: float | None
    diameter_mm: float | None


def measure_mask(mask: np.ndarray, spacing_mm: float | None) -> Measurements:
    """Measure a (H, W) bool mask whose pixels are squares of ``spacing_mm``, or of unknown size."""
    area = int(np.count_nonzero(mask))
    if not area:
        return Measurements(0, 0, None, None)
    # A quarter of a second, which pages that only show results do without.
    from scipy import ndimage

    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    occupied = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    labels, components = ndimage.label(occupied, structure=np.ones((3, 3)))
    if spacing_mm is None:
        return Measurements(area, components, None, None)
    largest = labels == 1 + np.bincount(labels.ravel())[1:].argmax()
    return Measurements(area, components, area * spacing_mm**2, feret_diameter(largest) * spacing_mm)


def feret_diameter(component: np.ndarray) -> float:
    """Return the maximum Feret diameter of a (H, W) bool component, in pixels.

    It is the longest distance between two corners of its pixels; a single pixel has its diagonal, 1.41.
    """
    # Importing this takes a quarter of a second, and most slices have no known pixel spacing.
    from scipy.spatial import ConvexHull
    from scipy.spatial.distance import pdist

    rows = np.flatnonzero(component.any(axis=1))
    if not len(rows):
        return 0.0
    # The hull's corners are among the first and the last pixels of the rows.
    across = component[rows]
    first, last = across.argmax(axis=1), across.shape[1] - 1 - across[:, ::-1].argmax(axis=1)
    rows, columns = np.concatenate([rows, rows]), np.concatenate([first, last])
    corners = np.concatenate([np.stack([rows + i, columns + j], axis=1) for i in (0, 1) for j in (0, 1)])
    return float(pdist(corners[ConvexHull(corners).vertices]).max())
