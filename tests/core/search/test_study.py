"""Studies: what opens, what is refused, and how many trials they are to have."""

import warnings
from functools import partial
from pathlib import Path

import pytest

from core.errors import TrainingError
from core.search.plan import suggest_setting
from core.search.processes import run_workers
from core.search.study import (
    existing_studies,
    open_study,
    trial_budget,
)
from tests.core.search import trials as search_trials


@pytest.mark.parametrize("storage", ["sqlite:////nowhere/at/all/study.db", "nothing"])
def test_a_storage_that_cannot_be_opened_is_refused_with_a_sentence(storage: str) -> None:
    with pytest.raises(TrainingError, match="cannot be opened"):
        open_study(search_trials.plan(), "tpe", storage)


def test_an_unknown_sampler_is_refused(storage: str) -> None:
    with pytest.raises(TrainingError, match=r"no sampler 'luck'; .*tpe, genetic, grid"):
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


def test_whoever_joins_a_study_under_way_draws_unlike_those_who_are_there(storage: str) -> None:
    plan = search_trials.plan(start={})
    with warnings.catch_warnings():
        # Heartbeats are for Study.optimize.
        warnings.simplefilter("ignore", UserWarning)
        open_study(plan, "tpe", storage).ask()
        drawn = [suggest_setting(plan, open_study(plan, "tpe", storage).ask()) for _ in range(2)]
    assert drawn[0] != drawn[1]


def test_of_a_grid_no_more_is_asked_for_than_it_has() -> None:
    plan = search_trials.plan()
    assert [trial_budget(plan, "grid", asked) for asked in (None, 4, 40)] == [6, 4, 6]
    assert [trial_budget(plan, "tpe", asked) for asked in (None, 40)] == [12, 40]
