"""Temperature scaling, which calibrates probabilities with one number (Guo et al., 2017, section 4.2)."""

import numpy as np

from core.metrics.classification import log_loss

TEMPERATURES = np.geomspace(0.25, 4, 161)
"""The temperatures to choose from."""
_SMALLEST_PROBABILITY = 1e-7
"""Lower bound of a probability whose logarithm is taken."""


def as_logits(probabilities: np.ndarray) -> np.ndarray:
    """Return logits whose softmax gives the probabilities."""
    return np.log(np.maximum(probabilities, _SMALLEST_PROBABILITY))


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return the probabilities of (..., classes) logits."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def apply_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return (..., classes) probabilities whose logits are divided by a temperature."""
    return softmax(as_logits(probabilities) / temperature)


def fit_temperature(true: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the one of ``TEMPERATURES`` with the lowest log loss.

    Args:
        true: (n,) class indices.
        probabilities: (n, classes) as the network gives them.
    """
    losses = [log_loss(true, apply_temperature(probabilities, value)) for value in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(losses))])
