"""The published files, wherever they lie: a folder of .mat files, or the four zip files as they are."""

import hashlib
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.dataset.store import SLICE_COUNT
from core.errors import DatasetError, SliceError
from core.readers.mat import MAX_FILE_BYTES

_SLICE_NAME = re.compile(r"(?:.*/)?(\d{1,4})\.mat")


@dataclass(frozen=True)
class RawFiles:
    """The slices' files by number, each a function that returns its bytes.

    Attributes:
        files: slice number -> reader; a reader raises SliceError for a file that cannot be read.
        folds: reader of cvind.mat, or None where it is missing.
        problems: sentences about files that are there but cannot be opened at all.
        fingerprint: changes when a file's name, size or date (in a zip file its checksum) does.
    """

    files: dict[int, Callable[[], bytes]]
    folds: Callable[[], bytes] | None
    problems: tuple[str, ...]
    fingerprint: str


def open_raw_files(folder: Path) -> RawFiles:
    """Find every N.mat and cvind.mat below ``folder``, loose or inside its zip files.

    Raises:
        DatasetError: there is no such folder, or no slice in it.
    """
    if folder.is_file() and folder.suffix == ".zip":
        folder = folder.parent
    if not folder.is_dir():
        raise DatasetError(f"'{folder}' is not a folder; name the one with the .mat files or the four zip files.")
    files: dict[int, Callable[[], bytes]] = {}
    folds: Callable[[], bytes] | None = None
    problems: list[str] = []
    fingerprint = hashlib.sha256()

    loose: set[int] = set()

    def add(name: str, version: str, reader: Callable[[], bytes], *, zipped: bool) -> None:
        nonlocal folds
        found = _SLICE_NAME.fullmatch(name)
        if found:
            number = int(found[1])
            if not 1 <= number <= SLICE_COUNT:
                problems.append(f"{name} was left out; the data set's slices run from 1 to {SLICE_COUNT}.")
                return
            if number in files:
                # Whoever unpacked the zip files beside them has every slice twice: the loose one counts.
                if number not in loose or not zipped:
                    problems.append(f"{number}.mat is there twice; the second, {name}, was left out.")
                return
            if not zipped:
                loose.add(number)
            files[number] = reader
        elif Path(name).name == "cvind.mat":
            folds = reader
        else:
            return
        fingerprint.update(f"{name}\0{version}\n".encode())

    for path in sorted(folder.rglob("*.mat")):
        try:
            status = path.stat()
        except OSError:
            problems.append(f"{path.name} is a link to nowhere; put the file itself there.")
            continue
        add(
            path.relative_to(folder).as_posix(), f"{status.st_size} {status.st_mtime_ns}", path.read_bytes, zipped=False
        )
    for path in sorted(folder.rglob("*.zip")):
        try:
            with zipfile.ZipFile(path) as archive:
                members = archive.infolist()
        except (OSError, zipfile.BadZipFile):
            problems.append(f"{path.name} is not a whole zip file; download it again.")
            continue
        for member in members:
            add(member.filename, f"{member.file_size} {member.CRC}", _member_reader(path, member), zipped=True)
    if not files:
        raise DatasetError(f"'{folder}' holds neither 1.mat, 2.mat, … nor the data set's zip files.")
    return RawFiles(files, folds, tuple(problems), fingerprint.hexdigest())


def _member_reader(path: Path, member: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        if member.file_size > MAX_FILE_BYTES:
            raise SliceError(f"The file claims {member.file_size} bytes, far more than a slice has.")
        try:
            with zipfile.ZipFile(path) as archive:
                return archive.read(member)
        except (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
            raise SliceError(f"It cannot be read out of {path.name}; download that zip file again.") from error

    return read
