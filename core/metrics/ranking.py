"""Whether two rankings agree, and how sure a share is; SciPy's own functions would load 40 MB more."""

import numpy as np

_SHUFFLES = 2_000
_SEED = 0
_QUANTILE = 1.959964
"""Of the standard normal distribution, for an interval of 95 %."""


def kendall_tau(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Compute Kendall's tau-b of two sequences of (n,) numbers, and how often chance reaches it.

    Chance is the share of shuffles of ``second`` with a tau at least as high, the given order counted as one of them.

    Returns:
        tau in [-1, 1] and chance in (0, 1]; both NaN where all values of either are equal.
    """
    pairs = np.triu_indices(len(first), 1)
    own, other = (np.sign(values[pairs[0]] - values[pairs[1]]) for values in (np.asarray(first), np.asarray(second)))
    decided = np.sqrt(float(np.count_nonzero(own)) * np.count_nonzero(other))
    if not decided:
        return float("nan"), float("nan")
    random = np.random.default_rng(_SEED)
    shuffled = random.permuted(np.tile(second, (_SHUFFLES, 1)), axis=1)
    reached = np.sign(shuffled[:, pairs[0]] - shuffled[:, pairs[1]]) @ own >= own @ other
    return float(own @ other / decided), float((np.count_nonzero(reached) + 1) / (_SHUFFLES + 1))


def wilson_interval(hits: int, trials: int) -> tuple[float, float]:
    """Compute Wilson's 95 % interval of a share, in [0, 1] (Wilson, 1927); ``trials`` is at least 1."""
    share, spread = hits / trials, _QUANTILE**2 / trials
    middle = share + spread / 2
    half = np.sqrt(share * (1 - share) * spread + spread**2 / 4)
    return float((middle - half) / (1 + spread)), float((middle + half) / (1 + spread))
