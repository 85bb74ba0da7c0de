"""Whatever comes, reading gives a slice of finite pixels or one sentence, in time and within bounded memory.

Ten tests of as many cases each; ``make fuzz SECONDS=1200`` repeats them with other cases.
"""

import io
import re

import numpy as np
from hypothesis import event, given
from hypothesis import strategies as st
from PIL import Image
from scipy.io import savemat

from core.config import MAX_SIDE
from core.errors import SliceError
from core.readers.decoder import UNEXPECTED, Decoder
from core.readers.slices import MIN_SIDE
from tests.fuzz.mutations import damaged, jpegs, mat5_files, pngs, tiffs
from tests.pictures import DEEP, GREY, MASK, PICTURE, PIXELS, encode, tiff
from tests.published import hdf5_bytes, mat_bytes

DECODER = Decoder(seconds=10)
COLOUR = PICTURE.convert("RGB")
PNGS = [
    encode(PICTURE, "PNG"), encode(Image.fromarray(DEEP), "PNG"), encode(PICTURE.convert("P"), "PNG"),
    encode(COLOUR, "PNG", transparency=(1, 2, 3)), encode(PICTURE.convert("LA"), "PNG"),
    encode(COLOUR, "PNG", save_all=True, append_images=[COLOUR.rotate(90)]),
]  # fmt: skip
JPEGS = [
    encode(PICTURE, "JPEG"), encode(COLOUR, "JPEG", progressive=True), encode(PICTURE.convert("CMYK"), "JPEG"),
    encode(COLOUR, "MPO", save_all=True, append_images=[COLOUR]),
]  # fmt: skip
TIFFS = [
    *(encode(PICTURE, "TIFF", compression=name) for name in ("raw", "tiff_lzw", "packbits", "zstd", "lzma")),
    *(encode(image, "TIFF", compression="jpeg") for image in (PICTURE, COLOUR)),
    *(encode(Image.fromarray(MASK), "TIFF", compression=name) for name in ("group3", "group4")),
    *(tiff(PIXELS.astype(name), photometric=kind, sample_format={"u": 1, "i": 2, "f": 3}[name[0]])
      for name in ("i1", "i2", "u4", "u8", "f2", "f4", "f8") for kind in (0, 1)),
    encode(Image.fromarray(GREY.astype(np.float32)), "TIFF", compression="tiff_lzw", tiffinfo={317: 3, 274: 6}),
    encode(PICTURE, "TIFF", save_all=True, append_images=[PICTURE]),
]  # fmt: skip
WEBPS = [
    encode(COLOUR, "WEBP"), encode(COLOUR.convert("RGBA"), "WEBP", lossless=True),
    encode(COLOUR, "WEBP", save_all=True, append_images=[COLOUR.rotate(90)]),
]  # fmt: skip
BMPS = [encode(PICTURE, "BMP"), encode(COLOUR, "BMP"), encode(Image.fromarray(MASK), "BMP")]
OTHERS = [encode(PICTURE, kind) for kind in ("GIF", "JPEG2000", "PPM", "ICO", "TGA", "PCX", "PDF")]
MATS = [mat_bytes(PIXELS, MASK, label=2), mat_bytes(PIXELS.astype(np.float64), compression=None)]


def mat5(*, compressed):
    file = io.BytesIO()
    fields = {
        "image": PIXELS,
        "label": 2.0,
        "tumorMask": MASK.astype(np.uint8),
        "PID": "x",
        "tumorBorder": np.ones((1, 8)),
    }
    savemat(file, {"cjdata": fields}, do_compression=compressed)
    return file.getvalue()


FIELDS = {"image": (40, 40), "tumorMask": (40, 40), "label": (1, 1), "PID": (6, 1), "tumorBorder": (1, 8)}
MAT5S = [mat5(compressed=False), mat5(compressed=True)]


def holds(data, name):
    """Read a file; require a slice, or one sentence that is no cover for an error of ours."""
    try:
        slice_ = DECODER.read(data, name)
    except SliceError as error:
        event("refused")
        text = str(error)
        assert text.endswith(".") and "\n" not in text and not re.search(r"\. [A-Z]", text), text
        assert len(text) < 400, text
        assert text != UNEXPECTED
        assert " s to read" not in text, "these files are small"
        return
    event("read")
    pixels = slice_.pixels
    assert pixels.dtype == np.float32 and pixels.ndim == 2
    assert min(pixels.shape) >= MIN_SIDE and max(pixels.shape) <= MAX_SIDE
    assert np.isfinite(pixels).all() and np.isfinite(pixels.max() - pixels.min()) and pixels.min() < pixels.max()
    assert slice_.mask is None or (slice_.mask.dtype == bool and slice_.mask.shape == pixels.shape)


@given(damaged(PNGS) | pngs())
def test_png(data):
    holds(data, "slice.png")


@given(damaged(JPEGS) | jpegs(JPEGS[1]))
def test_jpeg(data):
    holds(data, "slice.jpg")


@given(damaged(TIFFS))
def test_damaged_tiff(data):
    holds(data, "slice.tif")


@given(tiffs())
def test_tiff_of_odd_tags(data):
    holds(data, "slice.tif")


@given(damaged(WEBPS))
def test_webp(data):
    holds(data, "slice.webp")


@given(damaged(BMPS))
def test_bmp(data):
    holds(data, "slice.bmp")


@given(damaged(MATS))
def test_damaged_hdf5(data):
    holds(data, "1.mat")


@given(st.data())
def test_hdf5_of_odd_arrays(data):
    """Arrays of any type, shape and storage, under the names that are read."""
    kinds = st.sampled_from(["u1", "i2", "u8", "f2", "f4", "f8", "c8", "S5", ">i4", "?"])
    sides = st.lists(st.sampled_from([0, 1, 2, 15, 16, 40, 4096, 4097, 2**20]), max_size=3)
    options = [
        {},
        {"compression": "gzip"},
        {"compression": "lzf"},
        {"shuffle": True, "compression": 9},
        {"chunks": True},
    ]

    def fill(file):
        group = file.create_group("cjdata")
        for name in data.draw(st.lists(st.sampled_from(list(FIELDS)), unique=True)):
            shape = tuple(data.draw(sides)) if not data.draw(st.integers(0, 5)) else FIELDS[name]
            option = data.draw(st.sampled_from(options)) if shape and 0 not in shape else {}
            large = np.prod(shape, dtype=float) > 10**6
            array = group.create_dataset(
                name, shape, data.draw(kinds), **(option | ({"chunks": True} if large else {}))
            )
            if not large and array.dtype.kind in "iuf" and array.size:
                array[...] = (np.arange(array.size) % data.draw(st.integers(1, 100))).reshape(array.shape)

    holds(hdf5_bytes(fill), "1.mat")


@given(damaged(MAT5S) | mat5_files(MAT5S[0][:128], MAT5S[1]))
def test_mat5(data):
    holds(data, "1.mat")


@given(damaged(OTHERS) | st.binary(max_size=2000), st.sampled_from(["slice.png", "1.mat", "", "..", "x\0.MAT"]))
def test_anything_else(data, name):
    holds(data, name)
