"""SmoothGrad: saliency averaged over noisy copies of a slice."""

from collections.abc import Callable

import numpy as np

from core.config import SEED

NOISY_COPIES = 16
"""Noisy copies over which a heat map is averaged."""
NOISE = 0.15
"""Standard deviation of the noise, as a share of the slice's range."""


def smooth_grad(
    gradient: Callable[[np.ndarray], np.ndarray],
    inputs: np.ndarray,
    *,
    samples: int = NOISY_COPIES,
    noise: float = NOISE,
    seed: int = SEED,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Compute how strongly each pixel changes the score, in either direction (Smilkov et al., 2017).

    The absolute gradients are averaged as in tf-keras-vis, one copy at a time. The channels of an input are copies of
    one grey plane, so they get the same noise and their gradients are added.

    Args:
        gradient: (1, S, S, C) inputs -> the score's gradient, of the same shape.
        inputs: (1, S, S, C) float32.
        samples: noisy copies; with a ``noise`` of 0, one gives plain saliency (Simonyan et al., 2014).
        noise: standard deviation as a share of the input's range.
        seed: of the noise.
        progress: called with the numbers of copies done and in all.

    Returns:
        (S, S) float32, not negative.
    """
    random = np.random.default_rng(seed)
    deviation = noise * float(np.ptp(inputs))
    total = np.zeros(inputs.shape[1:3], np.float32)
    for done in range(1, samples + 1):
        shift = random.normal(0, deviation, (*inputs.shape[:3], 1)).astype(np.float32)
        total += np.abs(gradient(inputs + shift)[0].sum(axis=-1))
        if progress:
            progress(done, samples)
    return total / samples
