"""Picture files in memory: written by Pillow, or by hand where Pillow does not write the kind."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from core.errors import SliceError
from core.readers.slices import read_slice
from tests.published import a_slice

PIXELS, MASK, BORDER = a_slice(1, side=48, height=40)
GREY = PIXELS.astype(np.uint8)
DEEP = PIXELS.astype(np.uint16) * 250
PICTURE = Image.fromarray(GREY)
"""One made-up slice: as 8-bit grey, as 16 bit, and as an image of Pillow."""


def encode(image, kind, **options):
    """Return the bytes of an image in Pillow's format ``kind``."""
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


def tiff(values, *, photometric, sample_format=1, compression=1, extra=(), first_page=8, next_page=0):
    """A little-endian TIFF by hand, (H, W) or (H, W, C) of any type, stored as it is, whatever ``compression`` says."""
    channels = values.shape[2] if values.ndim == 3 else 1
    bits = values.itemsize * 8
    tags = 10 + bool(extra)
    tail_at = 8 + 2 + 12 * tags + 4
    tail = struct.pack(f"<{channels}H", *[bits] * channels) if channels > 2 else b""
    bits = bits | bits << 16 if channels == 2 else bits
    entries = [
        (256, 4, 1, values.shape[1]), (257, 4, 1, values.shape[0]), (258, 3, channels, tail_at if tail else bits),
        (259, 3, 1, compression), (262, 3, 1, photometric), (273, 4, 1, tail_at + len(tail)), (277, 3, 1, channels),
        (278, 4, 1, values.shape[0]), (279, 4, 1, values.nbytes), *((338, 3, 1, kind) for kind in extra),
        (339, 3, 1, sample_format),
    ]  # fmt: skip
    page = struct.pack("<H", tags) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return struct.pack("<2sHI", b"II", 42, first_page) + page + struct.pack("<I", next_page) + tail + values.tobytes()


def refusal(data, name="slice.png"):
    """Return the sentence with which ``read_slice`` refuses a file; it must be one line that ends in a full stop."""
    with pytest.raises(SliceError) as caught:
        read_slice(data, name)
    text = str(caught.value)
    assert text.endswith(".")
    assert "\n" not in text
    return text
