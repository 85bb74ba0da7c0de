"""A folder of arrays that may be lost at any time, with a limit on its size."""

import os
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import numpy as np

from core.files import replace_file


class ArrayCache:
    """Arrays by name; those used longest ago go first. Sessions and processes may share the folder.

    Args:
        folder: where to keep them; made when first needed.
        limit_bytes: the files together take no more.
    """

    def __init__(self, folder: Path, *, limit_bytes: int) -> None:
        self._folder = folder
        self._limit = limit_bytes

    def load(self, name: str) -> dict[str, np.ndarray] | None:
        """The arrays kept as ``name``, or None where there are none or the file is damaged."""
        path = self._path(name)
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {key: file[key] for key in file.files}
            os.utime(path)  # used just now
        except Exception:  # a damaged file can break numpy, zipfile and zlib anywhere
            return None
        return arrays

    def save(self, name: str, **arrays: np.ndarray) -> None:
        """Keep arrays; on a full or read-only disk, don't: the next one to ask waits a little longer."""
        # A name of its own for each writer, since two sessions may fetch the same slice at once.
        own = self._folder / f"{name}.{uuid4().hex}.npz"
        with suppress(OSError):
            with replace_file(own) as temporary, temporary.open("wb") as file:
                np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # no array is named allow_pickle
            os.replace(own, self._path(name))
            self._trim()

    def remove(self, name: str) -> None:
        """Forget the arrays kept as ``name``, if there are any."""
        with suppress(OSError):
            self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.npz"

    def _trim(self) -> None:
        files = []
        for path in self._folder.iterdir():
            try:
                status = path.stat()
            except FileNotFoundError:
                continue  # another session was faster
            files.append((status.st_mtime_ns, status.st_size, path))
        taken = 0
        for _, size, path in sorted(files, reverse=True):
            taken += size
            if taken > self._limit:
                path.unlink(missing_ok=True)
