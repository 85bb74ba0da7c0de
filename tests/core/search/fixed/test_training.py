"""A study of runs that are fixed beforehand: it goes on after a kill, and chooses the literal recipes' settings."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from core.bundles.bundle import REPORT_CNN_BATCH_32, REPORT_CNN_LITERAL
from core.config import recipes_folder
from core.dataset.splits import TABLE_1
from core.errors import TrainingError
from core.search.fixed import training
from core.search.fixed.runs import (
    MOST_RUNS,
    RESULTS,
    best_of_batch,
    finished_runs,
    read_fixed_runs,
    read_runs,
    study_names,
)
from core.search.fixed.training import CHOSEN, run_recipe, train_fixed_runs, write_choice
from core.training.checkpoint import State
from core.training.data.examples import Examples
from core.training.recipe import Recipe, load_recipe
from core.training.trainer import run_training
from tests.core import tiny

STUDY = REPORT_CNN_LITERAL


class Killed(BaseException):
    """As KeyboardInterrupt, but nobody else's."""


@pytest.fixture
def study(tmp_path: Path, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of searches; three runs of small batches, which train a small network."""
    recipes = shutil.copytree(recipes_folder(), tmp_path / "recipes")
    table = pd.read_csv(recipes / "studies" / f"{STUDY}.csv").head(3)
    table["batch"], table["micro_batch"] = [300, 12, 30], [6, 6, 6]
    table.to_csv(recipes / "studies" / f"{STUDY}.csv", index=False)
    configure(recipes=recipes, searches=tmp_path / "searches")

    def train(recipe: Recipe, first: Examples, second: Examples, folder: Path, *, progress: object) -> State:
        return run_training(tiny.recipe(STUDY, name=recipe.name, batch=6, micro_batch=6), first, second, folder)

    monkeypatch.setattr(training, "run_training", train)
    return tmp_path / "searches"


def examples(recipe: Recipe, store: Path) -> tuple[Examples, Examples]:
    assert recipe.split == TABLE_1, "which has a validation part"
    return tiny.class_examples(18, seed=1), tiny.class_examples(6, seed=2)


def test_the_shipped_study_is_at_most_twelve_runs_of_the_settings_in_doubt() -> None:
    runs = read_runs(STUDY)
    assert study_names() == [STUDY] and len(runs) <= MOST_RUNS
    for name, values in {
        "batch": {300, 100, 32},
        "learning_rate": {3e-4, 1e-3, 3e-3},
        "byte_range": {False, True},
        "dropout": {0.2, 0.5},
    }.items():
        assert {run[name] for run in runs} == values
    for run in runs:
        recipe = run_recipe(STUDY, run)
        assert recipe.split == TABLE_1
        assert (recipe.training.epochs, recipe.training.early_stopping_patience) == (20, 5)
        assert recipe.network.options["byte_range"] is run["byte_range"]


def test_a_killed_study_goes_on_and_trains_no_run_again(study: Path, tmp_path: Path) -> None:
    began: list[str] = []

    def killed_at_the_third(name: str) -> Callable[..., None]:
        began.append(name)
        if len(began) == 3:
            raise Killed
        return lambda done, total, metrics: None

    with pytest.raises(Killed):
        train_fixed_runs(STUDY, tmp_path, tmp_path / "runs", progress=killed_at_the_third, read=examples)
    half = read_fixed_runs(STUDY)
    assert half is not None and half["run"].tolist() == [1, 2]
    train_fixed_runs(STUDY, tmp_path, tmp_path / "runs", progress=killed_at_the_third, read=examples)
    whole = read_fixed_runs(STUDY)
    assert began[3:] == [f"{STUDY}-run-3"]
    assert whole is not None and whole.head(2).equals(half)
    assert whole["batch"].tolist() == [300, 12, 30] and (whole["epochs"] == 1).all()
    assert train_fixed_runs(STUDY, tmp_path, tmp_path / "runs", read=examples).equals(whole), "nothing was left to do"


def write_results(folder: Path, losses: list[float]) -> None:
    runs = read_runs(STUDY)[: len(losses)]
    rows = [
        {**run, "updates_per_epoch": 1, "epochs": 1, "val_loss": loss, "val_accuracy": 0.5, "seconds": 1}
        for run, loss in zip(runs, losses, strict=True)
    ]
    (folder / STUDY).mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_csv(folder / STUDY / RESULTS, index=False)


@pytest.fixture
def results(tmp_path: Path, configure: Callable[..., None]) -> Path:
    """The shipped study and recipes, and a folder for made-up results."""
    configure(recipes=shutil.copytree(recipes_folder(), tmp_path / "recipes"), searches=tmp_path / "searches")
    return tmp_path / "searches"


@pytest.mark.parametrize("name", [REPORT_CNN_LITERAL, REPORT_CNN_BATCH_32])
def test_the_best_run_of_a_batch_chooses_that_recipe_s_settings(name: str, results: Path) -> None:
    write_results(results, [0.5 - 0.03 * number for number in range(len(read_runs(STUDY)))])
    before, best = load_recipe(name), write_choice(STUDY, name)
    after = load_recipe(name)
    table = read_fixed_runs(STUDY)
    assert table is not None and best == best_of_batch(table, before.training.batch)
    assert best["val_loss"] == table["val_loss"][table["batch"] == before.training.batch].min()
    assert after.training.learning_rate == best["learning_rate"]
    assert after.network.options == {name: best[name] for name in ("dropout", "dropout_flat", "byte_range")}
    assert before.origin and after.origin
    assert {name for name, why in after.origin.chosen.items() if why != before.origin.chosen[name]} == set(CHOSEN)
    assert after.training.model_copy(update={"learning_rate": before.training.learning_rate}) == before.training


def test_an_unfinished_study_chooses_nothing(results: Path) -> None:
    write_results(results, [0.5])
    with pytest.raises(TrainingError, match=r"not finished"):
        write_choice(STUDY, REPORT_CNN_LITERAL)


@pytest.mark.parametrize("line", ["run,batch\n1,300\n", "run\n"])
def test_a_study_that_is_no_table_of_runs_is_refused(line: str, results: Path) -> None:
    (recipes_folder() / "studies" / "odd.csv").write_text(line)
    with pytest.raises(TrainingError, match=r"'odd'"):
        read_runs("odd")
    with pytest.raises(TrainingError, match=rf"'none'; there are .*{STUDY}"):
        read_runs("none")


def test_the_literal_recipes_have_what_a_finished_study_chose() -> None:
    table = finished_runs(STUDY)
    if table is None:
        pytest.skip("the study is not finished")
    for name in (REPORT_CNN_LITERAL, REPORT_CNN_BATCH_32):
        recipe = load_recipe(name)
        best = best_of_batch(table, recipe.training.batch)
        assert recipe.training.learning_rate == best["learning_rate"]
        assert all(recipe.network.options[key] == best[key] for key in recipe.network.options)
