"""A thick slice of the simulated head: displaced tissue, lesion, coil and scanner noise."""

import numpy as np
from scipy import ndimage

from scripts.simulated.head import Head, look_up, to_voxels
from scripts.simulated.lesion import Lesion, displace

SLICE_THICKNESS = 6.0  # mm, that of the figshare slices
SUBSLICES = 7  # planes averaged into one thick slice
NOISE = 3.4  # grey values: standard deviation of each of the two noise channels
NOISE_FLOOR = 3.0  # grey values that are taken off: the data set's background is nearly black
_REACH = 3.5  # in parts of the lesion's radius: beyond it nothing is painted or moved

# Axes of a slice in template space as it is looked at: (to the right of the picture, down, through the slice).
# Radiological convention: the patient's right is on the left, and in sagittal slices the nose is on the left.
AXES = {
    "axial": ((-1, 0, 0), (0, -1, 0), (0, 0, 1)),
    "coronal": ((-1, 0, 0), (0, 0, -1), (0, 1, 0)),
    "sagittal": ((0, -1, 0), (0, 0, -1), (1, 0, 0)),
}


def slab_positions(plane: str, centre: tuple[float, float, float], side: int, spacing: float) -> np.ndarray:
    """Return the positions in mm of the planes of a thick slice, (3, SUBSLICES, side, side)."""
    right, down, through = (np.array(axis, dtype=np.float32).reshape(3, 1, 1, 1) for axis in AXES[plane])
    across = (np.arange(side, dtype=np.float32) - (side - 1) / 2) * spacing
    offsets = np.linspace(-0.5, 0.5, SUBSLICES, dtype=np.float32) * SLICE_THICKNESS
    middle = np.array(centre, dtype=np.float32).reshape(3, 1, 1, 1)
    return (
        middle + right * across[None, None, None, :] + down * across[None, None, :, None]
        + through * offsets[None, :, None, None]
    )  # fmt: skip


def draw_slab(
    points: np.ndarray, head: Head, lesion: Lesion | None, seed: int, number: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a thick slice; return (side, side) grey values uint8 and the lesion's true mask, (side, side) bool.

    Args:
        points: from ``slab_positions``.
        head: without a lesion.
        lesion: None for a healthy head.
        seed: of the coil and, with the number, of the noise.
        number: of the slice in its volume, all of whose slices have one coil.
    """
    slab, share = look_up(head.grey, points, head, order=3), np.zeros(points.shape[1:], dtype=np.float32)
    if lesion is not None:
        near = lesion.relative_radius(points) < _REACH
        if near.any():
            part = ndimage.find_objects(near.astype(np.uint8))[0]
            slab[part], share[part] = _with_lesion(points[:, *part], head, lesion)
    weights = np.hanning(SUBSLICES + 2)[1:-1]
    grey = np.average(slab, axis=0, weights=weights)
    mask = np.average(share, axis=0, weights=weights) > 0.5
    gain = coil_gain(points[:, SUBSLICES // 2], np.random.default_rng(seed))
    return add_scanner_noise(grey * gain, np.random.default_rng((seed, number))), mask


def _with_lesion(points: np.ndarray, head: Head, lesion: Lesion) -> tuple[np.ndarray, np.ndarray]:
    voxels = to_voxels(points, head.to_voxel)
    depth = ndimage.map_coordinates(head.depth, voxels, order=1, mode="constant", cval=head.depth.min())
    slab = look_up(head.grey, displace(points, depth, lesion), head, order=3)
    return lesion.paint(slab, points, depth)


def coil_gain(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the smooth sensitivity of the head coil at points (3, ...) in mm: higher near the coil, 0 beyond it.

    The template ends at z = -71 mm, under the nose, and at x = -90 and 90 mm, through the ears; the fall-off keeps
    these edges from showing as lines.
    """
    x, y, z = points - np.array([0, -18, 5], dtype=np.float32).reshape(3, 1, 1)
    tilt = rng.normal(0, 0.06, 3) @ np.stack([x, y, z]).reshape(3, -1) / 90
    bowl = 0.12 * (x**2 + y**2 + z**2) / 90**2
    reach = np.clip((points[2] + 71) / 13, 0, 1) * np.clip((90 - np.abs(points[0])) / 6, 0, 1)
    return (0.96 + bowl + tilt.reshape(x.shape)) * reach * reach * (3 - 2 * reach)


def add_scanner_noise(grey: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add complex (Rician) noise, a little smoothed as by a scanner's interpolation; return uint8."""
    real, imaginary = (ndimage.gaussian_filter(rng.standard_normal(grey.shape), 0.55) for _ in range(2))
    scale = NOISE / real.std()
    noisy = np.hypot(grey + scale * real, scale * imaginary) - NOISE_FLOOR
    return np.rint(np.clip(noisy, 0, 255)).astype(np.uint8)
