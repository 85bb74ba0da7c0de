"""Averages of small arrays worked out by hand."""

import numpy as np
import pytest

from core.errors import MetricError
from core.metrics import averages
from core.metrics.averages import Draws

VALUES = np.array([1.0, 3.0, 8.0])
DRAWS = Draws(np.array([[1.0, 1.0], [2.0, 0.0], [0.0, 3.0]]), np.array([0, 0, 1]))
"""Values 0 and 1 in one cluster, value 2 in another; each draw takes them so many times."""


def test_a_quotient_by_zero_is_what_the_caller_chooses() -> None:
    assert averages.safe_divide([1, 2], [4, 0]).tolist() == [0.25, 0]
    assert averages.safe_divide([1, 2], [4, 0], empty=1.0).tolist() == [0.25, 1]


def test_totals_and_means_of_draws() -> None:
    assert averages.total(VALUES) == 12
    assert averages.total(VALUES, DRAWS).tolist() == [12, 8, 24]
    assert averages.mean(VALUES) == 4
    assert averages.mean(VALUES, DRAWS).tolist() == [4, 2, 8]
    assert np.isnan(averages.mean(VALUES[:0]))


def test_groups_count_alike_and_a_draw_that_lacks_one_has_no_mean() -> None:
    groups = np.array(["a", "a", "b"])
    assert averages.group_mean(VALUES, groups) == (2 + 8) / 2
    np.testing.assert_array_equal(averages.group_mean(VALUES, groups, DRAWS), [5, np.nan, np.nan])


def test_cells_are_counted_by_draw() -> None:
    assert DRAWS.counts(np.array([0, 2, 2]), 3).tolist() == [[1, 0, 2], [2, 0, 2], [0, 0, 3]]


def test_an_unknown_option_is_refused_with_its_value() -> None:
    with pytest.raises(MetricError, match=r"'sum'.*'mean'"):
        averages.require_option("averaging", "sum", ("mean",))
