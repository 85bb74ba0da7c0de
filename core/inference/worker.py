"""Run what needs TensorFlow in a process of its own, so that the app's process never loads it.

The process starts with the first call. It ends after five idle minutes, or with its parent; the next call starts
another. Calls run one after the other.
"""

import contextlib
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, TimeoutError
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, TypeVar

from core.errors import WorkerError
from core.hardware import deaf_to_ctrl_c

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
        WorkerError: the process ended before the function did, cannot be started, or is refused a file.
    """
    with _report_file() as report:
        try:
            executor = _KEEPER.submit(_executor, idle).result()
        except OSError as error:
            raise WorkerError(
                "The process that computes with TensorFlow could not be started; ask again when the machine has memory "
                "and room on its disk."
            ) from error
        try:
            with deaf_to_ctrl_c():
                future = executor.submit(_call, function, arguments, report)
            return _wait(future, report, progress)
        except OSError as error:
            raise WorkerError(
                "The machine refuses a file to the process that computes with TensorFlow; ask again when its disk has "
                "room."
            ) from error
        except BrokenProcessPool as error:
            raise WorkerError(
                "The process that computes with TensorFlow ended, perhaps for lack of memory; ask again, and another "
                "starts."
            ) from error


@contextlib.contextmanager
def _report_file() -> Iterator[Path | None]:
    """Yield where the worker writes its progress; None on a full or read-only disk: it computes without."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="slicescope-", ignore_cleanup_errors=True)
    except OSError:
        yield None
        return
    with folder as name:
        yield Path(name) / "progress"


def _executor(idle: float) -> Any:
    """Return the pool of one process; another one where that is broken, or has another idle time."""
    from loky import get_reusable_executor

    return get_reusable_executor(max_workers=1, timeout=idle, initializer=_begin, initargs=(os.getpid(),))


def _wait(future: "Future[Result]", report: Path | None, progress: Progress | None) -> Result:
    """Return a call's result; pass its progress on meanwhile."""
    last = ""
    while True:
        try:
            return future.result(timeout=_POLL_SECONDS)
        except TimeoutError:
            if future.done():
                raise  # the function's own
        stated = report.read_text() if progress and report and report.is_file() else ""
        if progress and stated not in ("", last):
            last = stated
            done, total = stated.split()
            progress(int(done), int(total))


def _call(function: Callable[..., Result], arguments: tuple[Any, ...], report: Path | None) -> Result:
    """Call a function in the worker; its progress goes to a file, replaced as a whole, if the disk takes it."""

    def progress(done: int, total: int) -> None:
        if report is not None:
            with contextlib.suppress(OSError):
                fresh = report.with_suffix(".new")
                fresh.write_text(f"{done} {total}")
                fresh.replace(report)

    return function(*arguments, progress)


def _begin(parent: int) -> None:
    """Prepare this process: it ends with its parent; TensorFlow loads quickly, and without room on the disk."""
    end_with_parent(parent)
    try:
        tempfile.gettempdir()
    except OSError:
        tempfile.tempdir = os.sep + "tmp"  # one of TensorFlow's packages wants a name, which it does not use
    # Keras imports it for wrappers that nobody uses here: a fifth of the time that TensorFlow takes to load.
    sys.modules["sklearn"] = None  # type: ignore[assignment]


def end_with_parent(parent: int) -> None:
    """Have this process end when its parent has, however that ended."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_PARENT_POLL_SECONDS)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
