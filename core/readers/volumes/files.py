"""Read a volume from the files that people have: NIfTI, DICOM, or a .zip of DICOM files."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.config import MAX_VOLUME_BYTES
from core.errors import SliceError
from core.readers.volumes.dicom_header import is_dicom
from core.readers.volumes.volume import Volume, with_true_mask

DICOM, VOLUME = "dicom", "volume"
"""Kinds of files by ``file_kind``."""
PEEK = 540
"""First bytes that tell a file's kind."""


@dataclass(frozen=True)
class VolumeChoice:
    """Which volume of the files is read.

    Attributes:
        number: of a NIfTI file with four dimensions, from 1 on; None for the first.
        series: of DICOM files, from 1 on; needed where they hold several, unless ``longest_series`` is set.
        longest_series: read the series with the most slices where none is chosen.
        allow_other_modality: read DICOM files that are not MR too, with a warning.
    """

    number: int | None = None
    series: int | None = None
    allow_other_modality: bool = False
    longest_series: bool = False


WHOLE = VolumeChoice()
"""For files that hold one volume."""


def is_volume(data: bytes) -> bool:
    """Tell whether ``data`` starts as a file that is read as a volume: DICOM, NIfTI, gzip or .zip."""
    return (
        is_dicom(data)
        or is_zip(data)
        or data.startswith(b"\x1f\x8b")
        or data[344:348] == b"n+1\0"
        or (data[4:8] == b"n+2\0")
    )


def file_kind(start: bytes) -> str | None:
    """Tell by a file's first ``PEEK`` bytes what holds its slices: a "dicom" file, another "volume", or None.

    Of the last kind are pictures, .mat files, and what is no image at all.
    """
    return DICOM if is_dicom(start) else VOLUME if is_volume(start) else None


def read_volume(
    files: Sequence[bytes],
    name: str,
    choice: VolumeChoice = WHOLE,
    labels: bytes | None = None,
    *,
    consume: bool = False,
) -> Volume:
    """Read one volume in this process.

    Args:
        files: one NIfTI file, one .zip, or DICOM files of one series or more.
        name: of the volume; a file's name, say.
        choice: where the files hold several volumes.
        labels: a NIfTI label map of the same grid, for the true mask.
        consume: empty the list ``files`` as it is read.

    Raises:
        SliceError: one sentence that says what is wrong with the files and what would be accepted.
    """
    check_volume_size(sum(map(len, files)))
    volume = _read(files, name, choice, consume=consume)
    if labels is None:
        return volume
    from core.readers.volumes.nifti import read_label_map

    check_volume_size(len(labels))
    return with_true_mask(volume, read_label_map(labels, name))


def check_volume_size(length: int) -> None:
    """Refuse files of so many bytes together that are empty or too large.

    Raises:
        SliceError: they are.
    """
    if not length:
        raise SliceError("The file is empty; it should hold an MRI volume.")
    if length > MAX_VOLUME_BYTES:
        raise SliceError(
            "The volume's files have {length:,} bytes; at most {limit:,} ({megabytes} MB) are accepted.",
            length=length,
            limit=MAX_VOLUME_BYTES,
            megabytes=MAX_VOLUME_BYTES // 2**20,
        )


def _read(files: Sequence[bytes], name: str, choice: VolumeChoice, *, consume: bool) -> Volume:
    if len(files) == 1 and is_zip(files[0]):
        from core.readers.volumes.archive import unpack

        files = [data for data in unpack(files[0]) if is_dicom(data)]
        if not files:
            raise SliceError("The ZIP file holds no DICOM file; a .zip of one DICOM series is accepted.")
    elif not any(map(is_dicom, files)):
        if len(files) > 1:
            raise SliceError("Several files are read together only where they are DICOM; give one volume at a time.")
        from core.readers.volumes.nifti import read_nifti

        return read_nifti(files[0], name, number=choice.number)
    from core.readers.volumes.dicom import read_dicom

    return read_dicom(
        files,
        name,
        series=choice.series,
        longest=choice.longest_series,
        allow_other_modality=choice.allow_other_modality,
        consume=consume,
    )


def is_zip(data: bytes) -> bool:
    """Tell whether ``data`` starts as a .zip does."""
    return data.startswith(b"PK\x03\x04")
