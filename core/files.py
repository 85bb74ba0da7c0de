"""Writing a file or a folder so that a kill at any moment leaves either the old one or the new one."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@contextmanager
def replace_file(target: Path) -> Iterator[Path]:
    """Give a temporary path to write; on leaving, fsync it and rename it to ``target``.

    An exception leaves ``target`` as it was and removes the temporary file.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    # The suffix stays: Keras and Pillow choose a format by it.
    temporary = target.with_name(f".{target.stem}.tmp{target.suffix}")
    try:
        yield temporary
        _fsync(temporary)
        os.replace(temporary, target)
        _fsync(target.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def replace_folder(target: Path) -> Iterator[Path]:
    """Give an empty folder to fill; on leaving, put it into the place of the folder ``target``, which is deleted.

    The files in it are to be on disk already, as ``replace_file`` leaves them. An exception leaves ``target`` as it
    was. A kill does too, or leaves the new folder, or, between two renames, none; never one with files of both. The
    next call removes what it left beside.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    new, old = (target.with_name(f".{target.name}.{which}") for which in ("new", "old"))
    _put_back(old, target)
    for litter in (new, old):
        shutil.rmtree(litter, ignore_errors=True)
    new.mkdir()
    try:
        yield new
        if target.exists():
            os.replace(target, old)
        os.replace(new, target)
        _fsync(target.parent)
    except BaseException:
        _put_back(old, target)
        shutil.rmtree(new, ignore_errors=True)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _put_back(old: Path, target: Path) -> None:
    if old.exists() and not target.exists():
        os.replace(old, target)


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_table(path: Path, table: "pd.DataFrame") -> None:
    """Write a table as CSV without its index, numbers with six significant digits."""
    with replace_file(path) as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g", lineterminator="\n")
