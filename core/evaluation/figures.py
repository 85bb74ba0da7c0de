"""Figures of tables of predictions: evaluation, folds, bootstrap and pages compute them here, by ``core.metrics``.

A table has a row a slice, with the columns of ``core.bundles.predictions.read_predictions`` that a function names.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from core.config import CLASSES
from core.dataset import splits
from core.metrics import classification, overlap
from core.metrics.averages import Draws
from core.metrics.classification import MACRO
from core.metrics.overlap import GROUPS, MEAN, POOLED
from core.outcome import CONFIDENT, LOW_CONFIDENCE, NO_TUMOUR, NOT_A_HEAD, OUTCOMES, REFUSED

Figures = dict[str, Any]
"""Figures by their key in ``core.metrics.definitions.DEFINITIONS``: () or (draws,) arrays."""

CORRECT, WRONG = "right", "wrong"
"""Outcomes of a slice that is not abstained from."""


def class_indices(names: "pd.Series[str] | np.ndarray", classes: Sequence[str] = CLASSES) -> np.ndarray:
    """Return the (n,) index of each class name."""
    return pd.Index(classes).get_indexer(pd.Index(names))


def confusion_of(table: pd.DataFrame, classes: Sequence[str] = CLASSES, *, draws: Draws | None = None) -> np.ndarray:
    """Count a table's slices by true and predicted; see ``core.metrics.classification.confusion_matrix``."""
    true, predicted = (class_indices(table[name], classes) for name in ("true", "predicted"))
    return classification.confusion_matrix(true, predicted, classes=len(classes), draws=draws)


def confusion_counts(table: pd.DataFrame, classes: Sequence[str], answers: Sequence[str] | None = None) -> pd.DataFrame:
    """Count slices by true class (rows) and predicted class or other answer (columns).

    Args:
        table: with columns true and predicted.
        classes: the rows, in order.
        answers: the columns, in order, the classes among them; None for the classes.
    """
    columns = list(answers or classes)
    counts = confusion_of(table, columns)[[columns.index(name) for name in classes]]
    return pd.DataFrame(counts, pd.Index(classes, name="true"), pd.Index(columns, name="predicted"))


def accuracy_of(table: pd.DataFrame, classes: Sequence[str] = CLASSES) -> float:
    """Return the share of a table's slices classified correctly, by the columns true and predicted; NaN of none."""
    return float(classification.accuracy(confusion_of(table, classes), empty=np.nan))


def class_figures(table: pd.DataFrame, classes: Sequence[str] = CLASSES, *, draws: Draws | None = None) -> Figures:
    """Return accuracy, macro_f1, recall_CLASS, and of series series_accuracy and patient_accuracy.

    Args:
        table: true, predicted, p_CLASS and patient.
        classes: in the card's order.
        draws: of the slices, with all slices of a patient in one cluster.

    Returns:
        A recall is NaN where no slice of the class counts.
    """
    matrix = confusion_of(table, classes, draws=draws)
    recalls = classification.recall(matrix, empty=np.nan)
    of_series = (
        class_indices(table["true"], classes),
        table[[f"p_{name}" for name in classes]].to_numpy(),
        table["patient"].to_numpy(),
    )
    return {
        "accuracy": classification.accuracy(matrix, empty=np.nan),
        "macro_f1": classification.f1(matrix, averaging=MACRO),
        **{f"recall_{name}": recalls[..., place] for place, name in enumerate(classes)},
        "series_accuracy": classification.series_accuracy(*of_series, draws=draws),
        "patient_accuracy": classification.patient_accuracy(*of_series, draws=draws),
    }


def mask_counts(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the (n,) pixels in both masks, in the true and in the predicted one, from dice, true_px, predicted_px."""
    true, predicted = (table[name].to_numpy() for name in ("true_px", "predicted_px"))
    return overlap.intersection_from_dice(table["dice"].to_numpy(), true, predicted), true, predicted


def drawn_mask_figures(table: pd.DataFrame, *, draws: Draws | None = None) -> Figures:
    """Return the figures of masks that can be drawn: dice and iou as mean and pooled, dice_class_mean, missed.

    Args:
        table: true, dice, true_px and predicted_px.
        draws: of the slices.
    """
    counts = mask_counts(table)

    def dice(averaging: str, groups: Any = None) -> np.ndarray:
        return overlap.dice_from_counts(*counts, averaging=averaging, groups=groups, draws=draws)

    return {
        "dice_mean": dice(MEAN),
        "dice_class_mean": dice(GROUPS, table["true"]),
        "iou_mean": overlap.iou_from_counts(*counts, averaging=MEAN, draws=draws),
        "dice_pooled": dice(POOLED),
        "iou_pooled": overlap.iou_from_counts(*counts, averaging=POOLED, draws=draws),
        "missed": overlap.missed_tumours(*counts[:2], draws=draws),
    }


def mask_figures(table: pd.DataFrame) -> dict[str, float]:
    """Return every figure of masks at the slices' own size; see ``core.metrics.overlap.mask_summary``.

    Args:
        table: slice, patient, true, dice, true_px and predicted_px.
    """
    size = table["slice"].map(splits.index_table().set_index("slice")["size"]).to_numpy()
    return overlap.mask_summary(
        *mask_counts(table),
        classes=table["true"].to_numpy(),
        patients=table["patient"].to_numpy(),
        pixels=size**2,
    )


def mask_figures_by_class(table: pd.DataFrame) -> pd.DataFrame:
    """Return ``mask_figures`` and the number of slices of each true class that occurs, a row a class."""
    by_class = {name: table[table["true"] == name] for name in CLASSES}
    rows = {name: {"slices": len(own), **mask_figures(own)} for name, own in by_class.items() if len(own)}
    return pd.DataFrame.from_dict(rows, orient="index")


def outcomes(table: pd.DataFrame) -> "pd.Series[str]":
    """Return what each answer after the gate amounts to: ``CORRECT``, ``WRONG``, or the answer that abstains.

    Args:
        table: true (a class, ``NOT_A_HEAD`` for what is no slice of a head, or anything else for a slice without a
            tumour), predicted and answer (one of ``core.outcome.OUTCOMES``).
    """
    answer = table["answer"]
    result = answer.where(answer.isin([LOW_CONFIDENCE, *REFUSED]), WRONG)
    return result.mask(_is_right(table) & (answer != LOW_CONFIDENCE), CORRECT)


def _is_right(table: pd.DataFrame) -> "pd.Series[bool]":
    """Return whether the answer, of low confidence the class beside it, is what the slice or image is."""
    true, answer = table["true"], table["answer"]
    is_refused, is_head = answer.isin(REFUSED), true != NOT_A_HEAD
    with_class = (true == table["predicted"]).where(answer != NO_TUMOUR, ~true.isin(CLASSES) & is_head)
    return with_class.where(~is_refused, ~is_head)


def counts_by_outcome(table: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Return, by outcome, the number of slices and of how many it is right; ``by_outcome`` in ``DEFINITIONS``.

    Args:
        table: of ``outcomes``.
    """
    answer, right = table["answer"], _is_right(table)
    return {
        name: {"slices": int((answer == name).sum()), "right": int(right[answer == name].sum())} for name in OUTCOMES
    }


def outcome_shares(table: pd.DataFrame) -> dict[str, Any]:
    """Return the number of slices and the share of each outcome; ``all`` in ``DEFINITIONS``.

    Args:
        table: of ``outcomes``.
    """
    shares = outcomes(table).value_counts(normalize=True)
    names = (CORRECT, WRONG, LOW_CONFIDENCE, *REFUSED)
    return {"slices": len(table), **{name: float(shares.get(name, 0.0)) for name in names}}


def gate_hits(table: pd.DataFrame) -> dict[str, pd.Series]:
    """Return, by key of ``metrics.external``, the slices it is a share of, and whether each is a hit.

    Args:
        table: external slices, with true, predicted and answer as of ``outcomes``.
    """
    has_tumour = table["true"].isin(CLASSES)
    tumour, tumour_free = table[has_tumour], table[~has_tumour]
    confident = tumour[tumour["answer"] == CONFIDENT]
    return {
        "answered_tumour": tumour["answer"].isin([CONFIDENT, NO_TUMOUR]),
        "answered_no_tumour": tumour_free["answer"].isin([CONFIDENT, NO_TUMOUR]),
        "no_tumour_called_tumour": tumour_free["answer"] == CONFIDENT,
        "tumour_called_no_tumour": tumour["answer"] == NO_TUMOUR,
        "class_accuracy_answered": confident["true"] == confident["predicted"],
    }
