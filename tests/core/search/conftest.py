"""Fixtures of searches."""

from pathlib import Path

import pytest

from core.search.results import SearchResults
from core.search.study import existing_studies
from core.search.trials_file import export_trials
from core.search.worker import run_worker
from tests.core.search import trials as search_trials


@pytest.fixture(autouse=True)
def workers_load_no_main(monkeypatch: pytest.MonkeyPatch) -> None:
    search_trials.without_main(monkeypatch)


@pytest.fixture
def storage(tmp_path: Path) -> str:
    """The address of a new database."""
    return f"sqlite:///{tmp_path / 'study.db'}"


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SearchResults]:
    """A folder of searches with one in which two samplers have finished, and its results."""
    folder = tmp_path_factory.mktemp("searches")
    plan, storage = search_trials.plan(), f"sqlite:///{folder / 'study.db'}"
    search_trials.write_plan(folder)
    for sampler in ("tpe", "genetic"):
        run_worker(plan, sampler, storage, search_trials.quick, 20)
    return folder, export_trials(plan, existing_studies(plan, storage), folder)
