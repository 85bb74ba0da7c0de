"""What ships of a search: trials, importance, full-size check and the winner's recipe."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core import search, search_full, searches
from core.checkpoints import load_state
from core.errors import TrainingError
from core.examples import Examples
from core.export import export
from core.files import write_table
from core.recipes import Recipe
from core.search_plan import PLAN, load
from core.searches import ALL, FULL_SIZE, STOPPED, TRIALS, Found
from core.training import fit
from tests.core import search_trials, tiny

CHEAP = {"filters": 2, "epochs": 2, "batch": 12, "learning_rate": 0.002, "dropout": 0.1, "augmentation": 0.1}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Found]:
    """A folder of searches with one that both samplers have been through, and what it found."""
    folder = tmp_path_factory.mktemp("searches")
    plan, storage = search_trials.plan(), f"sqlite:///{folder / 'study.db'}"
    planned(folder)
    for sampler in ("tpe", "genetic"):
        search.work(plan, sampler, storage, search_trials.quick, 20, 0, 1, 60)
    return folder, searches.export(plan, search.existing(plan, storage), folder)


def planned(folder: Path) -> None:
    plan = search_trials.plan()
    (folder / plan.name).mkdir()
    fields = {key: value for key, value in vars(plan).items() if key != "name"}
    (folder / plan.name / PLAN).write_text(search_full.toml(fields))


def test_every_finished_trial_is_a_row_with_its_setting(done: tuple[Path, Found]) -> None:
    _, found = done
    table = found.trials
    assert table.groupby("sampler").size().to_dict() == {"tpe": 20, "genetic": 20}
    assert found.samplers == ["tpe", "genetic"]
    assert set(found.settings) == {"learning_rate", "batch"}
    assert table["value"].notna().all()
    assert set(table["batch"]) == {15, 30}
    assert table["generation"][table["sampler"] == "tpe"].isna().all()
    assert (table["epochs_run"][table["state"] == STOPPED] < search_trials.EPOCHS).all()


def test_the_importance_is_that_of_what_matters(done: tuple[Path, Found]) -> None:
    _, found = done
    for shares in (found.importance["tpe"], found.importance[ALL]):
        assert shares["learning_rate"] > shares["batch"]
        assert sum(shares.values()) == pytest.approx(1, abs=1e-3)


def test_the_best_trial_is_the_best_of_its_sampler(done: tuple[Path, Found]) -> None:
    _, found = done
    for sampler in found.samplers:
        rows = found.trials[found.trials["sampler"] == sampler]
        assert found.best(sampler)["value"] == rows["value"].max()
    assert found.best()["value"] == found.trials["value"].max()


def test_few_trials_have_no_importance(tmp_path: Path) -> None:
    plan, storage = search_trials.plan(), f"sqlite:///{tmp_path / 'study.db'}"
    planned(tmp_path)
    search.work(plan, "tpe", storage, search_trials.quick, 3, 0, 1, 60)
    assert searches.export(plan, search.existing(plan, storage), tmp_path).importance == {}


def test_a_study_without_a_finished_trial_is_refused(tmp_path: Path) -> None:
    plan = search_trials.plan()
    study = search.open_study(plan, "tpe", f"sqlite:///{tmp_path / 'study.db'}")
    with pytest.raises(TrainingError, match="no finished trial yet"):
        searches.export(plan, {"tpe": study}, tmp_path)


def test_a_search_without_trials_is_refused_with_the_command_that_makes_them(tmp_path: Path) -> None:
    planned(tmp_path)
    with pytest.raises(TrainingError, match="python -m core search report-cnn"):
        searches.read("report-cnn", tmp_path)


def test_files_that_cannot_be_read_are_refused_with_a_sentence(tmp_path: Path) -> None:
    planned(tmp_path)
    (tmp_path / "report-cnn" / TRIALS).write_text("")
    with pytest.raises(TrainingError, match="take searches/report-cnn from the project again"):
        searches.read("report-cnn", tmp_path)


# At full size


def test_settings_to_check_go_from_the_best_complete_trial_to_the_worst(done: tuple[Path, Found]) -> None:
    _, found = done
    rows = search_full.chosen(found, 5)
    complete = found.trials[found.trials["state"] != STOPPED]
    assert rows["value"].is_monotonic_decreasing
    assert (rows["value"].iloc[0], rows["value"].iloc[-1]) == (complete["value"].max(), complete["value"].min())
    assert len(rows.drop_duplicates(["sampler", "trial"])) == 5


def test_more_settings_than_there_are_complete_trials_are_refused(done: tuple[Path, Found]) -> None:
    with pytest.raises(TrainingError, match="500 are asked for"):
        search_full.chosen(done[1], 500)


@pytest.fixture
def quick_full_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Full size is small here, and the data made up."""
    own = tiny.recipe(options={"filters": [2, 2, 2, 2]}, epochs=2, keep="val_accuracy")

    def small(plan: object, row: pd.Series) -> Recipe:
        training = {**own.table["training"], "learning_rate": float(row["learning_rate"])}
        table = {**own.table, "split": "fold-1", "training": training}
        return search_full.recipes.from_table(f"report-cnn-{row['sampler']}-{row['trial']}", table)

    def examples(recipe: Recipe, store: Path) -> tuple[Examples, Examples]:
        return tiny.class_examples(36, seed=1), tiny.class_examples(12, seed=2)

    monkeypatch.setattr(search_full, "recipe_of", small)
    monkeypatch.setattr(search_full, "read_examples", examples)


def test_settings_are_trained_at_full_size_and_the_best_one_becomes_a_recipe_whose_run_is_there(
    done: tuple[Path, Found], quick_full_size: None, tmp_path: Path
) -> None:
    folder, found = done
    runs, recipes, models = tmp_path / "runs", tmp_path / "recipes", tmp_path / "models"
    table = search_full.train_at_full_size(found, 3, tmp_path / "store", runs, folder=folder)
    found = searches.read("report-cnn", folder)
    pd.testing.assert_frame_equal(found.full_size, table, rtol=1e-4)
    winner = search_full.write_winner(found, runs, folder=recipes)
    best = table.iloc[table["full_value"].to_numpy().argmax()]
    state = load_state(runs / "report-cnn-searched")
    assert state is not None and state.best_value == best["full_value"]
    # Nothing is trained: the run is over already.
    examples = tiny.class_examples(36, seed=1), tiny.class_examples(12, seed=2)
    bundle = export(winner, fit(winner, *examples, runs / winner.name), models)
    assert bundle.card["data"]["split"] == "fold-1"
    assert bundle.card["title"] == "Report CNN, searched"
    (folder / "report-cnn" / FULL_SIZE).unlink()


def test_without_a_full_size_training_there_is_no_winner(done: tuple[Path, Found], tmp_path: Path) -> None:
    folder, _ = done
    with pytest.raises(TrainingError, match="no trial is trained at full size"):
        search_full.write_winner(searches.read("report-cnn", folder), tmp_path)


def test_a_setting_read_back_from_the_table_makes_the_recipe_that_was_tried() -> None:
    plan = load("report-cnn")
    table = pd.DataFrame([{"sampler": "tpe", "trial": 3, "value": 0.5, **CHEAP}, {"sampler": "grid", "trial": 0}])
    recipe = search_full.recipe_of(plan, table.iloc[0])
    assert recipe.table == plan.recipe_of(CHEAP, name="report-cnn-tpe-3", cheap=False).table
    assert isinstance(recipe.training.epochs, int)


def test_toml_written_is_toml_read() -> None:
    table = {
        "name": 'with "quotes" and –',
        "list": ["a", "b"],
        "one": {"size": 3, "rate": 0.00123, "yes": True, "inner": {"filters": [1, 2]}},
        "two": {},
    }
    assert tomllib.loads(search_full.toml(table)) == table


def test_a_full_size_table_is_read_with_its_search(done: tuple[Path, Found]) -> None:
    folder, found = done
    rows = search_full.chosen(found, 2)[["sampler", "trial", "value"]].assign(full_value=np.array([0.9, 0.8]))
    path = folder / "report-cnn" / FULL_SIZE
    write_table(path, rows)
    assert searches.read("report-cnn", folder).full_size["full_value"].tolist() == [0.9, 0.8]
    path.unlink()
