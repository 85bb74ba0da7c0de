"""Heat-map localisation, worked out by hand on small squares."""

import numpy as np
import pytest

from core.metrics.localisation import chance_level, heat_inside, pointing_game_hit

MASK = np.zeros((4, 4), bool)
MASK[1:3, 1:3] = True


def test_half_the_heat_inside_is_a_half() -> None:
    heat = np.zeros((4, 4), np.float32)
    heat[1, 1], heat[2, 2], heat[0, 0] = 0.25, 0.75, 1.0
    assert heat_inside(heat, MASK) == pytest.approx(0.5)


def test_a_uniform_heat_map_reaches_the_chance_level() -> None:
    assert chance_level(MASK) == pytest.approx(4 / 16)
    assert heat_inside(np.full((4, 4), 0.3, np.float32), MASK) == pytest.approx(4 / 16)


def test_all_heat_inside_and_none_inside() -> None:
    assert heat_inside(MASK.astype(np.float32), MASK) == 1
    assert heat_inside((~MASK).astype(np.float32), MASK) == 0


def test_no_heat_and_no_mask_give_numbers_and_no_hit() -> None:
    nothing = np.zeros((4, 4), np.float32)
    for heat, mask in ((nothing, MASK), (nothing, ~MASK & MASK), (np.ones((4, 4)), ~MASK & MASK)):
        assert heat_inside(heat, mask) == 0
        assert not pointing_game_hit(heat, mask, tolerance_px=100)
    assert chance_level(np.zeros((4, 4), bool)) == 0


def test_many_small_values_add_up_exactly() -> None:
    heat = np.full((1000, 1000), 0.1, np.float16)
    mask = np.zeros(heat.shape, bool)
    mask[:500] = True
    assert heat_inside(heat, mask) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("place", "tolerance_px", "hit"),
    [((1, 2), 0, True), ((0, 1), 0, False), ((0, 1), 1, True), ((0, 0), 1, False), ((0, 0), 1.5, True)],
)
def test_the_maximum_hits_within_the_tolerance(place: tuple[int, int], tolerance_px: float, hit: bool) -> None:
    heat = np.full((4, 4), 0.5, np.float32)
    heat[place] = 1
    assert pointing_game_hit(heat, MASK, tolerance_px=tolerance_px) is hit


def test_of_two_maxima_the_first_counts() -> None:
    heat = np.zeros((4, 4), np.float32)
    heat[0, 3] = heat[1, 1] = 1
    assert not pointing_game_hit(heat, MASK, tolerance_px=0)
    heat[0, 3], heat[3, 3] = 0, 1
    assert pointing_game_hit(heat, MASK, tolerance_px=0)
