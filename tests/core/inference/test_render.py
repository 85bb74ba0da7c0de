"""Drawing a slice: the layers over it, and the pixels that must stay."""

import io

import numpy as np
import pytest
from PIL import Image

from core.inference.render import (
    COLOUR_MAPS,
    PREDICTED_COLOUR,
    SHOW_HEAT_MAP,
    SHOW_MASK,
    SHOW_TRUTH,
    TRUE_COLOUR,
    DisplayOptions,
    compose_overlay,
    default_window,
    encode_png,
    grey_image,
    outline,
    overlay_heat_map,
    overlay_mask,
)
from core.readers.samples import read_samples


def picture(height: int = 40, width: int = 60) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)


def square() -> np.ndarray:
    mask = np.zeros((40, 60), bool)
    mask[10:20, 15:30] = True
    return mask


# Window


def test_the_window_clips_below_and_above() -> None:
    pixels = np.array([[-50.0, 100.0, 150.0, 200.0, 900.0]])
    grey = grey_image(pixels, 100, 200)
    assert grey[0, :, 0].tolist() == [0, 0, 127, 255, 255]
    assert (grey == grey[:, :, :1]).all()
    assert grey.dtype == np.uint8


def test_one_bright_pixel_does_not_darken_the_default_window() -> None:
    pixels = np.random.default_rng(0).uniform(0, 100, (64, 64))
    low, high = default_window(pixels)
    pixels[0, 0] = 1e6
    assert default_window(pixels) == pytest.approx((low, high), abs=1)


def test_the_default_window_of_an_almost_constant_slice_is_its_range() -> None:
    pixels = np.zeros((64, 64))
    pixels[3, 3] = 7
    assert default_window(pixels) == (0, 7)


def test_a_window_without_width_is_no_division_by_zero() -> None:
    with np.errstate(all="raise"):
        assert grey_image(np.array([[1.0, 2.0]]), 1.0, 1.0)[0, :, 0].tolist() == [0, 255]


# Heat


def test_heat_at_opacity_zero_leaves_the_picture() -> None:
    heat = np.random.default_rng(1).random((40, 60))
    np.testing.assert_array_equal(overlay_heat_map(picture(), heat, opacity=0.0), picture())


def test_where_there_is_no_heat_the_picture_stays() -> None:
    heat = np.zeros((40, 60))
    heat[5, 6] = 1.0
    shown = overlay_heat_map(picture(), heat, opacity=1.0)
    changed = (shown != picture()).any(axis=2)
    assert np.argwhere(changed).tolist() == [[5, 6]]


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_full_heat_at_full_opacity_is_the_scales_last_colour(name: str) -> None:
    import plotly.colors

    last = getattr(plotly.colors.sequential, name)[-1]
    expected = plotly.colors.hex_to_rgb(last) if last.startswith("#") else plotly.colors.unlabel_rgb(last)
    shown = overlay_heat_map(picture(), np.ones((40, 60)), opacity=1.0, colour_map=name)
    np.testing.assert_allclose(shown[3, 4], expected, atol=1)


def test_more_opacity_shows_more_heat() -> None:
    black = np.zeros((1, 1, 3), np.uint8)
    shown = [int(overlay_heat_map(black, np.ones((1, 1)), opacity=opacity).sum()) for opacity in (0, 0.25, 0.5, 1)]
    assert shown == sorted(set(shown))


# Masks


def test_the_outline_lies_around_the_mask_and_outside_it() -> None:
    line = outline(square())
    assert not (line & square()).any()
    rows, columns = np.nonzero(line)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (9, 20, 14, 30)
    assert line.sum() == 2 * 10 + 2 * 15, "one pixel wide"


def test_the_outline_of_a_large_slice_is_wider() -> None:
    mask = np.zeros((512, 512), bool)
    mask[100:200, 100:200] = True
    rows, _ = np.nonzero(outline(mask))
    assert (rows.min(), rows.max()) == (98, 201)


def test_an_empty_mask_has_no_outline() -> None:
    assert not outline(np.zeros((40, 60), bool)).any()
    np.testing.assert_array_equal(overlay_mask(picture(), np.zeros((40, 60), bool), colour=(1, 2, 3)), picture())


def test_a_drawn_outline_hides_nothing_of_the_tumour() -> None:
    shown = overlay_mask(picture(), square(), colour=(0, 229, 255))
    np.testing.assert_array_equal(shown[square()], picture()[square()])
    assert (shown[outline(square())] == (0, 229, 255)).all()
    rest = ~square() & ~outline(square())
    np.testing.assert_array_equal(shown[rest], picture()[rest])


def test_a_filled_mask_is_filled_by_its_opacity() -> None:
    grey = np.full((40, 60, 3), 100, np.uint8)
    shown = overlay_mask(grey, square(), colour=(0, 200, 50), opacity=0.5, fill=True)
    assert (shown[square()] == (50, 150, 75)).all()
    assert (shown[~square()] == 100).all()
    np.testing.assert_array_equal(overlay_mask(grey, square(), colour=(0, 200, 50), opacity=0.0, fill=True), grey)


def test_the_given_picture_is_not_painted_on() -> None:
    given = picture()
    overlay_mask(given, square(), colour=(1, 2, 3), fill=True)
    overlay_heat_map(given, np.ones((40, 60)), opacity=1.0)
    np.testing.assert_array_equal(given, picture())


# All of it


def composed(*layers: str, truth: np.ndarray | None = None, **options: object) -> np.ndarray:
    """A dark slice with the square as mask, heat in its corner and, shifted, the truth."""
    heat = np.zeros((40, 60))
    heat[0, 0] = 1.0
    shown = DisplayOptions(0, 100, layers=layers, mask_opacity=1.0, **options)  # type: ignore[arg-type]
    return compose_overlay(np.zeros((40, 60)), shown, mask=square(), heat=heat, truth=truth)


def test_only_the_chosen_layers_are_drawn_over_the_slice() -> None:
    truth = np.roll(square(), 20, axis=1)
    assert not composed(truth=truth).any()
    assert (composed(SHOW_MASK, truth=truth).any(axis=2) == outline(square())).all()
    assert (composed(SHOW_TRUTH, truth=truth)[outline(truth)] == TRUE_COLOUR).all()
    assert np.argwhere(composed(SHOW_HEAT_MAP, truth=truth).any(axis=2)).tolist() == [[0, 0]]
    assert not composed(SHOW_TRUTH).any(), "no truth is known"


def test_the_predicted_outline_is_drawn_over_the_true_one() -> None:
    both = composed(SHOW_MASK, SHOW_TRUTH, truth=square())
    assert (both[outline(square())] == PREDICTED_COLOUR).all()


def test_a_filled_mask_lets_the_slice_show_through() -> None:
    filled = composed(SHOW_MASK, fill=True)
    assert not filled[~square()].any()
    assert (filled[square()].sum(axis=1) > 0).all()
    assert (filled[square()].sum(axis=1) < sum(PREDICTED_COLOUR)).all()


# Files


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("values", [picture(), picture()[:, :, 0]])
def test_a_png_read_back_is_the_picture(values: np.ndarray, quick: bool) -> None:
    with Image.open(io.BytesIO(encode_png(values, quick=quick))) as image:
        assert image.format == "PNG"
        np.testing.assert_array_equal(np.asarray(image), values)


def test_a_masks_png_is_black_and_white_at_the_masks_size() -> None:
    with Image.open(io.BytesIO(encode_png(square()))) as image:
        assert image.size == (60, 40)
        np.testing.assert_array_equal(np.asarray(image), np.where(square(), 255, 0))


def test_the_notes_of_a_simulated_slice_are_in_its_pictures() -> None:
    slice_ = read_samples()[0].slice()
    assert any("imulated" in note for note in slice_.notes)
    read = Image.open(io.BytesIO(encode_png(np.zeros((4, 4), np.uint8), slice_.notes)))
    assert read.text["Comment"] == " ".join(slice_.notes)  # type: ignore[attr-defined]
    assert not Image.open(io.BytesIO(encode_png(np.zeros((4, 4), np.uint8)))).info
