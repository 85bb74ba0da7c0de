"""The gate beside a network: decide whether a slice shows a tumour, and whether it is out of distribution (OOD).

Both scores come from the network's own features; the network stays as it is. The tumour score is a logistic regression
on the mean and the maximum, over the head, of each channel of the layer where encoder and decoder meet, and on the
class head's evidence. The OOD score is the distance of the channel means over the whole plane from those of the nearest
training slice, along the principal directions of the training slices (Sun et al., "Out-of-distribution detection with
deep nearest neighbors", 2022).
"""

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.bundles.bundle import GATE, Bundle
from core.bundles.card.schema import GateThresholds
from core.bundles.contents import read_bundle_arrays, refused_content
from core.config import CONFIDENT, LOW_CONFIDENCE, NO_TUMOUR, OUT_OF_DISTRIBUTION
from core.metrics.temperature import apply_temperature
from core.networks.gate_features import with_feature_output

if TYPE_CHECKING:
    import keras

_DIMENSIONS = {"weights": 1, "bias": 0, "centre": 1, "directions": 2, "known": 2}
"""Of the arrays of a gate's file."""
_MAX_DIGITS = 6
"""Digits after the point that a reason prints at most; the card's thresholds have four."""


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
    """

    weights: np.ndarray
    bias: np.ndarray
    centre: np.ndarray
    directions: np.ndarray
    known: np.ndarray

    def tumour_score(self, features: np.ndarray) -> np.ndarray:
        """Return (n,) logits of a tumour, from (n, F + D) features."""
        return features[:, : len(self.weights)] @ self.weights + self.bias

    def ood_score(self, features: np.ndarray) -> np.ndarray:
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
        answer: one of ``core.config.ANSWERS``.
        tumour_score: logit of a tumour.
        ood_score: distance from the nearest training slice.
        probabilities: (classes,) calibrated.
        thresholds: those it was decided by.
    """

    answer: str
    tumour_score: float
    ood_score: float
    probabilities: np.ndarray
    thresholds: GateThresholds

    @property
    def reason(self) -> str:
        """The reason for the decision, one sentence."""
        limits, highest = self.thresholds, 100 * float(self.probabilities.max())
        if self.answer == OUT_OF_DISTRIBUTION:
            score, limit = _distinguishable(self.ood_score, limits.strange, digits=0)
            return (
                f"Its features lie {score} standard deviations from those of the nearest training slice; beyond "
                f"{limit} an image counts as out-of-distribution."
            )
        if self.answer == NO_TUMOUR:
            score, limit = _distinguishable(self.tumour_score, limits.no_tumour, digits=1)
            return f"The tumour score is {score}; below {limit} the result is no tumour."
        if self.answer == LOW_CONFIDENCE and self.tumour_score < limits.tumour:
            score, low, high = _distinguishable(self.tumour_score, limits.no_tumour, limits.tumour, digits=1)
            return f"The tumour score is {score}; from {low} to {high} confidence is low."
        if self.answer == LOW_CONFIDENCE:
            sure, limit = _distinguishable(highest, 100 * limits.sure, digits=0)
            return f"The most probable tumour type has {sure} %; below {limit} % confidence is low."
        return (
            f"The tumour score is {self.tumour_score:z.1f}, and the most probable tumour type has {highest:.0f} %: "
            "both are high enough."
        )


def _distinguishable(number: float, *limits: float, digits: int) -> list[str]:
    """Format a number and its limits with ``digits`` after the point, or as many more, up to ``_MAX_DIGITS``, as it
    takes to tell the number from each limit that it does not equal."""
    texts: list[str] = []
    for count in range(digits, _MAX_DIGITS + 1):
        texts = [f"{value:z.{count}f}" for value in (number, *limits)]
        if all(text != texts[0] or limit == number for text, limit in zip(texts[1:], limits, strict=True)):
            break
    return texts


def load_gate(bundle: Bundle) -> tuple[Gate, GateThresholds]:
    """Load a bundle's gate, its file checked, and its card's thresholds.

    Raises:
        BundleError: the file is missing or altered, holds no gate, or the card describes none.
    """
    arrays = read_bundle_arrays(bundle, GATE, _DIMENSIONS)
    gate = Gate(**arrays)
    with refused_content(bundle, GATE):
        if gate.directions.shape != (len(gate.centre), gate.known.shape[1]) or not len(gate.known):
            raise ValueError("the lengths of centre, directions and known do not fit together")
    return gate, bundle.gate.thresholds


def decide_answers(tumour_score: Any, ood_score: Any, confidence: Any, thresholds: GateThresholds) -> np.ndarray:
    """Decide slices; return one of ``core.config.ANSWERS`` for each.

    Args:
        tumour_score, ood_score: (n,) of the gate.
        confidence: (n,) calibrated probability of the most probable class.
        thresholds: of the gate.
    """
    tumour_score, ood_score, confidence = map(np.asarray, (tumour_score, ood_score, confidence))
    return np.select(
        [
            ood_score > thresholds.strange,
            tumour_score < thresholds.no_tumour,
            (tumour_score >= thresholds.tumour) & (confidence >= thresholds.sure),
        ],
        [OUT_OF_DISTRIBUTION, NO_TUMOUR, CONFIDENT],
        LOW_CONFIDENCE,
    )


def apply_gate(gate: Gate, thresholds: GateThresholds, features: np.ndarray, probabilities: np.ndarray) -> GateDecision:
    """Decide one slice, from its (F + D,) features and its (classes,) probabilities."""
    tumour_score, ood_score = float(gate.tumour_score(features[None])[0]), float(gate.ood_score(features[None])[0])
    return decide(tumour_score, ood_score, thresholds, probabilities)


def decide(
    tumour_score: float, ood_score: float, thresholds: GateThresholds, probabilities: np.ndarray
) -> GateDecision:
    """Decide one slice, from the gate's scores and the network's (classes,) probabilities."""
    calibrated = apply_temperature(probabilities, thresholds.temperature)
    answer = str(decide_answers(tumour_score, ood_score, calibrated.max(), thresholds))
    return GateDecision(answer, tumour_score, ood_score, calibrated, thresholds)


def gate_classifier(network: "keras.Model", gate: Gate) -> "keras.Model":
    """Return a network with (n, 2) probabilities, of no tumour and of a tumour: for heat maps of the gate."""
    import keras

    features = with_feature_output(network).outputs[-1][:, : len(gate.weights)]
    output = keras.layers.Dense(2, activation="softmax", name="screen")
    classifier = keras.Model(network.inputs, output(features))
    half = gate.weights[:, None] / 2
    output.set_weights([np.concatenate([-half, half], axis=1), np.array([-gate.bias / 2, gate.bias / 2])])
    return classifier


def require_features(bundle: Bundle, gate: Gate, count: int | None) -> None:
    """Refuse a gate that reads other features than its bundle's network gives.

    Args:
        bundle: its file is named.
        gate: as loaded.
        count: of the network's features; None where it gives none.

    Raises:
        BundleError: the gate was fitted on other features.
    """
    with refused_content(bundle, GATE):
        if count != len(gate.weights) + len(gate.centre):
            raise ValueError("it was fitted on other features than the bundle's network has")
