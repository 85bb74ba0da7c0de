"""The command search: what it prints and writes."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from core.cli.main import main
from core.config import recipes_folder
from core.errors import TrainingError
from core.search import objective, trials_file, worker
from core.search.names import TRIALS
from core.search.plan import Plan
from core.search.study import existing_studies
from tests.core.cli.support import sentence
from tests.core.search import trials as search_trials

FAILURE = "The workers stopped."


@pytest.fixture
def searched(tmp_path: Path, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of searches with a plan and no trials, which the command line finds; trials cost nothing."""
    folder = tmp_path / "searches"
    search_trials.write_plan(folder)
    recipes = shutil.copytree(recipes_folder(), tmp_path / "recipes", ignore=shutil.ignore_patterns("*-searched.toml"))
    configure(searches=folder, recipes=recipes, models=tmp_path / "models")
    search_trials.without_main(monkeypatch)
    monkeypatch.setattr(objective, "make_trial", search_trials.without_data)
    return folder


def test_a_search_resumes_from_its_study_and_from_its_files(
    searched: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["search", "report-cnn", "--sampler", "tpe", "--threads", "1", "--runs", str(tmp_path / "runs")]
    assert main([*command, "--trials", "3"]) == 0
    printed = capsys.readouterr().out
    table = pd.read_csv(searched / "report-cnn" / TRIALS)
    best = table.loc[table["value"].idxmax()]
    assert len(table) == 3
    assert re.match(rf"tpe: val_accuracy {best['value']:.4f}, .*\b{best['trial']} of 3: ", printed)
    assert f"learning_rate {best['learning_rate']:g}" in printed
    assert main([*command, "--trials", "3"]) == 0
    assert pd.read_csv(searched / "report-cnn" / TRIALS).equals(table), "nothing was left to do"

    (tmp_path / "runs" / "search-report-cnn.db").unlink()
    capsys.readouterr()
    assert main([*command, "--trials", "4"]) == 0
    assert re.search(r"tpe: goes on .*\b3 trials .*searches/report-cnn", capsys.readouterr().out)
    again = pd.read_csv(searched / "report-cnn" / TRIALS)
    assert again["trial"].tolist() == [0, 1, 2, 3]
    assert again["value"][:3].tolist() == pytest.approx(table["value"].tolist())


def test_a_stopped_search_writes_its_finished_trials(
    searched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(plan: Plan, sampler: str, storage: str, *arguments: object, **options: object) -> None:
        worker.run_worker(plan, sampler, storage, search_trials.quick, 2)
        raise KeyboardInterrupt

    monkeypatch.setattr(worker, "run_search", stopped)
    assert main(["search", "report-cnn", "--runs", str(tmp_path)]) == 1
    output = capsys.readouterr()
    assert "trials are kept" in output.err
    assert output.out.startswith("tpe: val_accuracy ")
    assert len(pd.read_csv(searched / "report-cnn" / TRIALS)) == 2


def test_one_sampler_s_trials_leave_those_of_another(
    searched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, table = search_trials.plan(), searched / "report-cnn" / TRIALS
    storage = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    for sampler in ("tpe", "genetic"):
        worker.run_worker(plan, sampler, storage, search_trials.quick, 3)
    trials_file.export_trials(plan, existing_studies(plan, storage))
    monkeypatch.setattr(
        worker, "run_search",
        lambda plan, sampler, storage, *rest, trials, **options: worker.run_worker(
            plan, sampler, storage, search_trials.quick, trials
        ),
    )  # fmt: skip
    assert main(["search", "report-cnn", "--sampler", "tpe", "--trials", "4", "--runs", str(tmp_path)]) == 0
    assert pd.read_csv(table).groupby("sampler").size().to_dict() == {"tpe": 4, "genetic": 3}


def test_a_search_whose_workers_fail_writes_its_finished_trials(
    searched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failed(plan: Plan, sampler: str, storage: str, *arguments: object, **options: object) -> None:
        worker.run_worker(plan, sampler, storage, search_trials.quick, 2)
        raise TrainingError(FAILURE)

    monkeypatch.setattr(worker, "run_search", failed)
    assert main(["search", "report-cnn", "--runs", str(tmp_path)]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == f"core search: {FAILURE}"
    assert len(pd.read_csv(searched / "report-cnn" / TRIALS)) == 2


@pytest.mark.parametrize("after", [["--full", "2"], ["--winner"]])
def test_full_size_and_winner_are_refused_without_trials(
    after: list[str], searched: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["search", "report-cnn", *after, "--runs", str(tmp_path)]) == 1
    message = sentence(capsys.readouterr().err)
    assert "no trials" in message and "'python -m core search report-cnn'" in message


def test_a_winner_is_refused_without_full_size_trainings(
    searched: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    storage = f"sqlite:///{tmp_path / 'study.db'}"
    worker.run_worker(search_trials.plan(), "tpe", storage, search_trials.quick, 1)
    trials_file.export_trials(search_trials.plan(), existing_studies(search_trials.plan(), storage))
    assert main(["search", "report-cnn", "--winner", "--runs", str(tmp_path)]) == 1
    message = sentence(capsys.readouterr().err)
    assert "'report-cnn'" in message and "full size" in message
    assert not (tmp_path / "recipes" / "report-cnn-searched.toml").exists()
