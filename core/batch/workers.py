"""The processes of a batch: each answers one input at a time, and their outcomes come in the inputs' order."""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import Any

from core.batch.answering import Answerer, BatchOptions, Outcome
from core.batch.inputs import Input
from core.batch.table import error_row
from core.files import write_whole
from core.hardware import deaf_to_ctrl_c, usable_cores
from core.inference.worker import end_with_parent
from core.translation.messages import mark

_AHEAD = 8
"""Inputs that wait or are answered, a process; it bounds what is in memory."""
# One thread a process; large arrays go back to the system (glibc) once they are done with.
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_MMAP_THRESHOLD_": "131072"}
_ENDED = mark("Its analysis ended the process twice, perhaps for lack of memory; run fewer workers, or leave it out.")

_CORES: list[int] = []
"""How many this process takes, once it has begun."""
_ANSWERERS: list[Answerer] = []
"""This process's, once it has answered."""


class Workers:
    """Processes that answer inputs; leaving the block ends them.

    Args:
        count: of processes.
        options: of the batch.
        out: its folder.
    """

    def __init__(self, count: int, options: BatchOptions, out: Path) -> None:
        self._count, self._options, self._out = count, options, out
        self._pool = self._start()

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, kill_workers=True)

    def answer(self, inputs: Iterable[Input], known: Callable[[str], str | None]) -> Iterator[Outcome]:
        """Yield the outcome of each input, in their order.

        Args:
            inputs: taken as processes become free.
            known: gives the SHA-256 of the content whose answer is stored for a source, or None.

        Raises:
            OSError: the disk does not take a file.
            BundleError: a network cannot be loaded.
        """
        waiting: deque[tuple[Input, Future[Outcome]]] = deque()
        for given in inputs:
            waiting.append((given, self._submit(given, known)))
            if len(waiting) >= _AHEAD * self._count:
                yield self._next(waiting, known)
        while waiting:
            yield self._next(waiting, known)

    def _next(self, waiting: deque[tuple[Input, "Future[Outcome]"]], known: Callable[[str], str | None]) -> Outcome:
        """Return the outcome of the first input that waits; where a process ended, ask it alone once more."""
        given, future = waiting.popleft()
        try:
            return future.result()
        except BrokenProcessPool:
            outcome = self._alone(given, known)
            for _ in range(len(waiting)):
                other, _ended = waiting.popleft()
                waiting.append((other, self._submit(other, known)))
            return outcome

    def _alone(self, given: Input, known: Callable[[str], str | None]) -> Outcome:
        self._restart()
        try:
            return self._submit(given, known).result()
        except BrokenProcessPool:
            self._restart()
            row = {"source": given.source, **error_row(given.name, _ENDED)}
            return Outcome([row], len(given.members), 0)

    def _submit(self, given: Input, known: Callable[[str], str | None]) -> "Future[Outcome]":
        known_digest = known(given.source)
        try:
            with deaf_to_ctrl_c():
                return self._pool.submit(_answer, self._options, self._out, given, known_digest)
        except BrokenProcessPool as error:  # it broke meanwhile; whoever asks for the outcome is told
            failed: Future[Outcome] = Future()
            failed.set_exception(error)
            return failed

    def _restart(self) -> None:
        self._pool.shutdown(wait=True, kill_workers=True)
        self._pool = self._start()

    def _start(self) -> Any:
        from loky import ProcessPoolExecutor

        # Together they take the machine's cores, also where all of them answer a volume.
        cores = max(1, usable_cores() // self._count)
        return ProcessPoolExecutor(self._count, initializer=_begin, initargs=(os.getpid(), cores), env=_ENVIRONMENT)


def _begin(parent: int, cores: int) -> None:
    """Prepare this process: it ends with its parent, which alone hears Ctrl-C, and takes so many cores."""
    _CORES.append(cores)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent(parent)


def _answer(options: BatchOptions, out: Path, given: Input, known: str | None) -> Outcome:
    """Answer an input in this process."""
    if not _ANSWERERS:
        _ANSWERERS.append(Answerer(options, partial(_write, out), cores=_CORES[0]))
    return _ANSWERERS[0](given, known)


def _write(out: Path, name: str, content: bytes) -> None:
    write_whole(out / name, content)
