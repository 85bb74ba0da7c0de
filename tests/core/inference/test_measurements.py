"""Measurements of shapes of known size."""

import math

import numpy as np
import pytest

from core.inference.measurements import Measurements, feret_diameter, measure_mask


def shape(*blocks: tuple[slice, slice]) -> np.ndarray:
    mask = np.zeros((20, 30), bool)
    for rows, columns in blocks:
        mask[rows, columns] = True
    return mask


PIXEL = (slice(4, 5), slice(7, 8))
RECTANGLE = (slice(2, 5), slice(3, 7))  # 3 x 4
LINE = (slice(10, 11), slice(10, 18))  # 1 x 8, longer than the rectangle but of fewer pixels


@pytest.mark.parametrize(
    ("mask", "diameter"),
    [
        (shape(PIXEL), math.sqrt(2)),
        (shape(RECTANGLE), 5),
        (shape(RECTANGLE).T, 5),
        (shape(LINE), math.hypot(1, 8)),
        (np.eye(6, dtype=bool), 6 * math.sqrt(2)),
        (shape(), 0),
    ],
)
def test_feret_diameter_goes_from_corner_to_corner(mask: np.ndarray, diameter: float) -> None:
    assert feret_diameter(mask) == pytest.approx(diameter)


def test_feret_diameter_of_a_disc_is_its_diameter() -> None:
    rows, columns = np.mgrid[:101, :101]
    assert feret_diameter((rows - 50) ** 2 + (columns - 50) ** 2 <= 40**2) == pytest.approx(81, abs=1.5)


def test_millimetres_grow_with_the_spacing_squared_for_areas() -> None:
    measurements = measure_mask(shape(RECTANGLE), 0.5)
    assert (measurements.area_px, measurements.components) == (12, 1)
    assert measurements.area_mm2 == pytest.approx(12 * 0.25)
    assert measurements.diameter_mm == pytest.approx(2.5)


def test_the_diameter_is_the_largest_components_and_the_area_is_everything() -> None:
    measurements = measure_mask(shape(RECTANGLE, LINE), 0.5)
    assert (measurements.area_px, measurements.components) == (20, 2)
    assert measurements.area_mm2 == pytest.approx(5.0)
    assert measurements.diameter_mm == pytest.approx(2.5), "the line is longer, but has fewer pixels"


def test_pixels_that_touch_by_a_corner_are_one_component() -> None:
    assert measure_mask(np.eye(5, dtype=bool), None).components == 1


def test_an_unknown_spacing_gives_no_millimetres() -> None:
    assert measure_mask(shape(RECTANGLE), None) == Measurements(12, 1, None, None)


def test_an_empty_mask_has_no_diameter() -> None:
    assert measure_mask(shape(), 0.49) == Measurements(0, 0, None, None)


@pytest.mark.parametrize("seed", range(4))
def test_the_ends_of_rows_give_the_diameter_of_all_pixels(seed: int) -> None:
    mask = np.random.default_rng(seed).random((40, 50)) < 0.02
    places = np.argwhere(mask)
    corners = np.concatenate([places + shift for shift in ((0, 0), (0, 1), (1, 0), (1, 1))])
    longest = max(np.hypot(*(one - other)) for one in corners for other in corners)
    assert feret_diameter(mask) == pytest.approx(longest)
