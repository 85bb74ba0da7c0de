"""The screen beside a network: is there a tumour at all, and is the picture like those the network knows?

Both are read from what the network computes anyway, its features: the mean and the maximum of each channel where
encoder and decoder meet, and what its class is read from. A logistic regression on them says whether there is a tumour;
how far the means lie from those of the nearest training slice, along the main directions in which training slices
differ (Sun et al., "Out-of-distribution detection with deep nearest neighbors", 2022), says how strange the picture is.
The network itself stays as it is.
"""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial.distance import cdist

from core.asking import FEATURES, as_logits
from core.bundles import Bundle, load_network

if TYPE_CHECKING:
    import keras

SCREEN = "screen.npz"
CLASS, NO_TUMOUR, NOT_SURE, STRANGER = ANSWERS = ("class", "no_tumour", "not_sure", "stranger")
"""What can be answered: one of the classes, no tumour, neither, or that the picture is none of the kind."""
_MEETING, _EVIDENCE = "decoder_4_concat", "evidence"
"""The layers features are taken from."""


@dataclass(frozen=True, eq=False)
class Screen:
    """What was fitted, D channels where encoder and decoder meet, F features, N training slices.

    Attributes:
        weights: (F,) of the logistic regression, for features as they are.
        bias: its intercept.
        centre: (D,) mean of the training slices' channel means.
        directions: (D, K) their main directions, each divided by its standard deviation.
        known: (N, K) the training slices along these directions.
    """

    weights: np.ndarray
    bias: np.ndarray
    centre: np.ndarray
    directions: np.ndarray
    known: np.ndarray

    def tumour_score(self, features: np.ndarray) -> np.ndarray:
        """(n, F) -> (n,) logits of there being a tumour."""
        return features @ self.weights + self.bias

    def strangeness(self, features: np.ndarray) -> np.ndarray:
        """(n, F) -> (n,) distances from the nearest training slice, in standard deviations."""
        return cdist((features[:, : len(self.centre)] - self.centre) @ self.directions, self.known).min(axis=1)


@dataclass(frozen=True)
class Thresholds:
    """Where answers change; written into the card by ``core screen``, each chosen as the card says.

    Attributes:
        no_tumour: tumour score below which the answer is "no tumour".
        tumour: score from which it is one of the classes; between the two it is not sure.
        sure: calibrated probability of the likeliest class from which that class is named.
        strange: strangeness above which the picture is none of the kind.
        temperature: what logits are divided by before the softmax, so that probabilities are calibrated (Guo et al.,
            2017).
    """

    no_tumour: float
    tumour: float
    sure: float
    strange: float
    temperature: float


@dataclass(frozen=True)
class Screened:
    """What the screen says of one picture.

    Attributes:
        answer: one of ``ANSWERS``.
        tumour_score: logit of there being a tumour.
        strangeness: distance from the nearest training slice.
        probabilities: (classes,) calibrated.
        limits: where answers change.
    """

    answer: str
    tumour_score: float
    strangeness: float
    probabilities: np.ndarray
    limits: Thresholds

    @property
    def reason(self) -> str:
        """A sentence that says why the answer is what it is."""
        score, limits = f"The score for a tumour is {self.tumour_score:.1f}", self.limits
        highest = f"{100 * self.probabilities.max():.0f} %"
        if self.answer == STRANGER:
            return (
                f"Its features lie {self.strangeness:.0f} standard deviations from those of the nearest training "
                f"slice; beyond {limits.strange:.0f} no answer is given."
            )
        if self.answer == NO_TUMOUR:
            return f"{score}; below {limits.no_tumour:.1f} the answer is that there is none."
        if self.answer == NOT_SURE and self.tumour_score < limits.tumour:
            return f"{score}; from {limits.no_tumour:.1f} to {limits.tumour:.1f} it is left open whether there is one."
        if self.answer == NOT_SURE:
            return (
                f"There seems to be a tumour, but its likeliest kind has {highest}; below {100 * limits.sure:.0f} % "
                "none is named."
            )
        return f"{score}, and its likeliest kind has {highest}: both are enough."


def has_screen(bundle: Bundle) -> bool:
    """Whether a bundle has a screen beside its network."""
    return SCREEN in bundle.card["files"] and "screen" in bundle.card


def load_screen(bundle: Bundle) -> tuple[Screen, Thresholds]:
    """A bundle's screen, its file checked, and its card's thresholds.

    Raises:
        BundleError: the file is missing or altered.
    """
    with np.load(bundle.path(SCREEN)) as file:
        screen = Screen(**{one.name: file[one.name] for one in fields(Screen)})
    return screen, Thresholds(**bundle.card["screen"]["thresholds"])


def calibrated(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """(..., classes) probabilities whose logits are divided by a temperature."""
    logits = as_logits(probabilities) / temperature
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def decide(tumour_score: Any, strangeness: Any, highest: Any, limits: Thresholds) -> np.ndarray:
    """The answers to pictures, one of ``ANSWERS`` each.

    Args:
        tumour_score, strangeness: (n,) as the screen gives them.
        highest: (n,) calibrated probability of the likeliest class.
        limits: where answers change.
    """
    tumour_score, strangeness, highest = map(np.asarray, (tumour_score, strangeness, highest))
    return np.select(
        [
            strangeness > limits.strange,
            tumour_score < limits.no_tumour,
            (tumour_score >= limits.tumour) & (highest >= limits.sure),
        ],
        [STRANGER, NO_TUMOUR, CLASS],
        NOT_SURE,
    )


def screened(screen: Screen, limits: Thresholds, features: np.ndarray, probabilities: np.ndarray) -> Screened:
    """What the screen says of one picture, of its (F,) features and its (classes,) probabilities."""
    score, strange = float(screen.tumour_score(features[None])[0]), float(screen.strangeness(features[None])[0])
    fair = calibrated(probabilities, limits.temperature)
    return Screened(str(decide(score, strange, fair.max(), limits)), score, strange, fair, limits)


def with_features(network: "keras.Model") -> "keras.Model":
    """The network with one more output: (n, F) float32 features, channel means first."""
    import keras

    layers = keras.layers
    meeting = network.get_layer(_MEETING).output
    features = layers.Concatenate(name=FEATURES)(
        [
            layers.GlobalAveragePooling2D(name="features_mean")(meeting),
            layers.GlobalMaxPooling2D(name="features_maximum")(meeting),
            network.get_layer(_EVIDENCE).output,
        ]
    )
    return keras.Model(network.inputs, [*network.outputs, features])


def as_classifier(network: "keras.Model", screen: Screen) -> "keras.Model":
    """A network whose one output is (n, 2) probabilities, of no tumour and of one: for heat maps of the screen."""
    import keras

    features = with_features(network).outputs[-1]
    said = keras.layers.Dense(2, activation="softmax", name="screen")
    made = keras.Model(network.inputs, said(features))
    half = screen.weights[:, None] / 2
    said.set_weights([np.concatenate([-half, half], axis=1), np.array([-screen.bias / 2, screen.bias / 2])])
    return made


def load_screened_network(bundle: Bundle) -> "keras.Model":
    """A bundle's network, with features where it has a screen.

    Raises:
        BundleError: see ``core.bundles.load_network``.
    """
    network = load_network(bundle)
    return with_features(network) if has_screen(bundle) else network
