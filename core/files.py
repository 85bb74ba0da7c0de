"""Write files and folders atomically: a kill at any moment leaves either the old one or the new one."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@contextmanager
def replace_file(target: Path) -> Iterator[Path]:
    """Yield a temporary path to write to; on exit, fsync the file and rename it to ``target``.

    An exception leaves ``target`` as it was and removes the temporary file.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    # The suffix stays, since Keras and Pillow choose the format by it.
    temporary = target.with_name(f".{target.stem}.tmp{target.suffix}")
    try:
        yield temporary
        _fsync(temporary)
        os.replace(temporary, target)
        _fsync(target.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_whole(target: Path, content: bytes) -> None:
    """Write a file's content as ``replace_file`` does."""
    with replace_file(target) as temporary:
        temporary.write_bytes(content)


@contextmanager
def replace_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder to fill; on exit, replace the folder ``target`` with it.

    Write the files in it with ``replace_file``, so that they are on disk. An exception leaves ``target`` as it was. A
    kill leaves the old folder, the new one or, between two renames, none, but never a mixture; the next call removes
    the leftovers beside ``target``.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    new, old = (target.with_name(f".{target.name}.{version}") for version in ("new", "old"))
    _restore_old_folder(old, target)
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    new.mkdir()
    try:
        yield new
        if target.exists():
            os.replace(target, old)
        os.replace(new, target)
        _fsync(target.parent)
    except BaseException:
        _restore_old_folder(old, target)
        shutil.rmtree(new, ignore_errors=True)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _restore_old_folder(old: Path, target: Path) -> None:
    """Rename ``old`` back to ``target`` where a kill or an error left none."""
    if old.exists() and not target.exists():
        os.replace(old, target)


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def hold_lock(path: Path) -> Iterator[bool]:
    """Hold a lock file while the block runs; yield whether it was free. The end of the process frees it, however it
    ends; the file stays."""
    with path.open("a+b") as file:
        yield _lock(file)


def _lock(file: IO[bytes]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def table_csv(table: "pd.DataFrame") -> str:
    """Return a table as CSV, without its index and with six significant digits."""
    return str(table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))


def inert_cells(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return a table whose texts a spreadsheet does not take for formulas: "'" stands before =, +, -, @ and tabs.

    For tables that leave the project: what it reads again is stored as it is. Numbers stay.
    """
    inert = table.copy()
    for name in table.select_dtypes(["object", "string"]):
        # As objects: a column with gaps keeps its whole numbers.
        inert[name] = np.array([_inert(cell) for cell in table[name]], object)
    return inert


def _inert(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell


def write_table(path: Path, table: "pd.DataFrame") -> None:
    """Write a table to a file as ``table_csv`` gives it."""
    write_whole(path, table_csv(table).encode())
