"""Workers do a study's trials up to its budget, alone or together, and end with the search."""

import itertools
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
from optuna.trial import TrialState

from core.config import ROOT
from core.errors import TrainingError
from core.search import worker
from core.search.results import STOPPED, SearchResults
from core.search.study import (
    EPOCHS_RUN,
    STOPPED_EARLY,
    open_study,
    study_progress,
    trial_budget,
)
from tests.core.search import trials as search_trials
from tests.core.search.trials import GRID, STALE, done_in_place, finished_trials, grid_points


@pytest.mark.parametrize("sampler", ["tpe", "genetic"])
def test_a_study_has_as_many_trials_as_asked_for_and_finds_the_best_setting(done_storage: str, sampler: str) -> None:
    study = open_study(search_trials.plan(), sampler, done_storage)
    assert study_progress(study).done == len(study.trials) == 24
    assert study.best_trial.params["learning_rate"] == pytest.approx(0.001, abs=0.0008)


def test_the_genetic_sampler_goes_through_generations_of_its_population_though_trials_are_stopped(
    done: tuple[Path, SearchResults], done_storage: str
) -> None:
    study = open_study(search_trials.plan(), "genetic", done_storage)
    table = done[1].trials
    table = table[table["sampler"] == "genetic"]
    assert table.groupby("generation").size().tolist() == [4] * 6
    stopped = table["state"] == STOPPED
    assert 0 < stopped.sum() < 24
    assert (table["epochs_run"][stopped] < search_trials.EPOCHS).all()
    assert {trial.state for trial in study.trials} == {TrialState.COMPLETE}
    assert sum(trial.user_attrs.get(STOPPED_EARLY, False) for trial in study.trials) == stopped.sum()


def test_the_other_samplers_prune(done_storage: str) -> None:
    states = [trial.state for trial in open_study(search_trials.plan(), "tpe", done_storage).trials]
    assert TrialState.PRUNED in states and TrialState.COMPLETE in states


def test_the_grid_is_gone_through_whole(storage: str) -> None:
    plan = search_trials.plan()
    done_in_place(plan, "grid", storage, trial_budget(plan, "grid"))
    assert grid_points(storage) == GRID
    assert len(open_study(plan, "grid", storage).trials) == 6


def test_a_study_goes_on_where_it_was_and_stops_at_its_budget(storage: str) -> None:
    plan = search_trials.plan()
    done_in_place(plan, "tpe", storage, 3)
    first = [trial.params for trial in open_study(plan, "tpe", storage).trials]
    done_in_place(plan, "tpe", storage, 6)
    done_in_place(plan, "tpe", storage, 6)
    trials = open_study(plan, "tpe", storage).trials
    assert len(trials) == 6
    assert [trial.params for trial in trials[:3]] == first


def test_a_study_that_goes_on_does_not_try_again_what_it_tried_first(storage: str) -> None:
    plan = search_trials.plan()
    for trials in (1, 2, 3, 4):
        done_in_place(plan, "tpe", storage, trials)
    rates = [trial.params["learning_rate"] for trial in open_study(plan, "tpe", storage).trials]
    assert len(set(rates)) == 4


def test_two_workers_share_a_study_and_do_not_go_past_its_budget(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.05)  # so that both are seen at work
    plan = search_trials.plan()
    seen = []
    end = worker.run_search(
        plan, "tpe", storage, partial(search_trials.slow, 0.3), trials=10, workers=2, threads=1, progress=seen.append
    )
    # One that both began at the same moment is given up, and fails.
    trials = [trial for trial in open_study(plan, "tpe", storage).trials if trial.state != TrialState.FAIL]
    assert end.done == len(trials) == 10
    assert trials[0].params == plan.start
    assert sum(trial.params == plan.start for trial in trials) == 1
    assert max(progress.running for progress in seen) == 2
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)


def test_two_workers_make_five_whole_generations(storage: str) -> None:
    plan = search_trials.plan(trials=5 * (4 + 1))
    worker.run_search(
        plan, "genetic", storage, partial(search_trials.slow, 0.1), trials=plan.trials, workers=2, threads=1
    )
    trials = open_study(plan, "genetic", storage).get_trials(states=(TrialState.COMPLETE,))
    of = Counter(trial.system_attrs["NSGAIISampler:generation"] for trial in trials)
    assert [number for number, size in of.items() if size >= plan.population] == [0, 1, 2, 3, 4]


def test_workers_that_all_fail_end_the_search_with_a_sentence(storage: str) -> None:
    with pytest.raises(TrainingError, match=r"stopped .*\b0 of 4 trials"):
        worker.run_search(search_trials.plan(), "tpe", storage, search_trials.broken, trials=4, threads=1)


def begun(tmp_path: Path, sampler: str, *, seconds: float, workers: int, done: int) -> tuple[subprocess.Popen, str]:
    """A search of 500 trials as a terminal runs it, with a group of processes of its own, ``done`` of them finished."""
    storage = f"sqlite:///{tmp_path / 'study.db'}"
    script = (
        "from functools import partial\n"
        "from pathlib import Path\n"
        "from core.search.worker import run_search\n"
        "from tests.core.search import trials as search_trials\n"
        "if __name__ == '__main__':\n"
        f"    make = partial(search_trials.present, Path({str(tmp_path)!r}), {seconds})\n"
        f"    run_search(search_trials.plan(), {sampler!r}, {storage!r}, make, trials=500, workers={workers},\n"
        f"                  stale={STALE})\n"
    )
    (tmp_path / "run.py").write_text(script)
    child = subprocess.Popen(
        [sys.executable, tmp_path / "run.py"], cwd=ROOT, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    study = open_study(search_trials.plan(), sampler, storage)
    until = time.monotonic() + 180
    # The last worker may still be loading when the first has done enough.
    while ((now := study_progress(study)).done < done or now.running < workers) and time.monotonic() < until:
        time.sleep(0.1)
    assert search_trials.living(tmp_path) == workers
    return child, storage


def gone(tmp_path: Path, *, within: float) -> bool:
    """Whether all workers end within these seconds."""
    until = time.monotonic() + within
    while search_trials.living(tmp_path) and time.monotonic() < until:
        time.sleep(0.1)
    return not search_trials.living(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_search_that_is_stopped_leaves_no_worker_and_keeps_its_trials(tmp_path: Path, number: int) -> None:
    child, storage = begun(tmp_path, "tpe", seconds=0.3, workers=1, done=2)
    child.send_signal(number)
    assert child.wait(timeout=60) != 0
    assert search_trials.living(tmp_path) == 0
    assert len(finished_trials(storage, "tpe")) >= 2
    states = {trial.state for trial in open_study(search_trials.plan(), "tpe", storage).trials}
    assert TrialState.FAIL not in states, "what was under way is begun anew"


def test_workers_end_with_a_search_that_is_killed_and_no_finished_trial_is_lost(tmp_path: Path) -> None:
    child, storage = begun(tmp_path, "tpe", seconds=1, workers=2, done=2)
    before = finished_trials(storage, "tpe")
    child.kill()
    child.wait(timeout=60)
    assert gone(tmp_path, within=20)
    after = finished_trials(storage, "tpe")
    assert len(after) >= 2
    assert {number: after[number] for number in before} == before


def test_a_grid_interrupted_at_a_terminal_is_whole_after_going_on(tmp_path: Path) -> None:
    child, storage = begun(tmp_path, "grid", seconds=1, workers=1, done=1)
    # A terminal tells the workers, too.
    os.killpg(child.pid, signal.SIGINT)
    child.wait(timeout=60)
    assert search_trials.living(tmp_path) == 0
    assert len(finished_trials(storage, "grid")) < 6
    states = {trial.state for trial in open_study(search_trials.plan(), "grid", storage).trials}
    assert TrialState.FAIL not in states, "Optuna begins a stale trial anew, not a failed one"
    done_in_place(search_trials.plan(), "grid", storage, 6)
    assert grid_points(storage) == GRID


def test_a_point_of_a_grid_that_failed_is_tried_again(storage: str) -> None:
    def failing_once(setting: search_trials.Setting, report: search_trials.Report) -> float:
        if not failed:
            failed.append(setting)
            raise MemoryError
        return search_trials.judge(setting, report)

    plan, failed = search_trials.plan(), []
    with pytest.raises(MemoryError):
        done_in_place(plan, "grid", storage, 6, make=lambda: failing_once)
    done_in_place(plan, "grid", storage, 6, make=lambda: failing_once)
    assert len(failed) == 1
    assert grid_points(storage) == GRID


def test_where_the_rate_follows_a_schedule_no_trial_is_stopped_for_being_long(storage: str) -> None:
    plan = search_trials.plan(
        name="report-unet",
        cheap={"size": 32, "dtype": "float32", "epochs": 0.2},
        space={"epochs": {"low": 20, "high": 50}},
        start={},
    )

    def annealed(setting: search_trials.Setting, report: search_trials.Report) -> float:
        epochs = plan.recipe_of(setting, name=plan.name, cheap=True).training.epochs
        for epoch in range(1, epochs + 1):
            report(epoch, epoch / epochs)
        return 1.0

    done_in_place(plan, "tpe", storage, 24, make=lambda: annealed)
    trials = open_study(plan, "tpe", storage).trials
    assert {trial.state for trial in trials} == {TrialState.COMPLETE}
    assert {tuple(trial.intermediate_values) for trial in trials} == {(1, 2, 3, 4)}
    assert {trial.user_attrs[EPOCHS_RUN] for trial in trials} > {4, 10}


def test_where_the_rate_follows_a_schedule_a_bad_trial_is_stopped_half_way(storage: str) -> None:
    plan = search_trials.plan(name="report-unet", cheap={"size": 32, "dtype": "float32", "epochs": 0.2}, start={})
    done_in_place(plan, "tpe", storage, 24, make=lambda: search_trials.judge_eight)
    stopped = [trial for trial in open_study(plan, "tpe", storage).trials if trial.state == TrialState.PRUNED]
    assert stopped
    assert {trial.user_attrs[EPOCHS_RUN] for trial in stopped} <= {4, 6}, "of eight"


def test_a_trial_that_ran_all_its_epochs_was_not_stopped_early(storage: str) -> None:
    plan = search_trials.plan(
        space={"learning_rate": {"low": 0.001, "high": 0.002}, "epochs": {"low": 6, "high": 6}}, start={}
    )
    ends = itertools.cycle([0.9, 0.9, 0.5])

    def decided_in_the_end(setting: search_trials.Setting, report: search_trials.Report) -> float:
        end = next(ends)
        for epoch in range(1, 7):
            report(epoch, end if epoch == 6 else 0.1)
        return end

    done_in_place(plan, "tpe", storage, 15, make=lambda: decided_in_the_end)
    assert {trial.state for trial in open_study(plan, "tpe", storage).trials} == {TrialState.COMPLETE}


def test_an_error_of_a_trial_itself_ends_the_worker(storage: str) -> None:
    def wrong(setting: search_trials.Setting, report: search_trials.Report) -> float:
        raise ValueError("no such loss")

    with pytest.raises(ValueError, match="no such loss"):
        done_in_place(search_trials.plan(), "tpe", storage, 2, make=lambda: wrong)
