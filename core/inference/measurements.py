"""Measurements of a mask: its area and its longest diameter."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage


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
    labels, components = ndimage.label(mask, structure=np.ones((3, 3)))
    if spacing_mm is None or not area:
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

    rows, columns = np.nonzero(component)
    if not len(rows):
        return 0.0
    corners = np.concatenate([np.stack([rows + i, columns + j], axis=1) for i in (0, 1) for j in (0, 1)])
    return float(pdist(corners[ConvexHull(corners).vertices]).max())
