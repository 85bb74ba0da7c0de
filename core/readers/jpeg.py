"""Look through a JPEG before it is decoded: what kind it is, and how many scans it has."""

import re
from collections.abc import Iterator

from core.errors import SliceError
from core.translation.messages import Message

MAX_SCANS = 50
"""Most scans (passes over the picture) that are decoded; ordinary progressive JPEGs have about ten."""

_END_OF_IMAGE, _START_OF_SCAN, _JPEG_LS = 0xD9, 0xDA, 0xF7
# Markers of frames; the others from 0xC0 to 0xCF hold tables.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {_JPEG_LS}
_LOSSLESS = (0xC3, 0xC7, 0xCB, 0xCF)
_HIERARCHICAL = (0xC5, 0xC6, 0xCD, 0xCE)
# A marker that a segment follows; within a scan, a zero or a restart's number stands behind each 0xFF.
_MARKER = re.compile(rb"\xff([^\x00\x01\xff\xd0-\xd8])")


def check_jpeg(data: bytes) -> None:
    """Refuse a JPEG that cannot be decoded here, or would take too long.

    Raises:
        SliceError: it is lossless, hierarchical, JPEG-LS, or not of 8 bits; or it has more than ``MAX_SCANS`` scans.
    """
    scans = 0
    for marker, content in _segments(data):
        if marker == _START_OF_SCAN:
            scans += 1
            if scans > MAX_SCANS:
                raise SliceError(
                    "The JPEG has more than {limit} scans, the most that are decoded; save it as PNG.", limit=MAX_SCANS
                )
        elif marker in _FRAMES and (kind := _unread_kind(marker, content)):
            raise SliceError("The file is {kind}, which is not read here; save it as PNG.", kind=kind)


def frame_size(data: bytes) -> tuple[int, int] | None:
    """Return the rows and columns that the first frame of a JPEG or JPEG-LS states; None where there is none."""
    for marker, content in _segments(data):
        if marker in _FRAMES:
            return int.from_bytes(content[3:5], "big"), int.from_bytes(content[5:7], "big")
    return None


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each segment's marker and its first bytes, up to the picture's end."""
    at = 2
    while (found := _MARKER.search(data, at)) is not None:
        marker, start = found[1][0], found.end()
        if marker == _END_OF_IMAGE:
            return
        yield marker, data[start : start + 8]
        at = start + max(2, int.from_bytes(data[start : start + 2], "big"))


def _unread_kind(marker: int, content: bytes) -> Message | None:
    """Name the kind of JPEG that a frame's header states; None for one that is decoded here."""
    if marker == _JPEG_LS:
        return Message("a JPEG-LS picture")
    if marker in _LOSSLESS:
        return Message("a lossless JPEG")
    if marker in _HIERARCHICAL:
        return Message("a hierarchical JPEG")
    if len(content) > 2 and content[2] != 8:
        return Message("a JPEG of {bits} bits", bits=content[2])
    return None
