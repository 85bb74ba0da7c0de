"""Random changes to training slices: where the head lies and how bright it is, never what is in it."""

import numpy as np
from PIL import Image


def augment(
    planes: np.ndarray,
    targets: np.ndarray,
    random: np.random.Generator,
    *,
    flip: float = 0.0,
    rotation: float = 0.0,
    scale: float = 0.0,
    shift: float = 0.0,
    gamma: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Change each slice of a batch in its own way; a mask moves with its slice.

    Args:
        planes: (n, S, S, 1) in [0, 1].
        targets: (n,) classes, or (n, S, S, 1) masks of 0 and 1.
        random: draws everything.
        flip: probability of a left-right flip.
        rotation: largest angle in degrees, either way.
        scale: largest change of size, 0.1 for 0.9 to 1.1.
        shift: largest move along each side, as a share of it.
        gamma: largest exponent as a natural logarithm, 0.3 for exp(-0.3) to exp(0.3).

    Returns:
        New arrays of the same shapes and types.
    """
    masks = targets.ndim > 1
    changed, changed_targets = np.empty_like(planes), targets.copy()
    size = planes.shape[1]
    for i in range(len(planes)):
        angle = np.deg2rad(random.uniform(-rotation, rotation))
        factor = 1 + random.uniform(-scale, scale)
        move = random.uniform(-shift, shift, 2) * size
        mirror = -1.0 if random.random() < flip else 1.0
        exponent = np.exp(random.uniform(-gamma, gamma))
        affine = _affine(size, angle, factor, move, mirror)
        plane = _warp(planes[i, :, :, 0].astype(np.float32), affine, Image.Resampling.BILINEAR)
        changed[i, :, :, 0] = np.clip(plane, 0, 1) ** exponent
        if masks:
            changed_targets[i, :, :, 0] = _warp(targets[i, :, :, 0], affine, Image.Resampling.NEAREST)
    return changed, changed_targets


def _affine(size: int, angle: float, factor: float, move: np.ndarray, mirror: float) -> tuple[float, ...]:
    """Pillow's six coefficients, output pixel -> input pixel, about the centre of the picture."""
    centre = size / 2
    cos, sin = np.cos(angle) / factor, np.sin(angle) / factor
    matrix = np.array([[mirror * cos, mirror * sin], [-sin, cos]])
    offset = centre - matrix @ (centre + move)
    return (*matrix[0], offset[0], *matrix[1], offset[1])


def _warp(plane: np.ndarray, affine: tuple[float, ...], method: Image.Resampling) -> np.ndarray:
    image = Image.fromarray(plane)
    return np.asarray(image.transform(image.size, Image.Transform.AFFINE, affine, resample=method))
