"""Predictor: the bundles of a classifier and a segmenter -> class probabilities, mask and heat map of one slice."""

import copy
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from core.bundles.bundle import Bundle, distinct_bundles
from core.bundles.measured_gate import has_gate
from core.config import CLASSIFICATION, HEAT, HEAT_FIELD, SEGMENTATION
from core.errors import BundleError
from core.explanation.class_maps import heat_plane
from core.inference.background import on_each_core
from core.inference.forward import forward
from core.inference.gate import GateDecision, apply_gate, load_gate, require_features
from core.inference.runtime import load_runtime
from core.networks.gate_features import gate_inputs
from core.networks.losses import tumour_probability
from core.networks.receptive_field import ReceptiveField
from core.readers.preprocessing import Placement, map_to_slice, preprocess_slice, preprocess_with_neighbours
from core.readers.slices import Slice

Neighbours = tuple[Slice | None, Slice | None]
"""The slice before a slice and the one after; None where there is none."""


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
        heat_follows_mask: whether the heat map is the classifier's evidence map.
    """

    classes: tuple[str, ...]
    probabilities: np.ndarray
    threshold: float
    tumour_plane: tuple[np.ndarray, Placement]
    heat_plane: tuple[np.ndarray, Placement]
    model_inputs: dict[str, np.ndarray]
    seconds: float
    gate: GateDecision | None = None
    heat_follows_mask: bool = False

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

    Args:
        classifier, segmenter: the bundles.
        threads: of each network's run; None for as many as there are cores to use.

    Raises:
        BundleError: a bundle of the wrong task, or one that cannot be loaded.
    """

    def __init__(self, classifier: Bundle, segmenter: Bundle, *, threads: int | None = None) -> None:
        for bundle, task in ((classifier, CLASSIFICATION), (segmenter, SEGMENTATION)):
            if task not in bundle.tasks:
                raise BundleError(
                    "The bundle '{bundle}' is for {accepted}; one for {task} is needed here.",
                    bundle=bundle.name,
                    accepted=" and ".join(bundle.tasks),
                    task=task,
                )
        self.classifier = classifier
        self.segmenter = segmenter
        self._gate = load_gate(classifier) if has_gate(classifier) else None
        self._networks = {
            bundle.name: load_runtime(bundle, threads=threads) for bundle in distinct_bundles(classifier, segmenter)
        }
        if self._gate:
            require_features(classifier, self._gate[0], self._networks[classifier.name].output_sizes)

    def __call__(self, slice_: Slice, around: Neighbours = (None, None)) -> Prediction:
        """Predict one slice; its true class and mask are not read. Threads may call it at once.

        Args:
            slice_: that is predicted.
            around: the slice before and the one after, for a bundle that reads them; None where there is none.
        """
        began = time.perf_counter()
        class_outputs, class_inputs, heat_placement = self._run(self.classifier, slice_, around)
        if self.classifier.name == self.segmenter.name:
            mask_outputs, mask_inputs, mask_placement = class_outputs, class_inputs, heat_placement
        else:
            mask_outputs, mask_inputs, mask_placement = self._run(self.segmenter, slice_, around)
        probabilities = class_outputs[CLASSIFICATION][0]
        heat = answer_heat(self.classifier, class_outputs, int(probabilities.argmax()))
        return Prediction(
            classes=tuple(self.classifier.card.classes),
            probabilities=probabilities,
            threshold=self.segmenter.mask_threshold,
            tumour_plane=(tumour_probability(mask_outputs[SEGMENTATION][0]), mask_placement),
            heat_plane=(heat.astype(np.float16), heat_placement),
            model_inputs={
                self.classifier.name: input_picture(class_inputs),
                self.segmenter.name: input_picture(mask_inputs),
            },
            seconds=time.perf_counter() - began,
            gate=apply_gate(*self._gate, gate_inputs(class_outputs)[0], probabilities) if self._gate else None,
            heat_follows_mask=self.classifier.heat_follows_mask,
        )

    def class_heat(self, slice_: Slice, class_name: str) -> np.ndarray:
        """Return the heat map beside an answer as it would be for a class, (H, W) float32 in [0, 1]."""
        outputs, _, placement = self._run(self.classifier, slice_)
        heat = answer_heat(self.classifier, outputs, self.classifier.card.classes.index(class_name))
        return map_to_slice(heat, placement)

    def one_core_each(self, cores: int | None = None) -> "Predictor":
        """Return the same predictor for many slices at once, each on one core: more slices a second, each later.

        It has interpreters of its own, some 25 MB a core; let it go when the slices are done.

        Args:
            cores: how many slices at once; as many as there are cores to use if None.
        """
        other = copy.copy(self)
        other._networks = {name: network.one_core_each(cores) for name, network in self._networks.items()}
        return other

    def _run(
        self, bundle: Bundle, slice_: Slice, around: Neighbours = (None, None)
    ) -> tuple[dict[str, np.ndarray], np.ndarray, Placement]:
        """Return a bundle's outputs for a slice, its model input, and the placement that maps back."""
        inputs, placement = model_input(bundle, slice_, around)
        return forward(bundle, self._networks[bundle.name], inputs), inputs, placement


def answer_heat(bundle: Bundle, outputs: dict[str, np.ndarray], class_index: int) -> np.ndarray:
    """Return the heat map of a class on the network's input, (S, S) float32 in [0, 1], as the bundle's card asks.

    Args:
        bundle: of the classifier.
        outputs: of one slice, by ``core.inference.forward`` from a ``Runtime``.
        class_index: place of the class.
    """
    return heat_plane(
        outputs[HEAT][..., class_index],
        ReceptiveField(*outputs[HEAT_FIELD].tolist()),
        size=bundle.card.input.height,
        tumour=tumour_probability(outputs[SEGMENTATION][0]) if bundle.heat_follows_mask else None,
    )


def predict_series(predictor: Predictor, slices: Iterable[Slice]) -> Iterator[Prediction]:
    """Predict the slices of a series in their order, each between the one before and the one after, one on each core.

    Whoever stops iterating stops it. Slices are taken as cores become free.
    """
    own = predictor.one_core_each()
    return on_each_core(lambda place: own(*place), _places(slices))


def _places(slices: Iterable[Slice]) -> Iterator[tuple[Slice, Neighbours]]:
    """Yield each slice with the slice before it and the one after; None where it is no neighbour."""
    before: Slice | None = None
    slice_: Slice | None = None
    for after in slices:
        follows = slice_ is not None and _follows(slice_, after)
        if slice_ is not None:
            yield slice_, (before, after if follows else None)
        before, slice_ = slice_ if follows else None, after
    if slice_ is not None:
        yield slice_, (before, None)


def _follows(slice_: Slice, after: Slice) -> bool:
    """Tell whether a slice may be the next one; of the data set's slices, one with another number is not."""
    return slice_.number is None or after.number is None or after.number == slice_.number + 1


def model_input(bundle: Bundle, slice_: Slice, around: Neighbours = (None, None)) -> tuple[np.ndarray, Placement]:
    """Return a slice as input of a bundle's network, (1, S, S, C) float32, and the placement that maps back.

    Args:
        bundle: whose network it is.
        slice_: the slice.
        around: the slice before and the one after; read where the bundle takes neighbours.
    """
    before, after = (None if other is None else other.pixels for other in around)
    planes, placement = model_planes(bundle, slice_.pixels, (before, after))
    return planes[None], placement


def model_planes(
    bundle: Bundle, pixels: np.ndarray, around: tuple[np.ndarray | None, np.ndarray | None] = (None, None)
) -> tuple[np.ndarray, Placement]:
    """Return (H, W) pixels as (S, S, C) float32 of a bundle's model input, and the placement that maps back.

    Without neighbours all channels hold the slice, also for a bundle that takes neighbours.
    """
    spec = bundle.card.input
    if spec.neighbours:
        return preprocess_with_neighbours(pixels, around, size=spec.height, preprocessing=spec.preprocessing)
    plane, placement = preprocess_slice(pixels, size=spec.height, preprocessing=spec.preprocessing)
    return np.repeat(plane[..., None], spec.channels, axis=-1), placement


def input_picture(inputs: np.ndarray) -> np.ndarray:
    """Return the slice's own plane of (1, S, S, C) model inputs in [0, 1] as (S, S) uint8."""
    return np.round(inputs[0, ..., inputs.shape[-1] // 2] * 255).astype(np.uint8)
