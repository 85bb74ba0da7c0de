"""Take the files out of a .zip in memory, within bounds."""

import io
import zipfile

from core.config import MAX_FILE_BYTES, MAX_VOLUME_BYTES
from core.errors import SliceError
from core.readers.slices import check_size
from core.readers.volumes.dicom_header import is_dicom
from core.translation.messages import mark

MAX_ENTRIES = 2048
"""Most entries of a .zip; folders count too."""
_MAX_RATIO = 100
_RATIO_FROM = 2**20
"""From so many bytes on an entry may be at most ``_MAX_RATIO`` times as large as it is packed."""
_CHUNK = 2**18
_END = b"PK\x05\x06"
_END_BYTES = 22 + 2**16
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_PASSWORD = 0x1
_DICOM_START = 132
"""First bytes that tell a DICOM file."""
_DAMAGED = mark("The ZIP file is damaged or cut short and could not be read.")


def unpack(data: bytes) -> list[bytes]:
    """Return the contents of the files in a .zip, in its order; their names are not used, and a .zip in it stays one.

    Raises:
        SliceError: the file is damaged, protected by a password, or holds too much.
    """
    _check_count(data)
    files: list[bytes] = []
    left = MAX_VOLUME_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist():
                if entry.is_dir():
                    continue
                _check_entry(entry)
                files.append(_inflate(archive, entry, left))
                left -= len(files[-1])
    except SliceError:
        raise
    except Exception:  # zipfile raises errors of several types on a damaged file, and they may tell names
        raise SliceError(_DAMAGED) from None
    return files


def _check_count(data: bytes) -> None:
    """Refuse too many entries before they are listed."""
    end = data.rfind(_END, max(0, len(data) - _END_BYTES))
    if end < 0 or len(data) < end + 22:
        raise SliceError(_DAMAGED)
    stated = int.from_bytes(data[end + 10 : end + 12], "little")
    # An entry of the list takes 46 bytes or more; a list that is longer than it says counts too.
    listed = int.from_bytes(data[end + 12 : end + 16], "little") // 46
    if stated > MAX_ENTRIES or listed > MAX_ENTRIES * 8:
        raise SliceError("The ZIP file holds more than {limit:,} files; pack one series alone.", limit=MAX_ENTRIES)


def _check_entry(entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & _PASSWORD:
        raise SliceError("The ZIP file is protected by a password; pack the files without one.")
    if entry.compress_type not in _METHODS:
        raise SliceError("The ZIP file is packed in an unusual way; pack it with the ordinary method (deflate).")


def _inflate(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    """Return an entry's content; stop as soon as it is too large, whatever the entry says of its size."""
    content = bytearray()
    with archive.open(entry) as file:
        while chunk := file.read(_CHUNK):
            content += chunk
            if len(content) > most:
                raise SliceError(
                    "The ZIP file holds more than {megabytes} MB; pack one series alone.",
                    megabytes=MAX_VOLUME_BYTES // 2**20,
                )
            if len(content) > max(_RATIO_FROM, _MAX_RATIO * entry.compress_size):
                raise SliceError("The ZIP file holds a file that is far larger than it is packed; pack images only.")
    return bytes(content)


def file_names(data: bytes) -> list[str]:
    """Return the names of the files in a .zip, in its order; hidden ones, and what macOS adds, are left out.

    Raises:
        SliceError: the file is damaged or holds too much.
    """
    _check_count(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
    except Exception:  # as in ``unpack``
        raise SliceError(_DAMAGED) from None
    return [name for name in names if not name.rpartition("/")[2].startswith(".") and not name.startswith("__MACOSX/")]


def read_entry(data: bytes, name: str) -> bytes:
    """Return a file of a .zip that holds a slice.

    Args:
        data: the .zip.
        name: of the file.

    Raises:
        SliceError: the .zip is damaged or protected by a password, or the file is too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entry = archive.getinfo(name)
            _check_entry(entry)
            check_size(entry.file_size)
            return _inflate(archive, entry, MAX_FILE_BYTES)
    except SliceError:
        raise
    except Exception:  # as in ``unpack``
        raise SliceError(_DAMAGED) from None


def holds_dicom(data: bytes) -> bool:
    """Tell whether a file in a .zip starts as DICOM; one that cannot be read does not."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist():
                if not entry.is_dir():
                    with archive.open(entry) as file:
                        if is_dicom(file.read(_DICOM_START)):
                            return True
    except Exception:  # as in ``unpack``
        return False
    return False
