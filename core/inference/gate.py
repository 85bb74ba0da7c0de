"""The screen beside a network: is there a tumour at all, and is the picture like those the network knows?

Both are read from what the network computes anyway, its features. A logistic regression on the mean and the maximum,
over the head, of each channel where encoder and decoder meet, and on what the class is read from there, says whether
there is a tumour. How far the means over the whole plane lie from those of the nearest training slice, along the main
directions in which training slices differ (Sun et al., "Out-of-distribution detection with deep nearest neighbors",
2022), says how strange the picture is. The network itself stays as it is.
"""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial.distance import cdist

from core.bundles.bundle import GATE, Bundle, load_network
from core.inference.forward import FEATURES, as_logits
from core.readers.preprocessing import HEAD_THRESHOLD

if TYPE_CHECKING:
    import keras

CONFIDENT, NO_TUMOUR, LOW_CONFIDENCE, OUT_OF_DISTRIBUTION = ANSWERS = ("class", "no_tumour", "not_sure", "stranger")
"""What can be answered: one of the classes, no tumour, neither, or that the picture is none of the kind."""
ABSTAINING = (NO_TUMOUR, OUT_OF_DISTRIBUTION)
"""Answers beside which class, mask and heat map are not shown unless asked for."""
FUSION_LAYER = "decoder_4_concat"
"""The layer where encoder and decoder meet."""
_WEIGHTS, _EVIDENCE = "weight_of_place", ("look_places", "mask_places")
"""What the network reads its class from: how much each place weighs, and what it shows."""
_LOWEST, _LEAST = -1e9, 1e-6
_MOST_DIGITS = 6
"""Digits after the point that a reason prints at most; the card's thresholds have four."""


@dataclass(frozen=True, eq=False)
class Gate:
    """What was fitted, on D channels where encoder and decoder meet, F features of the head, and N training slices.

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
        """(n, F + D) features -> (n,) logits of there being a tumour."""
        return features[:, : len(self.weights)] @ self.weights + self.bias

    def strangeness(self, features: np.ndarray) -> np.ndarray:
        """(n, F + D) features -> (n,) distances from the nearest training slice, in standard deviations."""
        return cdist((features[:, -len(self.centre) :] - self.centre) @ self.directions, self.known).min(axis=1)


@dataclass(frozen=True)
class GateThresholds:
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
class GateDecision:
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
    limits: GateThresholds

    @property
    def reason(self) -> str:
        """A sentence that says why the answer is what it is."""
        limits, highest = self.limits, 100 * float(self.probabilities.max())
        if self.answer == OUT_OF_DISTRIBUTION:
            strange, limit = _apart(self.strangeness, limits.strange, digits=0)
            return (
                f"Its features lie {strange} standard deviations from those of the nearest training slice; beyond "
                f"{limit} no answer is given."
            )
        if self.answer == NO_TUMOUR:
            score, limit = _apart(self.tumour_score, limits.no_tumour, digits=1)
            return f"The score for a tumour is {score}; below {limit} the answer is that there is none."
        if self.answer == LOW_CONFIDENCE and self.tumour_score < limits.tumour:
            score, low, high = _apart(self.tumour_score, limits.no_tumour, limits.tumour, digits=1)
            return f"The score for a tumour is {score}; from {low} to {high} it is left open whether there is one."
        if self.answer == LOW_CONFIDENCE:
            sure, limit = _apart(highest, 100 * limits.sure, digits=0)
            return f"There seems to be a tumour, but its likeliest kind has {sure} %; below {limit} % none is named."
        return (
            f"The score for a tumour is {self.tumour_score:z.1f}, and its likeliest kind has {highest:.0f} %: both are "
            "enough."
        )


def _apart(number: float, *limits: float, digits: int) -> list[str]:
    """A number and its limits as text, with ``digits`` after the point, or as many more, up to ``_MOST_DIGITS``, as it
    takes to tell the number from each limit that it does not equal."""
    texts: list[str] = []
    for count in range(digits, _MOST_DIGITS + 1):
        texts = [f"{one:z.{count}f}" for one in (number, *limits)]
        if all(text != texts[0] or limit == number for text, limit in zip(texts[1:], limits, strict=True)):
            break
    return texts


def has_gate(bundle: Bundle) -> bool:
    """Whether a bundle has a screen beside its network."""
    return GATE in bundle.card["files"] and "screen" in bundle.card


def load_gate(bundle: Bundle) -> tuple[Gate, GateThresholds]:
    """A bundle's screen, its file checked, and its card's thresholds.

    Raises:
        BundleError: the file is missing or altered.
    """
    with np.load(bundle.path(GATE)) as file:
        screen = Gate(**{one.name: file[one.name] for one in fields(Gate)})
    return screen, GateThresholds(**bundle.card["screen"]["thresholds"])


def apply_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """(..., classes) probabilities whose logits are divided by a temperature."""
    logits = as_logits(probabilities) / temperature
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def decide_answers(tumour_score: Any, strangeness: Any, highest: Any, limits: GateThresholds) -> np.ndarray:
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
        [OUT_OF_DISTRIBUTION, NO_TUMOUR, CONFIDENT],
        LOW_CONFIDENCE,
    )


def apply_gate(screen: Gate, limits: GateThresholds, features: np.ndarray, probabilities: np.ndarray) -> GateDecision:
    """What the screen says of one picture, of its (F + D,) features and its (classes,) probabilities."""
    score, strange = float(screen.tumour_score(features[None])[0]), float(screen.strangeness(features[None])[0])
    fair = apply_temperature(probabilities, limits.temperature)
    return GateDecision(str(decide_answers(score, strange, fair.max(), limits)), score, strange, fair, limits)


def with_feature_output(network: "keras.Model") -> "keras.Model":
    """The network with one more output: (n, F + D) float32 features, those of the tumour score first.

    The tumour score is read from places on the head alone: each weighs by the share of it that the head takes, and the
    maximum is over places that are at least half head (over all where there is none).
    """
    import keras
    from keras import ops

    meeting = network.get_layer(FUSION_LAYER).output
    stride = network.inputs[0].shape[1] // meeting.shape[1]
    is_head = ops.cast(network.inputs[0] > HEAD_THRESHOLD, "float32")
    head = keras.layers.AveragePooling2D(stride, name="head_in_place")(is_head)
    on_head = ops.where(ops.any(head >= 0.5, axis=(1, 2), keepdims=True), head >= 0.5, True)
    weights = ops.reshape(head, (-1, head.shape[1] * head.shape[2]))
    looked_at = weights * network.get_layer(_WEIGHTS).output
    evidence = [network.get_layer(name).output for name in _EVIDENCE]
    features = keras.layers.Concatenate(name=FEATURES)(
        [
            _mean(ops.reshape(meeting, (-1, weights.shape[1], meeting.shape[-1])), weights),
            ops.max(ops.where(on_head, meeting, _LOWEST), axis=(1, 2)),
            *(_mean(one, looked_at) for one in evidence),
            ops.mean(meeting, axis=(1, 2)),
        ]
    )
    return keras.Model(network.inputs, [*network.outputs, features])


def _mean(values: Any, weights: Any) -> Any:
    """Tensors (n, places, c) and (n, places) -> (n, c), the weighted mean over places; 0 where nothing weighs."""
    from keras import ops

    total = ops.maximum(ops.sum(weights, axis=1, keepdims=True), _LEAST)
    return ops.sum(values * weights[..., None], axis=1) / total


def gate_classifier(network: "keras.Model", screen: Gate) -> "keras.Model":
    """A network whose one output is (n, 2) probabilities, of no tumour and of one: for heat maps of the screen."""
    import keras

    features = with_feature_output(network).outputs[-1][:, : len(screen.weights)]
    said = keras.layers.Dense(2, activation="softmax", name="screen")
    made = keras.Model(network.inputs, said(features))
    half = screen.weights[:, None] / 2
    said.set_weights([np.concatenate([-half, half], axis=1), np.array([-screen.bias / 2, screen.bias / 2])])
    return made


def load_gated_network(bundle: Bundle) -> "keras.Model":
    """A bundle's network, with features where it has a screen.

    Raises:
        BundleError: see ``core.bundles.bundle.load_network``.
    """
    network = load_network(bundle)
    return with_feature_output(network) if has_gate(bundle) else network
