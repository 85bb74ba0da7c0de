"""The gate beside a network: decide whether a slice shows a tumour, and whether it is out of distribution (OOD).

Both scores come from the network's own outputs and features; the network stays as it is. The tumour score is a logistic
regression on ``core.networks.gate_features.presence_inputs`` where the network tells whether there is a tumour at all.
Where it does not, the regression reads the mean and the maximum, over the head, of each channel of the layer where
encoder and decoder meet, and the class head's evidence. The OOD score is the distance of the channel means over the
whole plane from those of the nearest training slice, along the principal directions of the training slices (Sun et al.,
"Out-of-distribution detection with deep nearest neighbors", 2022). A gate that was also fitted on pictures that are no
head slices has a second score, a linear one of all features, in the same units; the larger of both counts.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.bundles.bundle import GATE, Bundle
from core.bundles.contents import read_bundle_arrays, refused_content
from core.config import FEATURES, PRESENCE
from core.metrics.temperature import apply_temperature
from core.networks.gate_features import PRESENCE_INPUTS, with_feature_output
from core.outcome import GateThresholds, decide_outcomes, figures_of, reason_of
from core.translation.messages import Message

if TYPE_CHECKING:
    import keras

_DIMENSIONS = {"weights": 1, "bias": 0, "centre": 1, "directions": 2, "known": 2}
_NO_HEAD_DIMENSIONS = {"no_head_weights": 1, "no_head_bias": 0}
"""Of the arrays of a gate's file; those of the second score stand there where the network has the task presence."""


@dataclass(frozen=True, eq=False)
class Gate:
    """A fitted gate: D channels where encoder and decoder meet, F features of the head, N training slices.

    The names are those of the arrays in the bundle's file.

    Attributes:
        weights: (F,) of the logistic regression, for features that are not standardised.
        bias: its intercept.
        centre: (D,) mean of the training slices' channel means.
        directions: (D, K) their principal directions, each divided by its standard deviation.
        known: (N, K) the training slices along these directions.
        no_head_weights: (F + D,) of the linear score of pictures that are no head slices; None where it has none.
        no_head_bias: its intercept.
    """

    weights: np.ndarray
    bias: np.ndarray
    centre: np.ndarray
    directions: np.ndarray
    known: np.ndarray
    no_head_weights: np.ndarray | None = None
    no_head_bias: np.ndarray | None = None

    def tumour_score(self, features: np.ndarray) -> np.ndarray:
        """Return (n,) logits of a tumour, from (n, F + D) features."""
        return features[:, : len(self.weights)] @ self.weights + self.bias

    def ood_score(self, features: np.ndarray) -> np.ndarray:
        """Return the (n,) larger of ``distance`` and ``no_head_score``, from (n, F + D) features."""
        distance = self.distance(features)
        return distance if self.no_head_weights is None else np.maximum(distance, self.no_head_score(features))

    def no_head_score(self, features: np.ndarray) -> np.ndarray:
        """Return the (n,) linear score of pictures that are no head slices, in the units of ``distance``."""
        assert self.no_head_weights is not None and self.no_head_bias is not None
        return (features[:, -len(self.no_head_weights) :] @ self.no_head_weights + self.no_head_bias).astype(np.float64)

    def distance(self, features: np.ndarray) -> np.ndarray:
        """Return (n,) distances from the nearest training slice, in standard deviations, from (n, F + D) features."""
        places = ((features[:, -len(self.centre) :] - self.centre) @ self.directions).astype(np.float64)
        known, squares = self._known_squares
        return np.array([np.sqrt(max((squares - 2 * known @ at).min() + at @ at, 0.0)) for at in places])

    @functools.cached_property
    def _known_squares(self) -> tuple[np.ndarray, np.ndarray]:
        """(N, K) float64 the training slices, and (N,) the squares of their lengths."""
        known = self.known.astype(np.float64)
        return known, (known**2).sum(axis=1)


@dataclass(frozen=True)
class GateDecision:
    """The gate's decision about one slice.

    Attributes:
        outcome: one of ``core.outcome.OUTCOMES``.
        tumour_score: logit of a tumour.
        ood_score: distance from the nearest training slice.
        probabilities: (classes,) calibrated.
        thresholds: those it was decided by.
    """

    outcome: str
    tumour_score: float
    ood_score: float
    probabilities: np.ndarray
    thresholds: GateThresholds

    @property
    def reason(self) -> Message:
        """Why the outcome is what it is: one plain sentence."""
        return reason_of(self.outcome, self.tumour_score, self.ood_score, self.thresholds)

    @property
    def figures(self) -> Message:
        """The figures behind the reason with their limits, one sentence."""
        highest = float(self.probabilities.max())
        return figures_of(self.outcome, self.tumour_score, self.ood_score, highest, self.thresholds)


def load_gate(bundle: Bundle) -> tuple[Gate, GateThresholds]:
    """Load a bundle's gate, its file checked, and its card's thresholds.

    Raises:
        BundleError: the file is missing or altered, holds no gate, or the card describes none.
    """
    extra = _NO_HEAD_DIMENSIONS if PRESENCE in bundle.tasks else {}
    gate = Gate(**read_bundle_arrays(bundle, GATE, {**_DIMENSIONS, **extra}))
    with refused_content(bundle, GATE):
        if gate.directions.shape != (len(gate.centre), gate.known.shape[1]) or not len(gate.known):
            raise ValueError("the lengths of centre, directions and known do not fit together")
    return gate, bundle.gate.thresholds


def apply_gate(gate: Gate, thresholds: GateThresholds, features: np.ndarray, probabilities: np.ndarray) -> GateDecision:
    """Decide one slice, from its (F + D,) features and its (classes,) probabilities."""
    tumour_score, ood_score = float(gate.tumour_score(features[None])[0]), float(gate.ood_score(features[None])[0])
    return decide(tumour_score, ood_score, thresholds, probabilities)


def decide(
    tumour_score: float, ood_score: float, thresholds: GateThresholds, probabilities: np.ndarray
) -> GateDecision:
    """Decide one slice, from the gate's scores and the network's (classes,) probabilities."""
    calibrated = apply_temperature(probabilities, thresholds.temperature)
    outcome = str(decide_outcomes(tumour_score, ood_score, calibrated.max(), thresholds))
    return GateDecision(outcome, tumour_score, ood_score, calibrated, thresholds)


def gate_classifier(network: "keras.Model", gate: Gate) -> "keras.Model":
    """Return a network with (n, 2) probabilities, of no tumour and of a tumour: for heat maps of the gate.

    Only of a gate that reads the network's features: ``presence_inputs`` are no layer of the network.
    """
    import keras

    features = with_feature_output(network).outputs[-1][:, : len(gate.weights)]
    output = keras.layers.Dense(2, activation="softmax", name="screen")
    classifier = keras.Model(network.inputs, output(features))
    half = gate.weights[:, None] / 2
    output.set_weights([np.concatenate([-half, half], axis=1), np.array([-gate.bias / 2, gate.bias / 2])])
    return classifier


def require_features(bundle: Bundle, gate: Gate, sizes: Mapping[str, int]) -> None:
    """Refuse a gate that reads other inputs than its bundle's network gives.

    Args:
        bundle: its file is named.
        gate: as loaded.
        sizes: lengths of the network's outputs by name; see ``core.inference.runtime.Runtime``.

    Raises:
        BundleError: the gate was fitted on other features.
    """
    features = sizes.get(FEATURES, 0)
    if PRESENCE in sizes:
        read = None if gate.no_head_weights is None else len(gate.no_head_weights)
        fits = len(gate.weights) == PRESENCE_INPUTS and len(gate.centre) < features == read
    else:
        fits = len(gate.weights) + len(gate.centre) == features
    with refused_content(bundle, GATE):
        if not fits:
            raise ValueError("it was fitted on other features than the bundle's network has")
