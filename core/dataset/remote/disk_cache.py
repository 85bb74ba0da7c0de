"""A folder of cached arrays with a limit on its size; any file in it may be lost at any time."""

import os
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import numpy as np

from core.files import replace_file


class ArrayCache:
    """Arrays by name; the least recently used are removed first. Sessions and processes may share the folder.

    Args:
        folder: folder of the files; made when first needed.
        limit_bytes: largest size of all files together.
    """

    def __init__(self, folder: Path, *, limit_bytes: int) -> None:
        self._folder = folder
        self._limit = limit_bytes

    def load(self, name: str) -> dict[str, np.ndarray] | None:
        """Load the arrays saved as ``name``; None where there are none or the file is damaged."""
        path = self._path(name)
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {key: file[key] for key in file.files}
            os.utime(path)  # the most recently used
        except Exception:  # numpy, zipfile and zlib raise errors of any type on a damaged file
            return None
        return arrays

    def save(self, name: str, **arrays: np.ndarray) -> None:
        """Save arrays; do nothing on a full or read-only disk."""
        # Each writer has its own temporary name, since two sessions may fetch the same slice at once.
        temporary_path = self._folder / f"{name}.{uuid4().hex}.npz"
        with suppress(OSError):
            with replace_file(temporary_path) as temporary, temporary.open("wb") as file:
                np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # no array is named allow_pickle
            os.replace(temporary_path, self._path(name))
            self._trim()

    def remove(self, name: str) -> None:
        """Remove the arrays saved as ``name``, if there are any."""
        with suppress(OSError):
            self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.npz"

    def _trim(self) -> None:
        """Remove the least recently used files beyond the limit."""
        files = []
        for path in self._folder.iterdir():
            try:
                status = path.stat()
            except FileNotFoundError:
                continue  # another session removed it
            files.append((status.st_mtime_ns, status.st_size, path))
        total = 0
        for _, size, path in sorted(files, reverse=True):
            total += size
            if total > self._limit:
                path.unlink(missing_ok=True)
