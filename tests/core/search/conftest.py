"""Fixtures of searches."""

import shutil
from pathlib import Path

import pytest

from core.search.results import SearchResults
from core.search.study import existing_studies
from core.search.trials_file import export_trials
from tests.core.search import trials as search_trials
from tests.shared import shared


@pytest.fixture(autouse=True)
def workers_load_no_main(monkeypatch: pytest.MonkeyPatch) -> None:
    search_trials.without_main(monkeypatch)


@pytest.fixture
def storage(tmp_path: Path) -> str:
    """The address of a new database."""
    return database(tmp_path)


def database(folder: Path) -> str:
    """Return the address of a folder's database."""
    return f"sqlite:///{folder / 'study.db'}"


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SearchResults]:
    """A folder of searches with one in which two samplers have finished 24 trials each, and its results."""

    def make(folder: Path) -> None:
        search_trials.write_plan(folder)
        for sampler in ("tpe", "genetic"):
            search_trials.done_in_place(search_trials.plan(), sampler, database(folder), 24)

    folder = tmp_path_factory.mktemp("searches")
    shutil.copytree(shared("searched", make), folder, dirs_exist_ok=True)
    plan = search_trials.plan()
    return folder, export_trials(plan, existing_studies(plan, database(folder)), folder)


@pytest.fixture
def done_storage(done: tuple[Path, SearchResults]) -> str:
    """The address of that search's database; read it only."""
    return database(done[0])
