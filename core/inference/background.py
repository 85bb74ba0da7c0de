"""Work on many slices that goes on in a thread of its own, while a page asks how far it is."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from core.errors import SliceScopeError
from core.hardware import return_memory, usable_cores

Given = TypeVar("Given")
Found = TypeVar("Found")

PATIENCE = 60.0
"""Seconds without a look after which it stops: nobody waits for it."""


def on_each_core(
    function: Callable[[Given], Found], given: Iterable[Given], *, cores: int | None = None
) -> Iterator[Found]:
    """Yield what a function returns for each thing given, in order, a thread a core; whoever stops iterating stops it.

    Args:
        function: threads call it at once.
        given: taken as threads become free.
        cores: how many; all that may be used if None.
    """
    count = cores or usable_cores()
    executor = ThreadPoolExecutor(count)
    ahead: deque[Future[Found]] = deque()
    try:
        for one in given:
            ahead.append(executor.submit(function, one))
            if len(ahead) > count:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        executor.shutdown(cancel_futures=True)
        del function, ahead
        return_memory()


class Background(Generic[Found]):
    """What an iterator finds, as it comes.

    Args:
        find: returns the iterator, in the thread; it is let go once it is done.
        total: number of what there is to find.
        finish: is given all that was found, and returns what takes its place.
        patience: see ``PATIENCE``.

    Attributes:
        total: number of what there is to find.
        error: why it ended early, or None.
    """

    def __init__(
        self,
        find: Callable[[], Iterator[Found]],
        total: int,
        *,
        finish: Callable[[list[Found]], list[Found]] = list,
        patience: float = PATIENCE,
    ) -> None:
        self.total = total
        self.error: SliceScopeError | None = None
        self._found: list[Found] = []
        self._patience = patience
        self._began = self._looked = self._came = time.monotonic()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(find, finish), name="background analysis", daemon=True)
        self._thread.start()

    def look(self) -> tuple[Found, ...]:
        """Return what was found so far, in order; it goes on for another while."""
        self._looked = time.monotonic()
        return tuple(self._found)

    def stop(self) -> None:
        """Let it end after the one at hand; what was found is kept."""
        self._stopped.set()

    @property
    def is_stopped(self) -> bool:
        """Whether it was told to end."""
        return self._stopped.is_set()

    @property
    def is_running(self) -> bool:
        """Whether more is to come."""
        return self._thread.is_alive()

    @property
    def pace(self) -> float | None:
        """How many were found a second; None while too few were."""
        seconds = self._came - self._began
        return len(self._found) / seconds if len(self._found) > 1 and seconds > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at the pace so far; None while that is not known."""
        return (self.total - len(self._found)) / self.pace if self.pace else None

    def wait(self, seconds: float | None = None) -> None:
        """Wait until it has ended, or so long."""
        self._thread.join(seconds)

    def _run(self, find: Callable[[], Iterator[Found]], finish: Callable[[list[Found]], list[Found]]) -> None:
        try:
            for one in find():
                self._found.append(one)
                self._came = time.monotonic()
                if self.is_stopped or self._came - self._looked > self._patience:
                    break
        except SliceScopeError as error:
            self.error = error
        self._found = finish(self._found)
