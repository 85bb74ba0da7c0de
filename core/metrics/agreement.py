"""Agreement of two heat maps of the same size: pure functions, defined once for pages and checks alike."""

import numpy as np


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Compute Spearman's rank correlation of two heat maps, in [-1, 1]; equal values share their mean rank.

    It is 1 where both are equal; otherwise 0 where either is constant, since it then has no ranks. SciPy's own function
    would load 40 MB more.

    Args:
        first: (H, W).
        second: (H, W).

    Raises:
        ValueError: they differ in shape.
    """
    _require_one_shape(first, second)
    if np.array_equal(first, second):
        return 1.0
    own, other = _centred_ranks(first), _centred_ranks(second)
    scale = float(np.sqrt((own @ own) * (other @ other)))
    return float(own @ other) / scale if scale else 0.0


def hottest_overlap(first: np.ndarray, second: np.ndarray, *, share: float = 0.1) -> float:
    """Compute the IoU of the hottest parts of two heat maps, in [0, 1]; 0 where either is zero everywhere.

    Args:
        first: (H, W), not negative.
        second: (H, W), not negative.
        share: of the pixels that count as hottest, in (0, 1); a pixel without heat never does, and all pixels as hot as
            the last of them do.

    Raises:
        ValueError: they differ in shape, or the share is none.
    """
    _require_one_shape(first, second)
    if not 0 < share < 1:
        raise ValueError(f"The share of the hottest pixels is {share}; one between 0 and 1 is needed.")
    own, other = (_hottest(heat, share) for heat in (first, second))
    union = np.count_nonzero(own | other)
    return np.count_nonzero(own & other) / union if union else 0.0


def _hottest(heat: np.ndarray, share: float) -> np.ndarray:
    count = max(1, round(heat.size * share))
    least = np.partition(heat, heat.size - count, axis=None)[heat.size - count]
    return (heat >= least) & (heat > 0)


def _centred_ranks(heat: np.ndarray) -> np.ndarray:
    _, places, counts = np.unique(heat, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts + 1) / 2
    return ranks[places.ravel()] - (heat.size - 1) / 2


def _require_one_shape(first: np.ndarray, second: np.ndarray) -> None:
    if first.shape != second.shape:
        raise ValueError(f"The heat maps are of {first.shape} and of {second.shape}; one size is needed.")
