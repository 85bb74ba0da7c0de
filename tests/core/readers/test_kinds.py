"""Files of a known kind that is not read are refused by its true name."""

import gzip

import numpy as np
import pytest
from PIL import Image

from tests.pictures import GREY, PICTURE, encode, refusal

JPEG = encode(PICTURE, "JPEG")


def boxes(brand, *compatible):
    content = b"ftyp" + brand + bytes(4) + b"".join(compatible)
    return (len(content) + 4).to_bytes(4, "big") + content + bytes(100)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (encode(PICTURE, "GIF"), "a GIF"),
        (encode(PICTURE, "JPEG2000"), "a JPEG 2000"),
        (encode(PICTURE, "JPEG2000", no_jp2=True), "a JPEG 2000"),
        (boxes(b"heic", b"mif1", b"heic"), "a HEIC"),
        (boxes(b"mif1", b"mif1", b"heic"), "a HEIC"),
        (boxes(b"avif", b"mif1"), "an AVIF"),
        (boxes(b"mif1", b"avif"), "an AVIF"),
        (boxes(b"mif1", b"miaf"), "a HEIF"),
        (boxes(b"isom", b"mp41"), "an ISO media file (such as MP4)"),
        (b"\xff\x0a" + bytes(100), "a JPEG XL"),
        (b"II\xbc\x01" + bytes(100), "a JPEG XR"),
        (encode(PICTURE, "PDF"), "a PDF"),
        (gzip.compress(bytes(1000), mtime=0), "a gzip"),
        (b"PK\x03\x04" + bytes(100), "a ZIP"),
        (bytes(128) + b"DICM" + bytes(100), "a DICOM"),
        (bytes(344) + b"n+1\0" + bytes(100), "a NIfTI"),
    ],
)
def test_a_kind_that_is_not_read_is_named_with_what_to_do(data, name):
    text = refusal(data)
    assert f"The file is {name}," in text
    assert "save it as PNG" in text


def test_an_avif_that_pillow_writes_is_named():
    assert "an AVIF" in refusal(encode(PICTURE.convert("RGB"), "AVIF"))


@pytest.mark.parametrize(
    ("at", "value", "name"),
    [
        (1, 0xC3, "a lossless JPEG"),
        (1, 0xF7, "a JPEG-LS"),
        (1, 0xC5, "a hierarchical JPEG"),
        (4, 12, "a JPEG of 12 bits"),
    ],
)
def test_a_jpeg_of_another_kind_is_named(at, value, name):
    data = bytearray(JPEG)
    data[JPEG.index(b"\xff\xc0") + at] = value
    text = refusal(bytes(data))
    assert f"The file is {name}" in text
    assert "save it as PNG" in text


def test_a_jpeg_of_a_thousand_scans_is_refused_before_it_is_decoded():
    progressive = encode(Image.fromarray(np.kron(GREY, np.ones((8, 8), np.uint8))), "JPEG", progressive=True)
    scan = progressive[progressive.rindex(b"\xff\xda") : -2]
    for fill in (b"", b"\xff\xff"):
        hostile = progressive[:-2] + (fill + scan) * 1000 + b"\xff\xd9"
        assert "scans" in refusal(hostile)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_with_the_start_of_scans_in_its_remarks_is_read(progressive):
    from core.readers.slices import read_slice

    data = encode(PICTURE, "JPEG", quality=100, progressive=progressive, comment=b"\xff\xda" * 500)
    assert np.abs(read_slice(data, "slice.jpg").pixels - GREY).mean() < 3


@pytest.mark.parametrize("data", [JPEG, bytes(3)])
def test_the_name_of_a_case_does_not_depend_on_bytes(data, request):
    assert request.node.name.split("[")[1].startswith("data")
