"""Run what needs TensorFlow in a process of its own, so that the app's process never loads it.

The process starts with the first call. It ends after five idle minutes, or with its parent; the next call starts
another. Calls run one after the other.
"""

import os
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, TimeoutError
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, TypeVar

from core.errors import WorkerError

IDLE_SECONDS = 300
_POLL_SECONDS = 0.1
_PARENT_POLL_SECONDS = 1.0

_KEEPER = ThreadPoolExecutor(1, "worker-keeper")
"""The one thread that asks loky for its pool; loky gives every thread one of its own."""

Progress = Callable[[int, int], None]
Result = TypeVar("Result")


def run_in_worker(
    function: Callable[..., Result], *arguments: Any, progress: Progress | None = None, idle: float = IDLE_SECONDS
) -> Result:
    """Call ``function(*arguments, progress)`` in the worker; return what it returns.

    Args:
        function: of a module, importable there.
        arguments: can be pickled.
        progress: called here with the numbers of steps done and in all, as the function reports them.
        idle: seconds without a call after which the process ends.

    Raises:
        WorkerError: the process ended before the function did.
    """
    with tempfile.TemporaryDirectory(prefix="slicescope-") as folder:
        report = Path(folder) / "progress"
        executor = _KEEPER.submit(_executor, idle).result()
        try:
            return _wait(executor.submit(_call, function, arguments, report), report, progress)
        except BrokenProcessPool as error:
            raise WorkerError(
                "The process that computes with TensorFlow ended, perhaps for lack of memory; ask again, and another "
                "starts."
            ) from error


def _executor(idle: float) -> Any:
    """Return the pool of one process; another one where that is broken, or has another idle time."""
    from loky import get_reusable_executor

    return get_reusable_executor(max_workers=1, timeout=idle, initializer=_end_with_parent, initargs=(os.getpid(),))


def _wait(future: "Future[Result]", report: Path, progress: Progress | None) -> Result:
    """Return a call's result; pass its progress on meanwhile."""
    last = ""
    while True:
        try:
            return future.result(timeout=_POLL_SECONDS)
        except TimeoutError:
            if future.done():
                raise  # the function's own
        stated = report.read_text() if progress and report.is_file() else ""
        if progress and stated not in ("", last):
            last = stated
            done, total = stated.split()
            progress(int(done), int(total))


def _call(function: Callable[..., Result], arguments: tuple[Any, ...], report: Path) -> Result:
    """Call a function in the worker; its progress is written to a file, replaced as a whole."""

    def progress(done: int, total: int) -> None:
        fresh = report.with_suffix(".new")
        fresh.write_text(f"{done} {total}")
        fresh.replace(report)

    return function(*arguments, progress)


def _end_with_parent(parent: int) -> None:
    """Have this process end when its parent has, however that ended."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_PARENT_POLL_SECONDS)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
