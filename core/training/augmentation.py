"""Augmentation of training slices: random changes of the head's place, size and brightness."""

import numpy as np
from PIL import Image


def augment(
    planes: np.ndarray,
    targets: tuple[np.ndarray, ...],
    random: np.random.Generator,
    *,
    flip: float = 0.0,
    rotation: float = 0.0,
    scale: float = 0.0,
    shift: float = 0.0,
    gamma: float = 0.0,
    contrast: float = 0.0,
) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Change each slice of a batch in its own way; a mask moves with its slice.

    Args:
        planes: (n, S, S, 1) in [0, 1].
        targets: one array a task: (n,) classes, or (n, S, S, 1) masks of small whole numbers.
        random: the source of every draw.
        flip: probability of a left-right flip.
        rotation: largest angle in degrees, either way.
        scale: largest change of size, 0.1 for 0.9 to 1.1.
        shift: largest move along each side, as a share of it.
        gamma: largest exponent as a natural logarithm, 0.3 for exp(-0.3) to exp(0.3).
        contrast: largest change of the distance from the slice's mean, 0.2 for 0.8 to 1.2 times.

    Returns:
        New arrays of the same shapes and types.
    """
    changed, changed_targets = np.empty_like(planes), tuple(target.copy() for target in targets)
    size = planes.shape[1]
    for i in range(len(planes)):
        angle = np.deg2rad(random.uniform(-rotation, rotation))
        factor = 1 + random.uniform(-scale, scale)
        move = random.uniform(-shift, shift, 2) * size
        mirror = -1.0 if random.random() < flip else 1.0
        exponent = np.exp(random.uniform(-gamma, gamma))
        strength = 1 + random.uniform(-contrast, contrast) if contrast else 1.0
        affine = _affine(size, angle, factor, move, mirror)
        plane = _warp(planes[i, :, :, 0].astype(np.float32), affine, Image.Resampling.BILINEAR)
        mean = plane.mean()
        changed[i, :, :, 0] = np.clip(mean + strength * (plane - mean), 0, 1) ** exponent
        for before, after in zip(targets, changed_targets, strict=True):
            if before.ndim > 1:
                after[i, :, :, 0] = _warp(before[i, :, :, 0], affine, Image.Resampling.NEAREST)
    return changed, changed_targets


def _affine(size: int, angle: float, factor: float, move: np.ndarray, mirror: float) -> tuple[float, ...]:
    """Return Pillow's six coefficients, output pixel -> input pixel, about the centre of the image."""
    centre = size / 2
    cos, sin = np.cos(angle) / factor, np.sin(angle) / factor
    matrix = np.array([[mirror * cos, mirror * sin], [-sin, cos]])
    offset = centre - matrix @ (centre + move)
    return (*matrix[0], offset[0], *matrix[1], offset[1])


def _warp(plane: np.ndarray, affine: tuple[float, ...], method: Image.Resampling) -> np.ndarray:
    """Apply an affine map to an (S, S) array; zeros come in from outside."""
    image = Image.fromarray(plane)
    return np.asarray(image.transform(image.size, Image.Transform.AFFINE, affine, resample=method))
