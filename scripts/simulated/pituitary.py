"""Pituitary macroadenomas: sella and suprasellar part, with a waist at the sellar diaphragm."""

from dataclasses import dataclass

import numpy as np

from scripts.simulated.head import blend
from scripts.simulated.lesion import BRAIN, Lesion, Painted, relative_radius, ripple, rise

_EDGE = 2.0  # mm over which the lesion's edge goes from 0 to 1
_MERGE = 4.0  # the higher, the narrower the waist between the two parts


@dataclass(frozen=True)
class Pituitary(Lesion):
    """A macroadenoma; ``centre`` and ``radii`` are those of the part above the sella.

    Attributes:
        sella_centre: mm (x, y, z) of the part in the sella.
        sella_radii: its radii, mm (x, y, z).
        cyst: share of the lesion that takes up no contrast, 0 to 1.
    """

    sella_centre: tuple[float, float, float] = (0, 4, -29)
    sella_radii: tuple[float, float, float] = (11, 9, 7)
    cyst: float = 0.0

    kind = "pituitary"

    def paint(self, slab: np.ndarray, points: np.ndarray, depth: np.ndarray) -> Painted:
        """See ``Lesion.paint``."""
        rng = np.random.default_rng(self.seed)
        above = self.relative_radius(points)
        within = relative_radius(points, self.sella_centre, self.sella_radii)
        both = -np.log(np.exp(-_MERGE * above) + np.exp(-_MERGE * within)) / _MERGE
        shape = both + self.lumps * (ripple(points, 14, 40, rng) + 0.3 * ripple(points, 5, 10, rng))
        share = rise((1 - shape) * self.radius, -_EDGE / 2, _EDGE / 2)
        texture = 0.09 * ripple(points, 3, 8, rng) + 0.16 * ripple(points, 8, 24, rng)
        cyst = rise(ripple(points, 9, 22, rng), 1.9 - 2 * self.cyst, 2.5 - 2 * self.cyst) * rise(shape, 0.95, 0.75)
        grey = blend(self.grey + texture, 0.75, cyst if self.cyst else np.zeros_like(cyst))
        return blend(slab, BRAIN * grey, share), share
