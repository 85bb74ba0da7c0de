"""Meningiomas: even, sharp, on a broad base of dura, with a dural tail and a cleft of fluid towards the brain."""

from dataclasses import dataclass

import numpy as np

from scripts.simulated.head import blend
from scripts.simulated.lesion import BRAIN, Lesion, Painted, ripple, rise

_EDGE = 2.2  # mm over which the lesion's edge goes from 0 to 1
_TAIL = 1.2  # mm: half of the thickness of the dura where it takes up contrast


@dataclass(frozen=True)
class Meningioma(Lesion):
    """A meningioma.

    Attributes:
        on_falx: whether it grows from the falx and stays on its side, instead of from the convexity.
        oedema: how dark the white matter around it is, 0 to 1.
    """

    on_falx: bool = False
    oedema: float = 0.0

    kind = "meningioma"

    def held_in_place(self, points: np.ndarray) -> np.ndarray:
        """See ``Lesion.held_in_place``: beyond the falx nothing moves."""
        if not self.on_falx:
            return super().held_in_place(points)
        return rise(np.sign(self.centre[0]) * points[0], 0, 3)

    def paint(self, slab: np.ndarray, points: np.ndarray, depth: np.ndarray) -> Painted:
        """See ``Lesion.paint``; the share is without the dural tail."""
        rng = np.random.default_rng(self.seed)
        relative = self.relative_radius(points)
        shape = relative + self.lumps * (ripple(points, 20, 60, rng) + 0.35 * ripple(points, 8, 16, rng))
        inside = (1 - shape) * self.radius
        from_dura = depth
        room = rise(depth, -0.5, 0.5)
        if self.on_falx:
            falx = np.sign(self.centre[0]) * points[0] + 0.6 * ripple(points, 25, 70, rng)
            from_dura = np.minimum(depth, falx)
            room = room * rise(falx, 0.2, 1.4)
        share = rise(inside, -_EDGE / 2, _EDGE / 2) * room
        slab = self._paint_oedema(slab, points, shape, depth, rng)
        cleft = rise(inside, -3.4, -1.2) * rise(from_dura, 1.5, 4) * rise(ripple(points, 8, 24, rng), -0.9, 0.6)
        slab = blend(slab, 0.7 * slab, cleft)
        away = -inside + 1.5 * ripple(points, 10, 30, rng)
        tail = np.exp(-(((from_dura - 1.2) / (_TAIL * rise(away, 30, 0) + 0.2)) ** 2)) * rise(away, 24, 8)
        slab = np.maximum(slab, blend(slab, 1.25 * BRAIN * self.grey, 0.9 * tail * rise(depth, -1.5, 0)))
        texture = 0.09 * ripple(points, 3, 8, rng) + 0.12 * ripple(points, 10, 36, rng)
        texture = texture - 0.45 * rise(ripple(points, 4, 9, rng), 1.9, 2.6)  # vessels with fast flow, calcium
        # The vessels that feed it come in through the base and fan out: a little brighter there than at the brain.
        fed = 0.08 * (rise(from_dura, 2 * self.radius, 0) - 0.5)
        return blend(slab, BRAIN * (self.grey + texture + fed), share), share

    def _paint_oedema(
        self, slab: np.ndarray, points: np.ndarray, shape: np.ndarray, depth: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        fingers = rise(shape + 0.25 * ripple(points, 12, 40, rng), 2.1, 1.2) * rise(slab, 0.9 * BRAIN, BRAIN)
        return slab * (1 - 0.3 * self.oedema * fingers * rise(depth, 2, 6))
