"""Pictures side by side in one file are found, each by itself; a single slice stays whole."""

import numpy as np
import pytest
from PIL import Image

from core.readers.adjusting.adjustment import suggest_adjustment
from core.readers.adjusting.composite import suggest_pictures
from core.readers.samples import read_samples
from core.readers.slices import Slice

SIDE = 200
SAMPLES = [sample.slice().pixels for sample in read_samples()]


def tile(place: int) -> np.ndarray:
    """A sample that fills grey levels 0 to 255 and has SIDE pixels a side."""
    values = np.asarray(Image.fromarray(SAMPLES[place % len(SAMPLES)]).resize((SIDE, SIDE)))
    return ((values - values.min()) / np.ptp(values) * 255).round()


def composite(rows: int, columns: int, *, gap: int, value: int, border: int = 0) -> np.ndarray:
    """Samples in rows and columns, with gaps of one value between and a border of it around."""
    step = SIDE + gap
    whole = np.full((rows * step - gap, columns * step - gap), float(value))
    for place in range(rows * columns):
        row, column = divmod(place, columns)
        whole[row * step : row * step + SIDE, column * step : column * step + SIDE] = tile(place)
    return np.pad(whole, border, constant_values=value)


def pictures(pixels: np.ndarray) -> list[np.ndarray]:
    return [
        adjustment(Slice(pixels, "x")).pixels for adjustment in suggest_pictures(pixels, suggest_adjustment(pixels))
    ]


@pytest.mark.parametrize("place", range(len(SAMPLES)))
@pytest.mark.parametrize("turns", range(2))
def test_a_single_slice_is_no_composite(place: int, turns: int) -> None:
    assert not pictures(np.rot90(SAMPLES[place], turns))


@pytest.mark.parametrize("border", [0, 20])
@pytest.mark.parametrize("value", [128, 255])
@pytest.mark.parametrize("gap", [4, 20])
@pytest.mark.parametrize(("rows", "columns"), [(2, 2), (1, 2), (3, 1), (3, 3), (4, 5)])
def test_bright_gaps_part_the_pictures_to_the_pixel(rows: int, columns: int, gap: int, value: int, border: int) -> None:
    found = pictures(composite(rows, columns, gap=gap, value=value, border=border))
    assert len(found) == rows * columns
    for place, picture in enumerate(found):
        np.testing.assert_array_equal(picture, tile(place))


@pytest.mark.parametrize("gap", [4, 20])
@pytest.mark.parametrize(("rows", "columns"), [(2, 2), (1, 2), (3, 3), (4, 5)])
def test_dark_gaps_part_the_pictures_though_their_backgrounds_are_dark(rows: int, columns: int, gap: int) -> None:
    found = pictures(composite(rows, columns, gap=gap, value=0))
    assert len(found) == rows * columns
    assert all(abs(side - SIDE) <= gap for picture in found for side in picture.shape)


def test_an_inverted_composite_gives_pictures_of_a_dark_background() -> None:
    found = pictures(255 - composite(2, 2, gap=10, value=0))
    assert len(found) == 4
    assert all(picture[0].mean() < 60 for picture in found)


def test_a_row_with_an_empty_place_is_not_parted_there() -> None:
    half_empty = composite(1, 2, gap=10, value=255)
    half_empty[:, SIDE + 10 :] = 0
    assert not pictures(half_empty)
