"""An analysis in the background: it ends by itself, when it is stopped, and when nobody looks."""

import threading
import time
from types import SimpleNamespace

import pytest

from core.errors import BundleError
from core.inference.background import Background, on_each_core


@pytest.fixture
def slices():
    """Let the analysis find one slice after the other, each as soon as it may; ``error`` ends it."""
    state = SimpleNamespace(may=threading.Semaphore(0), error=None)

    def find():
        for number in range(1, 6):
            state.may.acquire()
            if state.error:
                raise state.error
            yield number

    state.analysis = lambda **options: Background(find, 5, **options)
    return state


def until(condition) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_findings_come_one_by_one(slices):
    running = slices.analysis()
    slices.may.release(2)
    until(lambda: len(running.look()) == 2)
    assert running.is_running and running.total == 5
    slices.may.release(3)
    running.wait(20)
    assert running.look() == (1, 2, 3, 4, 5) and not running.is_running


def test_what_is_done_stays_when_it_is_stopped(slices):
    running = slices.analysis()
    slices.may.release(2)
    until(lambda: len(running.look()) == 2)
    running.stop()
    slices.may.release()
    running.wait(20)
    assert running.look() == (1, 2, 3)


def test_it_ends_where_nobody_looks(slices):
    running = slices.analysis(patience=0.0)
    slices.may.release(5)
    running.wait(20)
    assert len(running.look()) == 1


def test_an_error_ends_it_and_is_kept(slices):
    slices.error = BundleError("The network is gone.")
    running = slices.analysis()
    slices.may.release()
    running.wait(20)
    assert not running.is_running and running.error is slices.error


def test_what_is_found_is_finished_once_it_has_ended(slices):
    running = slices.analysis(finish=lambda found: found[::-1])
    slices.may.release(5)
    running.wait(20)
    assert running.look() == (5, 4, 3, 2, 1)


def test_pace_and_time_left_follow_from_what_came(slices):
    running = slices.analysis()
    assert running.pace is None and running.seconds_left is None
    slices.may.release(3)
    until(lambda: len(running.look()) == 3)
    assert running.pace > 0 and running.seconds_left == pytest.approx(2 / running.pace)
    running.stop()
    slices.may.release()


def test_each_core_works_and_what_it_finds_comes_in_order():
    waiting = threading.Barrier(3, timeout=20)
    taken: list[int] = []

    def work(number: int) -> int:
        taken.append(number)
        waiting.wait()
        return number * number

    found = on_each_core(work, iter(range(6)), cores=3)
    assert list(found) == [number * number for number in range(6)] and sorted(taken) == list(range(6))
