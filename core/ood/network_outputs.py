"""A network's features and probabilities for many planes, as fitting and checking a gate need them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.bundles.bundle import Bundle
from core.config import CLASSES, CLASSIFICATION, FEATURES
from core.inference.forward import forward

if TYPE_CHECKING:
    import keras

Planes = list[np.ndarray]
"""(S, S) float32 in [0, 1] each, as the network takes them."""
_BATCH = 32


@dataclass(frozen=True, eq=False)
class NetworkOutputs:
    """A network's outputs for n slices, with their true classes.

    Attributes:
        features: (n, F + D), see ``core.inference.gate``.
        probabilities: (n, classes).
        true: (n,) names of the true classes, or another word for slices without a tumour.
    """

    features: np.ndarray
    probabilities: np.ndarray
    true: np.ndarray

    @property
    def has_tumour(self) -> np.ndarray:
        """(n,) bool."""
        return np.isin(self.true, CLASSES)


def features_and_probabilities(bundle: Bundle, network: "keras.Model", planes: Planes) -> tuple[np.ndarray, np.ndarray]:
    """Run a network on planes; return (n, F + D) features and (n, classes) probabilities.

    Args:
        bundle: its card says how the network is run.
        network: of ``core.networks.gate_features.with_feature_output``.
        planes: at least one.
    """
    batches = [
        forward(bundle, network.predict_on_batch, np.stack(planes[start : start + _BATCH])[..., None])
        for start in range(0, len(planes), _BATCH)
    ]
    features, probabilities = (
        np.concatenate([outputs[name] for outputs in batches]) for name in (FEATURES, CLASSIFICATION)
    )
    return features, probabilities
