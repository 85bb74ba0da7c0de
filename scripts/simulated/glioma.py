"""Gliomas: dark infiltrating tissue without an edge, in it an irregular ring around necrosis, or patches."""

from dataclasses import dataclass

import numpy as np

from scripts.simulated.head import blend
from scripts.simulated.lesion import BRAIN, Lesion, Painted, relative_radius, ripple, rise


@dataclass(frozen=True)
class Ring:
    """A part that takes up contrast around a necrotic core.

    Attributes:
        centre: mm (x, y, z).
        radii: mm (x, y, z).
        wall: mean thickness in mm.
    """

    centre: tuple[float, float, float]
    radii: tuple[float, float, float]
    wall: float = 3.5


@dataclass(frozen=True)
class Glioma(Lesion):
    """A glioma. ``grey`` is that of the ring and the patches.

    Attributes:
        rings: its parts with necrosis; none in a glioma of low grade.
        patches: how much of the rest takes up contrast, 0 to 1.
        tissue: grey value of the infiltrated tissue, in parts of the brain's.
        fade: mm over which the infiltrated tissue fades into the brain.
    """

    rings: tuple[Ring, ...] = ()
    patches: float = 0.0
    tissue: float = 0.8
    fade: float = 6.0

    kind = "glioma"

    def paint(self, slab: np.ndarray, points: np.ndarray, depth: np.ndarray) -> Painted:
        """See ``Lesion.paint``; the share is of infiltrated tissue, ring and core, without the oedema beyond."""
        rng = np.random.default_rng(self.seed)
        shape = self.relative_radius(points) + self.lumps * (
            ripple(points, 24, 70, rng) + 0.4 * ripple(points, 7, 20, rng)
        )
        in_brain = rise(depth, 0.5, 3)
        slab = self._swell(slab, points, shape, in_brain, rng)
        share = rise((1 - shape) * self.radius, -self.fade / 2, self.fade / 2) * in_brain
        texture = 0.05 * ripple(points, 4, 12, rng) + 0.07 * ripple(points, 12, 40, rng)
        slab = blend(slab, BRAIN * (self.tissue + texture), share)
        if self.patches:
            patch = rise(ripple(points, 7, 26, rng), 1.6 - self.patches, 2.4 - self.patches) * rise(shape, 0.9, 0.6)
            slab = blend(slab, BRAIN * self.grey, 0.85 * patch * in_brain)
        for ring in self.rings:
            slab, ring_share = self._paint_ring(slab, points, ring, in_brain, rng)
            share = np.maximum(share, ring_share)
        return slab, share

    def _swell(
        self, slab: np.ndarray, points: np.ndarray, shape: np.ndarray, in_brain: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Press the sulci shut near the tumour, and darken the white matter around it in fingers: oedema."""
        near = rise(shape, 1.7, 1.1) * in_brain
        slab = blend(slab, np.clip(slab, 0.9 * BRAIN, 1.15 * BRAIN), 0.8 * near)
        fingers = rise(shape + 0.22 * ripple(points, 12, 40, rng), 1.65, 1.0) * rise(slab, 0.93 * BRAIN, 1.02 * BRAIN)
        return slab * (1 - 0.16 * fingers * in_brain)

    def _paint_ring(
        self, slab: np.ndarray, points: np.ndarray, ring: Ring, in_brain: np.ndarray, rng: np.random.Generator
    ) -> Painted:
        """Paint a wall of uneven thickness and brightness, open in places, ragged inside, around necrosis."""
        radius = float(np.mean(ring.radii))
        relative = relative_radius(points, ring.centre, ring.radii)
        relative = relative + 0.13 * ripple(points, 16, 45, rng) + 0.05 * ripple(points, 5, 12, rng)
        within = (1 - relative) * radius
        wall = ring.wall * np.clip(1 + 0.6 * ripple(points, 9, 34, rng), 0.25, 2.6)
        share = rise(within, -1.2, 1.2) * in_brain
        core = rise(within - wall + 0.9 * ripple(points, 4, 10, rng), -1.5, 1.5)
        strength = np.clip(0.8 + 0.36 * ripple(points, 10, 36, rng) + 0.15 * ripple(points, 4, 8, rng), 0.05, 1.3)
        bright = BRAIN * (self.tissue + (self.grey - self.tissue) * strength)
        necrosis = BRAIN * (0.58 + 0.06 * ripple(points, 5, 24, rng))
        return blend(slab, blend(bright, necrosis, core), share), share
