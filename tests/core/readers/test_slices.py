import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from core.dataset import splits
from core.dataset.slices import read_known_slice, store_slice
from core.dataset.splits import index_table, mask_digest, pixel_digest, recognise_number
from core.dataset.store import SPACING_MM
from core.errors import SliceError
from core.readers.mat import MAX_FILE_BYTES, MAX_SIDE, read_mat
from core.readers.preprocessing import network_plane
from core.readers.samples import read_samples
from core.readers.slices import MIN_SIDE, read_slice
from tests.published import a_slice, mat_bytes

# Pillow's, on the damaged files here.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

PIXELS, MASK, BORDER = a_slice(1, side=48, height=40)
GREY = PIXELS.astype(np.uint8)
DEEP = PIXELS.astype(np.uint16) * 250
PICTURE = Image.fromarray(GREY)
TURNED = Image.Exif()
TURNED[0x0112] = 6
"""Orientation 6: the stored picture must be turned clockwise by a quarter to stand upright."""


def encode(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png(width, height, depth, colour_type, rows, *, chunks=b""):
    """A PNG by hand: ``rows`` as stored, each preceded by its filter byte; for what Pillow does not write."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunks + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def deep_png(channels, colour_type):
    """A PNG of 16 bits a channel with more than one channel, (H, W, C) uint16."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in channels)
    return png(channels.shape[1], channels.shape[0], 16, colour_type, rows)


def tiff(values, *, photometric, sample_format=1, first_page=8, next_page=0):
    """An uncompressed little-endian TIFF by hand, (H, W) or (H, W, C) of any type."""
    channels = values.shape[2] if values.ndim == 3 else 1
    bits = values.itemsize * 8
    tags = 10
    tail_at = 8 + 2 + 12 * tags + 4
    tail = struct.pack(f"<{channels}H", *[bits] * channels) if channels > 2 else b""
    entries = [
        (256, 4, 1, values.shape[1]), (257, 4, 1, values.shape[0]), (258, 3, channels, tail_at if tail else bits),
        (259, 3, 1, 1), (262, 3, 1, photometric), (273, 4, 1, tail_at + len(tail)), (277, 3, 1, channels),
        (278, 4, 1, values.shape[0]), (279, 4, 1, values.nbytes), (339, 3, 1, sample_format),
    ]  # fmt: skip
    page = struct.pack("<H", tags) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return struct.pack("<2sHI", b"II", 42, first_page) + page + struct.pack("<I", next_page) + tail + values.tobytes()


def refusal(data, name="slice.png"):
    with pytest.raises(SliceError) as caught:
        read_slice(data, name)
    text = str(caught.value)
    assert text.endswith(".")
    assert "\n" not in text
    return text


# Pictures that are read right


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
    found = read_slice(data, "a picture")
    assert found.pixels.dtype == np.float32
    np.testing.assert_array_equal(found.pixels, np.asarray(values, np.float32))
    assert found.notes == ()
    assert (found.spacing_mm, found.mask, found.class_name, found.number) == (None, None, None, None)


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
    found = read_slice(data, "slice.jpg")
    assert np.abs(found.pixels - GREY).mean() < 3
    assert found.notes == ()


def test_one_bit_pictures_are_black_and_white():
    found = read_slice(encode(Image.fromarray(MASK), "PNG"), "slice.png")
    np.testing.assert_array_equal(found.pixels > 0, MASK)
    assert set(np.unique(found.pixels)) == {0, 255}


@pytest.mark.parametrize("depth", [2, 4])
def test_pictures_of_two_and_four_bits_use_the_whole_range(depth):
    per_row = 16 * depth // 8
    ramp = np.arange(per_row, dtype=np.uint8) * 17  # every value of 4 bits twice over, so 0 and the largest
    found = read_slice(png(16, 16, depth, 0, (b"\0" + ramp.tobytes()[:-1] + b"\xff") * 16), "slice.png")
    assert (found.pixels.min(), found.pixels.max()) == (0, 255)


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
    found = read_slice(data, "slice")
    # Pillow keeps the upper byte of such a channel.
    assert np.abs(found.pixels - DEEP / 257).max() < 1.5
    assert found.notes == ()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_pictures_turned_by_exif_stand_upright(kind):
    stored = PICTURE.transpose(Image.Transpose.ROTATE_90)
    options = {"quality": 100} if kind in ("JPEG", "WEBP") else {}
    data = encode(stored.convert("RGB") if kind == "WEBP" else stored, kind, exif=TURNED, **options)
    found = read_slice(data, "slice")
    assert found.pixels.shape == GREY.shape
    assert np.abs(found.pixels - GREY).mean() < 4


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_pictures_turned_by_exif_stand_upright(kind):
    stored = Image.fromarray(np.ascontiguousarray(np.rot90(DEEP)))
    np.testing.assert_array_equal(read_slice(encode(stored, kind, exif=TURNED), "slice").pixels, DEEP)


def test_a_picture_with_broken_exif_is_still_read():
    found = read_slice(encode(PICTURE, "JPEG", quality=100, exif=b"Exif\0\0nothing of the kind"), "slice.jpg")
    assert np.abs(found.pixels - GREY).mean() < 3


def test_of_a_tiff_with_pages_the_first_is_read_and_said():
    others = [PICTURE.rotate(90), PICTURE.rotate(180)]
    found = read_slice(encode(PICTURE, "TIFF", save_all=True, append_images=others), "slice.tif")
    np.testing.assert_array_equal(found.pixels, GREY)
    assert len(found.notes) == 1
    assert "more than one page" in found.notes[0]
    assert "first" in found.notes[0]


def test_a_phones_jpeg_with_a_second_picture_inside_is_no_animation():
    colour = PICTURE.convert("RGB")
    data = encode(colour, "MPO", save_all=True, append_images=[colour.rotate(90)], quality=100)
    assert np.abs(read_slice(data, "slice.jpg").pixels - GREY).mean() < 3


def test_the_kind_is_told_by_content_not_by_name():
    np.testing.assert_array_equal(read_slice(encode(PICTURE, "PNG"), "slice.jpg").pixels, GREY)


def photograph(spread):
    """A colour picture whose channels differ by ``spread`` grey levels."""
    base = np.clip(GREY, 60, 180)
    return Image.fromarray(np.dstack([base, base, base + spread]).astype(np.uint8))


def test_a_colour_photograph_is_warned_of_and_a_tinted_scan_is_not():
    found = read_slice(encode(photograph(60), "PNG"), "slice.png")
    (warning,) = found.warnings
    assert "colour" in warning
    assert found.notes == ()
    captioned = PICTURE.convert("RGB")
    captioned.paste((255, 255, 0), (0, 0, 10, 5))
    for image in (photograph(5), captioned):
        found = read_slice(encode(image, "PNG"), "slice.png")
        assert (found.notes, found.warnings) == ((), ())


# Pictures that are refused


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_an_animation_is_refused(kind):
    colour = PICTURE.convert("RGB")
    data = encode(colour, kind, save_all=True, append_images=[colour.rotate(90)])
    assert "animation of 2 frames" in refusal(data)


def test_formats_that_are_not_offered_are_refused():
    assert "PNG, JPEG, TIFF, WebP or BMP" in refusal(encode(PICTURE, "GIF"), "slice.gif")
    assert "PNG, JPEG, TIFF, WebP or BMP" in refusal(encode(PICTURE, "PPM"), "slice.png")


@pytest.mark.parametrize(
    "data", [b"not a picture at all", b"\x89PNG\r\n\x1a\n", bytes(1000), b"II*\0", b"\xff\xd8\xff"]
)
def test_what_is_no_picture_is_refused(data):
    assert "PNG, JPEG, TIFF, WebP or BMP" in refusal(data)


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
    path = next(one for one in read_samples() if one.class_name).path
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
    assert "at most 4096 a side" in refusal(png(width, height, 8, 0, b""))


def test_the_largest_side_is_accepted():
    pixels = np.zeros((MIN_SIDE, MAX_SIDE), np.uint8)
    pixels[0, 0] = 1
    assert read_slice(encode(Image.fromarray(pixels), "PNG"), "slice.png").pixels.shape == (MIN_SIDE, MAX_SIDE)


def test_a_file_over_20_mb_is_refused_and_one_of_20_mb_is_not():
    data = encode(PICTURE, "PNG")
    assert "20 MB" in refusal(data.ljust(MAX_FILE_BYTES + 1, b"\0"))
    assert read_slice(data.ljust(MAX_FILE_BYTES, b"\0"), "slice.png").pixels.shape == GREY.shape


def test_an_empty_file_is_refused():
    assert "empty" in refusal(b"")
    assert "empty" in refusal(b"", "1.mat")


def test_a_constant_slice_is_refused():
    flat = np.full((40, 40), 90, np.uint8)
    assert "same value" in refusal(encode(Image.fromarray(flat), "PNG"))
    assert "same value" in refusal(mat_bytes(flat.astype(np.int16)), "1.mat")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_refused(value):
    pixels = PIXELS.astype(np.float32)
    pixels[3, 4] = value
    assert "no numbers" in refusal(encode(Image.fromarray(pixels), "TIFF"), "slice.tif")
    assert "no numbers" in refusal(mat_bytes(pixels), "1.mat")


def test_a_slice_of_a_few_pixels_is_refused():
    few = PIXELS[: MIN_SIDE - 1]
    assert "at least 16" in refusal(encode(Image.fromarray(few.astype(np.uint8)), "PNG"))
    assert "at least 16" in refusal(mat_bytes(few), "1.mat")


# Files of the data set


def test_a_mat_file_brings_its_mask_and_class():
    found = read_known_slice(mat_bytes(PIXELS, MASK, label=3, border=BORDER, pid="ZZ000001B"), "752.MAT")
    np.testing.assert_array_equal(found.pixels, PIXELS)
    np.testing.assert_array_equal(found.mask, MASK)
    assert (found.name, found.class_name, found.number) == ("752.MAT", "pituitary", None)
    assert "ZZ000001B" not in repr(found)


def test_a_mat_file_with_only_an_image_is_read():
    found = read_known_slice(mat_bytes(PIXELS, label=None), "1.mat")
    assert (found.mask, found.class_name, found.number) == (None, None, None)


@pytest.fixture
def known(monkeypatch):
    """Puts made-up slices into the data set's table in place of slices 1, 2, …: (pixels, mask or None) each."""

    def put(*slices):
        table = index_table().copy()
        for row, (pixels, mask) in enumerate(slices):
            table.loc[row, "pixel_digest"] = pixel_digest(pixels)
            if mask is not None:
                table.loc[row, "mask_digest"] = mask_digest(mask)
        monkeypatch.setattr(splits, "index_table", lambda: table)
        return table

    return put


@pytest.mark.parametrize(("side", "spacing"), [(512, SPACING_MM), (256, None)])
def test_the_pixel_size_is_known_for_512_pixel_slices_only(known, side, spacing):
    pixels, mask, _ = a_slice(1, side=side)
    known((pixels, mask))
    for data, name in (
        (mat_bytes(pixels, mask, compression=None), "1.mat"),
        (encode(Image.fromarray(pixels.astype(np.uint8)), "BMP"), "1.bmp"),
    ):
        found = read_known_slice(data, name)
        assert (found.number, found.spacing_mm) == (1, spacing)


def test_a_file_that_is_none_of_the_data_set_has_no_pixel_size():
    # It may come from any scanner, whatever its layout.
    pixels, mask, _ = a_slice(1, side=512)
    for data, name in (
        (mat_bytes(pixels, mask, compression=None), "1.mat"),
        (encode(Image.fromarray(pixels.astype(np.uint8)), "BMP"), "1.bmp"),
    ):
        found = read_known_slice(data, name)
        assert (found.number, found.spacing_mm, found.spacing_source) == (None, None, None)


def test_a_mat_file_with_only_the_image_of_a_known_slice_gets_its_class_as_a_picture_does(known):
    table = known((PIXELS, None))
    bare = read_known_slice(mat_bytes(PIXELS, label=None), "x.mat")
    picture = read_known_slice(encode(PICTURE, "PNG"), "x.png")
    assert (bare.number, bare.class_name) == (picture.number, picture.class_name) == (1, table["class"][0])
    assert bare.notes == picture.notes == ("This is slice 1 of the data set.",)
    # What the file itself says needs no telling.
    assert read_known_slice(mat_bytes(PIXELS, label=2), "x.mat").notes == ()


def test_a_published_file_is_recognised_by_its_mask_where_its_grey_levels_differ(known):
    known((PIXELS, MASK))
    other = PIXELS.copy()
    other[0, :5] += 40
    found = read_known_slice(mat_bytes(other, MASK), "1.mat")
    assert found.number == 1
    assert read_known_slice(mat_bytes(other), "1.mat").number is None


def test_a_picture_named_mat_and_a_mat_file_named_png_are_refused():
    assert "v7.3" in refusal(encode(PICTURE, "PNG").ljust(600, b"\0"), "1.mat")
    assert ".mat" in refusal(mat_bytes(PIXELS), "1.png")


@pytest.mark.parametrize("size", [32, 48, 96])
def test_one_slice_looks_the_same_to_a_network_whatever_file_it_comes_in(size):
    slices = [
        read_known_slice(mat_bytes(PIXELS), "1.mat"),
        read_known_slice(encode(PICTURE, "PNG"), "1.png"),
        read_known_slice(encode(Image.fromarray(DEEP), "PNG"), "deep.png"),
        # With a gain and an offset, as a scanner's intensities have.
        read_known_slice(mat_bytes(PIXELS * np.int16(61) + np.int16(399)), "raw.mat"),
        read_known_slice(mat_bytes(PIXELS * np.int16(3) - np.int16(5000)), "raw.mat"),
    ]
    planes = [network_plane(slice_.pixels, size=size)[0] for slice_ in slices]
    assert np.ptp(planes[0]) > 0.5
    for plane in planes[1:]:
        np.testing.assert_allclose(plane, planes[0], rtol=0, atol=1e-6)


def test_a_slice_of_the_store_is_the_slice_of_the_file(tiny_set, tiny_store):
    for number in (3, 5):
        stored = store_slice(tiny_store, number)
        found = read_known_slice(tiny_set.mat(number), f"{number}.mat")
        np.testing.assert_array_equal(stored.pixels, found.pixels)
        np.testing.assert_array_equal(stored.mask, found.mask)
        assert (stored.class_name, stored.number) == (found.class_name, number)
        assert stored.pixels.dtype == np.float32


# The real data set


@pytest.mark.dataset
@pytest.mark.parametrize("number", [1, 752, 955, 1500, 3064])
def test_a_published_slice_with_gain_and_offset_looks_the_same_to_a_network(raw_folder, data_store, number):
    raw = read_known_slice((raw_folder / f"{number}.mat").read_bytes(), f"{number}.mat")
    stored = store_slice(data_store, number)
    assert np.abs(raw.pixels - stored.pixels).max() > 1
    assert (raw.number, raw.spacing_mm) == (number, stored.spacing_mm)
    assert recognise_number(raw.pixels) == number, "also without its mask"
    upright = encode(Image.fromarray(stored.pixels.astype(np.uint8)), "PNG")
    for size in (128, 512):
        plane = network_plane(stored.pixels, size=size)[0]
        for other in (raw, read_known_slice(upright, f"{number}.png")):
            np.testing.assert_allclose(network_plane(other.pixels, size=size)[0], plane, rtol=0, atol=1e-6)


@pytest.mark.dataset
@pytest.mark.parametrize("number", [1, 752, 955, 3064])
def test_a_published_file_is_recognised_by_its_mask(mats_folder, number):
    data = (mats_folder / f"{number}.mat").read_bytes()
    found = read_known_slice(data, "upload.mat")
    row = index_table().set_index("slice").loc[number]
    assert (found.number, found.class_name) == (number, row["class"])
    assert found.spacing_mm == (SPACING_MM if row["size"] == 512 else None)
    assert read_mat(data).pid not in repr(found)
