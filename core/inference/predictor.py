"""Predictor: the bundles of a classifier and a segmenter -> class probabilities, mask and heat map of one slice."""

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
from core.inference.gate import GateDecision, apply_gate, gated_network, has_gate, load_gate
from core.networks.losses import tumour_probability
from core.readers.preprocessing import Placement, map_to_slice, preprocess_slice
from core.readers.slices import Slice


@dataclass(frozen=True)
class Prediction:
    """A prediction for one slice, kept at the networks' sizes and mapped back to the slice's own when read.

    Attributes:
        classes: class names in the order of ``probabilities``.
        probabilities: (3,) float32, summing to 1.
        threshold: the probability from which a pixel counts as tumour.
        tumour_plane: the segmenter's (S, S) float32 tumour probabilities, and where they lie on the slice.
        heat_plane: (S, S) float16 in [0, 1], the evidence for the predicted class, and where it lies on the slice.
        model_inputs: bundle name -> (S, S) uint8, its network's input, 0 to 1 as 0 to 255.
        seconds: duration, reading excluded.
        gate: the decision of the classifier's gate; None where it has none.
    """

    classes: tuple[str, ...]
    probabilities: np.ndarray
    threshold: float
    tumour_plane: tuple[np.ndarray, Placement]
    heat_plane: tuple[np.ndarray, Placement]
    model_inputs: dict[str, np.ndarray]
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
    """Predict slices with a classifier's and a segmenter's bundle, which may be one and the same.

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
        self._one_network = classifier.name == segmenter.name
        # One slice at a time: two visitors at once would take the memory of two.
        self._lock = threading.Lock()
        network = load_network(classifier)
        self._explain = Explainer(network, output=classifier.tasks.index(CLASSIFICATION))
        self._gate = load_gate(classifier) if has_gate(classifier) else None
        gated = gated_network(classifier, network, self._gate[0]) if self._gate else network
        self._classify = tf.function(gated, reduce_retracing=True)
        self._segment = (
            self._classify if self._one_network else tf.function(load_network(segmenter), reduce_retracing=True)
        )

    def __call__(self, slice_: Slice) -> Prediction:
        """Predict one slice; its true class and mask are not read."""
        with self._lock:
            return self._predict(slice_)

    def _predict(self, slice_: Slice) -> Prediction:
        began = time.perf_counter()
        class_inputs, heat_placement = model_input(self.classifier, slice_)
        mask_inputs, mask_placement = model_input(self.segmenter, slice_)
        segmenter_outputs = forward(self.segmenter, self._segment, mask_inputs)
        classifier_outputs = self._classifier_outputs(class_inputs, segmenter_outputs)
        stated = None if classifier_outputs is None else classifier_outputs[CLASSIFICATION][0]
        explanation = self._explain(
            class_inputs,
            top_class_target(),
            method=self.classifier.heat_method,
            layer=self.classifier.heat_layer,
            reference=None if stated is None else as_logits(stated),
        )
        probabilities = explanation.probabilities if stated is None else stated
        return Prediction(
            classes=tuple(self.classifier.card.classes),
            probabilities=probabilities,
            threshold=self.segmenter.mask_threshold,
            tumour_plane=(tumour_probability(segmenter_outputs[SEGMENTATION][0]), mask_placement),
            heat_plane=(explanation.plane.astype(np.float16), heat_placement),
            model_inputs={
                self.classifier.name: _as_bytes(class_inputs),
                self.segmenter.name: _as_bytes(mask_inputs),
            },
            seconds=time.perf_counter() - began,
            gate=self._decide(classifier_outputs, probabilities),
        )

    def _classifier_outputs(
        self, inputs: np.ndarray, segmenter_outputs: dict[str, np.ndarray]
    ) -> dict[str, np.ndarray] | None:
        """Return the classifier's outputs; None where its explanation alone gives the bundle's probabilities.

        The explanation runs the classifier too, without its mirror image and without the gate's features.
        """
        if not self.classifier.test_time_flip and self._gate is None:
            return None
        if self._one_network:
            return segmenter_outputs
        return forward(self.classifier, self._classify, inputs)

    def _decide(self, outputs: dict[str, np.ndarray] | None, probabilities: np.ndarray) -> GateDecision | None:
        if self._gate is None or outputs is None:
            return None
        return apply_gate(*self._gate, outputs[FEATURES][0], probabilities)


def model_input(bundle: Bundle, slice_: Slice) -> tuple[np.ndarray, Placement]:
    """Return a slice as input of a bundle's network, (1, S, S, C) float32, and the placement that maps back."""
    spec = bundle.card.input
    plane, placement = preprocess_slice(slice_.pixels, size=spec.height, preprocessing=spec.preprocessing)
    return np.repeat(plane[None, ..., None], spec.channels, axis=-1), placement


def _as_bytes(inputs: np.ndarray) -> np.ndarray:
    """Return the plane of (1, S, S, C) model inputs in [0, 1] as (S, S) uint8."""
    return np.round(inputs[0, ..., 0] * 255).astype(np.uint8)
