"""Searches: budgets, samplers, workers that share a study, and workers that are killed."""

import itertools
import os
import signal
import subprocess
import sys
import time
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from optuna.storages import RetryHeartbeatStaleTrialCallback
from optuna.trial import TrialState

from core.config import ROOT
from core.dataset import splits
from core.errors import TrainingError
from core.search import objective, worker
from core.search.plan import suggest_setting
from core.search.processes import run_workers
from core.search.results import STOPPED
from core.search.study import (
    EPOCHS_RUN,
    STOPPED_EARLY,
    StudyProgress,
    existing_studies,
    open_study,
    queue_trials,
    study_progress,
    trial_budget,
)
from core.search.trials_file import export_trials
from core.training import batches
from tests.core import tiny
from tests.core.search import trials as search_trials

STALE = 4


@pytest.fixture(autouse=True)
def workers_load_no_main(monkeypatch: pytest.MonkeyPatch) -> None:
    search_trials.without_main(monkeypatch)


@pytest.fixture
def storage(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'study.db'}"


def done_in_place(plan, sampler: str, storage: str, trials: int, make=search_trials.quick) -> None:
    """What a worker does, in this process."""
    worker.run_worker(plan, sampler, storage, make, trials, stale=STALE)


@pytest.mark.parametrize("sampler", ["tpe", "genetic"])
def test_a_study_has_as_many_trials_as_asked_for_and_finds_the_best_setting(storage: str, sampler: str) -> None:
    plan = search_trials.plan()
    done_in_place(plan, sampler, storage, 24)
    study = open_study(plan, sampler, storage)
    assert study_progress(study).done == len(study.trials) == 24
    assert study.best_trial.params["learning_rate"] == pytest.approx(0.001, abs=0.0008)


def test_the_genetic_sampler_goes_through_generations_of_its_population_though_trials_are_stopped(storage: str) -> None:
    plan = search_trials.plan()
    done_in_place(plan, "genetic", storage, 24)
    study = open_study(plan, "genetic", storage)
    table = export_trials(
        plan, {"genetic": study}, folder=planned(plan, Path(storage.removeprefix("sqlite:///")).parent)
    ).trials
    assert table.groupby("generation").size().tolist() == [4] * 6
    stopped = table["state"] == STOPPED
    assert 0 < stopped.sum() < 24
    assert (table["epochs_run"][stopped] < search_trials.EPOCHS).all()
    assert {trial.state for trial in study.trials} == {TrialState.COMPLETE}
    assert sum(trial.user_attrs.get(STOPPED_EARLY, False) for trial in study.trials) == stopped.sum()


def planned(plan, folder: Path) -> Path:
    """A folder of searches with the plan's file in it, as ``core.search.plan.load_plan`` reads it."""
    place = folder / "searches"
    (place / plan.name).mkdir(parents=True, exist_ok=True)
    (place / plan.name / "plan.toml").write_text((ROOT / "searches" / plan.name / "plan.toml").read_text())
    return place


def test_the_other_samplers_prune(storage: str) -> None:
    plan = search_trials.plan()
    done_in_place(plan, "tpe", storage, 24)
    states = [trial.state for trial in open_study(plan, "tpe", storage).trials]
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


def test_two_workers_share_a_study_and_do_not_go_past_its_budget(storage: str) -> None:
    plan = search_trials.plan()
    seen = []
    found = worker.run_search(
        plan, "tpe", storage, partial(search_trials.slow, 0.3), trials=10, workers=2, threads=1, progress=seen.append
    )
    # One that both began at the same moment is given up, and fails.
    trials = [trial for trial in open_study(plan, "tpe", storage).trials if trial.state != TrialState.FAIL]
    assert found.done == len(trials) == 10
    assert trials[0].params == plan.start
    assert sum(trial.params == plan.start for trial in trials) == 1
    assert max(one.running for one in seen) == 2
    assert [one.done for one in seen] == sorted(one.done for one in seen)


def test_two_workers_make_five_whole_generations(storage: str) -> None:
    plan = search_trials.plan(trials=5 * (4 + 1))
    worker.run_search(
        plan, "genetic", storage, partial(search_trials.slow, 0.1), trials=plan.trials, workers=2, threads=1
    )
    trials = open_study(plan, "genetic", storage).get_trials(states=(TrialState.COMPLETE,))
    of = Counter(trial.system_attrs["NSGAIISampler:generation"] for trial in trials)
    assert [number for number, size in of.items() if size >= plan.population] == [0, 1, 2, 3, 4]


def test_a_killed_worker_loses_no_finished_trial_and_the_one_it_was_in_is_begun_anew(
    storage: str, tmp_path: Path
) -> None:
    plan = search_trials.plan()
    make = partial(search_trials.deadly, tmp_path)
    with pytest.raises(TrainingError, match="stopped after 3 of 8 trials"):
        worker.run_search(plan, "tpe", storage, make, trials=8, threads=1, stale=STALE)
    before = open_study(plan, "tpe", storage).trials
    assert [trial.state for trial in before].count(TrialState.RUNNING) == 1
    found = worker.run_search(plan, "tpe", storage, make, trials=8, threads=1, stale=STALE)
    after = open_study(plan, "tpe", storage).trials
    assert found.done == 8
    for old, new in zip(before[:3], after[:3], strict=True):
        assert (old.params, old.value, old.state) == (new.params, new.value, new.state)
    failed = [trial for trial in after if trial.state == TrialState.FAIL]
    assert [trial.number for trial in failed] == [3]
    assert sum(trial.params == failed[0].params for trial in after if trial.state != TrialState.FAIL) == 1


def test_of_two_workers_the_one_that_is_left_takes_over_the_trial_of_the_one_that_was_killed(
    storage: str, tmp_path: Path
) -> None:
    plan = search_trials.plan()
    make = partial(search_trials.deadly, tmp_path)
    found = worker.run_search(plan, "tpe", storage, make, trials=8, workers=2, threads=1, stale=STALE)
    trials = open_study(plan, "tpe", storage).trials
    assert found.done == 8
    # Each was in one process: the killed one's has reported an epoch.
    killed = [trial for trial in trials if trial.state == TrialState.FAIL and trial.intermediate_values]
    assert len(killed) == 1
    again = [trial for trial in trials if trial.params == killed[0].params and trial.state != TrialState.FAIL]
    assert len(again) == 1
    assert again[0].state in (TrialState.COMPLETE, TrialState.PRUNED)


def test_workers_that_all_fail_end_the_search_with_a_sentence(storage: str) -> None:
    with pytest.raises(TrainingError, match="stopped after 0 of 4 trials"):
        worker.run_search(search_trials.plan(), "tpe", storage, search_trials.broken, trials=4, threads=1)


@pytest.mark.parametrize("storage", ["sqlite:////nowhere/at/all/study.db", "nothing"])
def test_a_storage_that_cannot_be_opened_is_refused_with_a_sentence(storage: str) -> None:
    with pytest.raises(TrainingError, match="cannot be opened"):
        open_study(search_trials.plan(), "tpe", storage)


def test_an_unknown_sampler_is_refused(storage: str) -> None:
    with pytest.raises(TrainingError, match="no sampler 'luck'; there are tpe, genetic, grid"):
        open_study(search_trials.plan(), "luck", storage)


def test_those_who_begin_the_same_study_at_the_same_moment_all_open_it(storage: str, tmp_path: Path) -> None:
    count = 4
    jobs = [
        partial(search_trials.open_together, storage, tmp_path / f"ready-{number}", count) for number in range(count)
    ]
    with run_workers(jobs, threads=1) as processes:
        for process in processes:
            process.join(120)
        assert [process.exitcode for process in processes] == [0] * count


def test_only_studies_that_were_begun_exist(storage: str) -> None:
    plan = search_trials.plan()
    open_study(plan, "genetic", storage)
    assert list(existing_studies(plan, storage)) == ["genetic"]


# Stopped and killed, in a process of its own


def begun(tmp_path: Path, sampler: str, *, seconds: float, workers: int, done: int) -> tuple[subprocess.Popen, str]:
    """A search of 500 trials as a terminal runs it, with a group of processes of its own, ``done`` of them finished."""
    storage = f"sqlite:///{tmp_path / 'study.db'}"
    script = (
        "import signal\n"
        "from functools import partial\n"
        "from pathlib import Path\n"
        "from core.search.worker import run_search\n"
        "from tests.core.search import trials as search_trials\n"
        "if __name__ == '__main__':\n"
        # Where the tests run in the background, children begin with the keyboard's signal ignored.
        "    signal.signal(signal.SIGINT, signal.default_int_handler)\n"
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


def finished(storage: str, sampler: str) -> dict[int, tuple[object, ...]]:
    """The finished trials by number, as they stand."""
    trials = open_study(search_trials.plan(), sampler, storage).trials
    return {
        trial.number: (trial.params, trial.value, trial.state)
        for trial in trials
        if trial.state in (TrialState.COMPLETE, TrialState.PRUNED)
    }


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_search_that_is_stopped_leaves_no_worker_and_keeps_its_trials(tmp_path: Path, number: int) -> None:
    child, storage = begun(tmp_path, "tpe", seconds=0.3, workers=1, done=2)
    child.send_signal(number)
    assert child.wait(timeout=60) != 0
    assert search_trials.living(tmp_path) == 0
    assert len(finished(storage, "tpe")) >= 2
    states = {trial.state for trial in open_study(search_trials.plan(), "tpe", storage).trials}
    assert TrialState.FAIL not in states, "what was under way is begun anew"


def test_workers_end_with_a_search_that_is_killed_and_no_finished_trial_is_lost(tmp_path: Path) -> None:
    child, storage = begun(tmp_path, "tpe", seconds=1, workers=2, done=2)
    before = finished(storage, "tpe")
    child.kill()
    child.wait(timeout=60)
    assert gone(tmp_path, within=20)
    after = finished(storage, "tpe")
    assert len(after) >= 2
    assert {number: after[number] for number in before} == before


def test_a_grid_interrupted_at_a_terminal_is_whole_after_going_on(tmp_path: Path) -> None:
    child, storage = begun(tmp_path, "grid", seconds=1, workers=1, done=1)
    # A terminal tells the workers, too.
    os.killpg(child.pid, signal.SIGINT)
    child.wait(timeout=60)
    assert search_trials.living(tmp_path) == 0
    assert len(finished(storage, "grid")) < 6
    states = {trial.state for trial in open_study(search_trials.plan(), "grid", storage).trials}
    assert TrialState.FAIL not in states, "Optuna begins a stale trial anew, not a failed one"
    done_in_place(search_trials.plan(), "grid", storage, 6)
    assert grid_points(storage) == GRID


GRID = sorted((rate, batch) for rate in (0.001, 0.002, 0.003) for batch in (15, 30))


def grid_points(storage: str) -> list[tuple[float, int]]:
    """What the grid's finished trials were, in order."""
    return sorted((params["learning_rate"], params["batch"]) for params, _, _ in finished(storage, "grid").values())


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


def test_of_two_workers_that_begin_the_last_trial_at_once_one_gives_it_up(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = search_trials.plan(start={})
    study = open_study(plan, "tpe", storage)
    with warnings.catch_warnings():
        # Heartbeats are for Study.optimize.
        warnings.simplefilter("ignore", UserWarning)
        others = study.ask()
    real, asked = study_progress, []

    def looked_before_the_other_began(study: object) -> StudyProgress:
        asked.append(study)
        if len(asked) == 1:
            return StudyProgress(0, 0, None)
        if len(asked) == 2:
            study.tell(others, 0.5)
        return real(study)

    monkeypatch.setattr(worker, "study_progress", looked_before_the_other_began)
    done_in_place(plan, "tpe", storage, 1)
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE, TrialState.FAIL]


def test_a_trial_whose_worker_died_before_its_first_heartbeat_is_begun_anew(storage: str) -> None:
    plan = search_trials.plan()
    study = open_study(plan, "tpe", storage, stale=STALE)
    queue_trials(plan, study, "tpe")
    with warnings.catch_warnings():
        # Without Study.optimize no heart beats, which is what is needed here.
        warnings.simplefilter("ignore", UserWarning)
        study.ask()
    done_in_place(plan, "tpe", storage, 3)
    trials = study.trials
    assert trials[0].state == TrialState.FAIL
    assert study_progress(study).done == 3
    assert [trial.params == plan.start for trial in trials if trial.state != TrialState.FAIL].count(True) == 1


def test_a_setting_that_two_searches_queued_is_tried_once(storage: str) -> None:
    plan = search_trials.plan()
    study = open_study(plan, "tpe", storage)
    for _ in range(2):
        study.enqueue_trial(plan.start)
    done_in_place(plan, "tpe", storage, 3)
    tried = [trial.params for trial in study.trials if trial.state != TrialState.FAIL]
    assert len(tried) == 3
    assert tried.count(plan.start) == 1


def test_workers_never_take_the_same_queued_trial(storage: str) -> None:
    plan, count = search_trials.plan(), 24
    first = open_study(plan, "tpe", storage)
    for batch in range(count):
        first.enqueue_trial({"batch": batch})

    def asks(worker: int) -> list[int]:
        study = open_study(plan, "tpe", storage, worker=worker)
        return [study.ask().number for _ in range(count // 4)]

    with warnings.catch_warnings(), ThreadPoolExecutor(4) as threads:
        # Heartbeats are for Study.optimize.
        warnings.simplefilter("ignore", UserWarning)
        taken = [number for numbers in threads.map(asks, range(4)) for number in numbers]
    assert sorted(taken) == list(range(count))


def test_a_setting_that_ran_to_its_end_is_not_trained_again(storage: str) -> None:
    trained = []

    def judged(setting: search_trials.Setting, report: search_trials.Report) -> float:
        trained.append(setting["batch"])
        for epoch in (1, 2, 3):
            report(epoch, setting["batch"] * epoch)
        return setting["batch"] * 3

    done_in_place(search_trials.plan(space={"batch": [15, 30]}, start={}), "genetic", storage, 6, make=lambda: judged)
    table = open_study(search_trials.plan(), "genetic", storage).trials
    assert sorted(trained) == [15, 30]
    assert len(table) == 6
    for trial in table:
        batch = trial.params["batch"]
        assert (trial.value, trial.intermediate_values) == (3 * batch, {1: batch, 2: 2 * batch, 3: 3 * batch})
        assert trial.user_attrs[EPOCHS_RUN] == 3


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


def test_whoever_joins_a_study_under_way_draws_unlike_those_who_are_there(storage: str) -> None:
    plan = search_trials.plan(start={})
    with warnings.catch_warnings():
        # Heartbeats are for Study.optimize.
        warnings.simplefilter("ignore", UserWarning)
        open_study(plan, "tpe", storage).ask()
        drawn = [suggest_setting(plan, open_study(plan, "tpe", storage).ask()) for _ in range(2)]
    assert drawn[0] != drawn[1]


@pytest.mark.parametrize("slept", ["before an epoch's end", "before the last word"])
def test_a_worker_that_slept_and_counts_as_dead_goes_on_with_the_next_trial(storage: str, slept: str) -> None:
    plan = search_trials.plan()

    def sleepy(setting: search_trials.Setting, report: search_trials.Report) -> float:
        study = open_study(plan, "tpe", storage)
        (mine,) = study.get_trials(states=(TrialState.RUNNING,))
        if mine.number == 2:
            study.tell(mine.number, state=TrialState.FAIL)
            RetryHeartbeatStaleTrialCallback()(study, mine)
        if mine.number != 2 or slept == "before an epoch's end":
            report(1, 0.5)
        return search_trials.judge(setting, lambda epoch, value: None)

    done_in_place(plan, "tpe", storage, 5, make=lambda: sleepy)
    trials = open_study(plan, "tpe", storage).trials
    assert [trial.number for trial in trials if trial.state == TrialState.FAIL] == [2]
    assert [trial.number for trial in trials if trial.params == trials[2].params] == [2, 3], "begun anew"


def test_an_error_of_a_trial_itself_ends_the_worker(storage: str) -> None:
    def wrong(setting: search_trials.Setting, report: search_trials.Report) -> float:
        raise ValueError("no such loss")

    with pytest.raises(ValueError, match="no such loss"):
        done_in_place(search_trials.plan(), "tpe", storage, 2, make=lambda: wrong)


def test_of_a_grid_no_more_is_asked_for_than_it_has() -> None:
    plan = search_trials.plan()
    assert [trial_budget(plan, "grid", asked) for asked in (None, 4, 40)] == [6, 4, 6]
    assert [trial_budget(plan, "tpe", asked) for asked in (None, 40)] == [12, 40]


# What a trial is


@pytest.fixture
def small_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tiny.data_set(60, side=48)
    monkeypatch.setattr(splits, "index_table", lambda: made.table)
    return made.write(tmp_path / "figshare.h5")


def test_a_trial_trains_the_setting_and_reports_every_epoch(small_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = search_trials.plan(space={}, cheap={"size": 48, "dtype": "float32"})
    monkeypatch.setattr(objective, "load_plan", lambda name: plan)
    told: list[tuple[int, float]] = []
    value = objective.make_trial("report-cnn", small_data)(
        {"filters": 2, "epochs": 3, "batch": 10, "learning_rate": 0.01}, lambda epoch, best: told.append((epoch, best))
    )
    assert [epoch for epoch, _ in told] == [1, 2, 3]
    assert value == told[-1][1] == max(best for _, best in told)
    assert 0 <= value <= 1


def test_a_trial_reads_no_test_slice(small_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    real = batches.load_examples
    monkeypatch.setattr(
        batches,
        "load_examples",
        lambda store, numbers, recipe: read.extend(numbers) or real(store, numbers, recipe),
    )
    recipe = search_trials.plan().recipe_of({}, name="x", cheap=True)
    batches.read_split_examples(recipe, small_data)
    part = splits.split_parts("fold-1")
    assert sorted(read) == sorted(part.index[part != "test"])
    assert not np.isin(read, part.index[part == "test"]).any()
