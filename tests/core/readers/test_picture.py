"""Read pictures of every accepted kind, and refuse damaged and hostile ones."""

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from core.config import MAX_SIDE
from core.errors import SliceError
from core.readers.picture import FORMATS
from core.readers.samples import read_samples
from core.readers.slices import MIN_SIDE, read_slice
from tests.pictures import DEEP, GREY, MASK, PICTURE, PIXELS, deep_png, encode, png, refusal, tiff

# Pillow's, on the damaged files here.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

TURNED = Image.Exif()
TURNED[0x0112] = 6
"""Orientation 6: the stored picture must be turned clockwise by a quarter to stand upright."""


# Pictures that are read


@pytest.mark.parametrize(
    ("data", "values"),
    [
        pytest.param(encode(PICTURE, "PNG"), GREY, id="PNG, 8 bit"),
        pytest.param(encode(Image.fromarray(DEEP), "PNG"), DEEP, id="PNG, 16 bit"),
        pytest.param(encode(PICTURE, "TIFF"), GREY, id="TIFF, 8 bit"),
        pytest.param(encode(PICTURE, "TIFF", compression="tiff_lzw"), GREY, id="TIFF, LZW"),
        pytest.param(encode(PICTURE, "TIFF", compression="tiff_adobe_deflate"), GREY, id="TIFF, deflate"),
        pytest.param(encode(Image.fromarray(DEEP), "TIFF"), DEEP, id="TIFF, 16 bit"),
        pytest.param(encode(Image.fromarray(DEEP), "TIFF", compression="tiff_lzw"), DEEP, id="TIFF, 16 bit, LZW"),
        pytest.param(tiff(DEEP, photometric=1), DEEP, id="TIFF, by hand"),
        pytest.param(tiff(PIXELS - 100, photometric=1, sample_format=2), PIXELS - 100, id="TIFF, 16 bit signed"),
        pytest.param(encode(Image.fromarray(DEEP.astype(np.int32) - 9), "TIFF"), DEEP - 9.0, id="TIFF, 32 bit"),
        pytest.param(encode(Image.fromarray(PIXELS / np.float32(7)), "TIFF"), PIXELS / np.float32(7), id="TIFF, float"),
        pytest.param(encode(PICTURE.convert("RGB"), "WEBP", lossless=True), GREY, id="WebP"),
        pytest.param(encode(PICTURE, "BMP"), GREY, id="BMP"),
        pytest.param(encode(PICTURE.convert("RGB"), "BMP"), GREY, id="BMP, 24 bit"),
        pytest.param(encode(PICTURE.convert("RGB"), "PNG"), GREY, id="RGB"),
        pytest.param(encode(PICTURE.convert("RGBA"), "PNG"), GREY, id="RGBA"),
        pytest.param(encode(PICTURE.convert("LA"), "PNG"), GREY, id="grey and alpha"),
        pytest.param(encode(PICTURE.convert("P"), "PNG"), GREY, id="palette"),
        pytest.param(encode(PICTURE.convert("CMYK"), "TIFF"), GREY, id="CMYK"),
    ],
)  # fmt: skip
def test_every_kind_of_picture_keeps_its_values(data, values):
    slice_ = read_slice(data, "a picture")
    assert slice_.pixels.dtype == np.float32
    np.testing.assert_array_equal(slice_.pixels, np.asarray(values, np.float32))
    assert slice_.notes == ()
    assert (slice_.spacing_mm, slice_.mask, slice_.class_name, slice_.number) == (None, None, None, None)


@pytest.mark.parametrize(
    "data",
    [
        encode(PICTURE, "JPEG", quality=100),
        encode(PICTURE.convert("RGB"), "JPEG", quality=100, subsampling=2),  # stored as YCbCr
        encode(PICTURE.convert("CMYK"), "JPEG", quality=100),
        encode(PICTURE.convert("YCbCr"), "TIFF", compression="jpeg", quality=100),
        encode(PICTURE.convert("RGB"), "WEBP", quality=100),
    ],
    ids=["grey JPEG", "colour JPEG", "CMYK JPEG", "YCbCr TIFF", "lossy WebP"],
)
def test_lossy_pictures_come_out_close(data):
    slice_ = read_slice(data, "slice.jpg")
    assert np.abs(slice_.pixels - GREY).mean() < 3
    assert slice_.notes == ()


def test_one_bit_pictures_are_black_and_white():
    slice_ = read_slice(encode(Image.fromarray(MASK), "PNG"), "slice.png")
    np.testing.assert_array_equal(slice_.pixels > 0, MASK)
    assert set(np.unique(slice_.pixels)) == {0, 255}


@pytest.mark.parametrize("depth", [2, 4])
def test_pictures_of_two_and_four_bits_use_the_whole_range(depth):
    per_row = 16 * depth // 8
    ramp = np.arange(per_row, dtype=np.uint8) * 17  # every value of 4 bits twice over, so 0 and the largest
    slice_ = read_slice(png(16, 16, depth, 0, (b"\0" + ramp.tobytes()[:-1] + b"\xff") * 16), "slice.png")
    assert (slice_.pixels.min(), slice_.pixels.max()) == (0, 255)


def test_white_is_zero_tiffs_are_not_read_as_negatives():
    np.testing.assert_array_equal(read_slice(tiff(255 - GREY, photometric=0), "s.tif").pixels, GREY)
    np.testing.assert_array_equal(read_slice(tiff(65535 - DEEP, photometric=0), "s.tif").pixels, DEEP)


def test_transparent_parts_become_black_in_every_mode():
    half = np.full(GREY.shape, 255, np.uint8)
    half[:20] = 0
    expected = np.where(half, GREY, 0)
    alpha = PICTURE.convert("LA")
    alpha.putalpha(Image.fromarray(half))
    np.testing.assert_array_equal(read_slice(encode(alpha, "PNG"), "la").pixels, expected)
    np.testing.assert_array_equal(read_slice(encode(alpha.convert("RGBA"), "PNG"), "rgba").pixels, expected)
    np.testing.assert_array_equal(read_slice(encode(alpha.convert("RGBA"), "TIFF"), "rgba").pixels, expected)
    webp = encode(alpha.convert("RGBA"), "WEBP", lossless=True)
    np.testing.assert_array_equal(read_slice(webp, "rgba").pixels, expected)
    # One value that means transparent.
    bright = int(GREY.max())
    expected = np.where(bright == GREY, 0, GREY)
    for image in (PICTURE, PICTURE.convert("P")):
        np.testing.assert_array_equal(read_slice(encode(image, "PNG", transparency=bright), "x").pixels, expected)
    rgb = encode(PICTURE.convert("RGB"), "PNG", transparency=(bright,) * 3)
    np.testing.assert_array_equal(read_slice(rgb, "rgb").pixels, expected)


@pytest.mark.parametrize(
    "data",
    [
        deep_png(np.repeat(DEEP[:, :, None], 3, axis=2), 2),
        deep_png(np.dstack([DEEP, DEEP, DEEP, np.full_like(DEEP, 65535)]), 6),
        deep_png(np.dstack([DEEP, np.full_like(DEEP, 65535)]), 4),
        tiff(np.repeat(DEEP[:, :, None], 3, axis=2), photometric=2),
    ],
    ids=["RGB PNG", "RGBA PNG", "grey and alpha PNG", "RGB TIFF"],
)
def test_sixteen_bits_a_channel_are_read_at_eight(data):
    slice_ = read_slice(data, "slice")
    # Pillow keeps the upper byte of such a channel.
    assert np.abs(slice_.pixels - DEEP / 257).max() < 1.5
    assert slice_.notes == ()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_pictures_turned_by_exif_stand_upright(kind):
    stored = PICTURE.transpose(Image.Transpose.ROTATE_90)
    options = {"quality": 100} if kind in ("JPEG", "WEBP") else {}
    data = encode(stored.convert("RGB") if kind == "WEBP" else stored, kind, exif=TURNED, **options)
    slice_ = read_slice(data, "slice")
    assert slice_.pixels.shape == GREY.shape
    assert np.abs(slice_.pixels - GREY).mean() < 4


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_pictures_turned_by_exif_stand_upright(kind):
    stored = Image.fromarray(np.ascontiguousarray(np.rot90(DEEP)))
    np.testing.assert_array_equal(read_slice(encode(stored, kind, exif=TURNED), "slice").pixels, DEEP)


def test_a_picture_with_broken_exif_is_still_read():
    slice_ = read_slice(encode(PICTURE, "JPEG", quality=100, exif=b"Exif\0\0nothing of the kind"), "slice.jpg")
    assert np.abs(slice_.pixels - GREY).mean() < 3


def test_of_a_tiff_with_pages_the_first_is_read_with_a_note():
    others = [PICTURE.rotate(90), PICTURE.rotate(180)]
    slice_ = read_slice(encode(PICTURE, "TIFF", save_all=True, append_images=others), "slice.tif")
    np.testing.assert_array_equal(slice_.pixels, GREY)
    assert len(slice_.notes) == 1
    assert "page" in slice_.notes[0] and "first" in slice_.notes[0]


def test_a_phones_jpeg_with_a_second_picture_inside_is_no_animation():
    colour = PICTURE.convert("RGB")
    data = encode(colour, "MPO", save_all=True, append_images=[colour.rotate(90)], quality=100)
    assert np.abs(read_slice(data, "slice.jpg").pixels - GREY).mean() < 3


def test_the_format_is_determined_by_content_not_by_name():
    np.testing.assert_array_equal(read_slice(encode(PICTURE, "PNG"), "slice.jpg").pixels, GREY)


def photograph(spread):
    """A colour picture whose channels differ by ``spread`` grey levels."""
    base = np.clip(GREY, 60, 180)
    return Image.fromarray(np.dstack([base, base, base + spread]).astype(np.uint8))


def test_a_colour_photograph_gets_a_warning_and_a_tinted_scan_does_not():
    slice_ = read_slice(encode(photograph(60), "PNG"), "slice.png")
    (warning,) = slice_.warnings
    assert "colour" in warning
    assert slice_.notes == ()
    captioned = PICTURE.convert("RGB")
    captioned.paste((255, 255, 0), (0, 0, 10, 5))
    for image in (photograph(5), captioned):
        slice_ = read_slice(encode(image, "PNG"), "slice.png")
        assert (slice_.notes, slice_.warnings) == ((), ())


# Pictures that are refused


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_an_animation_is_refused(kind):
    colour = PICTURE.convert("RGB")
    data = encode(colour, kind, save_all=True, append_images=[colour.rotate(90)])
    assert "animation of 2 frames" in refusal(data)


def test_formats_that_are_not_offered_are_refused():
    for kind, name in (("GIF", "slice.gif"), ("PPM", "slice.png")):
        assert all(accepted in refusal(encode(PICTURE, kind), name) for accepted in FORMATS.values())


@pytest.mark.parametrize(
    "data", [b"not a picture at all", b"\x89PNG\r\n\x1a\n", bytes(1000), b"II*\0", b"\xff\xd8\xff"]
)
def test_data_that_is_no_picture_is_refused(data):
    assert all(accepted in refusal(data) for accepted in FORMATS.values())


@pytest.mark.parametrize(
    "data",
    [
        encode(PICTURE, "PNG"),
        encode(Image.fromarray(DEEP), "PNG"),
        encode(PICTURE, "JPEG"),
        encode(PICTURE, "TIFF"),
        encode(PICTURE, "TIFF", compression="tiff_lzw"),
        encode(PICTURE.convert("RGB"), "WEBP"),
        encode(PICTURE, "BMP"),
    ],
    ids=["PNG", "PNG, 16 bit", "JPEG", "TIFF", "TIFF, LZW", "WebP", "BMP"],
)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_picture_cut_short_is_refused(data, share):
    refusal(data[: int(len(data) * share)])


def test_of_a_tiff_whose_second_page_is_broken_the_first_is_read():
    # A page of no tags, which Pillow reports with an error of its own.
    data = tiff(GREY, photometric=1, next_page=8 + 2 + 12 * 10 + 4 + GREY.nbytes) + bytes(6)
    np.testing.assert_array_equal(read_slice(data, "slice.tif").pixels, GREY)


def test_the_pages_of_a_tiff_are_not_counted(monkeypatch):
    # Counting takes Pillow minutes on a small file that claims very many.
    def fail(_):
        raise AssertionError("the pages were counted")

    monkeypatch.setattr(TiffImageFile, "n_frames", property(fail))
    read_slice(encode(PICTURE, "TIFF", save_all=True, append_images=[PICTURE]), "slice.tif")


def test_a_shipped_sample_says_that_it_is_simulated_wherever_it_comes_from():
    path = next(sample for sample in read_samples() if sample.class_name).path
    assert any("Simulated" in note for note in read_slice(path.read_bytes(), path.name).notes)


def test_flipped_bytes_give_a_refusal_or_a_slice_and_nothing_else():
    random = np.random.default_rng(5)
    pages = encode(PICTURE, "TIFF", save_all=True, append_images=[PICTURE, PICTURE])
    pictures = [encode(PICTURE, "PNG", exif=TURNED), encode(PICTURE, "JPEG", exif=TURNED), pages,
                encode(PICTURE.convert("RGB"), "WEBP"), encode(PICTURE, "BMP")]  # fmt: skip
    outcomes = set()
    for i in range(150):
        data = bytearray(pictures[i % len(pictures)])
        for at in random.integers(0, random.choice([200, len(data)]), random.integers(1, 5)):
            data[at] = random.choice([0, 255, data[at] ^ (1 << random.integers(0, 8))])
        try:
            pixels = read_slice(bytes(data), "slice").pixels
        except SliceError:
            outcomes.add("refused")
        else:
            outcomes.add("read")
            assert pixels.ndim == 2
            assert np.isfinite(pixels).all()
    assert outcomes == {"refused", "read"}


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (4097, 16), (16, 4097), (8000, 8000)])
def test_a_picture_too_large_is_refused_before_it_is_decoded(width, height):
    # There are no pixels behind the header: decoding it would be refused as cut short instead.
    assert "at most 4096" in refusal(png(width, height, 8, 0, b""))


def test_the_largest_side_is_accepted():
    pixels = np.zeros((MIN_SIDE, MAX_SIDE), np.uint8)
    pixels[0, 0] = 1
    assert read_slice(encode(Image.fromarray(pixels), "PNG"), "slice.png").pixels.shape == (MIN_SIDE, MAX_SIDE)
