"""What a gate reads of a network's outputs, in NumPy: nothing here needs TensorFlow."""

from collections.abc import Mapping

import numpy as np

from core.config import FEATURES, PRESENCE, SEGMENTATION
from core.networks.losses import tumour_probability

BEST_PIXELS = (10, 200)
"""How many of the mask's most probable tumour pixels a mean is taken over."""
PRESENCE_INPUTS = 1 + len(BEST_PIXELS)
"""How many inputs ``presence_inputs`` returns."""
_CLIP = 1e-6
"""Probabilities nearer to 0 or 1 count as this far from it, so that logits stay finite."""


def gate_inputs(outputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the (n, k) inputs of a gate: those of its tumour score first, those of its OOD score last.

    Args:
        outputs: by ``core.inference.forward``, with the network's features. A network that tells whether there is a
            tumour at all has ``presence_inputs`` in front of them.
    """
    if PRESENCE not in outputs:
        return outputs[FEATURES]
    return np.concatenate([presence_inputs(outputs), outputs[FEATURES]], axis=1)


def presence_inputs(outputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return (n, ``PRESENCE_INPUTS``) logits of a tumour: of the presence head, and means over the mask's best pixels.

    Args:
        outputs: by task, with presence (n, 2) and segmentation (n, S, S, channels), probabilities.
    """
    tumour = tumour_probability(outputs[SEGMENTATION]).reshape(len(outputs[SEGMENTATION]), -1)
    best = -np.sort(-tumour, axis=1)[:, : max(BEST_PIXELS)]
    columns = [_logit(outputs[PRESENCE][:, 1]), *(_logit(best[:, :count]).mean(axis=1) for count in BEST_PIXELS)]
    return np.stack(columns, axis=1)


def _logit(probability: np.ndarray) -> np.ndarray:
    clipped = np.clip(probability.astype(np.float64), _CLIP, 1 - _CLIP)
    return np.log(clipped / (1 - clipped))
