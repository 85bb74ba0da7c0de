"""Averages that the metrics share, of all values or of many draws of them at a time: pure functions on arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import MetricError


def safe_divide(numerator: Any, denominator: Any, *, empty: float = 0.0) -> np.ndarray:
    """Divide elementwise in float64; return ``empty`` where the denominator is 0."""
    numerator, denominator = np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)
    quotient = np.full(np.broadcast(numerator, denominator).shape, float(empty))
    return np.divide(numerator, denominator, out=quotient, where=denominator != 0)


@dataclass(frozen=True, eq=False)
class Draws:
    """How often each of many draws, such as a bootstrap's, takes each value; values are drawn by the cluster.

    Attributes:
        times: (draws, clusters) float64; how often a draw takes a cluster, such as a patient.
        cluster: (n,) index of each value's cluster, such as a slice's patient.
    """

    times: np.ndarray
    cluster: np.ndarray

    def total(self, values: np.ndarray) -> np.ndarray:
        """Sum (n,) values over each draw, (draws,)."""
        return self.times @ np.bincount(self.cluster, values, minlength=self.times.shape[1])

    def counts(self, cells: np.ndarray, number: int) -> np.ndarray:
        """Count the values of each draw in ``number`` cells, from the (n,) cell of each value: (draws, number)."""
        clusters = self.times.shape[1]
        return self.times @ np.bincount(self.cluster * number + cells, minlength=clusters * number).reshape(
            clusters, -1
        )

    def of(self, chosen: np.ndarray) -> "Draws":
        """Return the draws of some of the values, by their places or a (n,) bool mask."""
        return Draws(self.times, self.cluster[chosen])


def total(values: np.ndarray, draws: Draws | None = None) -> np.ndarray:
    """Sum (n,) values, or those of each draw; returns () or (draws,)."""
    return np.asarray(values.sum() if draws is None else draws.total(values))


def mean(values: np.ndarray, draws: Draws | None = None) -> np.ndarray:
    """Average (n,) values, or those of each draw; NaN of none. Returns () or (draws,) float64."""
    values = values.astype(np.float64)
    return safe_divide(total(values, draws), total(np.ones_like(values), draws), empty=np.nan)


def group_mean(values: np.ndarray, groups: np.ndarray, draws: Draws | None = None) -> np.ndarray:
    """Average the groups' means, so that every group counts alike; NaN for a draw that lacks a group.

    Args:
        values: (n,).
        groups: (n,) names or numbers, such as classes or patients.
        draws: of the values.

    Returns:
        () or (draws,) float64.
    """
    members = [groups == name for name in np.unique(groups)]
    return np.mean([mean(values[own], draws and draws.of(own)) for own in members], axis=0)


def require_option(name: str, value: object, options: Sequence[object]) -> None:
    """Refuse a value that is not one of a metric's options.

    Raises:
        MetricError: with the value and the options.
    """
    if value not in options:
        raise MetricError(
            "{name} is {value!r}; it may be {accepted}.", name=name, value=value, accepted=", ".join(map(repr, options))
        )
