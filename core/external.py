"""A bundle on slices from elsewhere: pictures in a folder whose index.csv names their class and split."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.asking import ask
from core.bundles import Bundle, load_network, write_card
from core.classes import CLASSES
from core.errors import DatasetError
from core.evidence import crossed
from core.files import write_table
from core.inference import network_input
from core.losses import BACKGROUND, tumour_probability
from core.preprocessing import to_slice
from core.slices import read_slice
from core.tasks import CLASSIFICATION, SEGMENTATION

if TYPE_CHECKING:
    import keras

EXTERNAL = "external.csv"
INDEX = "index.csv"
DEV = "dev"
"""The split that settings may be chosen on; the one called test is for a single use."""

DEFINITIONS = {
    "class_accuracy": "share of the slices with a tumour whose most probable class is the true one",
    "mask_class_accuracy": "the same for the class that has most of the mask's probability, of the slices with a mask",
    "outlined": "share of the slices with a tumour on which any pixel is called tumour; where is not known here",
    "outlined_without_tumour": "share of the slices without a tumour on which any pixel is called tumour",
}

Wrap = Callable[[Iterable[Any]], Iterable[Any]]


def read_index(folder: Path, split: str) -> pd.DataFrame:
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


def measure(bundle: Bundle, folder: Path, *, split: str = DEV, progress: Wrap = iter) -> dict[str, Any]:
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
        BundleError: the bundle cannot be loaded.
    """
    index = read_index(folder, split)
    network = load_network(bundle)
    rows = []
    for file, true in progress(list(index.itertuples(index=False, name=None))):
        rows.append({"split": split, "file": file, "true": true, **_answer(bundle, network, folder / file)})
    table = pd.DataFrame(rows)
    path = bundle.folder / EXTERNAL
    if path.is_file():
        others = pd.read_csv(path)
        table = pd.concat([others[others["split"] != split], table], ignore_index=True)
    write_table(path, table)
    measured = dict(bundle.card["metrics"].get("external", {}))
    measured |= {split: figures(table[table["split"] == split]), "definitions": DEFINITIONS}
    card = {**bundle.card, "metrics": {**bundle.card["metrics"], "external": measured}}
    write_card(bundle.folder, card)
    return card


def _answer(bundle: Bundle, network: "keras.Model", path: Path) -> dict[str, Any]:
    slice_ = read_slice(path.read_bytes(), path.name)
    inputs, place = network_input(bundle, slice_)
    answers = {task: one[0] for task, one in ask(bundle, network.predict_on_batch, inputs).items()}
    said: dict[str, Any] = {}
    if CLASSIFICATION in answers:
        probabilities = answers[CLASSIFICATION]
        said["predicted"] = CLASSES[int(probabilities.argmax())]
        said |= {f"p_{name}": float(one) for name, one in zip(CLASSES, probabilities, strict=True)}
    if SEGMENTATION in answers:
        scores = answers[SEGMENTATION]
        mask = to_slice(tumour_probability(scores), place) >= bundle.card["output"]["threshold"]
        said["predicted_px"] = int(np.count_nonzero(mask))
        if scores.shape[-1] == 1 + len(CLASSES):
            most = CLASSES[int(np.delete(scores, BACKGROUND, axis=-1).sum(axis=(0, 1)).argmax())]
            said["mask_class"] = most if mask.any() else ""
    return said


def figures(table: pd.DataFrame) -> dict[str, Any]:
    """Figures of the answers to one split; see ``DEFINITIONS``."""
    tumour = table[table["true"].isin(CLASSES)]
    without = table[~table["true"].isin(CLASSES)]
    found: dict[str, Any] = {"slices": {name: int(count) for name, count in table["true"].value_counts().items()}}
    if "predicted" in table:
        found["class_accuracy"] = float((tumour["true"] == tumour["predicted"]).mean())
        found["confusion_matrix"] = crossed(tumour, list(CLASSES)).to_numpy().tolist()
    if "predicted_px" in table:
        found["outlined"] = float((tumour["predicted_px"] > 0).mean())
        if len(without):
            found["outlined_without_tumour"] = float((without["predicted_px"] > 0).mean())
    if "mask_class" in table:
        outlined = tumour[tumour["predicted_px"] > 0]
        if len(outlined):
            found["mask_class_accuracy"] = float((outlined["true"] == outlined["mask_class"]).mean())
    return found
