import numpy as np
import pytest
from PIL import Image

from core.errors import BundleError
from core.metrics import iou
from core.preprocessing import Placement, network_mask, network_plane, placement, resize, scale_to_unit, to_slice


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
    assert placement(*shape) == expected


def test_a_slice_that_is_not_square_is_padded_with_its_darkest_value_and_not_stretched():
    pixels = np.array([[10, 20, 30, 40], [50, 60, 70, 110]], np.int16)
    plane, place = network_plane(pixels, size=4)
    np.testing.assert_allclose(plane, [[0, 0, 0, 0], [0, 0.1, 0.2, 0.3], [0.4, 0.5, 0.6, 1], [0, 0, 0, 0]], atol=1e-6)
    np.testing.assert_array_equal(to_slice(plane, place), scale_to_unit(pixels))


def test_a_circle_stays_a_circle():
    rows, columns = np.mgrid[:300, :200]
    pixels = ((rows - 90) ** 2 + (columns - 120) ** 2 <= 60**2).astype(np.int16)
    plane, _ = network_plane(pixels, size=150)
    rows_hit, columns_hit = (np.flatnonzero((plane > 0.5).any(axis)) for axis in (1, 0))
    assert abs(np.ptp(rows_hit) - np.ptp(columns_hit)) <= 1
    assert np.ptp(rows_hit) == pytest.approx(60, abs=1.5)


@pytest.mark.parametrize("shape", [(300, 200), (200, 300), (256, 256)])
@pytest.mark.parametrize("size", [128, 512])
def test_a_mask_is_mapped_back_onto_the_right_pixels(shape, size):
    square = np.zeros(shape, bool)
    square[40:110, 20:80] = True
    fed = network_mask(square, size=size).astype(np.float32)
    _, place = network_plane(square, size=size)
    back = to_slice(fed, place)
    assert back.shape == shape
    assert back.dtype == np.float32
    assert iou(back >= 0.5, square) > 0.93


def test_what_a_network_is_fed_lies_where_its_mask_lies():
    pixels = np.zeros((300, 200), np.int16)
    pixels[40:110, 20:80] = 900
    plane, _ = network_plane(pixels, size=128)
    assert iou(plane >= 0.5, network_mask(pixels > 0, size=128)) > 0.95


def test_planes_are_float32_of_the_asked_size_in_zero_to_one():
    pixels = np.random.default_rng(0).integers(-900, 900, (37, 91)).astype(np.int16)
    for size in (16, 91, 128):
        plane, _ = network_plane(pixels, size=size)
        assert (plane.shape, plane.dtype) == ((size, size), np.float32)
        assert plane.min() >= 0
        assert plane.max() <= 1


def test_shrinking_averages_and_does_not_pick_single_pixels():
    checkers = np.indices((64, 64)).sum(0) % 2
    plane, _ = network_plane(checkers, size=16)
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
    np.testing.assert_array_equal(network_mask(mask, size=4), expected)


def test_a_mask_that_is_not_square_is_padded_with_no_tumour():
    mask = np.ones((2, 4), bool)
    np.testing.assert_array_equal(network_mask(mask, size=4), [[0] * 4, [1] * 4, [1] * 4, [0] * 4])
    np.testing.assert_array_equal(network_mask(mask.T, size=4), np.array([[0] * 4, [1] * 4, [1] * 4, [0] * 4]).T)


def test_a_mask_at_network_size_is_kept_as_it_is():
    mask = np.random.default_rng(1).random((16, 16)) > 0.5
    np.testing.assert_array_equal(network_mask(mask, size=16), mask)


def test_a_preprocessing_of_another_version_is_refused():
    with pytest.raises(BundleError, match=r"'percentiles'.*'min-max'"):
        network_plane(np.eye(4), size=4, preprocessing="percentiles")
