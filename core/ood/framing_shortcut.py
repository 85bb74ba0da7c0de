"""Measure a shortcut in the data set: the head's size and position in the frame predict the class.

A logistic regression on the margins around the head, which never sees a tumour, is tested at patient level on the
official folds. ``framing_shortcut.csv`` beside this file holds its inputs and predictions.
"""

import functools
from pathlib import Path

import numpy as np
import pandas as pd

from core.dataset.store import Store
from core.evaluation.figures import accuracy_of
from core.readers.preprocessing import head_box, scale_by_percentiles

SHORTCUT_FILE = Path(__file__).with_name("framing_shortcut.csv")
MARGINS = ("above", "below", "left", "right")
"""Distances between the head and each side of the frame, as shares of the frame's side."""
_PENALTY = 1e-3
"""Of the squared weights, beside the mean log loss."""


def head_margins(pixels: np.ndarray) -> dict[str, float]:
    """Return ``MARGINS`` of one slice; without a head all are 0.

    Args:
        pixels: (H, W), any number type.
    """
    height, width = pixels.shape
    rows, columns = head_box(scale_by_percentiles(pixels)) or (slice(0, height), slice(0, width))
    return {
        "above": rows.start / height,
        "below": 1 - rows.stop / height,
        "left": columns.start / width,
        "right": 1 - columns.stop / width,
    }


def measure_margins(store: Store, index: pd.DataFrame) -> pd.DataFrame:
    """Measure the margins of every slice and predict its class from them, by a model of the other folds.

    Args:
        store: the prepared data set.
        index: slice, class and fold.

    Returns:
        slice, fold, true, ``MARGINS`` and predicted.
    """
    table = index[["slice", "fold"]].assign(true=index["class"])
    margins = [head_margins(store.pixels(int(number))) for number in table["slice"]]
    return predict_by_fold(pd.concat([table.reset_index(drop=True), pd.DataFrame(margins)], axis=1))


def predict_by_fold(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with ``predicted``: each fold's classes by a model of the other folds."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    values = table[list(MARGINS)].to_numpy()
    # Products let the model weigh the head's size and place together.
    values = np.column_stack([values, values**2, values[:, :1] * values[:, 1:2], values[:, 2:3] * values[:, 3:4]])
    true = table["true"].to_numpy()
    predicted = np.empty_like(true)
    for fold in np.unique(table["fold"]):
        held_out = (table["fold"] == fold).to_numpy()
        scaler = StandardScaler().fit(values[~held_out])
        # A column of ones in place of an intercept: its weight is penalised like the others.
        inputs = np.column_stack([scaler.transform(values), np.ones(len(values))])
        penalty = 2 * _PENALTY * np.count_nonzero(~held_out)
        model = LogisticRegression(C=1 / penalty, fit_intercept=False, max_iter=5000)
        predicted[held_out] = model.fit(inputs[~held_out], true[~held_out]).predict(inputs[held_out])
    return table.assign(predicted=predicted)


@functools.cache
def shortcut_table() -> pd.DataFrame:
    """Read the shipped ``measure_margins`` of the whole data set. Do not change it in place."""
    return pd.read_csv(SHORTCUT_FILE)


def touches_border(table: pd.DataFrame) -> pd.Series:
    """Return whether the head reaches the frame above, left or right; below, the neck leaves it in most slices."""
    return (table[["above", "left", "right"]] <= 0).any(axis=1)


def majority_accuracy(table: pd.DataFrame) -> float:
    """Return the accuracy of always predicting the class that is most frequent in the other folds."""
    predicted = table["fold"].map(
        {fold: _majority(table["true"][table["fold"] != fold]) for fold in set(table["fold"])}
    )
    return accuracy_of(table.assign(predicted=predicted))


def _majority(classes: pd.Series) -> str:
    return str(classes.mode()[0])
