"""What a batch reads: files, folders, patterns, .zip files and CSVs of paths, one file after the other."""

import csv
import functools
import glob
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from core.errors import BatchError, SliceError
from core.translation.messages import mark

PATH_COLUMN = "path"
"""Of a CSV of paths, relative to the folder of the CSV."""
_SEPARATOR = "!"
"""Between a .zip and a name in it."""
_LEAVES = mark("Its name leaves the ZIP file; names without .. and not from the root are read.")
_DAMAGED = mark("The ZIP file is damaged, cut short or protected and could not be read.")


@dataclass(frozen=True)
class Member:
    """One file of a source.

    Attributes:
        source: how tables name it: its path as given, and the name within a .zip.
        folder: in which it lies, named likewise.
        path: of the file, or of the .zip.
        entry: its name in the .zip, or None.
        fault: why it cannot be read, where that is known before.
    """

    source: str
    folder: str
    path: Path
    entry: str | None = None
    fault: str | None = None

    @property
    def name(self) -> str:
        """The file's own name."""
        return Path(self.entry or self.path).name

    @property
    def folder_name(self) -> str:
        """The name of the folder, or of the .zip, in which it lies."""
        within = Path(self.entry or "").parent.name
        return within or (self.path.parent.name if self.entry is None else self.path.name)

    def read(self, most: int) -> bytes:
        """Return the file's first bytes, at most ``most``.

        Raises:
            SliceError: its .zip is damaged, or its fault.
            OSError: it cannot be read.
        """
        if self.fault:
            raise SliceError(self.fault)
        if self.entry is None:
            with self.path.open("rb") as file:
                return file.read(most)
        try:
            with _opened(self.path, self.path.stat().st_mtime_ns).open(self.entry) as file:
                return file.read(most)
        except OSError:
            raise
        except Exception:  # zipfile raises errors of several types on a damaged file
            raise SliceError(_DAMAGED) from None


@functools.lru_cache(maxsize=1)
def _opened(path: Path, _changed: int) -> zipfile.ZipFile:
    """Return a .zip with its list of names, which is read once for all of its files."""
    return zipfile.ZipFile(path)


def count_files(sources: tuple[str, ...], out: Path) -> int:
    """Return the number of files of all sources, which are checked and not read.

    Raises:
        BatchError: a source is missing or empty, or a CSV's path leaves its folder.
        OSError: a source cannot be read.
    """
    total = 0
    for source in sources:
        count = sum(1 for _ in _list_source(source, out))
        if not count:
            raise BatchError(
                "{source} holds no file; a slice, a volume, or a folder, .zip or CSV of them is needed.", source=source
            )
        total += count
    return total


def list_files(sources: tuple[str, ...], out: Path) -> Iterator[Member]:
    """Yield the files of all sources in order, each once; see ``count_files``.

    Args:
        sources: files, folders, patterns, .zip files, CSVs.
        out: a folder that is left out.
    """
    seen: set[str] = set()
    for source in sources:
        for member in _list_source(source, out):
            if member.source not in seen:
                seen.add(member.source)
                yield member


def _list_source(source: str, out: Path) -> Iterator[Member]:
    path = Path(source)
    if path.is_dir():
        yield from _list_folder(path, out)
    elif path.exists():
        yield from _list_paths(path) if path.suffix.lower() == ".csv" else _list_file(path)
    elif glob.has_magic(source):
        for found in sorted(glob.iglob(source, recursive=True)):
            if out.resolve() not in Path(found).resolve().parents:
                yield from _list_file(Path(found)) if os.path.isfile(found) else _list_folder(Path(found), out)
    else:
        raise BatchError("There is no file, folder or pattern '{source}'.", source=source)


def _list_folder(folder: Path, out: Path) -> Iterator[Member]:
    """Yield a folder's files by name; no hidden ones, none in folders that are links, and none of ``out``."""
    left_out = out.resolve()
    for place, folders, files in os.walk(folder):
        if Path(place).resolve() == left_out:
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                yield from _list_file(Path(place) / name)


def _list_file(path: Path) -> Iterator[Member]:
    """Yield a file, or the files in a .zip."""
    if path.suffix.lower() == ".zip":
        yield from _list_zip(path)
    else:
        yield Member(str(path), str(path.parent), path)


def _list_zip(path: Path) -> Iterator[Member]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
    except Exception as error:  # as in ``Member.read``
        # Where the file cannot be opened at all, reading it again tells why.
        fault = None if isinstance(error, OSError) else _DAMAGED
        yield Member(str(path), str(path.parent), path, fault=fault)
        return
    for name in names:
        if name.rpartition("/")[2].startswith(".") or name.startswith("__MACOSX/"):
            continue
        within = name.rpartition("/")[0]
        folder = f"{path}{_SEPARATOR}{within}" if within else str(path)
        yield Member(f"{path}{_SEPARATOR}{name}", folder, path, entry=name, fault=_LEAVES if leaves(name) else None)


def _list_paths(table: Path) -> Iterator[Member]:
    """Yield the files that a CSV names.

    Raises:
        BatchError: it has no column of paths, or a path leaves the folder of the CSV.
    """
    root = table.parent.resolve()
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if PATH_COLUMN not in (rows.fieldnames or ()):
                raise BatchError(
                    "{table} has no column '{column}'; it names the files, relative to the CSV.",
                    table=table,
                    column=PATH_COLUMN,
                )
            for row in rows:
                name = row[PATH_COLUMN] or ""
                path = table.parent / name
                if not name or leaves(name) or not path.resolve().is_relative_to(root):
                    raise BatchError(
                        "Line {line} of {table} names '{name}', outside the CSV's folder; paths of files in it are "
                        "accepted, without .. and links that lead out.",
                        line=rows.line_num,
                        table=table,
                        name=name,
                    )
                yield from _list_file(path)
    except (UnicodeDecodeError, csv.Error) as error:
        raise BatchError("{table} is no CSV in UTF-8; save it as one.", table=table) from error


def leaves(name: str) -> bool:
    """Tell whether a relative name may lead out of its folder, on any system."""
    path = PureWindowsPath(name)
    return bool(path.root or path.drive) or ".." in path.parts
