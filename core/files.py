"""Writing a file so that a kill at any moment leaves either the old one or the new one."""

import os
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
