"""Heat-map localisation: pure functions of a heat map and a true mask of the same size.

A heat map that is zero everywhere has no share inside the mask and no hit.
"""

import numpy as np


def heat_inside(heat: np.ndarray, mask: np.ndarray) -> float:
    """Compute the share of all heat that lies inside the mask, in [0, 1]; 0 where there is no heat.

    This is the energy-based pointing game of Wang et al., "Score-CAM" (2020).

    Args:
        heat: (H, W), not negative.
        mask: (H, W) bool.
    """
    total = float(heat.sum(dtype=np.float64))
    return float(heat[mask].sum(dtype=np.float64)) / total if total > 0 else 0.0


def chance_level(mask: np.ndarray) -> float:
    """Compute the mask's share of the slice, in [0, 1]: the ``heat_inside`` of a uniform heat map.

    Args:
        mask: (H, W) bool.
    """
    return float(mask.mean())


def pointing_game_hit(heat: np.ndarray, mask: np.ndarray, *, tolerance_px: float) -> bool:
    """Play the pointing game (Zhang et al., "Top-down Neural Attention by Excitation Backprop", 2016).

    Args:
        heat: (H, W), not negative; of several maxima the first in reading order counts.
        mask: (H, W) bool.
        tolerance_px: largest distance between the maximum and the mask, centre to centre. The paper allows 15 pixels;
            at 0 the chance level is the mask's share of the slice.

    Returns:
        Whether the maximum lies on the mask; False where there is no heat or no mask.
    """
    if not heat.any() or not mask.any():
        return False
    row, column = np.unravel_index(int(heat.argmax()), heat.shape)
    rows, columns = np.nonzero(mask)
    return bool(np.hypot(rows - row, columns - column).min() <= tolerance_px)
