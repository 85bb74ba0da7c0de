"""Evaluate a bundle on the whole data set; write predictions and metrics into it.

Every slice gets a row in the predictions, with its part in the split; ``metrics.test`` uses the test rows alone.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.bundles.bundle import MASK_THRESHOLDS, MASKS, PREDICTIONS, Bundle, load_network, write_card
from core.config import CLASSES, CLASSIFICATION, SEGMENTATION
from core.dataset import splits
from core.dataset.store import Store
from core.files import replace_file, write_table
from core.hardware import describe_machine
from core.inference.forward import forward
from core.metrics import classification, overlap
from core.metrics.definitions import DEFINITIONS
from core.networks.losses import tumour_probability
from core.progress import ProgressWrapper
from core.readers.preprocessing import Placement, map_to_slice, preprocess_mask, preprocess_slice

if TYPE_CHECKING:
    import keras

BATCH = 16
_TIMED_RUNS = 20


def evaluate(bundle: Bundle, store: Store, *, progress: ProgressWrapper = iter) -> dict[str, Any]:
    """Run the bundle on every slice of its split; write predictions and metrics into it.

    Args:
        bundle: a trained bundle.
        store: the whole prepared data set.
        progress: wraps the slice numbers.

    Returns:
        The new card.

    Raises:
        BundleError: the bundle cannot be loaded.
        DatasetError: the store lacks slices.
    """
    network = load_network(bundle)
    bundle = _choose_threshold(bundle, network, store)
    table = splits.index_table()[["slice", "class", "patient"]].copy()
    table["part"] = splits.split_parts(bundle.card["data"]["split"]).to_numpy()
    probabilities, masks = _predict_all(bundle, network, store, table, progress)
    table = table.rename(columns={"class": "true"})
    is_test = (table["part"] == "test").to_numpy()
    test: dict[str, Any] = {"slices": int(is_test.sum()), "patients": int(table["patient"][is_test].nunique())}
    if masks:
        test |= _mask_metrics(bundle, masks, table, is_test)
    if CLASSIFICATION in bundle.tasks:
        test |= _class_metrics(bundle, np.array(probabilities), table, is_test)
    write_table(bundle.folder / PREDICTIONS, table)
    card = {
        **bundle.card,
        # Metrics of the same network that this evaluation does not measure, such as those of its heat maps, stay.
        "metrics": {**bundle.card.get("metrics", {}), "test": test, "definitions": DEFINITIONS["test"]},
        "times": _inference_times(bundle, network, store),
    }
    write_card(bundle.folder, card)
    return card


def measure_times(bundle: Bundle, store: Store) -> dict[str, Any]:
    """Measure a bundle's inference times alone and write them into its card; the machine must be idle.

    Args, Raises: as in ``evaluate``.

    Returns:
        The new card.
    """
    card = {**bundle.card, "times": _inference_times(bundle, load_network(bundle), store)}
    write_card(bundle.folder, card)
    return card


def _batches(
    bundle: Bundle, store: Store, numbers: Iterable[int]
) -> Iterator[tuple[list[int], np.ndarray, list[Placement]]]:
    """Yield batches of slice numbers, model inputs (n, S, S, C) and placements."""
    spec = bundle.card["input"]
    batch: list[tuple[int, np.ndarray, Placement]] = []

    def stacked() -> tuple[list[int], np.ndarray, list[Placement]]:
        planes = np.stack([plane for _, plane, _ in batch])[..., None]
        return [number for number, _, _ in batch], planes.repeat(spec["channels"], -1), [place for *_, place in batch]

    for number in numbers:
        plane, place = preprocess_slice(store.pixels(number), size=spec["height"], preprocessing=spec["preprocessing"])
        batch.append((number, plane, place))
        if len(batch) == BATCH:
            yield stacked()
            batch.clear()
    if batch:
        yield stacked()


class _MaskRecords:
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
        self.threshold = float(bundle.card["output"]["threshold"])
        self.size = int(bundle.card["input"]["height"])
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
        self.own_size.append((*overlap.overlap_counts(probability >= self.threshold, true), true.size))
        if number not in self.test:
            return
        target = preprocess_mask(true, place, size=self.size)
        self.network_size.append((*overlap.overlap_counts(scores >= self.threshold, target), target.size))
        self.scores[number] = scores
        self.channel.append(tumour_channel(output))
        self.targets.append(target)
        for threshold in overlap.THRESHOLDS:
            self.by_threshold.append((number, threshold, *overlap.overlap_counts(probability >= threshold, true)))


def _choose_threshold(bundle: Bundle, network: "keras.Model", store: Store) -> Bundle:
    """Return the bundle with the mask threshold of the highest mean Dice on validation slices, if its card asks so."""
    if "threshold_rule" not in bundle.card["output"]:
        return bundle
    part = splits.split_parts(bundle.card["data"]["split"])
    validation = [int(number) for number in part.index[part == "validation"]]
    dice = []
    for numbers, inputs, places in _batches(bundle, store, validation):
        outputs = forward(bundle, network.predict_on_batch, inputs)[SEGMENTATION]
        for number, output, place in zip(numbers, outputs, places, strict=True):
            probability, true = map_to_slice(tumour_probability(output), place), store.mask(number)
            dice.append([overlap.dice(probability >= threshold, true) for threshold in overlap.THRESHOLDS])
    best = overlap.THRESHOLDS[int(np.mean(dice, axis=0).argmax())]
    return replace(bundle, card={**bundle.card, "output": {**bundle.card["output"], "threshold": best}})


def tumour_channel(output: np.ndarray) -> np.ndarray:
    """Return the tumour's scores as the network gives them, (..., c) -> (...).

    Where several channels are tumour, the score is 1 less the background's. ``tumour_probability`` differs slightly: in
    float32 a score of exactly 1 need not leave exactly 0 to the background, nor the other way round.
    """
    # A copy, which does not keep the whole batch's outputs in memory.
    return output[..., 1].copy() if output.shape[-1] == 2 else tumour_probability(output)


def _predict_all(
    bundle: Bundle, network: "keras.Model", store: Store, table: pd.DataFrame, progress: ProgressWrapper
) -> tuple[list[np.ndarray], _MaskRecords | None]:
    """Predict every slice; return (3,) class probabilities, empty for a segmenter, and masks, None for a classifier."""
    probabilities: list[np.ndarray] = []
    test = set(table["slice"][table["part"] == "test"])
    masks = _MaskRecords(bundle, test) if SEGMENTATION in bundle.tasks else None
    for numbers, inputs, places in _batches(bundle, store, progress(table["slice"].tolist())):
        outputs = forward(bundle, network.predict_on_batch, inputs)
        probabilities.extend(outputs.get(CLASSIFICATION, ()))
        if masks:
            for number, output, place in zip(numbers, outputs[SEGMENTATION], places, strict=True):
                masks.add(number, output, place, store.mask(number))
    return probabilities, masks


def _class_metrics(
    bundle: Bundle, probabilities: np.ndarray, table: pd.DataFrame, is_test: np.ndarray
) -> dict[str, Any]:
    """Return the test rows' metrics of a classifier; add its predictions to ``table`` as columns."""
    table["predicted"] = [CLASSES[i] for i in probabilities.argmax(axis=1)]
    for i, name in enumerate(CLASSES):
        table[f"p_{name}"] = probabilities[:, i]
    true = table["true"].map(CLASSES.index).to_numpy()[is_test]
    tested = probabilities[is_test]
    matrix = classification.confusion_matrix(true, tested.argmax(axis=1), classes=len(CLASSES))
    return {
        "loss": classification.log_loss(true, tested),
        **classification.classification_report(matrix, CLASSES),
        "patient_accuracy": classification.patient_accuracy(true, tested, table["patient"].to_numpy()[is_test]),
        **_accuracy_without_similar_ids(bundle, table),
    }


def _accuracy_without_similar_ids(bundle: Bundle, table: pd.DataFrame) -> dict[str, Any]:
    """Return the accuracy on test slices of patients whose id, but for a final letter, is in no other part.

    A slice-level split has patients on both sides anyway; it gets none.
    """
    if not bundle.card["data"]["by_patient"]:
        return {}
    group = splits.index_table()["patient_group"]
    is_test = table["part"] == "test"
    distinct = is_test & ~group.isin(group[~is_test])
    correct = table["true"][distinct] == table["predicted"][distinct]
    return {"without_letter_twins": {"slices": int(distinct.sum()), "accuracy": float(correct.mean())}}


def _mask_metrics(bundle: Bundle, masks: _MaskRecords, table: pd.DataFrame, is_test: np.ndarray) -> dict[str, Any]:
    """Return the test rows' metrics of a segmenter; add its predictions to ``table`` and write its mask files."""
    both, true_px, predicted_px, pixels = np.array(masks.own_size).T
    table["dice"] = overlap.dice_from_counts(both, true_px, predicted_px)
    table["iou"] = overlap.iou_from_counts(both, true_px, predicted_px)
    table["true_px"], table["predicted_px"] = true_px, predicted_px
    scores, targets = np.array(list(masks.scores.values())), np.array(masks.targets)
    _write_mask_files(bundle, masks, scores)
    true_class_scores = np.where(targets, scores, 1 - scores).astype(np.float64)
    loss = float(-np.log(np.clip(true_class_scores, 1e-7, 1)).mean())
    return {
        # Of a network with a class too, "loss" is the class's.
        "mask_loss" if CLASSIFICATION in bundle.tasks else "loss": loss,
        "threshold": masks.threshold,
        **overlap.mask_summary(*(column[is_test] for column in (both, true_px, predicted_px, pixels))),
        "network_size": overlap.mask_summary(*np.array(masks.network_size).T),
        "keras_mean_iou": overlap.keras_mean_iou_of_scores(np.array(masks.channel), targets),
        "tumour_share_of_pixels": float(targets.mean()),
        **_table_5_metrics(bundle, masks, table, is_test),
    }


def _write_mask_files(bundle: Bundle, masks: _MaskRecords, scores: np.ndarray) -> None:
    """Write pixel counts by threshold, and (n, S, S) tumour probabilities of test slices as bytes, into the bundle."""
    columns = ["slice", "threshold", "overlap_px", "true_px", "predicted_px"]
    write_table(bundle.folder / MASK_THRESHOLDS, pd.DataFrame(masks.by_threshold, columns=columns))
    with replace_file(bundle.folder / MASKS) as temporary:
        probability = np.round(scores * 255).astype(np.uint8)
        np.savez_compressed(temporary, slice=np.array(list(masks.scores), np.uint16), probability=probability)


def _table_5_metrics(bundle: Bundle, masks: _MaskRecords, table: pd.DataFrame, is_test: np.ndarray) -> dict[str, Any]:
    """Return mask metrics on Table 5's test slices, for a network tested on Table 1's, which include them."""
    if bundle.card["data"]["split"] != splits.TABLE_1:
        return {}
    in_table_5 = is_test & (table["slice"].map(splits.split_parts(splits.TABLE_5)) == "test").to_numpy()
    counts = np.array(masks.own_size)[in_table_5].T
    return {"table_5": {"slices": int(in_table_5.sum()), **overlap.mask_summary(*counts)}}


def _inference_times(bundle: Bundle, network: "keras.Model", store: Store) -> dict[str, Any]:
    """Measure seconds for the test slices in batches, reading and preprocessing excluded, and for a single slice."""
    part = splits.split_parts(bundle.card["data"]["split"])
    test = part.index[part == "test"].tolist()
    total = 0.0
    for _, inputs, _ in _batches(bundle, store, test):
        began = time.perf_counter()
        forward(bundle, network.predict_on_batch, inputs)
        total += time.perf_counter() - began
        single = inputs[:1]
    forward(bundle, network.predict_on_batch, single)
    durations = []
    for _ in range(_TIMED_RUNS):
        began = time.perf_counter()
        forward(bundle, network.predict_on_batch, single)
        durations.append(time.perf_counter() - began)
    return {
        "test_set_seconds": round(total, 2),
        "one_slice_seconds": round(float(np.median(durations)), 4),
        "runs": _TIMED_RUNS,
        "machine": describe_machine(),
    }
