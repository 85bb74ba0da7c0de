"""Trials that cost nothing, importable by worker processes; a small plan for them, and what reads their studies."""

import fcntl
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from core.search.objective import Report, Trial
from core.search.plan import PLAN, Plan, Setting
from core.search.study import open_study
from core.search.worker import run_worker

if TYPE_CHECKING:
    # Workers need none.
    import pytest

EPOCHS = 6
STALE = 4
"""Seconds without a heartbeat after which a worker counts as dead in tests."""
GRID = sorted((rate, batch) for rate in (0.001, 0.002, 0.003) for batch in (15, 30))
"""The points of the grid of ``plan``."""


def plan(**changes: object) -> Plan:
    """A plan of two settings whose best values are known: see ``judge``."""
    fields: dict[str, Any] = {
        "name": "report-cnn",
        "about": "A made-up search.",
        "split": "fold-1",
        "value": "val_accuracy",
        "trials": 12,
        "population": 4,
        "seed": 1,
        "cheap": {"size": 48, "dtype": "float32"},
        "space": {"learning_rate": {"low": 0.0001, "high": 0.01, "log": True}, "batch": [15, 30]},
        "augmentation": {},
        "start": {"learning_rate": 0.004, "batch": 15},
        "grid": {"learning_rate": [0.001, 0.002, 0.003], "batch": [15, 30]},
    }
    fields |= changes
    return Plan.model_validate({"means": dict.fromkeys(fields["space"], "a setting"), **fields})


@event.listens_for(Engine, "connect")
def without_waiting_for_the_disk(connection: Any, _: object) -> None:
    """Let SQLite hand its writes to the system and go on: no test cuts the power, and each commit waits otherwise."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


def write_plan(folder: Path, **changes: object) -> None:
    """Write ``plan`` into a folder of searches."""
    from core.search.full_size import to_toml

    (folder / plan().name).mkdir(parents=True)
    (folder / plan().name / PLAN).write_text(to_toml(plan(**changes).model_dump(exclude={"name"})))


def done_in_place(plan: Plan, sampler: str, storage: str, trials: int, make: Callable[[], Trial] | None = None) -> None:
    """Do in this process what a worker does."""
    run_worker(plan, sampler, storage, make or quick, trials, stale=STALE)


def finished_trials(storage: str, sampler: str) -> dict[int, tuple[Any, ...]]:
    """Return setting, value and state of the finished trials of ``plan``, by number."""
    from optuna.trial import TrialState

    return {
        trial.number: (trial.params, trial.value, trial.state)
        for trial in open_study(plan(), sampler, storage).trials
        if trial.state in (TrialState.COMPLETE, TrialState.PRUNED)
    }


def grid_points(storage: str) -> list[tuple[float, int]]:
    """Return the settings of the grid's finished trials, in order."""
    trials = finished_trials(storage, "grid").values()
    return sorted((params["learning_rate"], params["batch"]) for params, _, _ in trials)


def judge(setting: Setting, report: Report, *, seconds: float = 0.0) -> float:
    """Best at a rate of 0.001, and a little better with the larger batch; six epochs, each nearer to it."""
    value = 1 - abs(setting["learning_rate"] - 0.001) * 50 + setting["batch"] / 1000
    for epoch in range(1, EPOCHS + 1):
        time.sleep(seconds / EPOCHS)
        report(epoch, value * epoch / EPOCHS)
    return value


def judge_eight(setting: Setting, report: Report) -> float:
    """As ``judge``, in as many epochs as a fifth of report-unet's are."""
    value = 1 - abs(setting["learning_rate"] - 0.001) * 50
    for epoch in range(1, 9):
        report(epoch, value * epoch / 8)
    return value


def quick() -> Trial:
    return judge


def slow(seconds: float) -> Trial:
    return partial(judge, seconds=seconds)


def deadly(folder: Path) -> Trial:
    """Kills its process in the middle of the fourth trial, once; before and after it is ``quick``."""

    def judged(setting: Setting, report: Report) -> float:
        begun = 0
        # Of several processes one alone makes each file.
        while not made(folder / f"begun-{begun}"):
            begun += 1
        if begun == 3:
            report(1, 0.1)
            os.kill(os.getpid(), signal.SIGKILL)
        return judge(setting, report)

    return judged


def made(path: Path) -> bool:
    """Make a file; False where it is there."""
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def present(folder: Path, seconds: float) -> Trial:
    """``slow``, in a process that holds a lock on a file in ``folder`` as long as it lives; see ``living``."""
    held = (folder / f"worker-{os.getpid()}").open("w")
    fcntl.flock(held, fcntl.LOCK_EX)

    def judged(setting: Setting, report: Report) -> float:
        assert not held.closed
        return judge(setting, report, seconds=seconds)

    return judged


def living(folder: Path) -> int:
    """How many processes in which ``present`` was called are alive."""
    count = 0
    for path in folder.glob("worker-*"):
        with path.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                count += 1
    return count


def open_together(storage: str, ready: Path, count: int) -> None:
    """Open the study of ``plan`` as soon as ``count`` processes have made their file beside ``ready``."""
    import core.search.storage  # noqa: F401 - what takes long comes first

    ready.touch()
    while len(list(ready.parent.glob("ready-*"))) < count:
        time.sleep(0.001)
    open_study(plan(), "tpe", storage)


def without_main(monkeypatch: "pytest.MonkeyPatch") -> None:
    """Let workers not load what the tests run in: after a page's test that is the app."""
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))


def without_data(name: str, store: Path) -> Trial:
    """In place of ``core.search.objective.make_trial``."""
    return judge


def broken() -> Trial:
    raise OSError("no data")
