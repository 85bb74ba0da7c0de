"""Evaluate a bundle on an external test set: images in a folder whose index.csv has their class and split."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.bundles.bundle import EXTERNAL, Bundle
from core.bundles.card.schema import Card
from core.bundles.card_update import update_card
from core.bundles.measured_gate import DEV, TEST, has_gate
from core.config import CLASSES, CLASSIFICATION, SEGMENTATION
from core.dataset.external_index import read_external_index
from core.errors import BundleError
from core.evaluation.figures import accuracy_of, confusion_of, counts_by_outcome, gate_hits, outcome_shares
from core.files import write_table
from core.inference.forward import forward
from core.inference.gate import apply_gate, load_gate, require_features
from core.inference.predictor import model_input
from core.inference.runtime import load_runtime
from core.metrics.definitions import DEFINITIONS
from core.networks.gate_features import gate_inputs
from core.networks.losses import BACKGROUND, tumour_probability
from core.outcome import OUTCOMES
from core.progress import ProgressWrapper
from core.readers.preprocessing import Placement, map_to_slice
from core.readers.slices import Slice, read_slice


def measure_external(bundle: Bundle, folder: Path, *, split: str = DEV, progress: ProgressWrapper = iter) -> Card:
    """Predict every image of a split; write the predictions and their metrics into the bundle.

    Args:
        bundle: an evaluated bundle.
        folder: see ``read_external_index``.
        split: of the index.
        progress: wraps the rows.

    Returns:
        The new card, with ``metrics.external``, a part for each split that was measured.

    Raises:
        DatasetError: see ``read_external_index``.
        SliceError: an image cannot be read.
        BundleError: the bundle cannot be loaded, or its predictions for the split test are stored already.
    """
    index = read_external_index(folder, split)
    if split == TEST and _has_test_predictions(bundle):
        raise BundleError(
            "The bundle '{bundle}' was measured on the split {split} before, which is for a single use; with "
            "--stored the metrics are computed again from its stored predictions.",
            bundle=bundle.name,
            split=TEST,
        )
    predictor = ExternalPredictor(bundle)
    rows = []
    for file, true in progress(list(index.itertuples(index=False, name=None))):
        slice_ = read_slice((folder / file).read_bytes(), Path(file).name)
        rows.append({"split": split, "file": file, "true": true, **predictor(slice_)})
    table = pd.DataFrame(rows)
    path = bundle.folder / EXTERNAL
    if path.is_file():
        stored = pd.read_csv(path)
        table = pd.concat([stored[stored["split"] != split], table], ignore_index=True)
    write_table(path, table)
    return write_external_metrics(bundle)


def write_external_metrics(bundle: Bundle) -> Card:
    """Compute ``metrics.external`` from the stored predictions and write it; no network runs.

    Returns:
        The new card.

    Raises:
        BundleError: no predictions are stored.
    """
    if not (bundle.folder / EXTERNAL).is_file():
        raise BundleError("The bundle '{bundle}' was not measured on an external test set yet.", bundle=bundle.name)
    stored = bundle.card.metrics.external
    external = {**(stored.as_dict() if stored else {}), **stored_external_metrics(bundle)}
    external["definitions"] = {**external.get("definitions", {}), **DEFINITIONS["external"]}
    return update_card(bundle.folder, {"metrics.external": external}, "External test set measured.")


def stored_external_metrics(bundle: Bundle) -> dict[str, Any]:
    """Compute the metrics of the stored predictions of external slices.

    Returns:
        Those of the split test by themselves, those of a split that thresholds were chosen on under its name.
    """
    # A mask without a class is an empty field, not an unknown one.
    table = pd.read_csv(bundle.folder / EXTERNAL, converters={"mask_class": str})
    metrics: dict[str, Any] = {}
    for split, rows in table.groupby("split"):
        metrics |= external_metrics(rows) if split == TEST else {str(split): external_metrics(rows)}
    return metrics


def _has_test_predictions(bundle: Bundle) -> bool:
    """Return whether predictions for the split test are stored."""
    path = bundle.folder / EXTERNAL
    return path.is_file() and bool((pd.read_csv(path)["split"] == TEST).any())


class ExternalPredictor:
    """Predict slices with a bundle, as rows of ``EXTERNAL``.

    Raises:
        BundleError: the bundle cannot be loaded.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.network = load_runtime(bundle)
        self.gate = load_gate(bundle) if has_gate(bundle) else None
        if self.gate:
            require_features(bundle, self.gate[0], self.network.output_sizes)

    def __call__(self, slice_: Slice) -> dict[str, Any]:
        """Predict one slice.

        Returns:
            Of a classifier predicted and p_CLASS, with a gate also tumour_score, strangeness (the OOD score), sure
            (the calibrated probability of the most probable class) and answer; of a segmenter predicted_px and
            mask_threshold, and mask_class where its mask has classes.
        """
        inputs, place = model_input(self.bundle, slice_)
        outputs = forward(self.bundle, self.network, inputs)
        row: dict[str, Any] = {}
        if CLASSIFICATION in outputs:
            row |= self._class_columns(outputs)
        if SEGMENTATION in outputs:
            row |= self._mask_columns(outputs[SEGMENTATION][0], place)
        return row

    def _class_columns(self, outputs: dict[str, np.ndarray]) -> dict[str, Any]:
        probabilities = outputs[CLASSIFICATION][0]
        columns: dict[str, Any] = {"predicted": CLASSES[int(probabilities.argmax())]}
        columns |= {f"p_{name}": float(p) for name, p in zip(CLASSES, probabilities, strict=True)}
        if self.gate:
            decision = apply_gate(*self.gate, gate_inputs(outputs)[0], probabilities)
            columns |= {
                "tumour_score": decision.tumour_score,
                "strangeness": decision.ood_score,
                "sure": float(decision.probabilities.max()),
                "answer": decision.outcome,
            }
        return columns

    def _mask_columns(self, scores: np.ndarray, place: Placement) -> dict[str, Any]:
        threshold = self.bundle.mask_threshold
        mask = map_to_slice(tumour_probability(scores), place) >= threshold
        columns: dict[str, Any] = {"predicted_px": int(np.count_nonzero(mask)), "mask_threshold": threshold}
        if scores.shape[-1] == 1 + len(CLASSES):
            by_class = np.delete(scores, BACKGROUND, axis=-1).sum(axis=(0, 1))
            columns["mask_class"] = CLASSES[int(by_class.argmax())] if mask.any() else ""
        return columns


def external_metrics(table: pd.DataFrame) -> dict[str, Any]:
    """Return the metrics of the predictions for one split; see ``DEFINITIONS["external"]``."""
    tumour = table[table["true"].isin(CLASSES)]
    tumour_free = table[~table["true"].isin(CLASSES)]
    metrics: dict[str, Any] = {"slices": {name: int(count) for name, count in table["true"].value_counts().items()}}
    if "predicted" in table:
        metrics["class_accuracy"] = accuracy_of(tumour)
        metrics["confusion_matrix"] = confusion_of(tumour).tolist()
    if "predicted_px" in table:
        metrics["outlined"] = float((tumour["predicted_px"] > 0).mean())
        if len(tumour_free):
            metrics["outlined_without_tumour"] = float((tumour_free["predicted_px"] > 0).mean())
    if "mask_threshold" in table and table["mask_threshold"].notna().all():
        metrics["mask_threshold"] = float(table["mask_threshold"].iloc[0])
    if "mask_class" in table:
        with_mask = tumour[tumour["predicted_px"] > 0]
        if len(with_mask):
            metrics["mask_class_accuracy"] = accuracy_of(with_mask.assign(predicted=with_mask["mask_class"]))
    if "answer" in table and table["answer"].notna().all():
        metrics |= gate_metrics(table)
    return metrics


def gate_metrics(table: pd.DataFrame) -> dict[str, Any]:
    """Return the metrics of a gate's decisions; see ``DEFINITIONS["external"]``.

    Args:
        table: with true, predicted and answer; see ``core.evaluation.figures.outcomes``.
    """
    counts = pd.crosstab(table["true"], table["answer"]).reindex(columns=list(OUTCOMES), fill_value=0)
    return {
        "all": outcome_shares(table),
        "by_outcome": counts_by_outcome(table),
        "answers": {str(true): {str(name): int(n) for name, n in row.items()} for true, row in counts.iterrows()},
        **{name: float(hits.mean()) if len(hits) else None for name, hits in gate_hits(table).items()},
    }
