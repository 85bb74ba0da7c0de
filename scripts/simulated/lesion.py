"""What all simulated lesions share: their place, how they displace tissue, and random shapes and textures.

Coordinates and grey values are those of ``scripts.simulated.head``.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

BRAIN = 72.0
"""Grey value of white matter and cortex, which are nearly alike; lesions' grey values are stated in parts of it."""
WAVES = 40  # cosines in a random texture; fewer show as stripes
Painted = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Lesion(ABC):
    """A lesion of one class.

    Attributes:
        centre: mm (x, y, z).
        radii: of its ellipsoid, mm (x, y, z).
        seed: of its shape and texture.
        grey: its median grey value where it takes up contrast, in parts of the brain's.
        lumps: how far the surface strays from the ellipsoid, in parts of the radius.
        push: share of the ellipsoid's volume that displaces its surroundings; the rest replaces them.
    """

    centre: tuple[float, float, float]
    radii: tuple[float, float, float]
    seed: int
    grey: float
    lumps: float = 0.08
    push: float = 0.5

    @property
    @abstractmethod
    def kind(self) -> str:
        """Its class."""

    @abstractmethod
    def paint(self, slab: np.ndarray, points: np.ndarray, depth: np.ndarray) -> Painted:
        """Paint the lesion and what it does to the tissue around it.

        Args:
            slab: (...) grey values of the displaced tissue.
            points: (3, ...) mm.
            depth: (...) mm inside the inner surface of the skull.

        Returns:
            the slab with the lesion in it, and the share of the lesion, 0 to 1, in each of its points.
        """

    @property
    def radius(self) -> float:
        """Its mean radius in mm."""
        return float(np.mean(self.radii))

    def relative_radius(self, points: np.ndarray) -> np.ndarray:
        """Return the distance of points (3, ...) in mm from the centre, in parts of the ellipsoid's radius."""
        return relative_radius(points, self.centre, self.radii)

    def held_in_place(self, points: np.ndarray) -> np.ndarray:
        """Return how far points (3, ...) may move: 1 freely, 0 not at all."""
        return np.ones(points.shape[1:], np.float32)


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
    """Return the distance of points (3, ...) in mm from a centre, in parts of an ellipsoid's radii."""
    shape = (3, *(1,) * (points.ndim - 1))
    offset = (points - np.array(centre, np.float32).reshape(shape)) / np.array(radii, np.float32).reshape(shape)
    return np.sqrt((offset**2).sum(axis=0))


def rise(values: np.ndarray, start: float, end: float) -> np.ndarray:
    """Return 0 where values are at start, 1 where they are at end, straight between; start may be the larger."""
    return np.clip((values - start) / (end - start), 0, 1)


def displace(points: np.ndarray, depth: np.ndarray, lesion: Lesion) -> np.ndarray:
    """Return where the tissue at points (3, ...) was before the lesion pushed it aside; the skull does not move.

    A sphere of tissue of (1 - push) of the lesion's volume is what it replaces; the rest moves outwards so that volume
    is kept: r_before^3 = r^3 - push, r in parts of the lesion's radius.
    """
    relative = lesion.relative_radius(points)
    before = np.cbrt(np.maximum(relative**3 - lesion.push, 0))
    give = rise(depth, 0, 8) * rise(relative, 3.5, 1.5) * lesion.held_in_place(points)
    factor = 1 - give * (1 - before / np.maximum(relative, 1e-3))
    centre = np.array(lesion.centre, np.float32).reshape(3, *(1,) * (points.ndim - 1))
    return centre + (points - centre) * factor
