"""Worker processes: they divide the processor's threads, and none outlives the process that started it."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.hardware import deaf_to_ctrl_c

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

# TensorFlow hangs after a fork: workers are new interpreters.
CONTEXT = multiprocessing.get_context("spawn")
"""Makes queues that workers share."""
POLL_SECONDS = 1.0
"""Between two looks at what workers have done."""
_GRACE_SECONDS = 10.0
"""What a worker has to end by itself before it is killed."""


@contextmanager
def run_workers(jobs: Sequence[Callable[[], None]], *, threads: int | None = None) -> Iterator[Sequence["BaseProcess"]]:
    """Start a process for each job; on leaving, end those that still run. Only in the main thread.

    SIGTERM interrupts as Ctrl-C does.

    Args:
        jobs: what to do; they must be picklable.
        threads: processor threads of each; the cores divided among the jobs if None.
    """
    threads = threads or max(1, (os.cpu_count() or 1) // len(jobs))
    processes = [CONTEXT.Process(target=_begin, args=(job, threads)) for job in jobs]
    with _interrupted_by_sigterm():
        try:
            with deaf_to_ctrl_c():
                for process in processes:
                    process.start()
            yield processes
        finally:
            started = [process for process in processes if process.pid]
            for process in started:
                process.terminate()
            for process in started:
                process.join(_GRACE_SECONDS)
                process.kill()
                process.join()


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _begin(job: Callable[[], None], threads: int) -> None:
    """Do a job in a worker process.

    SIGTERM ends it by SystemExit, so that temporary files are removed. A terminal sends Ctrl-C to all processes; a
    worker ignores it and leaves it to the process that started it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    for variable in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
        os.environ[variable] = str(threads)
    job()


def _end_with_parent() -> None:
    """Wait until the process that started this one has ended in any way; then end this one."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_SECONDS)
    os._exit(1)
