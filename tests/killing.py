"""Kill a process in the middle of saving; run in a child process, which ends at once.

The module imports no pytest and nothing heavy, so that a child process starts quickly.
"""

import builtins
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.training.checkpoint import State, save_state

KILLED = 9
"""Exit status of a killed child process; one that finished has 0."""


def save_killed_at(fatal: int, folder: Path, state: State, log: Path) -> None:
    """Save ``state`` and end the process at the ``fatal``-th file operation, counted from 1.

    Operations are open, write, fsync, rename, unlink and mkdir; a fatal write first puts half of its bytes into
    the file. The names of the operations done are written to ``log``.
    """
    done: list[str] = []
    real_open = io.open

    def write_log() -> None:
        with real_open(log, "w") as file:
            file.write("\n".join(done))

    def is_fatal(name: str) -> bool:
        """Count an operation; return whether it is the fatal one."""
        done.append(name)
        if len(done) < fatal:
            return False
        write_log()
        return True

    def fatal_before(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **options: Any) -> Any:
            if is_fatal(name):
                os._exit(KILLED)
            return function(*args, **options)

        return wrapper

    class KillableFile(io.FileIO):
        def write(self, data: Any) -> int:
            if is_fatal("write"):
                super().write(memoryview(data).cast("B")[: memoryview(data).nbytes // 2])
                os._exit(KILLED)
            return super().write(data)

    def killable_open(file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        if not set(mode) & set("wax+"):
            return real_open(file, mode, *args, **options)
        if is_fatal("open"):
            os._exit(KILLED)
        if mode not in ("wb", "w+b", "wb+"):
            raise NotImplementedError(f"The test does not know how to kill a file opened with '{mode}'.")
        raw = KillableFile(file, mode.replace("b", ""))
        return io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)

    # os.open is how a folder is opened to fsync it.
    for name in ("open", "fsync", "replace", "rename", "unlink", "remove", "mkdir"):
        setattr(os, name, fatal_before(name, getattr(os, name)))
    io.open = builtins.open = killable_open
    save_state(folder, state)
    write_log()
    os._exit(0)
