"""Patient-level bootstrap intervals of metrics.

Slices of one patient resemble each other and are not independent. Patients are drawn with replacement, each with all
its slices (the cluster bootstrap; Davison and Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8),
and the interval lies between percentiles of the metric over the draws. It covers the choice of test patients, not the
variation between trainings.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.bundles.bundle import Bundle
from core.bundles.predictions import read_predictions, select_predictions
from core.config import SEED
from core.metrics.overlap import dice_from_counts, intersection_from_dice, iou_from_counts

DRAWS = 2000
LEVEL = 0.95

Statistic = Callable[[np.ndarray], np.ndarray]
"""(draws, k) sums over the drawn patients -> (draws,) values."""


@dataclass(frozen=True)
class Interval:
    """A metric's value and the interval around it."""

    value: float
    low: float
    high: float


def headline_metrics(bundle: Bundle) -> dict[str, Interval]:
    """Return the headline metrics of a bundle's test slices; see ``bootstrap_intervals``.

    Raises:
        BundleError: the bundle has no predictions, or their file is not the one that its card states.
    """
    return bootstrap_intervals(select_predictions(read_predictions(bundle), part="test"), bundle.card["classes"])


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
        Of a classifier accuracy, macro_f1, patient_accuracy and recall_CLASS; of a segmenter dice_mean, iou_mean,
        dice_pooled, iou_pooled and missed.
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
    low, high = np.nanquantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high))


def _bootstrap(table: pd.DataFrame, classes: list[str], draws: int, seed: int) -> dict[str, tuple[float, np.ndarray]]:
    """Return each metric of the table, and its (draws,) values over draws of the patients."""
    numbers, patient = np.unique(table["patient"].to_numpy(), return_inverse=True)
    times = np.random.default_rng(seed).multinomial(len(numbers), np.full(len(numbers), 1 / len(numbers)), size=draws)
    values = {}
    for columns, statistics in _statistics(table, classes, patient):
        sums = np.zeros((len(numbers), columns.shape[1]))
        np.add.at(sums, patient, columns)
        weighted = times @ sums
        for name, statistic in statistics.items():
            values[name] = float(statistic(sums.sum(axis=0)[None])[0]), statistic(weighted)
    return values


def _statistics(
    table: pd.DataFrame, classes: list[str], patient: np.ndarray
) -> list[tuple[np.ndarray, dict[str, Statistic]]]:
    """Return (slices, k) columns to sum by patient, and the metrics that are computed from the sums."""
    statistics: list[tuple[np.ndarray, dict[str, Statistic]]] = []
    if "predicted" in table:
        patients = _correct_patients(table, classes, patient)
        statistics += [
            (_confusion_cells(table, classes), _class_statistics(classes)),
            (patients, {"patient_accuracy": lambda sums: _nan_divide(sums[:, 0], sums[:, 1])}),
        ]
    if "dice" in table:
        statistics.append((_mask_columns(table), _MASK_STATISTICS))
    return statistics


def _confusion_cells(table: pd.DataFrame, classes: list[str]) -> np.ndarray:
    """Return (slices, classes²): 1 in the slice's cell of the confusion matrix."""
    true, predicted = (pd.Categorical(table[name], classes).codes.astype(int) for name in ("true", "predicted"))
    return np.eye(len(classes) ** 2)[true * len(classes) + predicted]


def _class_statistics(classes: list[str]) -> dict[str, Statistic]:
    count = len(classes)

    def matrices(sums: np.ndarray) -> np.ndarray:
        return sums.reshape(-1, count, count)

    def hits(sums: np.ndarray) -> np.ndarray:
        return np.einsum("nii->ni", matrices(sums))

    def accuracy(sums: np.ndarray) -> np.ndarray:
        return _nan_divide(hits(sums).sum(axis=1), sums.sum(axis=1))

    def macro_f1(sums: np.ndarray) -> np.ndarray:
        both = matrices(sums).sum(axis=1) + matrices(sums).sum(axis=2)
        f1 = np.divide(2 * hits(sums), both, out=np.zeros_like(both), where=both > 0)
        return f1.mean(axis=1)

    def recall(index: int) -> Statistic:
        return lambda sums: _nan_divide(hits(sums)[:, index], matrices(sums)[:, index].sum(axis=1))

    recalls = {f"recall_{name}": recall(index) for index, name in enumerate(classes)}
    return {"accuracy": accuracy, "macro_f1": macro_f1, **recalls}


def _correct_patients(table: pd.DataFrame, classes: list[str], patient: np.ndarray) -> np.ndarray:
    """Return (slices, 2): at each patient's first slice, whether its mean probabilities are right, and 1."""
    probabilities = pd.DataFrame(table[[f"p_{name}" for name in classes]].to_numpy()).groupby(patient).mean()
    _, first = np.unique(patient, return_index=True)
    true = pd.Categorical(table["true"], classes).codes[first]
    columns = np.zeros((len(table), 2))
    columns[first, 0] = probabilities.to_numpy().argmax(axis=1) == true
    columns[first, 1] = 1
    return columns


def _mask_columns(table: pd.DataFrame) -> np.ndarray:
    """Return (slices, 7): 1, Dice, IoU, pixels in both, true, predicted, and whether a tumour is missed (Dice 0)."""
    true, predicted = (table[name].to_numpy(np.float64) for name in ("true_px", "predicted_px"))
    dice = table["dice"].to_numpy()
    both = intersection_from_dice(dice, true, predicted)
    missed = (true > 0) & (both == 0)
    return np.stack([np.ones(len(table)), dice, table["iou"], both, true, predicted, missed], axis=1)


_MASK_STATISTICS: dict[str, Statistic] = {
    "dice_mean": lambda sums: _nan_divide(sums[:, 1], sums[:, 0]),
    "iou_mean": lambda sums: _nan_divide(sums[:, 2], sums[:, 0]),
    "dice_pooled": lambda sums: dice_from_counts(sums[:, 3], sums[:, 4], sums[:, 5]),
    "iou_pooled": lambda sums: iou_from_counts(sums[:, 3], sums[:, 4], sums[:, 5]),
    "missed": lambda sums: _nan_divide(sums[:, 6], sums[:, 0]),
}


def _nan_divide(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Divide; NaN where a draw has nothing to divide by, such as no slice of a class."""
    return np.divide(numerator, denominator, out=np.full(len(denominator), np.nan), where=denominator > 0)
