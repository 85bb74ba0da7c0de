"""Workers whose process ends: outcomes stay in order, each once, and a deadly input is a row."""

import os
from concurrent.futures import Future
from pathlib import Path

import pytest

from core.batch.answering import BatchOptions, Outcome
from core.batch.inputs import Input
from core.batch.table import ERROR, SLICE
from core.batch.workers import _CORES, Workers
from core.hardware import usable_cores

DEADLY = 3


def answer(given: Input) -> Outcome:
    """Answer without a network; one input ends the process."""
    if given.source == str(DEADLY):
        os._exit(9)
    return Outcome([{"source": given.source, "of": SLICE, "sha256": "0"}], 1, 1)


def tell_cores(given: Input) -> Outcome:
    """Tell how many cores the process takes."""
    return Outcome([], 1, _CORES[0])


class StandIn(Workers):
    """Workers that answer by another function."""

    answer_one = staticmethod(answer)

    def _submit(self, given: Input, known: object) -> "Future[Outcome]":
        try:
            return self._pool.submit(self.answer_one, given)
        except RuntimeError as error:  # the pool is broken
            failed: Future[Outcome] = Future()
            failed.set_exception(error)
            return failed


def test_an_input_that_ends_its_process_twice_is_a_row_and_the_others_are_answered(tmp_path: Path) -> None:
    inputs = [Input(str(number), f"{number}.png", False, ()) for number in range(8)]
    with StandIn(2, BatchOptions("one", "one"), tmp_path) as workers:
        rows = [row for outcome in workers.answer(inputs, lambda source: None) for row in outcome.rows]
    assert [row["source"] for row in rows] == [str(number) for number in range(8)]
    assert [row["source"] for row in rows if row["of"] == ERROR] == [str(DEADLY)]


@pytest.mark.parametrize("count", [1, 2])
def test_workers_share_the_machine_s_cores_out(count: int, tmp_path: Path) -> None:
    """Each answering a volume on every core, they would wait for each other."""

    class Telling(StandIn):
        answer_one = staticmethod(tell_cores)

    with Telling(count, BatchOptions("one", "one"), tmp_path) as workers:
        (outcome,) = workers.answer([Input("0", "0.nii", True, ())], lambda source: None)
    assert outcome.slices == max(1, usable_cores() // count)
