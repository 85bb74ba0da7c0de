"""A process that dies in the middle of saving: run in a child, since it ends without a farewell.

The module imports no pytest and nothing heavy, so that a child starts in a moment.
"""

import builtins
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.training.checkpoint import State, save_state

KILLED = 9
"""Exit status of a child that was killed; one that came through leaves 0."""


def save_killed_at(fatal: int, folder: Path, state: State, log: Path) -> None:
    """Save ``state``, and die at the ``fatal``-th operation on files, counted from 1.

    Operations are open, write, fsync, rename, unlink and mkdir; a fatal write puts half of its bytes into the
    file first. The names of the operations done are written to ``log``.
    """
    done: list[str] = []
    real_open = io.open

    def tell() -> None:
        with real_open(log, "w") as file:
            file.write("\n".join(done))

    def note(name: str) -> bool:
        """Count an operation; True when it is the fatal one."""
        done.append(name)
        if len(done) < fatal:
            return False
        tell()
        return True

    def fatal_before(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **options: Any) -> Any:
            if note(name):
                os._exit(KILLED)
            return function(*args, **options)

        return wrapper

    class Written(io.FileIO):
        def write(self, data: Any) -> int:
            if note("write"):
                super().write(memoryview(data).cast("B")[: memoryview(data).nbytes // 2])
                os._exit(KILLED)
            return super().write(data)

    def opened(file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        if not set(mode) & set("wax+"):
            return real_open(file, mode, *args, **options)
        if note("open"):
            os._exit(KILLED)
        if mode not in ("wb", "w+b", "wb+"):
            raise NotImplementedError(f"The test does not know how to kill a file opened with '{mode}'.")
        raw = Written(file, mode.replace("b", ""))
        return io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)

    # os.open is how a folder is opened to fsync it.
    for name in ("open", "fsync", "replace", "rename", "unlink", "remove", "mkdir"):
        setattr(os, name, fatal_before(name, getattr(os, name)))
    io.open = builtins.open = opened
    save_state(folder, state)
    tell()
    os._exit(0)
