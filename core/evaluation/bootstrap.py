"""Patient-level bootstrap intervals of metrics.

Slices of one patient resemble each other and are not independent. Patients are drawn with replacement, each with all
its slices (the cluster bootstrap; Davison and Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8),
and the interval lies between percentiles of the metric over the draws. It covers the choice of test patients, not the
variation between trainings.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.bundles.bundle import Bundle
from core.bundles.predictions import read_predictions, select_predictions
from core.config import SEED
from core.evaluation.figures import Figures, class_figures, drawn_mask_figures
from core.metrics.averages import Draws

DRAWS = 2000
LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A metric's value and the interval around it."""

    value: float
    low: float
    high: float


def headline_metrics(bundle: Bundle) -> dict[str, Interval]:
    """Return the headline metrics of a bundle's test slices; see ``bootstrap_intervals``.

    Of a slice-level split there is no series_accuracy: other slices of the same series are in training.

    Raises:
        BundleError: the bundle has no predictions, or their file is not the one that its card states.
    """
    metrics = bootstrap_intervals(select_predictions(read_predictions(bundle), part="test"), bundle.card.classes)
    if not bundle.card.data.by_patient:
        metrics.pop("series_accuracy", None)
    return metrics


def bootstrap_intervals(
    table: pd.DataFrame, classes: list[str], *, draws: int = DRAWS, level: float = LEVEL, seed: int = SEED
) -> dict[str, Interval]:
    """Return the headline metrics of test slices, named as in a card's ``metrics.test``, with their intervals.

    Args:
        table: rows of ``core.bundles.predictions.read_predictions``, all of one part.
        classes: in the card's order.
        draws: bootstrap draws.
        level: share of the draws within the interval.
        seed: of the draws.

    Returns:
        Of a classifier accuracy, macro_f1, series_accuracy, patient_accuracy and recall_CLASS; of a segmenter
        dice_mean, dice_class_mean, iou_mean, dice_pooled, iou_pooled and missed.
    """
    return {
        name: _interval(value, drawn, level) for name, (value, drawn) in _bootstrap(table, classes, draws, seed).items()
    }


def bootstrap_differences(
    table: pd.DataFrame,
    other: pd.DataFrame,
    classes: list[str],
    *,
    draws: int = DRAWS,
    level: float = LEVEL,
    seed: int = SEED,
) -> dict[str, Interval]:
    """Return the differences of one table's metrics from another's, the same patients drawn for both.

    Args:
        table, other: as in ``bootstrap_intervals``, of the same slices.
        classes, draws, level, seed: as there.

    Returns:
        As ``bootstrap_intervals``, of the metrics that both have.
    """
    own, others = (_bootstrap(rows.sort_values("slice"), classes, draws, seed) for rows in (table, other))
    return {
        name: _interval(own[name][0] - others[name][0], own[name][1] - others[name][1], level)
        for name in own
        if name in others
    }


def _interval(value: float, drawn: np.ndarray, level: float) -> Interval:
    # A draw may have nothing to divide by, such as no slice of a class.
    low, high = np.nanquantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high))


def _bootstrap(table: pd.DataFrame, classes: list[str], draws: int, seed: int) -> dict[str, tuple[float, np.ndarray]]:
    """Return each metric of the table, and its (draws,) values over draws of the patients."""
    numbers, patient = np.unique(table["patient"].to_numpy(), return_inverse=True)
    random = np.random.default_rng(seed)
    times = random.multinomial(len(numbers), np.full(len(numbers), 1 / len(numbers)), size=draws)
    values, drawn = _figures(table, classes), _figures(table, classes, Draws(times.astype(np.float64), patient))
    return {name: (float(value), drawn[name]) for name, value in values.items()}


def _figures(table: pd.DataFrame, classes: list[str], draws: Draws | None = None) -> Figures:
    figures = class_figures(table, classes, draws=draws) if "predicted" in table else {}
    return figures | (drawn_mask_figures(table, draws=draws) if "dice" in table else {})
