"""Workers that get in each other's way, sleep or are killed: no trial is lost, and no setting is trained twice."""

import warnings
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from optuna.storages import RetryHeartbeatStaleTrialCallback
from optuna.trial import TrialState

from core.errors import TrainingError
from core.search import worker
from core.search.study import (
    EPOCHS_RUN,
    StudyProgress,
    open_study,
    queue_trials,
    study_progress,
)
from tests.core.search import trials as search_trials
from tests.core.search.trials import STALE, done_in_place


def test_a_killed_worker_loses_no_finished_trial_and_the_one_it_was_in_is_begun_anew(
    storage: str, tmp_path: Path
) -> None:
    plan = search_trials.plan()
    make = partial(search_trials.deadly, tmp_path)
    with pytest.raises(TrainingError, match=r"stopped .*3 of 8 trials"):
        worker.run_search(plan, "tpe", storage, make, trials=8, threads=1, stale=STALE)
    before = open_study(plan, "tpe", storage).trials
    assert [trial.state for trial in before].count(TrialState.RUNNING) == 1
    end = worker.run_search(plan, "tpe", storage, make, trials=8, threads=1, stale=STALE)
    after = open_study(plan, "tpe", storage).trials
    assert end.done == 8
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
    end = worker.run_search(plan, "tpe", storage, make, trials=8, workers=2, threads=1, stale=STALE)
    trials = open_study(plan, "tpe", storage).trials
    assert end.done == 8
    # Each was in one process: the killed one's has reported an epoch.
    killed = [trial for trial in trials if trial.state == TrialState.FAIL and trial.intermediate_values]
    assert len(killed) == 1
    again = [trial for trial in trials if trial.params == killed[0].params and trial.state != TrialState.FAIL]
    assert len(again) == 1
    assert again[0].state in (TrialState.COMPLETE, TrialState.PRUNED)


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
