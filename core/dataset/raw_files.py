"""Find the published files of the data set: loose .mat files, or the four zip files."""

import hashlib
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from core.config import MAX_FILE_BYTES
from core.dataset.store import SLICE_COUNT
from core.errors import DatasetError, SliceError
from core.readers.slices import read_file
from core.translation.messages import Message

_SLICE_NAME = re.compile(r"(?:.*/)?(\d{1,4})\.mat")


@dataclass(frozen=True)
class RawFiles:
    """The slices' files by number, each as a function that returns its bytes.

    Attributes:
        files: slice number -> reader; a reader raises SliceError for a file that cannot be read.
        folds: reader of cvind.mat, or None where it is missing.
        problems: one sentence for each file that is left out or cannot be opened.
        fingerprint: a digest that changes with a file's name, size or date (in a zip file, with its checksum).
    """

    files: dict[int, Callable[[], bytes]]
    folds: Callable[[], bytes] | None
    problems: tuple[Message, ...]
    fingerprint: str


def open_raw_files(folder: Path, slice_count: int = SLICE_COUNT) -> RawFiles:
    """Find every N.mat, N from 1 to ``slice_count``, and cvind.mat below ``folder``, loose or in zip files.

    Raises:
        DatasetError: there is no such folder, or no slice in it.
    """
    if folder.is_file() and folder.suffix == ".zip":
        folder = folder.parent
    if not folder.is_dir():
        raise DatasetError(
            "'{folder}' is not a folder; name the one with the .mat files or the four zip files.", folder=folder
        )
    collection = _Collection(slice_count)
    for path in sorted(folder.rglob("*.mat")):
        collection.add_loose_file(path, path.relative_to(folder).as_posix())
    for path in sorted(folder.rglob("*.zip")):
        collection.add_zip_file(path)
    if not collection.files:
        raise DatasetError("'{folder}' holds neither 1.mat, 2.mat, … nor the data set's zip files.", folder=folder)
    fingerprint = hashlib.sha256("".join(collection.versions).encode()).hexdigest()
    return RawFiles(collection.files, collection.folds, tuple(collection.problems), fingerprint)


@dataclass
class _Collection:
    """The files found so far; loose files are added before zip files."""

    slice_count: int
    files: dict[int, Callable[[], bytes]] = field(default_factory=dict)
    folds: Callable[[], bytes] | None = None
    problems: list[Message] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    loose: set[int] = field(default_factory=set)

    def add_loose_file(self, path: Path, name: str) -> None:
        """Add the .mat file at ``path``."""
        try:
            status = path.stat()
        except OSError:
            self.problems.append(Message("{file} is a link to nowhere; put the file itself there.", file=path.name))
            return
        self._add(name, f"{status.st_size} {status.st_mtime_ns}", partial(read_file, path), zipped=False)

    def add_zip_file(self, path: Path) -> None:
        """Add the .mat files in the zip file at ``path``."""
        try:
            with zipfile.ZipFile(path) as archive:
                members = archive.infolist()
        except (OSError, zipfile.BadZipFile):
            self.problems.append(Message("{file} is not a whole zip file; download it again.", file=path.name))
            return
        for member in members:
            self._add(member.filename, f"{member.file_size} {member.CRC}", _member_reader(path, member), zipped=True)

    def _add(self, name: str, version: str, reader: Callable[[], bytes], *, zipped: bool) -> None:
        match = _SLICE_NAME.fullmatch(name)
        if match:
            if not self._add_slice(int(match[1]), name, reader, zipped=zipped):
                return
        elif Path(name).name == "cvind.mat":
            self.folds = reader
        else:
            return
        self.versions.append(f"{name}\0{version}\n")

    def _add_slice(self, number: int, name: str, reader: Callable[[], bytes], *, zipped: bool) -> bool:
        """Add a slice's file; return False where it is left out."""
        if not 1 <= number <= self.slice_count:
            self.problems.append(
                Message(
                    "{file} was left out; the data set's slices run from 1 to {last}.", file=name, last=self.slice_count
                )
            )
            return False
        if number in self.files:
            # A slice that is both loose and zipped is no problem: the zip files were unpacked beside themselves.
            if number not in self.loose or not zipped:
                self.problems.append(
                    Message("{number}.mat is there twice; the second, {file}, was left out.", number=number, file=name)
                )
            return False
        if not zipped:
            self.loose.add(number)
        self.files[number] = reader
        return True


def _member_reader(path: Path, member: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        # zipfile inflates other compressions without a limit.
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise SliceError(
                "It is compressed in {file} in an uncommon way; download that zip file again.", file=path.name
            )
        if member.file_size > MAX_FILE_BYTES:
            raise SliceError("The file claims {size} bytes, far more than a slice has.", size=member.file_size)
        try:
            # With a length: without one, zipfile inflates everything before it checks the size.
            with zipfile.ZipFile(path) as archive, archive.open(member) as opened:
                return opened.read(member.file_size + 1)
        except (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
            raise SliceError(
                "It cannot be read out of {file}; download that zip file again.", file=path.name
            ) from error

    return read
