"""Random changes of training slices: where the head lies, how it is turned, and what scanners and files do to it."""

import copy

import numpy as np
from PIL import Image

from core.training.data import intensity

LOWEST_QUALITY = 30
"""Of JPEG compression."""


def augment(
    planes: np.ndarray,
    targets: tuple[np.ndarray, ...],
    random: np.random.Generator,
    *,
    size: int | None = None,
    flip: float = 0.0,
    rotation: float = 0.0,
    scale: float = 0.0,
    shift: float = 0.0,
    gamma: float = 0.0,
    contrast: float = 0.0,
    quarter_turn: float = 0.0,
    curve: float = 0.0,
    invert: float = 0.0,
    bias: float = 0.0,
    blur: float = 0.0,
    noise: float = 0.0,
    jpeg: float = 0.0,
    caption: float = 0.0,
    neighbour_dropout: float = 0.0,
) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Change each slice of a batch in its own way; its mask moves and its neighbours change with it.

    Args:
        planes: (n, C, C, c) in [0, 1], or uint8 with 255 for 1; c is 1, or 3 for slices between neighbours. Each is
            interpolated once, from C to ``size``.
        targets: one array a task: (n,) classes, or (n, C, C, 1) masks of small whole numbers.
        random: draws everything.
        size: side of the new planes and masks in pixels; None for C.
        flip: probability of a left-right flip.
        rotation: largest angle in degrees, either way.
        scale: largest change of size, 0.1 for 0.9 to 1.1.
        shift: largest move along each side, as a share of it.
        gamma: largest exponent as a natural logarithm, 0.3 for exp(-0.3) to exp(0.3).
        contrast: largest change of the distance from the slice's mean, 0.2 for 0.8 to 1.2 times.
        quarter_turn: probability of a turn by 90, 180 or 270 degrees.
        curve: largest move of a knot of a random intensity curve.
        invert: probability that bright and dark are turned round inside the head.
        bias: largest bias field as a natural logarithm.
        blur: largest standard deviation of a Gaussian blur, in pixels of the new planes.
        noise: largest standard deviation of Gaussian noise, as a share of the range.
        jpeg: probability of JPEG compression.
        caption: probability of captions and a frame at the edges.
        neighbour_dropout: probability that the slice itself stands in its neighbours' places.

    Returns:
        New arrays (n, ``size``, ``size``, c or 1) of the same types; planes of uint8 become float16 in [0, 1].
    """
    cache = planes.shape[1]
    size = size or cache
    in_bytes = planes.dtype == np.uint8
    channels = planes.shape[-1]
    changed = np.empty((len(planes), size, size, channels), np.float16 if in_bytes else planes.dtype)
    changed_targets = tuple(_resized_like(target, size) for target in targets)
    for i in range(len(planes)):
        affine = _draw_affine(cache, size, random, flip, rotation, scale, shift, quarter_turn)
        alone = channels > 1 and random.random() < neighbour_dropout
        for channel in range(channels):
            # Each channel gets the same draws; those of the last go on to the next slice.
            drawn = random if channel == channels - 1 else copy.deepcopy(random)
            plane = planes[i, :, :, channels // 2 if alone else channel].astype(np.float32)
            if in_bytes:
                plane /= 255
            plane = _warp(plane, size, affine, Image.Resampling.BILINEAR)
            plane = _change_brightness(plane, drawn, gamma=gamma, contrast=contrast)
            changed[i, :, :, channel] = _change_intensities(
                plane, drawn, curve=curve, invert=invert, bias=bias, blur=blur, noise=noise, jpeg=jpeg, caption=caption
            )
        for before, after in zip(targets, changed_targets, strict=True):
            if before.ndim > 1:
                after[i, :, :, 0] = _warp(before[i, :, :, 0], size, affine, Image.Resampling.NEAREST)
    return changed, changed_targets


def _resized_like(target: np.ndarray, size: int) -> np.ndarray:
    """Return room for a batch's masks at another side, or a copy of its classes."""
    return np.empty((len(target), size, size, 1), target.dtype) if target.ndim > 1 else target.copy()


def _change_brightness(plane: np.ndarray, random: np.random.Generator, *, gamma: float, contrast: float) -> np.ndarray:
    """Draw and apply a contrast about the plane's mean and a gamma; see ``augment``."""
    exponent = np.exp(random.uniform(-gamma, gamma))
    strength = 1 + random.uniform(-contrast, contrast) if contrast else 1.0
    mean = plane.mean()
    changed: np.ndarray = np.clip(mean + strength * (plane - mean), 0, 1) ** exponent
    return changed


def _draw_affine(
    cache: int,
    size: int,
    random: np.random.Generator,
    flip: float,
    rotation: float,
    scale: float,
    shift: float,
    quarter_turn: float,
) -> tuple[float, ...]:
    """Draw where the head lies and how it is turned; return the coefficients of ``_affine``."""
    angle = np.deg2rad(random.uniform(-rotation, rotation))
    factor = 1 + random.uniform(-scale, scale)
    move = random.uniform(-shift, shift, 2) * size
    mirror = -1.0 if random.random() < flip else 1.0
    if quarter_turn and random.random() < quarter_turn:
        angle += np.pi / 2 * random.integers(1, 4)
    return _affine(cache, size, angle, factor, move, mirror)


def _change_intensities(
    plane: np.ndarray,
    random: np.random.Generator,
    *,
    curve: float,
    invert: float,
    bias: float,
    blur: float,
    noise: float,
    jpeg: float,
    caption: float,
) -> np.ndarray:
    """Apply the changes whose strength is not 0, in the order of a scanner, a viewer and a file; see ``augment``."""
    if not any((curve, invert, bias, blur, noise, jpeg, caption)):
        return plane
    plane = plane.astype(np.float32)
    if curve:
        plane = intensity.bend(plane, curve, random)
    if invert and random.random() < invert:
        plane = intensity.invert(plane)
    if bias:
        plane = intensity.bias_field(plane, bias, random)
    if blur:
        plane = intensity.blur(plane, blur, random)
    if noise:
        plane = intensity.add_noise(plane, noise, random)
    if caption and random.random() < caption:
        plane = intensity.caption(plane, random)
    if jpeg and random.random() < jpeg:
        plane = intensity.compress(plane, LOWEST_QUALITY, random)
    return plane


def _affine(cache: int, size: int, angle: float, factor: float, move: np.ndarray, mirror: float) -> tuple[float, ...]:
    """Return Pillow's six coefficients, output pixel -> input pixel, about the centres of both images.

    Args:
        cache: side of the input in pixels.
        size: side of the output in pixels.
        angle: in radians.
        factor: how much larger the output shows the head.
        move: of the head along x and y, in pixels of the output.
        mirror: -1 for a left-right flip, else 1.
    """
    cos, sin = np.cos(angle) / factor, np.sin(angle) / factor
    matrix = np.array([[mirror * cos, mirror * sin], [-sin, cos]]) * (cache / size)
    offset = cache / 2 - matrix @ (size / 2 + move)
    return (*matrix[0], offset[0], *matrix[1], offset[1])


def _warp(plane: np.ndarray, size: int, affine: tuple[float, ...], method: Image.Resampling) -> np.ndarray:
    """Apply an affine map to a square array, giving (``size``, ``size``); zeros come in from outside."""
    return np.asarray(Image.fromarray(plane).transform((size, size), Image.Transform.AFFINE, affine, resample=method))
