"""Does the heat fall on the tumour? Pure functions of a heat map and a true mask of the same size.

A heat map without heat explains nothing and is counted as such: no share of it is inside, and it hits nothing.
"""

import numpy as np


def heat_inside(heat: np.ndarray, mask: np.ndarray) -> float:
    """The share of all heat that lies inside the mask, in [0, 1]; 0 where there is no heat at all.

    The energy-based pointing game of Wang et al., "Score-CAM" (2020).

    Args:
        heat: (H, W), not negative.
        mask: (H, W) bool.
    """
    total = float(heat.sum(dtype=np.float64))
    return float(heat[mask].sum(dtype=np.float64)) / total if total > 0 else 0.0


def chance_level(mask: np.ndarray) -> float:
    """The mask's share of the slice, in [0, 1]: what ``inside_share`` is for heat spread evenly.

    Args:
        mask: (H, W) bool.
    """
    return float(mask.mean())


def pointing_game_hit(heat: np.ndarray, mask: np.ndarray, *, tolerance_px: float) -> bool:
    """The pointing game (Zhang et al., "Top-down Neural Attention by Excitation Backprop", 2016).

    Args:
        heat: (H, W), not negative; of several hottest pixels the first in reading order counts.
        mask: (H, W) bool.
        tolerance_px: how far from the mask, centre to centre, the hottest pixel may lie. The paper allows 15 pixels;
            at 0 the mask's share of the slice is what chance would hit.

    Returns:
        Whether the hottest pixel is on the mask; never where there is no heat or no mask.
    """
    if not heat.any() or not mask.any():
        return False
    row, column = np.unravel_index(int(heat.argmax()), heat.shape)
    rows, columns = np.nonzero(mask)
    return bool(np.hypot(rows - row, columns - column).min() <= tolerance_px)
