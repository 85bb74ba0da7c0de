"""Predictor: bundles -> class probabilities, mask and heat map for one slice."""

import threading
import time
from dataclasses import dataclass

import numpy as np

from core.bundles.bundle import Bundle, load_network
from core.config import CLASSIFICATION, SEGMENTATION
from core.errors import BundleError
from core.explanation.explainer import Explainer
from core.explanation.targets import top_class_target
from core.inference.forward import FEATURES, as_logits, forward
from core.inference.gate import GateDecision, apply_gate, has_gate, load_gate, with_feature_output
from core.networks.losses import tumour_probability
from core.readers.preprocessing import Placement, map_to_slice, preprocess_slice
from core.readers.slices import Slice


@dataclass(frozen=True)
class Prediction:
    """What the networks say about one slice, kept at network size and mapped back when asked for.

    Attributes:
        classes: class names in the order of ``probabilities``.
        probabilities: (3,) float32, summing to 1.
        threshold: the probability from which a pixel counts as tumour.
        tumour_plane: (S, S) float32, tumour probability as the segmenter gave it, and where it lies.
        heat_plane: (S, S) float16 in [0, 1], what spoke for the predicted class, and where it lies.
        fed: bundle name -> (S, S) uint8, the plane its network was given, 0 to 1 as 0 to 255.
        seconds: what it took, reading excluded.
        screened: what the classifier's screen says, if it has one.
    """

    classes: tuple[str, ...]
    probabilities: np.ndarray
    threshold: float
    tumour_plane: tuple[np.ndarray, Placement]
    heat_plane: tuple[np.ndarray, Placement]
    fed: dict[str, np.ndarray]
    seconds: float
    gate: GateDecision | None = None

    @property
    def class_name(self) -> str:
        """The most probable class."""
        return self.classes[int(self.probabilities.argmax())]

    @property
    def tumour(self) -> np.ndarray:
        """(H, W) float32, each pixel's tumour probability at the slice's own size."""
        return map_to_slice(*self.tumour_plane)

    @property
    def heat(self) -> np.ndarray:
        """(H, W) float32 in [0, 1], the heat map at the slice's own size."""
        return map_to_slice(*self.heat_plane)

    @property
    def mask(self) -> np.ndarray:
        """(H, W) bool, tumour or not, at the slice's own size."""
        return self.tumour >= self.threshold


class Predictor:
    """A classifier's and a segmenter's bundle, loaded once, asked slice by slice.

    Raises:
        BundleError: a bundle of the wrong task, or one that cannot be loaded.
    """

    def __init__(self, classifier: Bundle, segmenter: Bundle) -> None:
        import tensorflow as tf

        for bundle, task in ((classifier, CLASSIFICATION), (segmenter, SEGMENTATION)):
            if task not in bundle.tasks:
                raise BundleError(
                    f"The bundle '{bundle.name}' is for {' and '.join(bundle.tasks)}; one for {task} is needed here."
                )
        self.classifier = classifier
        self.segmenter = segmenter
        # One slice at a time: two visitors at once would take the memory of two.
        self._turn = threading.Lock()
        network = load_network(classifier)
        self._explain = Explainer(network, output=classifier.tasks.index(CLASSIFICATION))
        self._screen = load_gate(classifier) if has_gate(classifier) else None
        self._classify = tf.function(with_feature_output(network) if self._screen else network, reduce_retracing=True)
        both = segmenter.name == classifier.name
        self._segment = self._classify if both else tf.function(load_network(segmenter), reduce_retracing=True)

    def __call__(self, slice_: Slice) -> Prediction:
        """Predict one slice; the slice's own truth is not looked at."""
        with self._turn:
            return self._predict(slice_)

    def _predict(self, slice_: Slice) -> Prediction:
        began = time.perf_counter()
        inputs, heat_place = model_input(self.classifier, slice_)
        mask_inputs, mask_place = model_input(self.segmenter, slice_)
        answers = forward(self.segmenter, self._segment, mask_inputs)
        tumour = tumour_probability(answers[SEGMENTATION][0])
        # The heat map's network says the class too; it is asked apart only where that is not all the bundle says.
        more = self.classifier.test_time_flip or self._screen is not None
        if more and self.classifier.name != self.segmenter.name:
            answers = forward(self.classifier, self._classify, inputs)
        said = answers[CLASSIFICATION][0] if more else None
        explained = self._explain(
            inputs,
            top_class_target(),
            method=self.classifier.heat_method,
            layer=self.classifier.heat_layer,
            answer=None if said is None else as_logits(said),
        )
        probabilities = explained.probabilities if said is None else said
        return Prediction(
            classes=tuple(self.classifier.card["classes"]),
            probabilities=probabilities,
            gate=apply_gate(*self._screen, answers[FEATURES][0], probabilities) if self._screen else None,
            threshold=float(self.segmenter.card["output"]["threshold"]),
            tumour_plane=(tumour, mask_place),
            heat_plane=(explained.plane.astype(np.float16), heat_place),
            fed={
                bundle.name: np.round(given[0, ..., 0] * 255).astype(np.uint8)
                for bundle, given in ((self.classifier, inputs), (self.segmenter, mask_inputs))
            },
            seconds=time.perf_counter() - began,
        )


def model_input(bundle: Bundle, slice_: Slice) -> tuple[np.ndarray, Placement]:
    """A slice as a bundle's network takes it, (1, S, S, C) float32, and the placement that maps back."""
    spec = bundle.card["input"]
    plane, place = preprocess_slice(slice_.pixels, size=spec["height"], preprocessing=spec["preprocessing"])
    return np.repeat(plane[None, ..., None], spec["channels"], axis=-1), place
