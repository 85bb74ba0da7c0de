"""Predictor: bundles -> class probabilities, mask and heat map for one slice."""

import threading
import time
from dataclasses import dataclass

import numpy as np

from core.bundles import Bundle, load_network
from core.errors import BundleError
from core.explanation import GradCam, top_class_target
from core.losses import TUMOUR
from core.preprocessing import Placement, network_plane, to_slice
from core.slices import Slice


@dataclass(frozen=True)
class Prediction:
    """What the networks say about one slice; maps are at the slice's own size.

    Attributes:
        classes: class names in the order of ``probabilities``.
        probabilities: (3,) float32, summing to 1.
        tumour: (H, W) float32, each pixel's tumour probability.
        threshold: the probability from which a pixel counts as tumour.
        heat: (H, W) float32 in [0, 1], what spoke for the predicted class.
        fed: bundle name -> (S, S) float32 in [0, 1], the plane its network was given.
        seconds: what it took, reading excluded.
    """

    classes: tuple[str, ...]
    probabilities: np.ndarray
    tumour: np.ndarray
    threshold: float
    heat: np.ndarray
    fed: dict[str, np.ndarray]
    seconds: float

    @property
    def class_name(self) -> str:
        """The most probable class."""
        return self.classes[int(self.probabilities.argmax())]

    @property
    def mask(self) -> np.ndarray:
        """(H, W) bool, tumour or not."""
        return self.tumour >= self.threshold


class Predictor:
    """A classifier's and a segmenter's bundle, loaded once, asked slice by slice.

    Raises:
        BundleError: a bundle of the wrong task, or one that cannot be loaded.
    """

    def __init__(self, classifier: Bundle, segmenter: Bundle) -> None:
        import tensorflow as tf

        for bundle, task in ((classifier, "classification"), (segmenter, "segmentation")):
            if bundle.task != task:
                raise BundleError(f"The bundle '{bundle.name}' is for {bundle.task}; one for {task} is needed here.")
        self.classifier = classifier
        self.segmenter = segmenter
        # One slice at a time: two visitors at once would take the memory of two.
        self._turn = threading.Lock()
        self._explain = GradCam(load_network(classifier))
        self._segment = tf.function(load_network(segmenter), reduce_retracing=True)

    def __call__(self, slice_: Slice) -> Prediction:
        """Predict one slice; the slice's own truth is not looked at."""
        with self._turn:
            return self._predict(slice_)

    def _predict(self, slice_: Slice) -> Prediction:
        began = time.perf_counter()
        inputs, heat_place = network_input(self.classifier, slice_)
        probabilities, heat = self._explain(inputs, top_class_target())
        mask_inputs, mask_place = network_input(self.segmenter, slice_)
        tumour = np.asarray(self._segment(mask_inputs, training=False))[0, ..., TUMOUR]
        return Prediction(
            classes=tuple(self.classifier.card["classes"]),
            probabilities=probabilities,
            tumour=to_slice(tumour, mask_place),
            threshold=float(self.segmenter.card["output"]["threshold"]),
            heat=to_slice(heat, heat_place),
            fed={self.classifier.name: inputs[0, ..., 0], self.segmenter.name: mask_inputs[0, ..., 0]},
            seconds=time.perf_counter() - began,
        )


def network_input(bundle: Bundle, slice_: Slice) -> tuple[np.ndarray, Placement]:
    """A slice as a bundle's network takes it, (1, S, S, C) float32, and the placement that maps back."""
    spec = bundle.card["input"]
    plane, place = network_plane(slice_.pixels, size=spec["height"], preprocessing=spec["preprocessing"])
    return np.repeat(plane[None, ..., None], spec["channels"], axis=-1), place
