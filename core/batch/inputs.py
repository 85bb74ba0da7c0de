"""Put the files of a batch together to what is answered as one: a picture, a volume, a DICOM series."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

from core.batch.sources import Member
from core.errors import SliceError
from core.readers.volumes.dicom_header import read_header
from core.readers.volumes.files import DICOM, PEEK, VOLUME, file_kind

_HEADER_BYTES = 2**18
"""First bytes of a DICOM file that state its series; a file with a longer header counts as a series of its own."""


@dataclass(frozen=True)
class Input:
    """What is answered as one.

    Attributes:
        source: how tables name it: its file's source, or the folder's of a DICOM series.
        name: the file's own, or the folder's.
        is_volume: whether it is read as a volume.
        members: its files.
    """

    source: str
    name: str
    is_volume: bool
    members: tuple[Member, ...]


def group_files(files: Iterable[Member]) -> Iterator[Input]:
    """Yield the inputs that files make; the DICOM files of a folder that follow each other are taken together."""
    dicom: list[Member] = []
    for member in files:
        if dicom and member.folder != dicom[0].folder:
            yield from _series(dicom)
            dicom = []
        kind = _kind(member)
        if kind == DICOM:
            dicom.append(member)
        else:
            yield Input(member.source, member.name, kind == VOLUME, (member,))
    if dicom:
        yield from _series(dicom)


def _kind(member: Member) -> str | None:
    try:
        return file_kind(member.read(PEEK))
    except (SliceError, OSError):
        return None  # reading it again tells why


def _series(files: list[Member]) -> Iterator[Input]:
    """Yield the series of a folder's DICOM files; one is named after the folder, several each after its first file."""
    series: dict[Hashable, list[Member]] = defaultdict(list)
    for member in files:
        series[_series_key(member)].append(member)
    for members in series.values():
        first = members[0]
        if len(series) == 1 and len(members) > 1:
            yield Input(first.folder, first.folder_name, True, tuple(members))
        else:
            yield Input(first.source, first.name, True, tuple(members))


def _series_key(member: Member) -> Hashable:
    try:
        return read_header(member.read(_HEADER_BYTES), 0).frames[0].series
    except (SliceError, OSError):
        return member.source
