"""A bundle on the whole data set -> predictions and metrics, written into the bundle.

Every slice gets a row, with the part it had in training; ``metrics.test`` is made of the test rows alone.
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
_TIMED = 20


def evaluate(bundle: Bundle, store: Store, *, progress: ProgressWrapper = iter) -> dict[str, Any]:
    """Run the bundle on every slice of its split and write predictions and metrics into it.

    Args:
        bundle: a trained bundle.
        store: the whole prepared data set.
        progress: wraps the slice numbers, to show a bar.

    Returns:
        The new card.

    Raises:
        BundleError: the bundle cannot be loaded.
        DatasetError: the store lacks slices.
    """
    network = load_network(bundle)
    bundle = _with_threshold(bundle, network, store)
    table = splits.index_table()[["slice", "class", "patient"]].copy()
    table["part"] = splits.split_parts(bundle.card["data"]["split"]).to_numpy()
    probabilities, masks = _ask(bundle, network, store, table, progress)
    table = table.rename(columns={"class": "true"})
    chosen = (table["part"] == "test").to_numpy()
    test: dict[str, Any] = {"slices": int(chosen.sum()), "patients": int(table["patient"][chosen].nunique())}
    if masks:
        test |= _mask_figures(bundle, masks, table, chosen)
    if CLASSIFICATION in bundle.tasks:
        test |= _class_figures(bundle, np.array(probabilities), table, chosen)
    write_table(bundle.folder / PREDICTIONS, table)
    card = {
        **bundle.card,
        # Of the same network, which a new evaluation does not change: how its heat maps land.
        "metrics": {**bundle.card.get("metrics", {}), "test": test, "definitions": DEFINITIONS["test"]},
        "times": _times(bundle, network, store),
    }
    write_card(bundle.folder, card)
    return card


def measure_times(bundle: Bundle, store: Store) -> dict[str, Any]:
    """Measure only how long a bundle takes, and write it into its card; on a machine that does nothing else.

    Args, Raises: as in ``evaluate``.

    Returns:
        The new card.
    """
    card = {**bundle.card, "times": _times(bundle, load_network(bundle), store)}
    write_card(bundle.folder, card)
    return card


def _inputs(
    bundle: Bundle, store: Store, numbers: Iterable[int]
) -> Iterator[tuple[list[int], np.ndarray, list[Placement]]]:
    """Batches of slice numbers, network inputs (n, S, S, C) and placements."""
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


class _Masks:
    """What is kept of a segmenter's masks while the data set goes by: counts of pixels, and test slices' scores."""

    def __init__(self, bundle: Bundle, test: set[int]) -> None:
        self.threshold = float(bundle.card["output"]["threshold"])
        self.size = int(bundle.card["input"]["height"])
        self.test = test
        self.own: list[tuple[int, ...]] = []
        self.small: list[tuple[int, ...]] = []
        self.by_threshold: list[tuple[Any, ...]] = []
        self.scores: dict[int, np.ndarray] = {}
        self.channel: list[np.ndarray] = []
        self.targets: list[np.ndarray] = []

    def add(self, number: int, answer: np.ndarray, place: Placement, true: np.ndarray) -> None:
        """Take in one slice: the network's (S, S, c) answer, and the (H, W) true mask."""
        scores = tumour_probability(answer)
        probability = map_to_slice(scores, place)
        self.own.append((*overlap.overlap_counts(probability >= self.threshold, true), true.size))
        if number not in self.test:
            return
        target = preprocess_mask(true, place, size=self.size)
        self.small.append((*overlap.overlap_counts(scores >= self.threshold, target), target.size))
        self.scores[number] = scores
        self.channel.append(tumour_channel(answer))
        self.targets.append(target)
        for cut in overlap.THRESHOLDS:
            self.by_threshold.append((number, cut, *overlap.overlap_counts(probability >= cut, true)))


def _with_threshold(bundle: Bundle, network: "keras.Model", store: Store) -> Bundle:
    """The bundle with its threshold for masks chosen on its validation slices, where its card says so."""
    if "threshold_rule" not in bundle.card["output"]:
        return bundle
    part = splits.split_parts(bundle.card["data"]["split"])
    found = []
    for numbers, inputs, places in _inputs(bundle, store, [int(one) for one in part.index[part == "validation"]]):
        answers = forward(bundle, network.predict_on_batch, inputs)[SEGMENTATION]
        for number, answer, place in zip(numbers, answers, places, strict=True):
            probability, true = map_to_slice(tumour_probability(answer), place), store.mask(number)
            found.append([overlap.dice(probability >= cut, true) for cut in overlap.THRESHOLDS])
    best = overlap.THRESHOLDS[int(np.mean(found, axis=0).argmax())]
    return replace(bundle, card={**bundle.card, "output": {**bundle.card["output"], "threshold": best}})


def tumour_channel(answer: np.ndarray) -> np.ndarray:
    """The scores of the tumour as the network gives them, (..., c) -> (...); where several channels are tumour, their
    sum as 1 less the background's score.

    Not quite ``tumour_probability``: a score that is exactly 1 need not leave exactly 0 to the background in float32,
    nor the other way round.
    """
    # A copy, which does not keep the whole batch's answers in memory.
    return answer[..., 1].copy() if answer.shape[-1] == 2 else tumour_probability(answer)


def _ask(
    bundle: Bundle, network: "keras.Model", store: Store, table: pd.DataFrame, progress: ProgressWrapper
) -> tuple[list[np.ndarray], _Masks | None]:
    """The network's answers to every slice: (3,) probabilities of the classes, and masks; empty for no such task."""
    probabilities: list[np.ndarray] = []
    masks = _Masks(bundle, set(table["slice"][table["part"] == "test"])) if SEGMENTATION in bundle.tasks else None
    for numbers, inputs, places in _inputs(bundle, store, progress(table["slice"].tolist())):
        answers = forward(bundle, network.predict_on_batch, inputs)
        probabilities.extend(answers.get(CLASSIFICATION, ()))
        if masks:
            for number, answer, place in zip(numbers, answers[SEGMENTATION], places, strict=True):
                masks.add(number, answer, place, store.mask(number))
    return probabilities, masks


def _class_figures(
    bundle: Bundle, probabilities: np.ndarray, table: pd.DataFrame, chosen: np.ndarray
) -> dict[str, Any]:
    """Figures of the chosen rows; the answers become columns of ``table``."""
    table["predicted"] = [CLASSES[i] for i in probabilities.argmax(axis=1)]
    for i, name in enumerate(CLASSES):
        table[f"p_{name}"] = probabilities[:, i]
    true = table["true"].map(CLASSES.index).to_numpy()[chosen]
    tested = probabilities[chosen]
    matrix = classification.confusion_matrix(true, tested.argmax(axis=1), classes=len(CLASSES))
    return {
        "loss": classification.log_loss(true, tested),
        **classification.classification_report(matrix, CLASSES),
        "patient_accuracy": classification.patient_accuracy(true, tested, table["patient"].to_numpy()[chosen]),
        **_without_letter_twins(bundle, table),
    }


def _without_letter_twins(bundle: Bundle, table: pd.DataFrame) -> dict[str, Any]:
    """Accuracy on the test slices of patients whose ids, but for a final letter, are not in other parts."""
    if not bundle.card["data"]["by_patient"]:
        return {}
    group = splits.index_table()["patient_group"]
    tested = table["part"] == "test"
    alone = tested & ~group.isin(group[~tested])
    right = table["true"][alone] == table["predicted"][alone]
    return {"without_letter_twins": {"slices": int(alone.sum()), "accuracy": float(right.mean())}}


def _mask_figures(bundle: Bundle, masks: _Masks, table: pd.DataFrame, chosen: np.ndarray) -> dict[str, Any]:
    """Figures of the chosen rows; the answers become columns of ``table``, and files of their own."""
    both, true_px, predicted_px, pixels = np.array(masks.own).T
    table["dice"] = overlap.dice_from_counts(both, true_px, predicted_px)
    table["iou"] = overlap.iou_from_counts(both, true_px, predicted_px)
    table["true_px"], table["predicted_px"] = true_px, predicted_px
    columns = ["slice", "threshold", "overlap_px", "true_px", "predicted_px"]
    write_table(bundle.folder / MASK_THRESHOLDS, pd.DataFrame(masks.by_threshold, columns=columns))
    scores, targets = np.array(list(masks.scores.values())), np.array(masks.targets)
    with replace_file(bundle.folder / MASKS) as temporary:
        kept = np.round(scores * 255).astype(np.uint8)
        np.savez_compressed(temporary, slice=np.array(list(masks.scores), np.uint16), probability=kept)
    chances = np.where(targets, scores, 1 - scores).astype(np.float64)
    loss = float(-np.log(np.clip(chances, 1e-7, 1)).mean())
    return {
        # Of a network with a class too, "loss" is the class's.
        "mask_loss" if CLASSIFICATION in bundle.tasks else "loss": loss,
        "threshold": masks.threshold,
        **overlap.mask_summary(*(column[chosen] for column in (both, true_px, predicted_px, pixels))),
        "network_size": overlap.mask_summary(*np.array(masks.small).T),
        "keras_mean_iou": overlap.keras_mean_iou_of_scores(np.array(masks.channel), targets),
        "tumour_share_of_pixels": float(targets.mean()),
        **_on_table_5(bundle, masks, table, chosen),
    }


def _on_table_5(bundle: Bundle, masks: _Masks, table: pd.DataFrame, chosen: np.ndarray) -> dict[str, Any]:
    """Of a network tested on Table 1: mask figures of Table 5's test slices, which are among its own."""
    if bundle.card["data"]["split"] != splits.TABLE_1:
        return {}
    both = chosen & (table["slice"].map(splits.split_parts(splits.TABLE_5)) == "test").to_numpy()
    return {"table_5": {"slices": int(both.sum()), **overlap.mask_summary(*np.array(masks.own)[both].T)}}


def _times(bundle: Bundle, network: "keras.Model", store: Store) -> dict[str, Any]:
    """Seconds for the test slices in batches, read and preprocessed beforehand, and for one alone."""
    part = splits.split_parts(bundle.card["data"]["split"])
    test = part.index[part == "test"].tolist()
    whole = 0.0
    for _, inputs, _ in _inputs(bundle, store, test):
        began = time.perf_counter()
        forward(bundle, network.predict_on_batch, inputs)
        whole += time.perf_counter() - began
        single = inputs[:1]
    forward(bundle, network.predict_on_batch, single)
    each = []
    for _ in range(_TIMED):
        began = time.perf_counter()
        forward(bundle, network.predict_on_batch, single)
        each.append(time.perf_counter() - began)
    return {
        "test_set_seconds": round(whole, 2),
        "one_slice_seconds": round(float(np.median(each)), 4),
        "runs": _TIMED,
        "machine": describe_machine(),
    }
