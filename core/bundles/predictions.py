"""A bundle's predictions of every slice, joined with the data set's index."""

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from core.bundles.bundle import PREDICTIONS, Bundle
from core.bundles.contents import read_bundle_table, refused_content
from core.checked_files import Columns, Content
from core.config import CLASSES, CLASSIFICATION, SEGMENTATION
from core.dataset import splits
from core.translation.messages import mark

SORTS: dict[str, dict[str, bool]] = {
    mark("most confident errors first"): {"right": True, "confidence": False},
    mark("least sure first"): {"confidence": True},
    mark("surest first"): {"confidence": False},
    mark("closest call first"): {"margin": True},
    mark("largest tumour first"): {"tumour_px": False},
    mark("smallest tumour first"): {"tumour_px": True},
    mark("slice number"): {"slice": True},
}
"""Orders of a table of predictions: the columns, and whether each ascends. A page opens with the first."""


def read_predictions(bundle: Bundle) -> pd.DataFrame:
    """Read a bundle's predictions, one row per slice of the data set.

    Returns:
        slice, patient, part, fold, size (pixels a side), tumour_px (of the true mask) and true (class). A classifier's
        also have predicted, p_CLASS, confidence (the highest probability), margin (its lead over the second) and right;
        a segmenter's have dice, iou and predicted_px.

    Raises:
        BundleError: the bundle has no predictions, or they are altered, or the file holds something else.
    """
    table = read_bundle_table(bundle, PREDICTIONS, {**prediction_columns(bundle), "part": splits.PARTS})
    index = splits.index_table()[["slice", "fold", "size", "tumour_px"]]
    with refused_content(bundle, PREDICTIONS):
        if sorted(table["slice"]) != sorted(index["slice"]):
            raise ValueError(f"it does not have one row for each of the {len(index)} slices of the data set")
        if not (table["part"] == "test").any():
            raise ValueError("none of its slices is a test slice")
    table = table.merge(index, on="slice", how="left", validate="one_to_one")
    if "predicted" in table:
        ordered = np.sort(table[[f"p_{name}" for name in bundle.card.classes]].to_numpy(), axis=1)
        table["confidence"] = ordered[:, -1]
        table["margin"] = ordered[:, -1] - ordered[:, -2]
        table["right"] = table["true"] == table["predicted"]
    return table


def prediction_columns(bundle: Bundle) -> Columns:
    """Return the columns that predictions of slices have for the bundle's tasks."""
    columns: dict[str, Content | Collection[str]] = {
        "slice": Content.COUNT,
        "patient": Content.COUNT,
        "true": CLASSES,
    }
    if CLASSIFICATION in bundle.tasks:
        columns["predicted"] = bundle.card.classes
        columns |= {f"p_{name}": Content.SHARE for name in bundle.card.classes}
    if SEGMENTATION in bundle.tasks:
        columns |= {"dice": Content.SHARE, "iou": Content.SHARE}
        columns |= {"true_px": Content.COUNT, "predicted_px": Content.COUNT}
    return columns


def row_of_slice(table: pd.DataFrame, number: int) -> pd.Series:
    """Return a slice's row of a table that has one row a slice.

    Raises:
        KeyError: the table has no row of the slice.
    """
    rows = table[table["slice"] == number]
    if rows.empty:
        raise KeyError(number)
    return rows.iloc[0]


def select_predictions(
    table: pd.DataFrame,
    *,
    part: str | None = None,
    true: str | None = None,
    predicted: str | None = None,
    only_wrong: bool = False,
    confidence: tuple[float, float] | None = None,
    tumour_px: tuple[float, float] | None = None,
    patient: int | None = None,
) -> pd.DataFrame:
    """Return the rows that meet every condition that is set.

    Args:
        table: of ``read_predictions``.
        part: train, validation or test.
        true: the true class.
        predicted: the predicted class.
        only_wrong: leave out slices that are classified correctly.
        confidence: lowest and highest, both included.
        tumour_px: smallest and largest, both included.
        patient: a patient number.
    """
    keep = pd.Series(True, index=table.index)
    values: dict[str, Any] = {"part": part, "true": true, "predicted": predicted, "patient": patient}
    for column, value in values.items():
        if value is not None:
            keep &= table[column] == value
    for column, limits in {"confidence": confidence, "tumour_px": tumour_px}.items():
        if limits is not None:
            keep &= table[column].between(*limits)
    if only_wrong:
        keep &= ~table["right"]
    return table[keep]


def order_predictions(table: pd.DataFrame, order: str) -> pd.DataFrame:
    """Sort the rows by one of the orders of ``SORTS``; equal ones by slice number."""
    columns = SORTS[order] | {"slice": True}
    return table.sort_values(list(columns), ascending=list(columns.values()))


def disagreements(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Find the slices in both tables of ``read_predictions`` whose predicted classes differ.

    Returns:
        The rows of ``first``, with ``other_predicted`` and ``other_right`` of ``second``.
    """
    other = second[["slice", "predicted", "right"]].rename(
        columns={"predicted": "other_predicted", "right": "other_right"}
    )
    both = first.merge(other, on="slice")
    return both[both["predicted"] != both["other_predicted"]]
