"""Evaluate a bundle on the whole data set; write predictions and metrics into it.

Every slice gets a row in the predictions, with its part in the split; ``metrics.test`` uses the test rows alone.
"""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.bundles.bundle import ALONE, MASK_THRESHOLDS, MASKS, PREDICTIONS, Bundle, load_network
from core.bundles.card.metrics import WithoutNeighbours
from core.bundles.card.schema import Card
from core.bundles.card_update import update_card
from core.config import CLASSES, CLASSIFICATION
from core.dataset import splits
from core.dataset.store import Store
from core.evaluation.figures import accuracy_of, class_figures, class_indices, confusion_of, mask_figures
from core.evaluation.slice_predictions import MaskRecords, batches, choose_threshold, predict_all
from core.files import replace_file, write_table
from core.hardware import describe_machine
from core.inference.forward import forward
from core.metrics import classification, overlap
from core.metrics.definitions import DEFINITIONS
from core.progress import ProgressWrapper

if TYPE_CHECKING:
    import keras

_TIMED_RUNS = 20
_KEPT_ALONE = WithoutNeighbours.model_fields.keys() - {"definitions"}


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a bundle does on the slices of its split.

    Attributes:
        predictions: a row a slice of the data set, the columns of predictions.csv.
        figures: of the test slices, ``metrics.test`` of the card.
        threshold: the mask threshold that was used; None for a classifier.
        masks: what its masks were; None for a classifier.
        alone: the predictions of the test slices without neighbours, of a bundle that takes neighbours; else None.
    """

    predictions: pd.DataFrame
    figures: dict[str, Any]
    threshold: float | None
    masks: MaskRecords | None
    alone: pd.DataFrame | None = None


def evaluate(bundle: Bundle, store: Store, *, keep_times: bool = False, progress: ProgressWrapper = iter) -> Card:
    """Run the bundle on every slice of its split; write predictions, metrics and inference times into it.

    Args:
        bundle: a trained bundle.
        store: the whole prepared data set.
        keep_times: leave inference times that the card has as they are.
        progress: wraps the slice numbers.

    Returns:
        The new card.

    Raises:
        BundleError: the bundle cannot be loaded.
        DatasetError: the store lacks slices.
    """
    network = load_network(bundle)
    evaluation = measure(bundle, network, store, progress=progress)
    write_table(bundle.folder / PREDICTIONS, evaluation.predictions)
    if evaluation.masks:
        _write_mask_files(bundle, evaluation.masks)
    changes: dict[str, Any] = {
        "output.threshold": evaluation.threshold,
        "metrics.test": evaluation.figures,
        "metrics.definitions": DEFINITIONS["test"],
    }
    if evaluation.alone is not None:
        write_table(bundle.folder / ALONE, evaluation.alone)
        changes["metrics.without_neighbours"] = _part_alone(_figures_alone(evaluation.alone))
    if not (keep_times and bundle.card.times):
        changes["times"] = _inference_times(bundle, network, store)
    return update_card(bundle.folder, changes, "Evaluated on the test slices.")


def measure(bundle: Bundle, network: "keras.Model", store: Store, *, progress: ProgressWrapper = iter) -> Evaluation:
    """Run a bundle's network on every slice of its split, and compute the figures; nothing is written.

    Args, Raises: as in ``evaluate``.
    """
    bundle = choose_threshold(bundle, network, store)
    slices = splits.index_table()[["slice", "class", "patient"]].rename(columns={"class": "true"})
    slices["part"] = splits.split_parts(bundle.card.data.split).to_numpy()
    probabilities, masks = predict_all(bundle, network, store, slices, progress)
    predictions = _as_table(slices, probabilities, masks)
    is_test = (predictions["part"] == "test").to_numpy()
    test = predictions[is_test]
    figures: dict[str, Any] = {"slices": len(test), "patients": int(test["patient"].nunique())}
    if masks:
        figures |= _mask_metrics(bundle, masks, test)
    if CLASSIFICATION in bundle.tasks:
        figures["loss"] = classification.log_loss(class_indices(test["true"]), np.array(probabilities)[is_test])
        figures |= _class_metrics(bundle, predictions)
    alone = None
    if bundle.card.input.neighbours:
        tested = slices[is_test]
        alone = _as_table(tested, *predict_all(bundle, network, store, tested, progress, alone=True))
    return Evaluation(predictions, figures, bundle.card.output.threshold, masks, alone)


def _as_table(slices: pd.DataFrame, probabilities: list[np.ndarray], masks: MaskRecords | None) -> pd.DataFrame:
    """Return slices with the columns of what was predicted for them; see ``predict_all``."""
    columns = _mask_columns(masks) if masks else {}
    if probabilities:
        columns |= _class_columns(np.array(probabilities))
    return slices.assign(**columns)


def _figures_alone(table: pd.DataFrame) -> dict[str, Any]:
    """Return ``metrics.without_neighbours`` of a card from its rows, but for the definitions."""
    computed = {"slices": len(table), **class_figures(table), **mask_figures(table)}
    return {
        name: float(value) if name != "slices" else value for name, value in computed.items() if name in _KEPT_ALONE
    }


def _part_alone(figures: dict[str, Any]) -> dict[str, Any]:
    """Return ``metrics.without_neighbours`` of a card: the figures with their definitions."""
    return {**figures, "definitions": DEFINITIONS["without_neighbours"]}


def stored_figures_alone(bundle: Bundle) -> dict[str, Any]:
    """Compute the figures of slices without neighbours from their stored predictions; no network runs.

    Raises:
        BundleError: the bundle has none, or they are altered.
    """
    return _figures_alone(pd.read_csv(bundle.path(ALONE)))


def recompute_figures(bundle: Bundle) -> Card:
    """Compute the figures that follow from ``predictions.csv`` again and write them; no network runs.

    Losses, figures at network size and inference times, which need the network, stay.

    Returns:
        The new card.

    Raises:
        BundleError: the bundle is not evaluated, or a file is not what its card says.
    """
    figures = {**bundle.test_metrics.as_dict(), **stored_figures(bundle)}
    changes: dict[str, Any] = {"metrics.test": figures, "metrics.definitions": DEFINITIONS["test"]}
    if ALONE in bundle.card.files:
        changes["metrics.without_neighbours"] = _part_alone(stored_figures_alone(bundle))
    return update_card(bundle.folder, changes, "Figures computed again from the stored predictions.")


def stored_figures(bundle: Bundle) -> dict[str, Any]:
    """Compute the figures of the test slices that follow from ``predictions.csv``; no network runs.

    Raises:
        BundleError: the bundle has no predictions, or they are altered.
    """
    predictions = pd.read_csv(bundle.path(PREDICTIONS))
    test = predictions[predictions["part"] == "test"]
    figures: dict[str, Any] = {"slices": len(test), "patients": int(test["patient"].nunique())}
    if "dice" in test:
        figures |= {**mask_figures(test), **_table_5_metrics(bundle, test)}
    if "predicted" in test:
        figures |= _class_metrics(bundle, predictions)
    return figures


def measure_times(bundle: Bundle, store: Store) -> Card:
    """Measure a bundle's inference times alone and write them into its card; the machine must be idle.

    Args, Raises: as in ``evaluate``.

    Returns:
        The new card.
    """
    times = _inference_times(bundle, load_network(bundle), store)
    return update_card(bundle.folder, {"times": times}, "Inference times measured.")


def _class_columns(probabilities: np.ndarray) -> dict[str, Any]:
    """Return the columns predicted and p_CLASS from (n, classes) probabilities."""
    predicted = [CLASSES[place] for place in probabilities.argmax(axis=1)]
    return {"predicted": predicted, **{f"p_{name}": probabilities[:, i] for i, name in enumerate(CLASSES)}}


def _mask_columns(masks: MaskRecords) -> dict[str, Any]:
    """Return the columns dice, iou, true_px and predicted_px."""
    both, true, predicted, _ = np.array(masks.own_size).T
    return {
        "dice": overlap.dice_from_counts(both, true, predicted),
        "iou": overlap.iou_from_counts(both, true, predicted),
        "true_px": true,
        "predicted_px": predicted,
    }


def _class_metrics(bundle: Bundle, predictions: pd.DataFrame) -> dict[str, Any]:
    """Return a classifier's metrics of the test rows, but for the loss."""
    test = predictions[predictions["part"] == "test"]
    figures = class_figures(test)
    # Of a slice-level split, other slices of the same series are in training: it gets none by slice.
    series = {"series_accuracy": float(figures["series_accuracy"])} if bundle.card.data.by_patient else {}
    return {
        **classification.classification_report(confusion_of(test), CLASSES),
        **series,
        "patient_accuracy": float(figures["patient_accuracy"]),
        **_accuracy_without_similar_ids(bundle, predictions),
    }


def _accuracy_without_similar_ids(bundle: Bundle, predictions: pd.DataFrame) -> dict[str, Any]:
    """Return the accuracy on test slices of patients whose id, but for a final letter, is in no other part.

    A slice-level split has patients on both sides anyway; it gets none, as does one that keeps no test slice.
    """
    if not bundle.card.data.by_patient:
        return {}
    group = predictions["slice"].map(splits.index_table().set_index("slice")["patient_group"])
    is_test = predictions["part"] == "test"
    distinct = predictions[is_test & ~group.isin(group[~is_test])]
    if distinct.empty:
        return {}
    return {"without_letter_twins": {"slices": len(distinct), "accuracy": accuracy_of(distinct)}}


def _mask_metrics(bundle: Bundle, masks: MaskRecords, test: pd.DataFrame) -> dict[str, Any]:
    """Return a segmenter's metrics of the test rows."""
    targets, scores = np.array(masks.targets), np.array(list(masks.scores.values()))
    *counts, pixels = np.array(masks.network_size).T
    return {
        # Of a network with a class too, "loss" is the class's.
        "mask_loss" if CLASSIFICATION in bundle.tasks else "loss": classification.binary_log_loss(targets, scores),
        "threshold": masks.threshold,
        **mask_figures(test),
        "network_size": overlap.mask_summary(*counts, pixels=pixels),
        "keras_mean_iou": overlap.keras_mean_iou_of_scores(np.array(masks.channel), targets),
        "tumour_share_of_pixels": float(targets.mean()),
        **_table_5_metrics(bundle, test),
    }


def _write_mask_files(bundle: Bundle, masks: MaskRecords) -> None:
    """Write pixel counts by threshold, and (n, S, S) tumour probabilities of test slices as bytes, into the bundle."""
    columns = ["slice", "threshold", "overlap_px", "true_px", "predicted_px"]
    write_table(bundle.folder / MASK_THRESHOLDS, pd.DataFrame(masks.by_threshold, columns=columns))
    with replace_file(bundle.folder / MASKS) as temporary:
        probability = np.round(np.array(list(masks.scores.values())) * 255).astype(np.uint8)
        np.savez_compressed(temporary, slice=np.array(list(masks.scores), np.uint16), probability=probability)


def _table_5_metrics(bundle: Bundle, test: pd.DataFrame) -> dict[str, Any]:
    """Return mask metrics on Table 5's test slices, for a network tested on Table 1's, which include them."""
    if bundle.card.data.split != splits.TABLE_1:
        return {}
    rows = test[(test["slice"].map(splits.split_parts(splits.TABLE_5)) == "test").to_numpy()]
    return {"table_5": {"slices": len(rows), **mask_figures(rows)}}


def _inference_times(bundle: Bundle, network: "keras.Model", store: Store) -> dict[str, Any]:
    """Measure seconds for the test slices in batches, reading and preprocessing excluded, and for a single slice."""
    part = splits.split_parts(bundle.card.data.split)
    test = part.index[part == "test"].tolist()
    total = 0.0
    for _, inputs, _ in batches(bundle, store, test):
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
