"""Frames are found and trimmed, inverted pictures turned back, and everything can be undone."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from core.readers.adjusting.adjustment import Adjustment, suggest_adjustment
from core.readers.samples import read_samples
from core.readers.slices import Slice

SAMPLES = [sample for sample in read_samples() if sample.class_name]


def picture(place: int = 0) -> np.ndarray:
    return SAMPLES[place].slice().pixels.astype(np.uint8)


def framed(pixels: np.ndarray, *, width: int, value: int) -> np.ndarray:
    return np.pad(pixels, width, constant_values=value)


def figure(pixels: np.ndarray) -> np.ndarray:
    """A plot of the slice: white margins, an axis with ticks and numbers, a title."""
    height, width = pixels.shape
    image = Image.new("L", (width + 160, height + 140), 255)
    image.paste(Image.fromarray(pixels), (90, 60))
    draw = ImageDraw.Draw(image)
    draw.rectangle([89, 59, 90 + width, 60 + height], outline=0)
    for at in range(0, width, 100):
        draw.line([90 + at, 60 + height, 90 + at, 64 + height], fill=0)
        draw.text((85 + at, 66 + height), str(at), fill=0)
        draw.text((60, 55 + at), str(at), fill=0)
    draw.text((200, 20), "A slice", fill=0)
    return np.asarray(image)


@pytest.mark.parametrize("place", range(len(SAMPLES)))
def test_a_picture_without_a_frame_is_left_alone(place: int) -> None:
    assert suggest_adjustment(picture(place)) == Adjustment()


@pytest.mark.parametrize("value", [255, 128])
@pytest.mark.parametrize("width", [1, 6, 60])
@pytest.mark.parametrize("place", range(0, len(SAMPLES), 3))
def test_a_bright_frame_is_trimmed_to_the_pixel(place: int, width: int, value: int) -> None:
    pixels = picture(place)
    adjustment = suggest_adjustment(framed(pixels, width=width, value=value))
    np.testing.assert_array_equal(adjustment(Slice(framed(pixels, width=width, value=value), "x")).pixels, pixels)


@pytest.mark.parametrize("place", range(0, len(SAMPLES), 3))
def test_margins_with_ticks_and_letters_are_trimmed(place: int) -> None:
    pixels = picture(place)
    box = suggest_adjustment(figure(pixels)).box
    assert box is not None
    assert np.abs(np.array(box) - (60, 60 + pixels.shape[0], 90, 90 + pixels.shape[1])).max() <= 2


@pytest.mark.parametrize("place", range(len(SAMPLES)))
def test_an_inverted_picture_is_turned_back(place: int) -> None:
    pixels = picture(place).astype(np.float32)
    adjustment = suggest_adjustment(255 - pixels)
    assert adjustment == Adjustment(inverted=True)
    back = adjustment(Slice(255 - pixels, "x")).pixels
    np.testing.assert_array_equal(back - back.min(), pixels - pixels.min())


@pytest.mark.parametrize(
    "pixels", [np.full((40, 40), 7), np.zeros((20, 20)), np.eye(30), np.ones((30, 30)) - np.eye(30)]
)
def test_pictures_of_next_to_nothing_are_looked_at_without_fault(pixels: np.ndarray) -> None:
    suggest_adjustment(pixels)


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("box", [None, (2, 9, 1, 12)])
def test_what_an_adjustment_moves_it_moves_back(
    turns: int, mirrored: bool, box: tuple[int, int, int, int] | None
) -> None:
    mask = np.random.default_rng(0).random((10, 14)) > 0.5
    adjustment = Adjustment(box, quarter_turns=turns, mirrored=mirrored)
    moved = adjustment(Slice(mask.astype(np.float32), "x", mask=mask))
    assert moved.mask is not None
    np.testing.assert_array_equal(moved.mask, moved.pixels > 0.5)
    inside = np.zeros_like(mask)
    top, bottom, left, right = box or (0, 10, 0, 14)
    inside[top:bottom, left:right] = mask[top:bottom, left:right]
    np.testing.assert_array_equal(adjustment.undone(moved.mask, mask.shape), inside)


def test_a_turn_is_counter_clockwise_and_mirroring_comes_after_it() -> None:
    pixels = np.array([[1, 2], [3, 4]], np.float32)
    assert Adjustment(quarter_turns=1)(Slice(pixels, "x")).pixels.tolist() == [[2, 4], [1, 3]]
    assert Adjustment(quarter_turns=1, mirrored=True)(Slice(pixels, "x")).pixels.tolist() == [[4, 2], [3, 1]]


def test_the_sentence_names_what_is_done_and_nothing_else() -> None:
    assert Adjustment(spacing_mm=0.5).sentence((10, 10)) is None
    said = Adjustment((3, 8, 1, 10), inverted=True).sentence((10, 10))
    assert said is not None and "3 px" in said and "dark" in said and "mirrored" not in said


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("box", [None, (5, 55, 10, 40)])
def test_a_part_of_the_adjusted_slice_is_cut_out_of_the_file(turns, mirrored, box) -> None:
    slice_ = Slice(np.arange(60 * 50, dtype=np.float32).reshape(60, 50), "a")
    adjustment = Adjustment(box=box, quarter_turns=turns, mirrored=mirrored)
    seen = adjustment(slice_).pixels
    cropped = adjustment.cropped((-3, 20, 4, 900), (60, 50))
    assert np.array_equal(cropped(slice_).pixels, seen[:20, 4:])
    assert adjustment.cropped((0, 15, 0, 30), (60, 50)) == adjustment, "it would be too small for a slice"
