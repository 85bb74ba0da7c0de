"""Slices are fetched beside the page, in turn; nobody waits for a figshare that is out of reach."""

import threading
import time
from collections.abc import Callable

import pytest

from core.dataset.remote.background_fetch import THREADS, BackgroundFetcher
from core.errors import DatasetError

PATIENCE = 1.0


class MadeUp:
    """A downloader that does as it is told; ``gate`` holds every slice back until it is open."""

    def __init__(self, *, bytes_first: bool = True, failing: tuple[int, ...] = ()) -> None:
        self.gate = threading.Event()
        self.got: list[int] = []
        self.bytes_first, self.failing = bytes_first, failing

    def slice(self, number: int, *, progress: Callable[[int], None] | None = None) -> object:
        if self.bytes_first and progress:
            progress(1)
        self.gate.wait(5)
        if number in self.failing:
            raise DatasetError("no")
        if progress:
            progress(2)
        self.got.append(number)
        return object()


def until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.005)


def fetcher_of(downloader: MadeUp, **options: float) -> BackgroundFetcher:
    return BackgroundFetcher(downloader, **{"patience": PATIENCE, **options})


def test_slices_come_in_turn_and_whoever_asks_goes_on_at_once() -> None:
    made_up = MadeUp()
    fetcher = fetcher_of(made_up)
    assert not fetcher.is_fetching([1])
    fetcher.ask([1, 2, 3, 4])
    assert not made_up.got and fetcher.is_fetching([4]) and not fetcher.is_fetching([5])
    made_up.gate.set()
    until(lambda: not fetcher.is_fetching([1, 2, 3, 4]))
    assert sorted(made_up.got) == [1, 2, 3, 4]
    fetcher.ask([5])
    until(lambda: made_up.got[-1] == 5)


def test_after_two_seconds_without_a_byte_figshare_is_left_alone_for_a_while() -> None:
    made_up = MadeUp(bytes_first=False)
    fetcher = fetcher_of(made_up)
    began = time.monotonic()
    fetcher.ask(range(1, 9))
    assert fetcher.is_fetching([1])
    until(lambda: not fetcher.is_fetching([1]))
    assert PATIENCE < time.monotonic() - began < 4 * PATIENCE
    fetcher.ask([20])
    assert not fetcher.is_fetching([20])
    made_up.gate.set()
    until(lambda: len(made_up.got) == THREADS)
    time.sleep(0.05)
    assert len(made_up.got) == THREADS, "nothing of what was asked for before"
    fetcher.ask([21])
    until(lambda: 21 in made_up.got)


def test_a_slice_that_is_asked_for_as_the_threads_end_comes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    made_up = MadeUp()
    made_up.gate.set()
    fetcher = fetcher_of(made_up)
    take = fetcher._next
    at_the_end = threading.Barrier(THREADS, action=lambda: fetcher.ask([5]))

    def next_() -> int | None:
        number = take()
        if number is None and 5 not in made_up.got:
            at_the_end.wait(5)
        return number

    monkeypatch.setattr(fetcher, "_next", next_)
    fetcher.ask([1, 2])
    until(lambda: 5 in made_up.got)


def test_a_slow_figshare_is_not_out_of_reach() -> None:
    made_up = MadeUp()
    fetcher = fetcher_of(made_up)
    fetcher.ask([1])
    time.sleep(2 * PATIENCE)
    assert fetcher.is_fetching([1])
    made_up.gate.set()
    until(lambda: made_up.got == [1])


def test_a_refusal_without_a_byte_silences_at_once_and_one_after_bytes_only_its_slice() -> None:
    refused = MadeUp(bytes_first=False, failing=(1, 2, 3))
    refused.gate.set()
    fetcher = fetcher_of(refused, patience=60)
    fetcher.ask([1, 2, 3])
    until(lambda: not fetcher.is_fetching([1, 2, 3]))
    fetcher.ask([4])
    assert not fetcher.is_fetching([4])
    damaged = MadeUp(failing=(1,))
    damaged.gate.set()
    fetcher = fetcher_of(damaged)
    fetcher.ask([1, 2, 3])
    until(lambda: sorted(damaged.got) == [2, 3])
    until(lambda: not fetcher.is_fetching([1]))
    fetcher.ask([1, 4])
    assert not fetcher.is_fetching([1])
    until(lambda: 4 in damaged.got)


def test_slices_that_nobody_asks_for_again_are_not_fetched() -> None:
    made_up = MadeUp()
    fetcher = fetcher_of(made_up, forgotten=1.0)
    fetcher.ask([1, 2, 3, 4])
    time.sleep(1.1)
    fetcher.ask([4])
    made_up.gate.set()
    until(lambda: not fetcher.is_fetching([1, 2, 3, 4]))
    assert sorted(made_up.got) == [1, 2, 4]


def test_a_fault_of_ours_does_not_hold_up_what_comes_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda *_: None)
    made_up = MadeUp()
    made_up.gate.set()
    broken = iter([ZeroDivisionError])
    fetch = made_up.slice

    def slice_(number: int, *, progress: Callable[[int], None] | None = None) -> object:
        for error in broken:
            raise error
        return fetch(number, progress=progress)

    made_up.slice = slice_  # type: ignore[method-assign]
    fetcher = fetcher_of(made_up)
    fetcher.ask([1])
    until(lambda: not fetcher.is_fetching([1]))
