"""Kendall's tau and Wilson's interval are SciPy's."""

import numpy as np
import pytest
from scipy import stats

from core.metrics.ranking import kendall_tau, wilson_interval


@pytest.mark.parametrize("length", [5, 8, 20])
@pytest.mark.parametrize("levels", [3, 1000])
def test_tau_and_its_chance_are_scipys(length: int, levels: int) -> None:
    random = np.random.default_rng(length)
    for _ in range(10):
        first, second = random.integers(0, levels, (2, length)) / levels
        second = second + first * random.random()
        tau, chance = kendall_tau(first, second)
        expected = stats.kendalltau(first, second, alternative="greater")
        assert tau == pytest.approx(expected.statistic)
        if levels == 1000:  # with ties, SciPy's chance is that of a normal distribution
            assert chance == pytest.approx(expected.pvalue, abs=0.03)


def test_equal_values_have_no_ranking() -> None:
    assert np.isnan(kendall_tau(np.ones(4), np.arange(4.0))).all()


@pytest.mark.parametrize(("hits", "trials"), [(0, 9), (9, 9), (3, 7), (45, 106), (1, 1)])
def test_the_interval_of_a_share_is_scipys(hits: int, trials: int) -> None:
    expected = stats.binomtest(hits, trials).proportion_ci(method="wilson")
    assert wilson_interval(hits, trials) == pytest.approx((expected.low, expected.high), abs=1e-6)
