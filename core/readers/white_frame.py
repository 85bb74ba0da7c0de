"""Find the bright frame that a viewer or a screenshot draws around a picture."""

import numpy as np

_LARGEST = 1 / 24
"""Widest frame, as a share of the shorter side; what stays bright farther in is the picture's own background."""
_BRIGHT = 0.5
"""Level of a frame's pixels, from the picture's minimum (0) to its maximum (1)."""
_FULL = 0.95
"""Share of a line's pixels that are as bright as a frame. The head never reaches so much of all four sides."""


def frame_width(pixels: np.ndarray) -> int:
    """Return the width of a bright frame around a picture in pixels, 0 where there is none.

    Args:
        pixels: (H, W), any number type.
    """
    limit = int(min(pixels.shape) * _LARGEST)
    low, high = float(pixels.min()), float(pixels.max())
    if high == low:
        return 0
    level = low + _BRIGHT * (high - low)
    for width in range(limit + 1):
        if not _is_bright(pixels, width, level):
            return width
    return 0


def _is_bright(pixels: np.ndarray, depth: int, level: float) -> bool:
    """Return whether the ring of one pixel at a depth is bright on all four sides."""
    height, width = pixels.shape
    rows, columns = slice(depth, height - depth), slice(depth, width - depth)
    sides = (
        pixels[depth, columns],
        pixels[height - 1 - depth, columns],
        pixels[rows, depth],
        pixels[rows, width - 1 - depth],
    )
    return all((side > level).mean() >= _FULL for side in sides)
