"""A bright frame around a slice is found and hardly changes what the network sees."""

import numpy as np
import pytest

from core.readers.preprocessing import HEAD, frame_width, preprocess_slice


def a_head(side: int = 256) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side]
    head = np.hypot(rows - side / 2, columns - side / 2) < side * 0.4
    return np.where(head, 80 + 40 * np.random.default_rng(0).random((side, side)), 0)


def framed(pixels: np.ndarray, width: int) -> np.ndarray:
    copy = pixels.copy()
    copy[:width] = copy[-width:] = copy[:, :width] = copy[:, -width:] = 255
    return copy


@pytest.mark.parametrize("width", [1, 3, 6, 10])
def test_a_framed_slice_is_seen_as_if_it_had_no_frame(width: int) -> None:
    pixels = a_head()
    assert frame_width(framed(pixels, width)) == width
    plain, place = preprocess_slice(pixels, size=96, preprocessing=HEAD)
    seen, seen_place = preprocess_slice(framed(pixels, width), size=96, preprocessing=HEAD)
    assert seen_place == place
    assert np.abs(seen - plain).max() < 0.03


def test_a_slice_without_a_frame_has_none() -> None:
    assert frame_width(a_head()) == 0
    assert frame_width(np.ones((20, 20))) == 0
    one_side_open = framed(a_head(), 6)
    one_side_open[:, -6:] = 0
    assert frame_width(one_side_open) == 0


def test_a_bright_background_is_no_frame() -> None:
    assert frame_width(255 - a_head()) == 0
