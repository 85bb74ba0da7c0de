"""Refuse files that hold no slice, whatever their format."""

import tracemalloc

import numpy as np
import pytest
from PIL import Image

from core.config import MAX_FILE_BYTES
from core.errors import SliceError
from core.readers.slices import MIN_SIDE, read_file, read_slice
from tests.pictures import GREY, PICTURE, PIXELS, encode, refusal
from tests.published import mat_bytes


def test_a_file_over_20_mb_is_refused_and_one_of_20_mb_is_not():
    data = encode(PICTURE, "PNG")
    assert "20 MB" in refusal(data.ljust(MAX_FILE_BYTES + 1, b"\0"))
    assert read_slice(data.ljust(MAX_FILE_BYTES, b"\0"), "slice.png").pixels.shape == GREY.shape


def test_the_size_of_a_file_a_byte_too_large_differs_from_the_limit():
    text = refusal(bytes(MAX_FILE_BYTES + 1))
    assert f"{MAX_FILE_BYTES:,} " in text and f"{MAX_FILE_BYTES + 1:,} " in text


def test_of_a_large_file_no_more_is_taken_than_a_slice_may_have(tmp_path):
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(2**33)
    tracemalloc.start()
    with pytest.raises(SliceError, match=f"{2**33:,} bytes"):
        read_file(path)
    assert tracemalloc.get_traced_memory()[1] < 2 * MAX_FILE_BYTES + 2**20
    tracemalloc.stop()
    path.write_bytes(b"x")
    assert read_file(path) == b"x"


def test_an_empty_file_is_refused():
    assert "empty" in refusal(b"")
    assert "empty" in refusal(b"", "1.mat")


def test_a_constant_slice_is_refused():
    flat = np.full((40, 40), 90, np.uint8)
    assert "same value" in refusal(encode(Image.fromarray(flat), "PNG"))
    assert "same value" in refusal(mat_bytes(flat.astype(np.int16)), "1.mat")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_numbers_are_refused(value):
    pixels = PIXELS.astype(np.float32)
    pixels[3, 4] = value
    assert "not numbers" in refusal(encode(Image.fromarray(pixels), "TIFF"), "slice.tif")
    assert "not numbers" in refusal(mat_bytes(pixels), "1.mat")


def test_a_slice_of_a_few_pixels_is_refused():
    few = PIXELS[: MIN_SIDE - 1]
    assert "at least 16" in refusal(encode(Image.fromarray(few.astype(np.uint8)), "PNG"))
    assert "at least 16" in refusal(mat_bytes(few), "1.mat")


def test_a_picture_named_mat_and_a_mat_file_named_png_are_refused():
    assert "v7.3" in refusal(encode(PICTURE, "PNG").ljust(600, b"\0"), "1.mat")
    assert ".mat" in refusal(mat_bytes(PIXELS), "1.png")
