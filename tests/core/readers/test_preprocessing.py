import numpy as np
import pytest
from PIL import Image

from core.errors import BundleError
from core.metrics.overlap import dice, iou
from core.readers.preprocessing import (
    HEAD,
    Placement,
    centred_placement,
    head_placement,
    map_to_slice,
    preprocess_mask,
    preprocess_slice,
    preprocess_with_neighbours,
    resize,
    scale_by_percentiles,
    scale_to_unit,
)


def test_a_slice_is_scaled_by_its_own_range_not_by_255():
    scaled = scale_to_unit(np.array([[-500, 0], [250, 1500]], np.int16))
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled, [[0, 0.25], [0.375, 1]], atol=1e-7)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.float32, np.float64])
def test_scaling_does_not_overflow_in_the_slices_own_type(dtype):
    limits = np.iinfo(dtype) if np.issubdtype(dtype, np.integer) else np.finfo(np.float16)
    scaled = scale_to_unit(np.array([[limits.min, limits.max]], dtype))
    np.testing.assert_array_equal(scaled, [[0, 1]])


@pytest.mark.parametrize("value", [0, -3, 255])
def test_a_constant_slice_becomes_zeros_not_nan(value):
    scaled = scale_to_unit(np.full((3, 4), value, np.int16))
    assert scaled.dtype == np.float32
    np.testing.assert_array_equal(scaled, np.zeros((3, 4)))


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((4, 4), Placement(4, 4, 0, 0, 4)),
        ((4, 10), Placement(4, 10, 3, 0, 10)),
        ((10, 4), Placement(10, 4, 0, 3, 10)),
        ((5, 10), Placement(5, 10, 2, 0, 10)),
    ],
)
def test_a_slice_lies_in_the_middle_of_its_square(shape, expected):
    assert centred_placement(*shape) == expected


def test_a_slice_that_is_not_square_is_padded_with_its_darkest_value_and_not_stretched():
    pixels = np.array([[10, 20, 30, 40], [50, 60, 70, 110]], np.int16)
    plane, place = preprocess_slice(pixels, size=4)
    np.testing.assert_allclose(plane, [[0, 0, 0, 0], [0, 0.1, 0.2, 0.3], [0.4, 0.5, 0.6, 1], [0, 0, 0, 0]], atol=1e-6)
    np.testing.assert_array_equal(map_to_slice(plane, place), scale_to_unit(pixels))


def test_a_circle_stays_a_circle():
    rows, columns = np.mgrid[:300, :200]
    pixels = ((rows - 90) ** 2 + (columns - 120) ** 2 <= 60**2).astype(np.int16)
    plane, _ = preprocess_slice(pixels, size=150)
    rows_in_circle, columns_in_circle = (np.flatnonzero((plane > 0.5).any(axis)) for axis in (1, 0))
    assert abs(np.ptp(rows_in_circle) - np.ptp(columns_in_circle)) <= 1
    assert np.ptp(rows_in_circle) == pytest.approx(60, abs=1.5)


@pytest.mark.parametrize("shape", [(300, 200), (200, 300), (256, 256)])
@pytest.mark.parametrize("size", [128, 512])
def test_a_mask_is_mapped_back_onto_the_right_pixels(shape, size):
    square = np.zeros(shape, bool)
    square[40:110, 20:80] = True
    _, place = preprocess_slice(square, size=size)
    network_mask = preprocess_mask(square, place, size=size).astype(np.float32)
    back = map_to_slice(network_mask, place)
    assert back.shape == shape
    assert back.dtype == np.float32
    assert iou(back >= 0.5, square) > 0.93


def test_the_model_input_lies_where_its_mask_lies():
    pixels = np.zeros((300, 200), np.int16)
    pixels[40:110, 20:80] = 900
    plane, place = preprocess_slice(pixels, size=128)
    assert iou(plane >= 0.5, preprocess_mask(pixels > 0, place, size=128)) > 0.95


def test_planes_are_float32_of_the_requested_size_in_zero_to_one():
    pixels = np.random.default_rng(0).integers(-900, 900, (37, 91)).astype(np.int16)
    for size in (16, 91, 128):
        plane, _ = preprocess_slice(pixels, size=size)
        assert (plane.shape, plane.dtype) == ((size, size), np.float32)
        assert plane.min() >= 0
        assert plane.max() <= 1


def test_shrinking_averages_and_does_not_pick_single_pixels():
    checkers = np.indices((64, 64)).sum(0) % 2
    plane, _ = preprocess_slice(checkers, size=16)
    # Away from the rim, where the footprint is cut.
    np.testing.assert_allclose(plane[2:-2, 2:-2], 0.5, atol=0.02)


def test_resizing_names_height_first():
    values = np.array([[0, 1], [0, 1]], np.float32)
    wide = resize(values, 2, 6, method=Image.Resampling.NEAREST)
    np.testing.assert_array_equal(wide, [[0, 0, 0, 1, 1, 1]] * 2)
    assert wide.dtype == np.float32


def test_a_mask_pixel_is_tumour_where_at_least_half_of_it_is():
    mask = np.array(
        [
            [1, 1, 1, 0, 1, 0, 0, 0],
            [1, 1, 0, 0, 0, 0, 0, 0],
            [1, 0, 1, 1, 0, 0, 1, 1],
            [0, 1, 1, 0, 0, 0, 0, 0],
            [0, 0, 0, 0, 0, 0, 0, 0],
            [0, 0, 0, 0, 0, 0, 0, 0],
            [0, 0, 0, 0, 0, 0, 0, 1],
            [0, 0, 0, 0, 0, 0, 1, 1],
        ],
        bool,
    )
    # Of each 2x2: 4, 1, 1, 0 / 2, 3, 0, 2 / none / none but the last with 3.
    expected = np.array([[1, 0, 0, 0], [1, 1, 0, 1], [0, 0, 0, 0], [0, 0, 0, 1]], bool)
    np.testing.assert_array_equal(preprocess_mask(mask, centred_placement(8, 8), size=4), expected)


def test_a_mask_that_is_not_square_is_padded_with_no_tumour():
    mask = np.ones((2, 4), bool)
    padded = np.array([[0] * 4, [1] * 4, [1] * 4, [0] * 4])
    np.testing.assert_array_equal(preprocess_mask(mask, centred_placement(2, 4), size=4), padded)
    np.testing.assert_array_equal(preprocess_mask(mask.T, centred_placement(4, 2), size=4), padded.T)


def test_a_mask_at_network_size_is_kept_as_it_is():
    mask = np.random.default_rng(1).random((16, 16)) > 0.5
    np.testing.assert_array_equal(preprocess_mask(mask, centred_placement(16, 16), size=16), mask)


def test_a_preprocessing_of_another_version_is_refused():
    with pytest.raises(BundleError, match=r"'percentiles'.*'min-max'.*'head'"):
        preprocess_slice(np.eye(4), size=4, preprocessing="percentiles")


# Cropped to the head


def a_head(shape: tuple[int, int], *, row: float, column: float, height: float, width: float) -> np.ndarray:
    """A grey ellipse with noise in it, before a dark ground with less noise."""
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    inside = ((rows - row) / height) ** 2 + ((columns - column) / width) ** 2 <= 1
    return np.where(inside, random.uniform(300, 900, shape), random.uniform(0, 20, shape)).astype(np.int16)


HEADS = {
    "in the middle": a_head((512, 512), row=256, column=256, height=200, width=160),
    "off centre": a_head((512, 512), row=150, column=330, height=110, width=90),
    "cut by the frame": a_head((512, 512), row=30, column=480, height=150, width=150),
    "filling the frame": np.random.default_rng(1).uniform(300, 900, (512, 512)).astype(np.int16),
    "small": a_head((256, 256), row=120, column=130, height=90, width=70),
    "in a wide picture": a_head((200, 600), row=100, column=420, height=85, width=70),
    "in a tall picture": a_head((640, 300), row=200, column=150, height=150, width=120),
}


@pytest.mark.parametrize("pixels", HEADS.values(), ids=HEADS)
def test_a_mask_comes_back_through_the_crop_onto_its_own_pixels(pixels: np.ndarray) -> None:
    rows, columns = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    seen = np.argwhere(pixels > 200).mean(axis=0)
    mask = (rows - seen[0]) ** 2 + (columns - seen[1]) ** 2 <= (min(pixels.shape) / 12) ** 2
    plane, place = preprocess_slice(pixels, size=192, preprocessing=HEAD)
    back = map_to_slice(preprocess_mask(mask, place, size=192).astype(np.float32), place)
    assert back.shape == pixels.shape
    assert dice(back >= 0.5, mask) >= 0.97
    assert plane.shape == (192, 192)


@pytest.mark.parametrize("pixels", HEADS.values(), ids=HEADS)
def test_the_head_lies_in_the_middle_of_its_square_with_a_margin(pixels: np.ndarray) -> None:
    place = head_placement(scale_by_percentiles(pixels))
    hit = pixels > 200
    for axis, start in ((1, place.top), (0, place.left)):
        occupied = np.flatnonzero(hit.any(axis)) + start
        before, after = occupied[0], place.side - 1 - occupied[-1]
        # The box is computed in steps of a few pixels.
        assert abs(before - after) <= 10
        assert before >= 0.03 * place.side
    extents = [np.ptp(np.flatnonzero(hit.any(axis))) + 1 for axis in (0, 1)]
    assert place.side == pytest.approx(1.12 * max(extents), rel=0.04)


def test_the_crop_takes_away_how_much_of_the_frame_the_head_fills() -> None:
    small = a_head((512, 512), row=200, column=300, height=100, width=80)
    large = a_head((512, 512), row=256, column=256, height=230, width=184)
    filled = [(preprocess_slice(head, size=96, preprocessing=HEAD)[0] > 0.2).mean() for head in (small, large)]
    assert filled[0] == pytest.approx(filled[1], rel=0.06)
    plain = [(preprocess_slice(head, size=96)[0] > 0.2).mean() for head in (small, large)]
    assert plain[1] > 3 * plain[0]


def test_specks_and_letters_do_not_widen_the_crop() -> None:
    pixels = HEADS["off centre"]
    marked = pixels.copy()
    marked[5:17, 20:60] = 900
    marked[500:504, 500:504] = 900
    assert head_placement(scale_by_percentiles(marked)) == head_placement(scale_by_percentiles(pixels))


def test_a_picture_without_anything_in_it_is_kept_whole() -> None:
    for pixels in (np.zeros((40, 30)), np.full((40, 30), 77)):
        plane, place = preprocess_slice(pixels, size=16, preprocessing=HEAD)
        assert place == centred_placement(40, 30)
        np.testing.assert_array_equal(plane, np.zeros((16, 16)))


def test_a_picture_empty_but_for_one_pixel_stays_finite() -> None:
    pixels = np.zeros((64, 64), np.int16)
    pixels[30, 30] = 5
    plane, _ = preprocess_slice(pixels, size=32, preprocessing=HEAD)
    assert np.isfinite(plane).all()
    assert 0 < plane.max() <= 1


def test_gain_and_offset_change_nothing_under_the_crop() -> None:
    pixels = HEADS["off centre"]
    plane, place = preprocess_slice(pixels, size=96, preprocessing=HEAD)
    scaled, scaled_place = preprocess_slice(pixels * 3.5 - 700, size=96, preprocessing=HEAD)
    assert scaled_place == place
    np.testing.assert_allclose(scaled, plane, atol=1e-5)


def test_one_burnt_pixel_does_not_darken_the_rest() -> None:
    pixels = HEADS["in the middle"]
    burnt = pixels.copy()
    burnt[256, 256] = 30000
    plane, _ = preprocess_slice(pixels, size=96, preprocessing=HEAD)
    burnt_plane, _ = preprocess_slice(burnt, size=96, preprocessing=HEAD)
    np.testing.assert_allclose(burnt_plane, plane, atol=0.05)


def test_outside_the_crop_there_is_no_tumour() -> None:
    pixels = HEADS["off centre"]
    _, place = preprocess_slice(pixels, size=96, preprocessing=HEAD)
    everywhere = map_to_slice(np.ones((96, 96), np.float32), place)
    assert everywhere[150, 330] == 1
    assert (everywhere[400:] == 0).all()
    assert everywhere.sum() == np.prod([s.stop - s.start for s in place.in_slice])


def neighbouring(number: int) -> np.ndarray:
    """A smooth head that differs a little from slice to slice."""
    y, x = np.mgrid[:64, :64] - 32.0
    return np.where((x / 20) ** 2 + (y / 26) ** 2 < 1, 100 + 30 * np.cos(x / 4 + number / 5), 0.0).astype(np.float32)


def test_neighbours_stand_before_and_behind_their_slice() -> None:
    slices = [neighbouring(number) for number in range(3)]
    planes, place = preprocess_with_neighbours(slices[1], (slices[0], slices[2]), size=32, preprocessing=HEAD)
    alone, alone_place = preprocess_slice(slices[1], size=32, preprocessing=HEAD)
    np.testing.assert_array_equal(planes[..., 1], alone)
    assert place == alone_place
    before, _ = preprocess_slice(slices[0], size=32, preprocessing=HEAD)
    np.testing.assert_allclose(planes[..., 0], before, atol=1e-6)
    assert (planes[..., 0] != planes[..., 1]).any() and (planes[..., 2] != planes[..., 1]).any()


@pytest.mark.parametrize(
    "other",
    [None, neighbouring(0)[:32, :32], neighbouring(0).max() - neighbouring(0), np.zeros((64, 64))],
    ids=["none", "another size", "unlike", "empty"],
)
def test_where_there_is_no_neighbour_the_slice_stands_in_its_place(other: np.ndarray | None) -> None:
    slice_ = neighbouring(0)
    planes, _ = preprocess_with_neighbours(slice_, (other, other), size=32, preprocessing=HEAD)
    np.testing.assert_array_equal(planes, np.repeat(planes[..., 1:2], 3, axis=-1))
