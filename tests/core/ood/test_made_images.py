"""Pictures made of slices: panels, screenshots and negatives hold their slices and follow the generator."""

import numpy as np
import pytest

from core.ood.made_images import MADE_KINDS, SIDE, figure_of_panels, four_panels, negative

SLICES = [np.full((40, 30), 10.0) + np.arange(30), np.eye(64) * 300]


@pytest.mark.parametrize("kind", MADE_KINDS)
def test_each_kind_is_a_picture_drawn_by_its_generator_alone(kind: str) -> None:
    first, same = (MADE_KINDS[kind](SLICES, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, same)
    assert first.dtype == np.float32 and first.ndim == 2
    assert first.min() >= 0 and first.max() <= 1 and np.ptp(first) > 0.5


def test_panels_lie_in_rows_and_columns() -> None:
    for seed in range(5):
        height, width = four_panels(SLICES, np.random.default_rng(seed)).shape
        assert height == width and 2 * SIDE <= width <= 2 * SIDE + 3 * SIDE // 12
    height, width = figure_of_panels(SLICES, np.random.default_rng(0), (1, 3)).shape
    assert width > 2.5 * height


def test_a_negative_has_a_bright_background() -> None:
    dark = [np.pad(np.full((20, 20), 200.0), 20)]
    assert negative(dark, np.random.default_rng(0))[0, 0] == 1
