"""A network's features and probabilities for many planes, as fitting and checking a gate need them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from core.bundles.bundle import Bundle
from core.config import CLASSES, CLASSIFICATION
from core.inference.forward import forward
from core.networks.gate_features import gate_inputs

if TYPE_CHECKING:
    import keras

Planes = list[np.ndarray]
"""(S, S) float32 in [0, 1] each, as the network takes them."""
_BATCH = 32


class PlaneOfClass(Protocol):
    """A slice at the network's size, (S, S), and its true class."""

    @property
    def plane(self) -> np.ndarray: ...

    @property
    def class_name(self) -> str: ...


@dataclass(frozen=True, eq=False)
class NetworkOutputs:
    """A network's outputs for n slices, with their true classes.

    Attributes:
        features: (n, F + D), see ``core.networks.gate_features``.
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
    """Run a network on planes; return the gate's (n, F + D) inputs and (n, classes) probabilities.

    Args:
        bundle: its card says how the network is run.
        network: of ``core.networks.gate_features.with_feature_output``.
        planes: at least one.
    """
    features, probabilities = [], []
    for start in range(0, len(planes), _BATCH):
        outputs = forward(bundle, network.predict_on_batch, np.stack(planes[start : start + _BATCH])[..., None])
        features.append(gate_inputs(outputs))
        probabilities.append(outputs[CLASSIFICATION])
    return np.concatenate(features), np.concatenate(probabilities)


def network_outputs(bundle: Bundle, network: "keras.Model", rows: Sequence[PlaneOfClass]) -> NetworkOutputs:
    """Run a network on slices with known classes; see ``features_and_probabilities``."""
    features, probabilities = features_and_probabilities(bundle, network, [row.plane for row in rows])
    return NetworkOutputs(features, probabilities, np.array([row.class_name for row in rows]))
