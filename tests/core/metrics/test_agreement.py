"""Agreement of heat maps, worked out by hand on small squares."""

import numpy as np
import pytest

from core.metrics.agreement import hottest_overlap, rank_correlation

HEAT = np.arange(20.0).reshape(4, 5)


def test_the_same_order_of_hot_and_cold_is_one_and_the_reverse_minus_one() -> None:
    assert rank_correlation(HEAT, HEAT) == 1
    assert rank_correlation(HEAT, HEAT**3) == pytest.approx(1)
    assert rank_correlation(HEAT, -HEAT) == pytest.approx(-1)


def test_ranks_are_compared_as_by_spearman() -> None:
    ranks = np.array([[1, 2], [3, 4.0]])
    assert rank_correlation(ranks, np.array([[2, 1], [3, 4.0]])) == pytest.approx(1 - 6 * 2 / (4 * 15))


def test_equal_values_share_their_mean_rank() -> None:
    stats = pytest.importorskip("scipy.stats")
    random = np.random.default_rng(3)
    first, second = random.integers(0, 4, (9, 7)), random.integers(0, 3, (9, 7))
    assert rank_correlation(first, second) == pytest.approx(stats.spearmanr(first.ravel(), second.ravel()).statistic)


def test_a_flat_map_agrees_with_itself_alone() -> None:
    flat = np.zeros((4, 4))
    assert rank_correlation(flat, np.eye(4)) == rank_correlation(np.eye(4), flat) == 0
    assert rank_correlation(flat, flat) == 1


def test_the_hottest_tenth_overlaps_by_the_pixels_that_both_have() -> None:
    assert hottest_overlap(HEAT, HEAT) == 1
    other = HEAT.copy()
    other[3, 4], other[0, 0] = 0, 30
    # The hottest two of twenty are 18 and 19 of the first, 0 and 18 of the second.
    assert hottest_overlap(HEAT, other) == pytest.approx(1 / 3)
    assert hottest_overlap(HEAT, HEAT.max() - HEAT) == 0


def test_pixels_without_heat_are_never_the_hottest() -> None:
    spot = np.zeros((10, 10))
    spot[2, 2] = 1
    elsewhere = np.zeros((10, 10))
    elsewhere[7, 7] = 1
    assert hottest_overlap(spot, elsewhere) == 0
    assert hottest_overlap(spot, spot) == 1
    assert hottest_overlap(np.zeros((10, 10)), spot) == 0


def test_maps_of_two_sizes_and_no_share_are_refused() -> None:
    for measure in (rank_correlation, hottest_overlap):
        with pytest.raises(ValueError, match=r"\(4, 5\).*\(5, 4\)"):
            measure(HEAT, HEAT.T)
    with pytest.raises(ValueError, match=r"1\.5"):
        hottest_overlap(HEAT, HEAT, share=1.5)
