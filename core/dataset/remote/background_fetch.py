"""Fetch slices from figshare beside the pages that show them; whoever asks goes on at once, and looks again later."""

import threading
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from typing import Protocol

from core.errors import DatasetError

PATIENCE = 2.0
"""Seconds without a byte after which figshare counts as out of reach."""
PAUSE = 600.0
"""Seconds for which it is then left alone, and so is a slice that could not be fetched."""
FORGOTTEN = 5.0
"""Seconds after which a slice is no longer fetched if nobody has asked for it again."""
THREADS = 2


class Downloader(Protocol):
    """What fetches one slice and keeps it, as ``core.dataset.remote.download.FigshareDownloader``."""

    def slice(self, number: int, *, progress: Callable[[int], None] | None = None) -> object:
        """Fetch slice ``number``; ``progress`` is called as bytes come.

        Raises:
            DatasetError: it could not be fetched.
        """


class BackgroundFetcher:
    """Fetches slices in threads of its own, which end when there is nothing to do. One serves all sessions.

    Args:
        downloader: fetches a slice and keeps it.
        patience: see ``PATIENCE``.
        pause: see ``PAUSE``.
        forgotten: see ``FORGOTTEN``.
    """

    def __init__(
        self,
        downloader: Downloader,
        *,
        patience: float = PATIENCE,
        pause: float = PAUSE,
        forgotten: float = FORGOTTEN,
    ) -> None:
        self._downloader = downloader
        self._patience, self._pause, self._forgotten = patience, pause, forgotten
        self._lock = threading.Lock()
        self._asked: dict[int, float] = {}
        """When each slice that waits its turn was asked for last, first come first."""
        self._begun: dict[int, float] = {}
        """When the fetching of each slice that is being fetched began."""
        self._failed: dict[int, float] = {}
        """When each slice that could not be fetched failed."""
        self._threads = 0
        self._heard = self._silent_since = float("-inf")

    def ask(self, numbers: Iterable[int]) -> None:
        """Have slices fetched, unless they failed or figshare was out of reach a short while ago; return at once."""
        with self._lock:
            now = time.monotonic()
            if self._is_silent(now):
                return
            for number in numbers:
                if number not in self._begun and now - self._failed.get(number, float("-inf")) > self._pause:
                    self._asked[number] = now
            for _ in range(min(THREADS - self._threads, len(self._asked))):
                self._threads += 1
                threading.Thread(target=self._work, name="figshare", daemon=True).start()

    def is_fetching(self, numbers: Collection[int]) -> bool:
        """Tell whether one of the slices may still come: it is being fetched, or waits its turn."""
        with self._lock:
            if self._is_silent(time.monotonic()):
                return False
            return any(number in self._begun or number in self._asked for number in numbers)

    def _is_silent(self, now: float) -> bool:
        """Tell whether figshare is out of reach, and forget what is asked for if it has just been found so."""
        began = min(self._begun.values(), default=now)
        if now - began > self._patience and self._heard < began:
            self._silent_since = now
            self._asked.clear()
        return now - self._silent_since < self._pause and self._heard < self._silent_since

    def _work(self) -> None:
        try:
            while (number := self._next()) is not None:
                failed = True
                try:
                    with suppress(DatasetError):
                        self._downloader.slice(number, progress=self._hear)
                        failed = False
                finally:
                    self._end(number, failed=failed)
        except BaseException:
            with self._lock:
                self._threads -= 1
            raise

    def _next(self) -> int | None:
        """Take the next slice that somebody still waits for; None where there is none, and the thread's place is free.

        Both under one lock: who asks in between would start no thread.
        """
        with self._lock:
            now = time.monotonic()
            for number, asked in list(self._asked.items()):
                del self._asked[number]
                if now - asked <= self._forgotten:
                    self._begun[number] = now
                    return number
            self._threads -= 1
            return None

    def _hear(self, received: int) -> None:
        with self._lock:
            self._heard = time.monotonic()

    def _end(self, number: int, *, failed: bool) -> None:
        with self._lock:
            began, now = self._begun.pop(number), time.monotonic()
            if failed:
                self._failed[number] = now
                if self._heard < began:  # not one byte came
                    self._silent_since = now
                    self._asked.clear()
