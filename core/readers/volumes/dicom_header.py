"""Read the headers of DICOM files: where each frame lies and how its numbers are meant.

Only the tags of ``_TAGS`` are read, and only numbers leave this module: no name, id, date or other text.
"""

import io
import math
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.config import MAX_SIDE
from core.errors import SliceError
from core.translation.messages import mark

MR = "MR"
MODALITIES = {
    MR: MR,
    "CT": "CT",
    "PT": "PET",
    "NM": "nuclear medicine",
    "US": "ultrasound",
    "CR": "an X-ray",
    "DX": "an X-ray",
    "MG": "a mammogram",
    "XA": "an angiogram",
    "RF": "fluoroscopy",
    "SC": "a secondary capture",
    "OT": "a secondary capture",
    "SEG": "a segmentation",
}
"""Names of the modalities that are told; any other is "of another modality", since the tag may hold any text."""
OTHER_MODALITY = "of another modality"
_MOST_FRAMES = 10_000
_UID = re.compile(r"[0-9.]{1,64}")
_DEFLATED = "1.2.840.10008.1.2.1.99"
_DAMAGED = mark("The DICOM file is damaged or cut short and could not be read.")
_PIXEL_TAGS = (
    "SamplesPerPixel", "PhotometricInterpretation", "NumberOfFrames", "Rows", "Columns", "BitsAllocated", "BitsStored",
    "HighBit", "PixelRepresentation", "PlanarConfiguration",
)  # fmt: skip
_TAGS = (
    *_PIXEL_TAGS,
    "SOPClassUID", "Modality", "SeriesInstanceUID", "SeriesNumber", "InstanceNumber", "ImageType", "EchoTime",
    "TemporalPositionIdentifier", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness",
    "SpacingBetweenSlices", "RescaleSlope", "RescaleIntercept", "WindowCenter", "WindowWidth", "BurnedInAnnotation",
    "FrameOfReferenceUID", "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
)  # fmt: skip
_GROUPS = {
    "ImagePositionPatient": "PlanePositionSequence",
    "ImageOrientationPatient": "PlaneOrientationSequence",
    "PixelSpacing": "PixelMeasuresSequence",
    "SliceThickness": "PixelMeasuresSequence",
    "SpacingBetweenSlices": "PixelMeasuresSequence",
    "RescaleSlope": "PixelValueTransformationSequence",
    "RescaleIntercept": "PixelValueTransformationSequence",
    "WindowCenter": "FrameVOILUTSequence",
    "WindowWidth": "FrameVOILUTSequence",
    "TemporalPositionIndex": "FrameContentSequence",
    "EffectiveEchoTime": "MREchoSequence",
}
"""Where the files of enhanced MR keep a frame's values."""


@dataclass(frozen=True)
class Frame:
    """One picture of a DICOM file.

    Attributes:
        file, index: which file, and which of its frames.
        position: of the first pixel, in mm to the patient's left, back and head; None where it is not stated.
        directions: of rows and of columns, six numbers; None likewise.
        spacing: between rows and between columns in mm, or None.
        thickness: distance of slices, or their thickness, in mm, or None.
        slope, intercept: that give the scanner's terms.
        window: lowest and highest value to show, or None.
        series: what tells its series from others; not to be shown.
        order: places it where no position does.
    """

    file: int
    index: int
    position: tuple[float, ...] | None
    directions: tuple[float, ...] | None
    spacing: tuple[float, ...] | None
    thickness: float | None
    slope: float
    intercept: float
    window: tuple[float, float] | None
    series: tuple[Any, ...]
    order: tuple[float, ...]


@dataclass(frozen=True)
class Header:
    """What a file's header says of all its frames.

    Attributes:
        rows, columns: of a frame.
        bits: stored for a pixel: in all, and those that count.
        signed: whether numbers may be negative.
        inverted: whether the lowest number is meant to be white.
        modality: a value of ``MODALITIES``, or ``OTHER_MODALITY``.
        burnt_in: whether the file says that text is burnt into its pixels.
        frame_of_reference: the UID of the space in which it lies, or None; not to be shown.
        frames: its pictures.
    """

    rows: int
    columns: int
    bits: tuple[int, int]
    signed: bool
    inverted: bool
    modality: str
    burnt_in: bool
    frame_of_reference: str | None
    frames: tuple[Frame, ...]


def is_dicom(data: bytes) -> bool:
    """Tell whether ``data`` starts as a DICOM file does."""
    return data[128:132] == b"DICM"


def read_dataset(data: bytes, *, pixels: bool, tags: Sequence[str] = _TAGS) -> Any:
    """Read the pixels of a DICOM file, or tags of its header.

    Raises:
        SliceError: the file is damaged, or is no DICOM file.
    """
    from pydicom import config, dcmread

    if not is_dicom(data):
        raise SliceError("The file is no DICOM file; its bytes 128 to 131 should be DICM.")
    config.settings.reading_validation_mode = config.IGNORE
    wanted: list[Any] = ["PixelData", *_PIXEL_TAGS] if pixels else list(tags)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if _syntax(data) == _DEFLATED:
                raise SliceError(
                    "The DICOM file is deflated as a whole (Deflated Explicit VR Little Endian); save it uncompressed."
                )
            return dcmread(io.BytesIO(data), stop_before_pixels=not pixels, specific_tags=wanted)
        except SliceError:
            raise
        except Exception:  # pydicom raises errors of any type on a damaged file, and they may tell values
            raise SliceError(_DAMAGED) from None


def read_header(data: bytes, file: int) -> Header:
    """Read a DICOM file's header.

    Args:
        data: the whole file.
        file: its place among the files, for its frames.

    Raises:
        SliceError: the file is damaged, or holds no grey image of a size that is read.
    """
    dataset = read_dataset(data, pixels=False)
    try:
        return _header(dataset, file)
    except SliceError:
        raise
    except Exception:  # values of the wrong type or number
        raise SliceError(_DAMAGED) from None


def _syntax(data: bytes) -> str:
    """Return the transfer syntax that the file's own group, which is never deflated, states."""
    from pydicom.filereader import read_dataset as read_group

    file = io.BytesIO(data)
    file.seek(132)
    group = read_group(file, False, True, stop_when=lambda tag, vr, length: tag.group != 2)
    return str(group.get("TransferSyntaxUID", ""))


def _header(dataset: Any, file: int) -> Header:
    rows, columns = (_number(dataset.get(name)) for name in ("Rows", "Columns"))
    if not rows or not columns or "BitsAllocated" not in dataset:
        raise SliceError("The DICOM file holds no image; a file with pixels is needed.")
    if max(rows, columns) > MAX_SIDE:
        raise SliceError(
            "The DICOM file's image is larger than {max_side} pixels a side, the most that is read.", max_side=MAX_SIDE
        )
    photometric = str(dataset.get("PhotometricInterpretation", ""))
    if _number(dataset.get("SamplesPerPixel")) not in (None, 1) or photometric not in ("MONOCHROME1", "MONOCHROME2"):
        raise SliceError("The DICOM file holds a colour picture; an image of grey values is needed.")
    if "MOSAIC" in str(dataset.get("ImageType", "")):
        raise SliceError("The DICOM file holds all its slices in one picture (a mosaic); save a file a slice.")
    allocated = int(dataset.BitsAllocated)
    stored = int(_number(dataset.get("BitsStored")) or allocated)
    if allocated not in (8, 16, 32) or not 1 <= stored <= allocated:
        raise SliceError("The DICOM file's pixels do not have 8, 16 or 32 bits; others are not read.")
    count = int(_number(dataset.get("NumberOfFrames")) or 1)
    if not 1 <= count <= _MOST_FRAMES:
        raise SliceError(
            "The DICOM file states a number of frames beyond 1 to {limit:,}, which are read.", limit=_MOST_FRAMES
        )
    return Header(
        rows=int(rows),
        columns=int(columns),
        bits=(allocated, stored),
        signed=bool(dataset.get("PixelRepresentation", 0)),
        inverted=photometric == "MONOCHROME1",
        modality=MODALITIES.get(str(dataset.get("Modality", "")), OTHER_MODALITY),
        burnt_in=str(dataset.get("BurnedInAnnotation", "")) == "YES",
        frame_of_reference=_uid(dataset.get("FrameOfReferenceUID")),
        frames=tuple(_frame(dataset, file, index) for index in range(count)),
    )


def _frame(dataset: Any, file: int, index: int) -> Frame:
    def numbers(name: str, count: int) -> tuple[float, ...] | None:
        return _numbers(_value(dataset, index, name), count)

    def number(name: str) -> float | None:
        found = numbers(name, 1)
        return found[0] if found else None

    position, directions = numbers("ImagePositionPatient", 3), numbers("ImageOrientationPatient", 6)
    spacing = numbers("PixelSpacing", 2)
    slope, centre, width = number("RescaleSlope"), number("WindowCenter"), number("WindowWidth")
    return Frame(
        file=file,
        index=index,
        position=position if directions and _is_orthogonal(directions) else None,
        directions=directions if directions and _is_orthogonal(directions) else None,
        spacing=spacing if spacing and min(spacing) > 0 else None,
        thickness=next((size for name in ("SpacingBetweenSlices", "SliceThickness") if (size := number(name))), None),
        slope=1.0 if slope in (None, 0) else float(slope or 1),
        intercept=number("RescaleIntercept") or 0.0,
        window=(centre - width / 2, centre + width / 2) if centre is not None and width and width > 0 else None,
        series=_series(dataset, index, directions),
        order=(_number(dataset.get("InstanceNumber")) or 0, index),
    )


def _series(dataset: Any, index: int, directions: Sequence[float] | None) -> tuple[Any, ...]:
    """Return what the slices of one volume have in common; series are sorted by it."""
    echo = _numbers(_value(dataset, index, "EchoTime"), 1) or _numbers(_value(dataset, index, "EffectiveEchoTime"), 1)
    time = _numbers(_value(dataset, index, "TemporalPositionIdentifier"), 1) or _numbers(
        _value(dataset, index, "TemporalPositionIndex"), 1
    )
    return (
        _number(dataset.get("SeriesNumber")) or 0,
        str(dataset.get("SeriesInstanceUID", "")),
        str(dataset.get("ImageType", "")),
        (dataset.Rows, dataset.Columns),
        tuple(round(part, 2) + 0.0 for part in directions or ()),
        echo or (),
        time or (),
    )


def _value(dataset: Any, index: int, name: str) -> Any:
    """Return a frame's value: its own, the one that all frames share, or the file's; None where there is none."""
    group = _GROUPS.get(name)
    frames = dataset.get("PerFrameFunctionalGroupsSequence") or ()
    shared = dataset.get("SharedFunctionalGroupsSequence") or ()
    for item in (*frames[index : index + 1], *shared[:1]):
        found = item.get(group) if group else None
        if found and found[0].get(name) is not None:
            return found[0].get(name)
    return dataset.get(name)


def _numbers(value: Any, count: int) -> tuple[float, ...] | None:
    """Return the first numbers of a value; None where there are fewer, or one is none."""
    parts = [value] if isinstance(value, int | float | str) else list(value or ())
    try:
        found = tuple(float(part) for part in parts[:count])
    except (TypeError, ValueError):
        return None
    return found if len(found) == count and all(map(math.isfinite, found)) else None


def _uid(value: Any) -> str | None:
    """Return a UID; None where the value is no digits and dots."""
    found = _UID.fullmatch(str(value or ""))
    return found[0] if found else None


def _number(value: Any) -> float | None:
    found = _numbers(value, 1)
    return found[0] if found else None


def _is_orthogonal(directions: Sequence[float]) -> bool:
    """Tell whether six numbers are two unit vectors at right angles, to a hundredth."""
    rows, columns = directions[:3], directions[3:]
    lengths = [sum(part * part for part in vector) for vector in (rows, columns)]
    across = sum(first * second for first, second in zip(rows, columns, strict=True))
    return all(abs(length - 1) < 0.01 for length in lengths) and abs(across) < 0.01
