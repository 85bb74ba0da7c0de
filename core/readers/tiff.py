"""Read TIFF files whose numbers Pillow cannot hold or would misread: signed, of 32 bits and more, or floating point.

Pillow unpacks such a file as rows of bytes, under a directory written here; NumPy gives the bytes their type. So every
compression of rows is read, and no size the file states is believed beyond ``MAX_BYTES``.
"""

import io
import math
import struct
from dataclasses import dataclass

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from core.config import MAX_SIDE
from core.errors import SliceError
from core.translation.messages import Message, mark

MAX_BYTES = MAX_SIDE * MAX_SIDE * 8
"""Most bytes of unpacked numbers: those of the largest slice in double precision."""

# Numbers of tags.
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER, _ORIENTATION = 256, 257, 258, 259, 262, 266, 274
_SAMPLES, _PLANAR, _PREDICTOR, _EXTRA, _FORMAT = 277, 284, 317, 338, 339
_OFFSETS, _ROWS, _COUNTS = 273, 278, 279
_TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_COUNTS = 322, 323, 324, 325

_UNREAD_COMPRESSIONS = {
    33003: "JPEG 2000", 33005: "JPEG 2000", 34712: "JPEG 2000", 34887: "LERC", 34892: "lossy JPEG (DNG)",
    34927: "WebP (old)", 50002: "JPEG XL", 52546: "JPEG XL", 22610: "JPEG XR", 34933: "PNG", 34934: "JPEG XR",
}  # fmt: skip
# Whose content is rows of bytes: none, LZW, deflate (twice), PackBits, LZMA, Zstandard.
_OF_BYTES = (1, 5, 8, 32773, 32946, 34925, 50000)
_KINDS = {1: "u", 2: "i", 3: "f", 4: "u"}
_PILLOWS_PHOTOMETRICS = (0, 1, 2, 3, 5, 6, 8)
_PILLOWS_BITS = (1, 2, 4, 8, 12)
_BITS_OF = {"u": (16, 32, 64), "i": (8, 16, 32, 64), "f": (16, 32, 64)}
_KIND_NAMES = {
    1: mark("of {bits}-bit unsigned numbers"),
    2: mark("of {bits}-bit signed numbers"),
    3: mark("of {bits}-bit floating-point numbers"),
    4: mark("of {bits}-bit untyped numbers"),
    5: mark("of {bits}-bit complex numbers"),
    6: mark("of {bits}-bit complex numbers"),
}
_GREY_INVERTED, _GREY, _RGB, _CMYK = 0, 1, 2, 5
_COLOURS = {_GREY_INVERTED: 1, _GREY: 1, _RGB: 3}
# ITU-R 601, as Pillow converts colours to grey.
_LUMA = (0.299, 0.587, 0.114)
_UNASSOCIATED = 2
"""Of a channel of opacity: the colours are not yet multiplied by it."""
_MOST_SAMPLES = 8


@dataclass(frozen=True)
class _Layout:
    """How a page's numbers are stored.

    Attributes:
        dtype: of a sample, in the file's byte order.
        shape: (height, width, samples).
        block: height and width of a tile, or (1, width) where there are strips.
    """

    dtype: np.dtype
    shape: tuple[int, int, int]
    block: tuple[int, int]


def require_sides(width: int, height: int) -> None:
    """Refuse a picture that is too large.

    Raises:
        SliceError: a side is longer than ``MAX_SIDE``.
    """
    if max(width, height) > MAX_SIDE:
        raise SliceError(
            "The picture has {width} x {height} pixels; at most {max_side} a side are accepted.",
            width=width,
            height=height,
            max_side=MAX_SIDE,
        )


def is_tiff(data: bytes) -> bool:
    """Tell whether ``data`` starts with the signature of TIFF or BigTIFF."""
    return data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def has_second_page(data: bytes) -> bool:
    """Tell whether the first page of a TIFF refers to another within the file."""
    tags = _first_page(data)
    return tags is not None and 0 < tags.next < len(data)


def read_tiff(data: bytes) -> np.ndarray | None:
    """Read the first page's grey values upright, (H, W) of any number type; None where Pillow reads them right.

    Transparent parts become black, white-is-zero is turned over, colours become grey.

    Raises:
        SliceError: the page is too large, or of a kind that is not read here, which the sentence names.
    """
    if data.startswith(b"MM\0+"):
        raise _unread(Message("of the kind BigTIFF in big-endian order"))
    tags = _first_page(data)
    if tags is None:
        return None
    width, height = _number(tags, _WIDTH), _number(tags, _HEIGHT)
    require_sides(width, height)
    _check_tiles(tags)
    compression = _number(tags, _COMPRESSION, 1)
    if compression in _UNREAD_COMPRESSIONS:
        raise _unread(Message("compressed by {name}", name=_UNREAD_COMPRESSIONS[compression]))
    samples, form, bits = _number(tags, _SAMPLES, 1), _number(tags, _FORMAT, 1), _number(tags, _BITS, 1)
    photometric = _number(tags, _PHOTOMETRIC, _GREY)
    kind = Message(_KIND_NAMES.get(form, mark("of {bits}-bit unknown numbers")), bits=bits)
    if photometric not in _PILLOWS_PHOTOMETRICS:
        raise _unread(Message("{kind} of the photometric interpretation {number}", kind=kind, number=photometric))
    apart = samples > 1 and _number(tags, _PLANAR, 1) != 1
    # Pillow takes colours of 16 bits that are stored apart and as they are for colours stored together.
    deep_colours = bits == 16 and photometric in (_RGB, _CMYK) and not (apart and compression == 1)
    if form in (1, 4) and (bits in _PILLOWS_BITS or deep_colours):
        return None
    if form not in _KINDS or bits not in _BITS_OF[_KINDS[form]] or len(set(_numbers(tags, _BITS))) > 1:
        raise _unread(kind)
    if compression not in _OF_BYTES:
        raise _unread(Message("{kind} in compression {number}", kind=kind, number=compression))
    colours = _COLOURS.get(photometric)
    if colours is None or not colours <= samples <= colours + 1:
        raise _unread(Message("{kind} in {count} channels", kind=kind, count=samples))
    if apart:
        raise _unread(Message("{kind} with each channel stored apart", kind=kind))
    dtype = np.dtype(f"{'<' if data[:2] == b'II' else '>'}{_KINDS[form]}{bits // 8}")
    block = (_number(tags, _TILE_HEIGHT), _number(tags, _TILE_WIDTH)) if _TILE_OFFSETS in tags else (1, width)
    values = _unpack(data, tags, _Layout(dtype, (height, width, samples), block))
    return _upright(_to_grey(values, tags, photometric), _number(tags, _ORIENTATION, 1))


def _first_page(data: bytes) -> ImageFileDirectory_v2 | None:
    """Read the first page's tags; None where there are none."""
    header = data[:16] if b"+" in data[2:4] else data[:8]  # BigTIFF's is longer
    try:
        tags = ImageFileDirectory_v2(header)
        file = io.BytesIO(data)
        file.seek(tags.next)
        tags.load(file)
    except Exception:  # Pillow's plug-ins raise errors of any type
        return None
    return tags if _WIDTH in tags else None


def _numbers(tags: ImageFileDirectory_v2, tag: int) -> tuple[int, ...]:
    values = tags.get(tag, ())
    values = values if isinstance(values, tuple) else (values,)
    if not all(isinstance(value, int) for value in values):
        raise SliceError("The TIFF is damaged: a tag that describes the picture is no whole number.")
    return values


def _number(tags: ImageFileDirectory_v2, tag: int, default: int = 0) -> int:
    return next(iter(_numbers(tags, tag)), default)


def _unread(kind: Message) -> SliceError:
    return SliceError("The file is a TIFF {kind}, which is not read here; save it as PNG.", kind=kind)


def _check_tiles(tags: ImageFileDirectory_v2) -> None:
    """Refuse tiles that would take far more memory than the picture."""
    sides = _number(tags, _TILE_WIDTH), _number(tags, _TILE_HEIGHT)
    if max(sides) > MAX_SIDE or _number(tags, _SAMPLES, 1) > _MOST_SAMPLES:
        raise SliceError(
            "The TIFF states tiles or channels beyond {max_side} pixels a side, more than a slice has.",
            max_side=MAX_SIDE,
        )


def _unpack(data: bytes, tags: ImageFileDirectory_v2, layout: _Layout) -> np.ndarray:
    """Return (H, W, samples) numbers in the machine's byte order."""
    height, width, samples = layout.shape
    rows, across = (math.ceil(side / step) * step for side, step in zip((height, width), layout.block, strict=True))
    pixel_bytes = samples * layout.dtype.itemsize
    if rows * across * pixel_bytes > MAX_BYTES:
        raise SliceError(
            "The TIFF holds {megabytes:.0f} MB of numbers unpacked; at most {limit:.0f} MB are read.",
            megabytes=rows * across * pixel_bytes / 1e6,
            limit=MAX_BYTES / 1e6,
        )
    as_bytes = _directory_of_bytes(data, tags, rows, across * pixel_bytes, layout.block, pixel_bytes)
    with Image.open(io.BytesIO(as_bytes), formats=["TIFF"]) as image:
        raw = np.asarray(image)
    blocks = raw.reshape(rows, across // layout.block[1], layout.block[1] * pixel_bytes)
    predictor = _number(tags, _PREDICTOR, 1)
    shape = (rows, blocks.shape[1], layout.block[1], samples)
    if predictor == 3:
        values = _undo_float_predictor(blocks, samples, layout.dtype).reshape(shape)
    else:
        values = np.ascontiguousarray(blocks).view(layout.dtype).reshape(shape)
        if predictor == 2:
            whole = values.view(layout.dtype.str.replace(layout.dtype.kind, "u"))
            values = np.cumsum(whole, axis=2, dtype=whole.dtype.newbyteorder("=")).view(layout.dtype.newbyteorder("="))
    return values.reshape(rows, across, samples)[:height, :width].astype(layout.dtype.newbyteorder("="))


def _undo_float_predictor(blocks: np.ndarray, samples: int, dtype: np.dtype) -> np.ndarray:
    """Undo TIFF's predictor 3 (Adobe, TIFF Technical Note 3): differences of bytes, high bytes of a row first."""
    rows, across, length = blocks.shape
    steps = blocks.reshape(rows, across, length // samples, samples)
    planes = np.cumsum(steps, axis=2, dtype=np.uint8).reshape(rows, across, dtype.itemsize, -1)
    return np.ascontiguousarray(planes.swapaxes(2, 3)).view(dtype.newbyteorder(">"))


def _directory_of_bytes(
    data: bytes, tags: ImageFileDirectory_v2, rows: int, row_bytes: int, block: tuple[int, int], pixel_bytes: int
) -> bytes:
    """Return the file with its first page described as a grey picture of 8 bits, whose pixels are the stored bytes."""
    entries: dict[int, tuple[int, ...]] = {
        _WIDTH: (row_bytes,), _HEIGHT: (rows,), _BITS: (8,), _COMPRESSION: (_number(tags, _COMPRESSION, 1),),
        _PHOTOMETRIC: (_GREY,), _FILL_ORDER: (_number(tags, _FILL_ORDER, 1),), _SAMPLES: (1,),
    }  # fmt: skip
    if _TILE_OFFSETS in tags:
        entries |= {_TILE_WIDTH: (block[1] * pixel_bytes,), _TILE_HEIGHT: (block[0],)}
        copied: tuple[int, ...] = (_TILE_OFFSETS, _TILE_COUNTS)
    else:
        entries |= {_ROWS: (min(_number(tags, _ROWS, rows), rows),)}
        copied = (_OFFSETS, _COUNTS)
    entries |= {tag: _numbers(tags, tag) for tag in copied if tag in tags}
    at = len(data)
    table, tail = struct.pack("<H", len(entries)), b""
    tail_at = at + 2 + 12 * len(entries) + 4
    for tag, numbers in sorted(entries.items()):
        packed = struct.pack(f"<{len(numbers)}I", *(min(number, 2**32 - 1) for number in numbers))
        value = packed if len(packed) == 4 else struct.pack("<I", tail_at + len(tail))
        tail += packed if len(packed) > 4 else b""
        table += struct.pack("<HHI", tag, 4, len(numbers)) + value
    return struct.pack("<2sHI", b"II", 42, at) + data[8:] + table + bytes(4) + tail


def _to_grey(values: np.ndarray, tags: ImageFileDirectory_v2, photometric: int) -> np.ndarray:
    """Turn (H, W, samples) numbers into (H, W) grey ones."""
    colours = _COLOURS[photometric]
    grey = values[..., 0] if colours == 1 else values[..., :3].astype(np.float64) @ _LUMA
    if photometric == _GREY_INVERTED:
        grey = _invert(grey)
    if values.shape[2] == colours or _number(tags, _EXTRA) != _UNASSOCIATED:
        return grey
    opaque = 1 if values.dtype.kind == "f" else np.iinfo(values.dtype).max
    return grey * (values[..., colours].astype(np.float64) / opaque)


def _invert(grey: np.ndarray) -> np.ndarray:
    """Turn numbers over: unsigned ones within their type, others by their sign."""
    return np.iinfo(grey.dtype).max - grey if grey.dtype.kind == "u" else ~grey if grey.dtype.kind == "i" else -grey


def _upright(grey: np.ndarray, orientation: int) -> np.ndarray:
    """Turn a picture as its orientation tag says (1 to 8; others are left)."""
    if orientation in (5, 6, 7, 8):
        grey = grey.T
    down, left = orientation in (3, 4, 7, 8), orientation in (2, 3, 6, 7)
    return grey[:: -1 if down else 1, :: -1 if left else 1]
