"""Read TIFFs of every type of number right, or refuse them by their true name."""

import io

import numpy as np
import pytest
import tifffile
from PIL import Image

from core.config import MAX_SIDE
from core.readers.slices import read_slice
from core.readers.tiff import MAX_BYTES
from tests.pictures import DEEP, GREY, PIXELS, encode, refusal, tiff

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

UNSIGNED, SIGNED, FLOAT = 1, 2, 3
FORMATS = {"u": UNSIGNED, "i": SIGNED, "f": FLOAT}
WIDE = PIXELS.astype(np.float64)


def written(values, **options):
    """A TIFF by tifffile, another writer than the reader's library."""
    file = io.BytesIO()
    tifffile.imwrite(file, values, metadata=None, **options)
    return file.getvalue()


def read(data):
    return read_slice(data, "slice.tif").pixels


def unit(values):
    values = values.astype(np.float64)
    return (values - values.min()) / (values.max() - values.min())


def test_int8_is_not_read_as_unsigned():
    values = (PIXELS // 2 - 60).astype(np.int8)
    assert values.min() < 0
    np.testing.assert_array_equal(read(tiff(values, photometric=1, sample_format=SIGNED)), values)


def test_uint32_above_half_its_range_is_not_read_as_negative():
    values = PIXELS.astype(np.uint32) * 2**24
    assert values.max() > 2**31
    np.testing.assert_array_equal(read(tiff(values, photometric=1)), values.astype(np.float32))


@pytest.mark.parametrize("name", ["i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"])
def test_white_is_zero_is_turned_over_in_every_type(name):
    values = (WIDE / 2).astype(name)
    pixels = read(tiff(values, photometric=0, sample_format=FORMATS[name[0]]))
    np.testing.assert_allclose(unit(pixels), 1 - unit(values), atol=1e-3 if name == "f2" else 1e-5)


@pytest.mark.parametrize("name", ["u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"byteorder": ">"},
        {"bigtiff": True},
        {"rowsperstrip": 7},
        {"compression": "zlib"},
        {"tile": (32, 16)},
        {"tile": (16, 32), "compression": "zlib", "byteorder": ">"},
    ],
    ids=str,
)
def test_every_type_and_layout_keeps_its_values(name, options):
    values = WIDE.astype(name)
    np.testing.assert_array_equal(read(written(values, **options)), values.astype(np.float32))


@pytest.mark.parametrize("name", ["i1", "u2", "i2", "u4", "i4"])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("tile", [None, (16, 32)])
def test_differences_of_numbers_are_summed(name, order, tile):
    values = (WIDE / 2).astype(name)
    data = written(values, compression="zlib", predictor=True, byteorder=order, tile=tile)
    np.testing.assert_array_equal(read(data), values)


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "tiff_adobe_deflate", "zstd", "lzma"])
def test_every_compression_of_bytes_is_read(compression):
    values = (PIXELS / 7).astype(np.float32)
    np.testing.assert_array_equal(read(encode(Image.fromarray(values), "TIFF", compression=compression)), values)


def test_differences_of_floating_point_bytes_are_summed():
    values = (PIXELS / 7).astype(np.float32)
    data = encode(Image.fromarray(values), "TIFF", compression="tiff_lzw", tiffinfo={317: 3})
    np.testing.assert_array_equal(read(data), values)


def test_floating_point_colours_become_grey():
    colours = np.dstack([WIDE, WIDE * 2, WIDE * 3])
    grey = read(tiff(colours, photometric=2, sample_format=FLOAT))
    np.testing.assert_allclose(grey, WIDE * (0.299 + 2 * 0.587 + 3 * 0.114), rtol=1e-6)


def test_sixteen_bit_grey_with_alpha_is_black_where_it_is_transparent():
    alpha = np.full(DEEP.shape, 65535, np.uint16)
    alpha[:10] = 0
    pixels = read(tiff(np.dstack([DEEP, alpha]), photometric=1, extra=(2,)))
    np.testing.assert_allclose(pixels, np.where(alpha, DEEP, 0), rtol=1e-6)


@pytest.mark.parametrize("name", ["u1", "u2"])
@pytest.mark.parametrize("options", [{}, {"compression": "zlib", "predictor": True}], ids=str)
@pytest.mark.parametrize("together", [True, False])
def test_colours_stored_apart_are_not_read_as_colours_stored_together(name, options, together):
    colours = np.stack([PIXELS, PIXELS // 2, 230 - PIXELS]).astype(name) * (257 if name == "u2" else 1)
    planes = np.moveaxis(colours, 0, 2) if together else colours
    data = written(planes, photometric="rgb", planarconfig="contig" if together else "separate", **options)
    if (name, options, together) == ("u2", {}, False):
        assert "stored apart" in refusal(data)
    else:
        grey = np.tensordot((0.299, 0.587, 0.114), colours, 1)
        np.testing.assert_allclose(unit(read(data)), unit(grey), atol=0.01)


@pytest.mark.parametrize("turn", range(1, 9))
def test_every_orientation_stands_upright_as_pillow_turns_it(turn):
    floats = encode(Image.fromarray(GREY.astype(np.float32)), "TIFF", tiffinfo={274: turn})
    bytes_ = encode(Image.fromarray(GREY), "TIFF", tiffinfo={274: turn})
    np.testing.assert_array_equal(read(floats), read(bytes_))


def test_numbers_beyond_single_precision_are_scaled_and_not_lost():
    ramp = unit(WIDE)
    for values in (ramp * 6e38 - 3e38, (ramp * 2 - 1) * 1.7e308, ramp * 1e-300, 1e9 + ramp):
        pixels = read(tiff(values, photometric=1, sample_format=FLOAT))
        np.testing.assert_allclose(pixels, ramp, atol=1e-6)
    offset = (PIXELS.astype(np.uint64)) + np.uint64(2**63)
    np.testing.assert_allclose(read(tiff(offset, photometric=1)), ramp, atol=1e-6)
    widest = (ramp * 6.8e38 - 3.4e38).astype(np.float32)
    slice_ = read_slice(tiff(widest, photometric=1, sample_format=FLOAT), "slice.tif")
    np.testing.assert_allclose(slice_.pixels, ramp, atol=1e-6)
    assert len(slice_.notes) == 1


@pytest.mark.parametrize(
    ("compression", "name"),
    [(34887, "LERC"), (34712, "JPEG 2000"), (33005, "JPEG 2000"), (50002, "JPEG XL"), (34934, "JPEG XR")],
)
def test_a_compression_that_is_not_read_is_named(compression, name):
    text = refusal(tiff(DEEP, photometric=1, compression=compression))
    assert f"TIFF compressed by {name}" in text
    assert "PNG" in text


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (tiff(PIXELS.astype(np.complex64), photometric=1, sample_format=6), "64-bit complex"),
        (tiff(np.dstack([WIDE] * 5), photometric=2, sample_format=FLOAT), "in 5 channels"),
        (tiff(GREY, photometric=32803), "interpretation 32803"),
        (tiff(DEEP, photometric=3), "in 1 channels"),
        (tiff(DEEP, photometric=1, compression=7), "compression 7"),
        (written(np.stack([WIDE] * 3), photometric="rgb", planarconfig="separate"), "stored apart"),
        (written(WIDE, bigtiff=True, byteorder=">"), "BigTIFF"),
    ],
)
def test_numbers_that_are_not_read_are_named(data, name):
    assert name in refusal(data)


def test_a_tile_larger_than_any_slice_is_refused_before_it_is_unpacked():
    data = bytearray(written(DEEP, tile=(16, 16)))
    at = data.index((322).to_bytes(2, "little"))
    data[at + 8 : at + 12] = (2**31).to_bytes(4, "little") if data[at + 2] == 4 else b"\xff\xff\0\0"
    assert "tiles" in refusal(bytes(data))


def test_sides_are_bounded_before_numbers_are_unpacked():
    def stating(width, height):
        data = bytearray(tiff(WIDE, photometric=1, sample_format=FLOAT))
        data[18:22], data[30:34] = width.to_bytes(4, "little"), height.to_bytes(4, "little")
        return bytes(data)

    assert "at most 4096" in refusal(stating(MAX_SIDE + 1, 40))
    assert "at most 4096" in refusal(stating(48, 2**31))
    assert "cut short" in refusal(stating(MAX_SIDE, MAX_SIDE))
    colours = bytearray(tiff(np.dstack([WIDE] * 3), photometric=2, sample_format=FLOAT))
    colours[18:22] = colours[30:34] = MAX_SIDE.to_bytes(4, "little")
    assert f"{MAX_BYTES / 1e6:.0f} MB" in refusal(bytes(colours))
