"""A bundle on slices from elsewhere: pictures in a folder whose index.csv names their class and split."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.bundles.bundle import EXTERNAL, Bundle, write_card
from core.bundles.predictions import confusion_counts
from core.config import CLASSES, CLASSIFICATION, SEGMENTATION
from core.errors import BundleError, DatasetError
from core.files import write_table
from core.inference.forward import FEATURES, forward
from core.inference.gate import (
    ANSWERS,
    CONFIDENT,
    LOW_CONFIDENCE,
    NO_TUMOUR,
    OUT_OF_DISTRIBUTION,
    apply_gate,
    has_gate,
    load_gate,
    load_gated_network,
)
from core.inference.predictor import model_input
from core.metrics.definitions import DEFINITIONS
from core.networks.losses import BACKGROUND, tumour_probability
from core.progress import ProgressWrapper
from core.readers.preprocessing import map_to_slice
from core.readers.slices import Slice, read_slice

INDEX = "index.csv"
DEV, TEST = "dev", "test"
"""The split that settings may be chosen on, and the one for a single use."""


def read_external_index(folder: Path, split: str) -> pd.DataFrame:
    """The pictures of one split.

    Args:
        folder: with an index.csv of the columns file, class and split.
        split: train, dev or test.

    Returns:
        file and class, one row a picture.

    Raises:
        DatasetError: no such file, or one without these columns or this split.
    """
    path = folder / INDEX
    if not path.is_file():
        raise DatasetError(f"There is no {INDEX} in '{folder}'; it lists the pictures with their class and split.")
    table = pd.read_csv(path)
    if not {"file", "class", "split"} <= set(table):
        raise DatasetError(f"'{path}' lacks one of the columns file, class and split.")
    found = table[table["split"] == split]
    if found.empty:
        raise DatasetError(f"'{path}' has no split '{split}'; it has {', '.join(sorted(table['split'].unique()))}.")
    return found[["file", "class"]].reset_index(drop=True)


def measure_external(
    bundle: Bundle, folder: Path, *, split: str = DEV, progress: ProgressWrapper = iter
) -> dict[str, Any]:
    """Ask a bundle about every picture of a split; write the answers and their figures into it.

    Args:
        bundle: an evaluated bundle.
        folder: see ``read_index``.
        split: of the index.
        progress: wraps the rows, to show a bar.

    Returns:
        The new card, with ``metrics.external``, a part for each split that was measured.

    Raises:
        DatasetError: see ``read_index``.
        SliceError: a picture cannot be read.
        BundleError: the bundle cannot be loaded, or was asked about the split test before.
    """
    index = read_external_index(folder, split)
    if split == TEST and _is_used(bundle):
        raise BundleError(
            f"The bundle '{bundle.name}' was asked about the split {TEST} before, which is for a single use; with "
            "--stored the figures of its answers are worked out anew."
        )
    answer = ExternalPredictor(bundle)
    rows = []
    for file, true in progress(list(index.itertuples(index=False, name=None))):
        slice_ = read_slice((folder / file).read_bytes(), Path(file).name)
        rows.append({"split": split, "file": file, "true": true, **answer(slice_)})
    table = pd.DataFrame(rows)
    path = bundle.folder / EXTERNAL
    if path.is_file():
        others = pd.read_csv(path)
        table = pd.concat([others[others["split"] != split], table], ignore_index=True)
    write_table(path, table)
    return write_external_metrics(bundle)


def write_external_metrics(bundle: Bundle) -> dict[str, Any]:
    """Work out ``metrics.external`` from the answers that are stored, and write it; nothing is asked.

    Returns:
        The new card.

    Raises:
        BundleError: no answers are stored.
    """
    path = bundle.folder / EXTERNAL
    if not path.is_file():
        raise BundleError(f"The bundle '{bundle.name}' was not asked about slices from elsewhere yet.")
    # A mask without a class is an empty field, not an unknown one.
    table = pd.read_csv(path, converters={"mask_class": str})
    found: dict[str, Any] = dict(bundle.card["metrics"].get("external", {}))
    # The figures that count stand by themselves, those that settings were chosen on apart.
    for split, rows in table.groupby("split"):
        found |= external_metrics(rows) if split == TEST else {str(split): external_metrics(rows)}
    found["definitions"] = {**found.get("definitions", {}), **DEFINITIONS["external"]}
    card = {**bundle.card, "metrics": {**bundle.card["metrics"], "external": found}}
    write_card(bundle.folder, card)
    return card


def _is_used(bundle: Bundle) -> bool:
    """Whether answers of the network and the screen as they are to the split test are stored."""
    path = bundle.folder / EXTERNAL
    return path.is_file() and bool((pd.read_csv(path)["split"] == TEST).any())


class ExternalPredictor:
    """What a bundle says of a slice, as a row of ``EXTERNAL``."""

    def __init__(self, bundle: Bundle) -> None:
        """Raises:
        BundleError: the bundle cannot be loaded.
        """
        self.bundle = bundle
        self.network = load_gated_network(bundle)
        self.screen = load_gate(bundle) if has_gate(bundle) else None

    def __call__(self, slice_: Slice) -> dict[str, Any]:
        """Of a classifier predicted and p_CLASS, with a screen also tumour_score, strangeness, sure (the calibrated
        probability of the likeliest class) and answer; of a segmenter predicted_px and mask_threshold, and mask_class
        where its mask tells classes."""
        inputs, place = model_input(self.bundle, slice_)
        answers = {name: one[0] for name, one in forward(self.bundle, self.network.predict_on_batch, inputs).items()}
        said: dict[str, Any] = {}
        if CLASSIFICATION in answers:
            probabilities = answers[CLASSIFICATION]
            said["predicted"] = CLASSES[int(probabilities.argmax())]
            said |= {f"p_{name}": float(one) for name, one in zip(CLASSES, probabilities, strict=True)}
            if self.screen:
                found = apply_gate(*self.screen, answers[FEATURES], probabilities)
                said |= {
                    "tumour_score": found.tumour_score,
                    "strangeness": found.ood_score,
                    "sure": float(found.probabilities.max()),
                    "answer": found.answer,
                }
        if SEGMENTATION in answers:
            scores = answers[SEGMENTATION]
            mask = map_to_slice(tumour_probability(scores), place) >= self.bundle.card["output"]["threshold"]
            said["predicted_px"] = int(np.count_nonzero(mask))
            said["mask_threshold"] = self.bundle.card["output"]["threshold"]
            if scores.shape[-1] == 1 + len(CLASSES):
                most = CLASSES[int(np.delete(scores, BACKGROUND, axis=-1).sum(axis=(0, 1)).argmax())]
                said["mask_class"] = most if mask.any() else ""
        return said


def external_metrics(table: pd.DataFrame) -> dict[str, Any]:
    """Figures of the answers to one split; see ``DEFINITIONS``."""
    tumour = table[table["true"].isin(CLASSES)]
    without = table[~table["true"].isin(CLASSES)]
    found: dict[str, Any] = {"slices": {name: int(count) for name, count in table["true"].value_counts().items()}}
    if "predicted" in table:
        found["class_accuracy"] = float((tumour["true"] == tumour["predicted"]).mean())
        found["confusion_matrix"] = confusion_counts(tumour, list(CLASSES)).to_numpy().tolist()
    if "predicted_px" in table:
        found["outlined"] = float((tumour["predicted_px"] > 0).mean())
        if len(without):
            found["outlined_without_tumour"] = float((without["predicted_px"] > 0).mean())
    if "mask_threshold" in table and table["mask_threshold"].notna().all():
        found["mask_threshold"] = float(table["mask_threshold"].iloc[0])
    if "mask_class" in table:
        outlined = tumour[tumour["predicted_px"] > 0]
        if len(outlined):
            found["mask_class_accuracy"] = float((outlined["true"] == outlined["mask_class"]).mean())
    if "answer" in table and table["answer"].notna().all():
        found |= gate_metrics(tumour, without)
    return found


def outcome_shares(table: pd.DataFrame) -> dict[str, Any]:
    """How many slices there are, and which shares of them are answered rightly, wrongly, or not: ``all`` in
    ``DEFINITIONS``.

    Args:
        table: with true, predicted and answer.
    """
    right = ((table["answer"] == CONFIDENT) & (table["true"] == table["predicted"])) | (
        (table["answer"] == NO_TUMOUR) & ~table["true"].isin(CLASSES)
    )
    given = table["answer"].isin([CONFIDENT, NO_TUMOUR])
    return {
        "slices": len(table),
        "right": float(right.mean()),
        "wrong": float((given & ~right).mean()),
        **{name: float((table["answer"] == name).mean()) for name in (LOW_CONFIDENCE, OUT_OF_DISTRIBUTION)},
    }


def gate_metrics(tumour: pd.DataFrame, without: pd.DataFrame) -> dict[str, Any]:
    """Figures of a screen's answers; see ``DEFINITIONS``.

    Args:
        tumour: rows of slices with a tumour, at least one.
        without: rows of slices without one.
    """
    both = pd.concat([tumour, without])
    counts = pd.crosstab(both["true"], both["answer"]).reindex(columns=list(ANSWERS), fill_value=0)
    named = tumour[tumour["answer"] == CONFIDENT]

    def share(rows: pd.DataFrame, *answers: str) -> float | None:
        return float(rows["answer"].isin(answers).mean()) if len(rows) else None

    return {
        "all": outcome_shares(both),
        "answers": {str(true): {str(name): int(n) for name, n in row.items()} for true, row in counts.iterrows()},
        "answered_tumour": share(tumour, CONFIDENT, NO_TUMOUR),
        "answered_no_tumour": share(without, CONFIDENT, NO_TUMOUR),
        "no_tumour_called_tumour": share(without, CONFIDENT),
        "tumour_called_no_tumour": share(tumour, NO_TUMOUR),
        "class_accuracy_answered": float((named["true"] == named["predicted"]).mean()) if len(named) else None,
    }
