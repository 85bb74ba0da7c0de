"""Decode the pixels of DICOM files whose headers are known, frame by frame."""

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from core.errors import SliceError
from core.readers.jpeg import frame_size
from core.readers.volumes.dicom_header import Header, read_dataset
from core.translation.messages import Message

_JPEG = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")
_JPEG_2000 = ("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91")
_RLE = "1.2.840.10008.1.2.5"
_PLUGINS = {**dict.fromkeys(_JPEG_2000, "pylibjpeg"), _RLE: "pylibjpeg"}
"""What decodes where pydicom knows several; the others have one."""
_NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2")
READ = (*_NATIVE, *_JPEG, *_JPEG_2000, _RLE)
"""The transfer syntaxes that are read."""
_CODESTREAM = b"\xff\x4f\xff\x51"
_LIKELY_START = 256
"""Within so many bytes a JPEG 2000 codestream starts, behind the boxes that a few files have."""
_CUT_SHORT = Message("The DICOM file's pixels are damaged or cut short and could not be read.")


def read_frames(data: bytes, header: Header, indices: Sequence[int]) -> Iterator[np.ndarray]:
    """Yield (rows, columns) integers of some frames of a file, the lowest of them meant to be black.

    Args:
        data: the whole file.
        header: of the file.
        indices: which frames, ascending.

    Raises:
        SliceError: the pixels are damaged, or compressed in a way that is not read.
    """
    from pydicom.pixels import get_decoder

    dataset = read_dataset(data, pixels=True)
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    if syntax is None or syntax not in READ:
        raise SliceError(_unread(syntax))
    if "PixelData" not in dataset:
        raise SliceError("The DICOM file holds no pixels; a file with an image is needed.")
    try:
        _check_size(dataset, header, syntax)
        options: dict[str, Any] = {"decoding_plugin": _PLUGINS[syntax]} if syntax in _PLUGINS else {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for values, _ in get_decoder(syntax).iter_array(dataset, indices=list(indices), raw=True, **options):
                yield _meant(values, header)
    except SliceError:
        raise
    except Exception:  # decoders raise errors of any type, and these may tell values
        raise SliceError(_refused(syntax, header)) from None


def _meant(values: np.ndarray, header: Header) -> np.ndarray:
    """Return numbers of the stated bits alone; where the lowest is meant to be white, in reverse."""
    if values.shape != (header.rows, header.columns):
        raise SliceError(_CUT_SHORT)
    allocated, stored = header.bits
    kind = np.dtype(f"{'i' if header.signed else 'u'}{allocated // 8}")
    values = values.astype(kind)
    if stored < allocated:
        values = (values << (allocated - stored)) >> (allocated - stored)
    if not header.inverted:
        return values
    return ~values if header.signed else kind.type(2**stored - 1) - values


def _check_size(dataset: Any, header: Header, syntax: str) -> None:
    """Refuse pixels that are too few, or whose code states another size than the header."""
    if syntax in _NATIVE:
        expected = header.rows * header.columns * header.bits[0] // 8 * len(header.frames)
        if len(dataset.PixelData) < expected:
            raise SliceError(_CUT_SHORT)
        return
    if syntax == _RLE:
        return
    from pydicom.encaps import generate_frames

    for frame in generate_frames(dataset.PixelData, number_of_frames=len(header.frames)):
        size = _codestream_size(frame) if syntax in _JPEG_2000 else frame_size(frame)
        if size != (header.rows, header.columns):
            raise SliceError(_CUT_SHORT)


def _codestream_size(frame: bytes) -> tuple[int, int] | None:
    """Return the rows and columns that a JPEG 2000 codestream states."""
    at = frame.find(_CODESTREAM, 0, _LIKELY_START)
    if at < 0:
        return None
    right, bottom, left, top = (int.from_bytes(frame[at + 8 + 4 * i : at + 12 + 4 * i], "big") for i in range(4))
    return bottom - top, right - left


def _unread(syntax: Any) -> Message:
    from pydicom.uid import AllTransferSyntaxes

    known = [uid.name for uid in AllTransferSyntaxes if uid == syntax]
    name = known[0] if known else Message("an unknown transfer syntax")
    return Message(
        "The DICOM file's pixels are stored as {name}, which is not read here; save it uncompressed.", name=name
    )


def _refused(syntax: Any, header: Header) -> Message:
    if syntax == _JPEG[1] and header.bits[1] > 8:
        return Message(
            "The DICOM file's pixels are JPEG of {bits} bits, which is not read here; save it uncompressed.",
            bits=header.bits[1],
        )
    return _CUT_SHORT
