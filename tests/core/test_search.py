"""Searches: budgets, samplers, workers that share a study, and workers that are killed."""

import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from optuna.trial import TrialState

from core import search, search_trial, searches, splits
from core.errors import TrainingError
from core.search import STOPPED_EARLY, budget, existing, open_study, standing
from tests.core import search_trials, tiny

ROOT = Path(__file__).resolve().parents[2]
STALE = 6


@pytest.fixture
def storage(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'study.db'}"


def done_in_place(plan, sampler: str, storage: str, trials: int, make=search_trials.quick) -> None:
    """What a worker does, in this process."""
    search.work(plan, sampler, storage, make, trials, 0, 1, STALE)


@pytest.mark.parametrize("sampler", ["tpe", "genetic"])
def test_a_study_has_as_many_trials_as_asked_for_and_finds_the_best_setting(storage: str, sampler: str) -> None:
    plan = search_trials.plan()
    done_in_place(plan, sampler, storage, 24)
    study = open_study(plan, sampler, storage)
    assert standing(study).done == len(study.trials) == 24
    assert study.best_trial.params["learning_rate"] == pytest.approx(0.001, abs=0.0008)


def test_the_genetic_sampler_goes_through_generations_of_its_population_though_trials_are_stopped(storage: str) -> None:
    plan = search_trials.plan()
    done_in_place(plan, "genetic", storage, 24)
    study = open_study(plan, "genetic", storage)
    table = searches.export(
        plan, {"genetic": study}, folder=planned(plan, Path(storage.removeprefix("sqlite:///")).parent)
    ).trials
    assert table.groupby("generation").size().tolist() == [4] * 6
    stopped = table["state"] == searches.STOPPED
    assert 0 < stopped.sum() < 24
    assert (table["epochs_run"][stopped] < search_trials.EPOCHS).all()
    assert {trial.state for trial in study.trials} == {TrialState.COMPLETE}
    assert sum(trial.user_attrs.get(STOPPED_EARLY, False) for trial in study.trials) == stopped.sum()


def planned(plan, folder: Path) -> Path:
    """A folder of searches with the plan's file in it, as ``core.search_plan.load`` reads it."""
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
    assert budget(plan, "grid") == 6
    done_in_place(plan, "grid", storage, 6)
    tried = {tuple(trial.params.values()) for trial in open_study(plan, "grid", storage).trials}
    assert tried == {(rate, batch) for rate in (0.001, 0.002, 0.003) for batch in (15, 30)}


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
    found = search.search(
        plan, "tpe", storage, partial(search_trials.slow, 0.3), trials=10, workers=2, threads=1, progress=seen.append
    )
    trials = open_study(plan, "tpe", storage).trials
    assert found.done == len(trials) == 10
    assert trials[0].params == plan.start
    assert sum(trial.params == plan.start for trial in trials) == 1
    assert max(one.running for one in seen) == 2
    assert [one.done for one in seen] == sorted(one.done for one in seen)


def test_a_killed_worker_loses_no_finished_trial_and_the_one_it_was_in_is_begun_anew(
    storage: str, tmp_path: Path
) -> None:
    plan = search_trials.plan()
    make = partial(search_trials.deadly, tmp_path)
    with pytest.raises(TrainingError, match="stopped after 3 of 8 trials"):
        search.search(plan, "tpe", storage, make, trials=8, threads=1, stale=STALE)
    before = open_study(plan, "tpe", storage).trials
    assert [trial.state for trial in before].count(TrialState.RUNNING) == 1
    found = search.search(plan, "tpe", storage, make, trials=8, threads=1, stale=STALE)
    after = open_study(plan, "tpe", storage).trials
    assert found.done == 8
    for old, new in zip(before[:3], after[:3], strict=True):
        assert (old.params, old.value, old.state) == (new.params, new.value, new.state)
    failed = [trial for trial in after if trial.state == TrialState.FAIL]
    assert [trial.number for trial in failed] == [3]
    assert sum(trial.params == failed[0].params for trial in after if trial.state != TrialState.FAIL) == 1


def test_workers_that_all_fail_end_the_search_with_a_sentence(storage: str) -> None:
    with pytest.raises(TrainingError, match="stopped after 0 of 4 trials"):
        search.search(search_trials.plan(), "tpe", storage, search_trials.broken, trials=4, threads=1)


@pytest.mark.parametrize("storage", ["sqlite:////nowhere/at/all/study.db", "nothing"])
def test_a_storage_that_cannot_be_opened_is_refused_with_a_sentence(storage: str) -> None:
    with pytest.raises(TrainingError, match="cannot be opened"):
        open_study(search_trials.plan(), "tpe", storage)


def test_an_unknown_sampler_is_refused(storage: str) -> None:
    with pytest.raises(TrainingError, match="no sampler 'luck'; there are tpe, genetic, grid"):
        open_study(search_trials.plan(), "luck", storage)


def test_only_studies_that_were_begun_exist(storage: str) -> None:
    plan = search_trials.plan()
    open_study(plan, "genetic", storage)
    assert list(existing(plan, storage)) == ["genetic"]


def test_a_search_interrupted_by_the_keyboard_leaves_no_worker_and_keeps_its_trials(
    tmp_path: Path,
) -> None:
    storage = f"sqlite:///{tmp_path / 'study.db'}"
    script = (
        "import signal\n"
        "from functools import partial\n"
        "from core import search\n"
        "from tests.core import search_trials\n"
        "if __name__ == '__main__':\n"
        # Where the tests run in the background, children begin with the keyboard's signal ignored.
        "    signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"    search.search(search_trials.plan(), 'tpe', '{storage}', partial(search_trials.slow, 0.2), trials=500)\n"
    )
    (tmp_path / "run.py").write_text(script)
    child = subprocess.Popen(
        [sys.executable, tmp_path / "run.py"], cwd=ROOT, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    study = open_study(search_trials.plan(), "tpe", storage)
    until = time.monotonic() + 60
    while standing(study).done < 2 and time.monotonic() < until:
        time.sleep(0.2)
    child.send_signal(2)
    assert child.wait(timeout=30) != 0
    done = standing(study).done
    assert done >= 2
    time.sleep(1.5)
    assert standing(study).done == done


# What a trial is


@pytest.fixture
def small_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tiny.data_set(60, side=48)
    monkeypatch.setattr(splits, "index_table", lambda: made.table)
    return made.write(tmp_path / "figshare.h5")


def test_a_trial_trains_the_setting_and_reports_every_epoch(small_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = search_trials.plan(space={}, cheap={"size": 48, "dtype": "float32"})
    monkeypatch.setattr(search_trial.search_plan, "load", lambda name: plan)
    told: list[tuple[int, float]] = []
    value = search_trial.trainer("report-cnn", small_data)(
        {"filters": 2, "epochs": 3, "batch": 10, "learning_rate": 0.01}, lambda epoch, best: told.append((epoch, best))
    )
    assert [epoch for epoch, _ in told] == [1, 2, 3]
    assert value == told[-1][1] == max(best for _, best in told)
    assert 0 <= value <= 1


def test_a_trial_reads_no_test_slice(small_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    real = search_trial.load_examples
    monkeypatch.setattr(
        search_trial,
        "load_examples",
        lambda store, numbers, recipe: read.extend(numbers) or real(store, numbers, recipe),
    )
    recipe = search_trials.plan().recipe_of({}, name="x", cheap=True)
    search_trial.read_examples(recipe, small_data)
    part = splits.parts("fold-1")
    assert sorted(read) == sorted(part.index[part != "test"])
    assert not np.isin(read, part.index[part == "test"]).any()
