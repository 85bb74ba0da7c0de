"""Run a bundle's network on slices of the data set, and record what its figures are computed from."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.bundles.bundle import Bundle
from core.config import CLASSIFICATION, SEED, SEGMENTATION
from core.dataset import splits
from core.dataset.store import Store
from core.inference.forward import forward
from core.inference.predictor import model_planes
from core.metrics import overlap
from core.networks.losses import tumour_probability
from core.progress import ProgressWrapper
from core.readers.preprocessing import Placement, map_to_slice, preprocess_mask

if TYPE_CHECKING:
    import keras

BATCH = 16


def draw_slices(numbers: np.ndarray, count: int) -> set[int]:
    """Draw ``count`` of the slices ``numbers`` from the seed, or all if fewer."""
    random = np.random.default_rng(SEED)
    return {int(number) for number in random.permutation(np.sort(numbers))[:count]}


def batches(
    bundle: Bundle, store: Store, numbers: Iterable[int], *, alone: bool = False
) -> Iterator[tuple[list[int], np.ndarray, list[Placement]]]:
    """Yield batches of slice numbers, model inputs (n, S, S, C) and placements.

    A bundle that takes neighbours gets each slice's own, unless slices are to stand ``alone``.
    """
    reads_around = bundle.card.input.neighbours and not alone
    batch: list[tuple[int, np.ndarray, Placement]] = []

    def stacked() -> tuple[list[int], np.ndarray, list[Placement]]:
        return [number for number, _, _ in batch], np.stack([planes for _, planes, _ in batch]), [p for *_, p in batch]

    for number in numbers:
        around = store.pixels_around(number) if reads_around else (None, None)
        batch.append((number, *model_planes(bundle, store.pixels(number), around)))
        if len(batch) == BATCH:
            yield stacked()
            batch.clear()
    if batch:
        yield stacked()


class MaskRecords:
    """Records of a segmenter's masks, collected slice by slice: pixel counts of all, scores of test slices.

    Attributes:
        own_size: pixels in both masks, true, predicted and all pixels of each slice, at the slice's own size.
        network_size: the same of each test slice, at the network's size.
        by_threshold: number, threshold and pixels in both masks, true and predicted, of each test slice.
        scores: number -> (S, S) tumour probabilities of each test slice.
        channel: (S, S) scores of the tumour channel of each test slice; see ``tumour_channel``.
        targets: (S, S) true mask of each test slice.
    """

    def __init__(self, bundle: Bundle, test: set[int]) -> None:
        self.threshold = bundle.mask_threshold
        self.size = bundle.card.input.height
        self.test = test
        self.own_size: list[tuple[int, ...]] = []
        self.network_size: list[tuple[int, ...]] = []
        self.by_threshold: list[tuple[Any, ...]] = []
        self.scores: dict[int, np.ndarray] = {}
        self.channel: list[np.ndarray] = []
        self.targets: list[np.ndarray] = []

    def add(self, number: int, output: np.ndarray, place: Placement, true: np.ndarray) -> None:
        """Record one slice from the network's (S, S, c) output and the (H, W) true mask."""
        scores = tumour_probability(output)
        probability = map_to_slice(scores, place)
        self.own_size.append((*overlap.overlap_counts(probability, true, threshold=self.threshold), true.size))
        if number not in self.test:
            return
        target = preprocess_mask(true, place, size=self.size)
        self.network_size.append((*overlap.overlap_counts(scores, target, threshold=self.threshold), target.size))
        self.scores[number] = scores
        self.channel.append(tumour_channel(output))
        self.targets.append(target)
        for threshold in overlap.THRESHOLDS:
            counts = overlap.overlap_counts(probability, true, threshold=threshold)
            self.by_threshold.append((number, threshold, *counts))


def choose_threshold(bundle: Bundle, network: "keras.Model", store: Store) -> Bundle:
    """Return the bundle with the mask threshold of the highest mean Dice on validation slices, if its card asks so."""
    if bundle.card.output.threshold_rule is None:
        return bundle
    part = splits.split_parts(bundle.card.data.split)
    validation = [int(number) for number in part.index[part == "validation"]]
    dice = []
    for numbers, inputs, places in batches(bundle, store, validation):
        outputs = forward(bundle, network.predict_on_batch, inputs)[SEGMENTATION]
        for number, output, place in zip(numbers, outputs, places, strict=True):
            probability, true = map_to_slice(tumour_probability(output), place), store.mask(number)
            dice.append([overlap.dice(probability, true, threshold=threshold) for threshold in overlap.THRESHOLDS])
    best = overlap.THRESHOLDS[int(np.mean(dice, axis=0).argmax())]
    return replace(bundle, card=bundle.card.changed({"output.threshold": best}))


def tumour_channel(output: np.ndarray) -> np.ndarray:
    """Return the tumour's scores as the network gives them, (..., c) -> (...).

    Where several channels are tumour, the score is 1 less the background's. ``tumour_probability`` differs slightly: in
    float32 a score of exactly 1 need not leave exactly 0 to the background, nor the other way round.
    """
    # A copy, which does not keep the whole batch's outputs in memory.
    return output[..., 1].copy() if output.shape[-1] == 2 else tumour_probability(output)


def predict_all(
    bundle: Bundle,
    network: "keras.Model",
    store: Store,
    table: pd.DataFrame,
    progress: ProgressWrapper,
    *,
    alone: bool = False,
) -> tuple[list[np.ndarray], MaskRecords | None]:
    """Predict every slice; return (3,) class probabilities, empty for a segmenter, and masks, None for a classifier.

    With ``alone`` a bundle that takes neighbours gets none.
    """
    probabilities: list[np.ndarray] = []
    test = set(table["slice"][table["part"] == "test"])
    masks = MaskRecords(bundle, test) if SEGMENTATION in bundle.tasks else None
    for numbers, inputs, places in batches(bundle, store, progress(table["slice"].tolist()), alone=alone):
        outputs = forward(bundle, network.predict_on_batch, inputs)
        probabilities.extend(outputs.get(CLASSIFICATION, ()))
        if masks:
            for number, output, place in zip(numbers, outputs[SEGMENTATION], places, strict=True):
                masks.add(number, output, place, store.mask(number))
    return probabilities, masks
