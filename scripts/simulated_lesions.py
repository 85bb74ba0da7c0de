"""The lesions of the simulated slices: how they displace tissue and what they look like.

Coordinates and grey values are those of ``scripts.simulated_head``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scripts.simulated_head import blend

EDGE = 1.4  # mm over which a lesion's edge goes from 0 to 1
WAVES = 40  # cosines in a random texture; fewer show as stripes


@dataclass(frozen=True)
class Lesion:
    """A lesion of one class.

    Attributes:
        kind: its class.
        centre: mm (x, y, z).
        radii: of its ellipsoid, mm (x, y, z).
        grey: its grey value where it takes up contrast.
        lumps: how far the surface strays from the ellipsoid, in parts of the radius.
        push: share of the ellipsoid's volume that displaces its surroundings; the rest replaces them.
        core: radius of the necrotic core of a glioma, in parts of the whole.
        bound_to_side: whether it stays on its side of the midline, as a meningioma on the falx does.
    """

    kind: str
    centre: tuple[float, float, float]
    radii: tuple[float, float, float]
    grey: float
    lumps: float = 0.08
    push: float = 0.45
    core: float = 0.0
    bound_to_side: bool = False


def ripple(points: np.ndarray, shortest: float, longest: float, rng: np.random.Generator) -> np.ndarray:
    """Draw smooth random values at points (3, ...), mean 0, variance about 1, wavelengths in mm between the two."""
    total = np.zeros(points.shape[1:], dtype=np.float32)
    for _ in range(WAVES):
        direction = rng.standard_normal(3)
        wavelength = np.exp(rng.uniform(np.log(shortest), np.log(longest)))
        wave = (2 * np.pi / wavelength * direction / np.linalg.norm(direction)).astype(np.float32)
        total += np.cos(np.tensordot(wave, points, axes=1) + np.float32(rng.uniform(0, 2 * np.pi)))
    return total * np.float32(np.sqrt(2 / WAVES))


def relative_radius(points: np.ndarray, centre: tuple[float, ...], radii: tuple[float, ...]) -> np.ndarray:
    """Return the distance of points (3, ...) in mm from the centre, in parts of the ellipsoid's radius."""
    shape = (3, *(1,) * (points.ndim - 1))
    offset = (points - np.array(centre, np.float32).reshape(shape)) / np.array(radii, np.float32).reshape(shape)
    return np.sqrt((offset**2).sum(axis=0))


def soft_inside(relative: np.ndarray, radius_mm: float, edge_mm: float = EDGE) -> np.ndarray:
    """Return 1 where relative < 1 and 0 outside, with a transition over edge_mm."""
    return np.clip(0.5 + (1 - relative) * radius_mm / edge_mm, 0, 1)


def displace(points: np.ndarray, depth: np.ndarray, lesion: Lesion) -> np.ndarray:
    """Return where the tissue at points (3, ...) was before the lesion pushed it aside; the skull does not move.

    A sphere of tissue of (1 - push) of the lesion's volume is what it replaces; the rest moves outwards so that volume
    is kept: r_before^3 = r^3 - push, r in parts of the lesion's radius.
    """
    relative = relative_radius(points, lesion.centre, lesion.radii)
    before = np.cbrt(np.maximum(relative**3 - lesion.push, 0))
    give = np.clip(depth / 8, 0, 1) * np.clip((3.5 - relative) / 2, 0, 1)
    if lesion.bound_to_side:
        give = give * np.clip(np.sign(lesion.centre[0]) * points[0] / 3, 0, 1)
    factor = 1 - give * (1 - before / np.maximum(relative, 1e-3))
    centre = np.array(lesion.centre, np.float32).reshape(3, 1, 1, 1)
    return centre + (points - centre) * factor


def paint_meningioma(
    slab: np.ndarray, points: np.ndarray, depth: np.ndarray, lesion: Lesion, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Paint an even lesion cut off by the dura, with a cleft of fluid towards the brain and a dural tail.

    Like all painters: slab, depth (SUBSLICES, SIZE, SIZE), points (3, SUBSLICES, SIZE, SIZE) -> the slab with the
    lesion in it, and the share of the lesion, 0..1, in each of its pixels.
    """
    radius = float(np.mean(lesion.radii))
    relative = relative_radius(points, lesion.centre, lesion.radii) + lesion.lumps * ripple(points, 20, 60, rng)
    inside_dura = np.clip(depth + 0.5, 0, 1)
    if lesion.bound_to_side:
        falx = 0.7 * ripple(points, 25, 70, rng)
        inside_dura = inside_dura * np.clip((np.sign(lesion.centre[0]) * points[0] + falx) / 1.2, 0, 1)
    share = soft_inside(relative, radius) * inside_dura
    cleft = soft_inside(relative, radius + 1.6, edge_mm=2.5) * inside_dura * (depth > 2)
    tail = np.exp(-(((depth - 1.4) / 1.3) ** 2)) * np.clip((1.6 - relative) / 0.5, 0, 1) * inside_dura
    grey = lesion.grey * (1 + 0.03 * ripple(points, 5, 24, rng))
    slab = blend(slab, 0.72 * slab, cleft)
    slab = np.maximum(slab, blend(slab, 0.9 * lesion.grey, 0.8 * tail))
    return blend(slab, grey, share), share


def paint_glioma(
    slab: np.ndarray, points: np.ndarray, depth: np.ndarray, lesion: Lesion, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Paint an irregular, uneven ring around a dark core, with oedema in the white matter outside the mask."""
    radius = float(np.mean(lesion.radii))
    centred = relative_radius(points, lesion.centre, lesion.radii)
    relative = centred + lesion.lumps * ripple(points, 15, 60, rng)
    in_brain = np.clip((depth - 2) / 2, 0, 1)
    share = soft_inside(relative, radius, edge_mm=2.4) * in_brain
    core = soft_inside((relative + 0.13 * ripple(points, 11, 40, rng)) / lesion.core, radius * lesion.core, edge_mm=3)
    swollen = np.clip((2.5 - centred - 0.25 * ripple(points, 14, 50, rng)) / 1.4, 0, 1)
    white_matter = np.clip((slab - 62) / 10, 0, 1)
    slab = slab * (1 - 0.24 * swollen * (0.35 + 0.65 * white_matter) * in_brain)
    rim = lesion.grey * np.clip(0.9 + 0.17 * ripple(points, 5, 30, rng), 0.5, 1.25)
    fluid = 44 + 5 * ripple(points, 5, 24, rng)
    return blend(slab, blend(rim, fluid, core), share), share


def paint_pituitary(
    slab: np.ndarray, points: np.ndarray, depth: np.ndarray, lesion: Lesion, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Paint an even lesion that fills the sella and bulges up out of it, narrower at the sellar diaphragm."""
    radius = float(np.mean(lesion.radii))
    waist = 1 - 0.14 * np.exp(-(((points[2] + 26) / 2.5) ** 2))
    relative = relative_radius(points, lesion.centre, lesion.radii) / waist
    share = soft_inside(relative + lesion.lumps * ripple(points, 14, 40, rng), radius)
    grey = lesion.grey * (1 + 0.035 * ripple(points, 4, 18, rng))
    return blend(slab, grey, share), share


Painter = Callable[[np.ndarray, np.ndarray, np.ndarray, Lesion, np.random.Generator], tuple[np.ndarray, np.ndarray]]
PAINTERS: dict[str, Painter] = {
    "meningioma": paint_meningioma,
    "glioma": paint_glioma,
    "pituitary": paint_pituitary,
}
