"""Settings trained at full size, and the winner's recipe."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.bundles import bundle as bundles
from core.dataset import splits
from core.dataset.store import Store
from core.errors import TrainingError
from core.search import full_size
from core.search.plan import Plan, load_plan
from core.search.results import (
    COMPLETE,
    FULL_SIZE,
    STOPPED,
    SearchResults,
    best_at_full_size,
    read_search,
)
from core.training.checkpoint import load_state
from core.training.export import export_bundle
from core.training.recipe import Recipe, load_recipe, parse_recipe
from tests.core import tiny
from tests.core.search import full_size_trainings
from tests.core.search.trials import without_main

CHEAP = {"filters": 2, "epochs": 2, "batch": 12, "learning_rate": 0.002, "dropout": 0.1, "augmentation": 0.1}


def test_settings_to_check_go_from_the_best_complete_trial_to_the_worst(done: tuple[Path, SearchResults]) -> None:
    _, results = done
    rows = full_size.choose_trials(results, 5)
    complete = results.trials[results.trials["state"] != STOPPED]
    assert rows["value"].is_monotonic_decreasing
    assert (rows["value"].iloc[0], rows["value"].iloc[-1]) == (complete["value"].max(), complete["value"].min())
    assert len(rows.drop_duplicates(["sampler", "trial"])) == 5


def test_the_recipes_own_setting_is_among_those_to_check(done: tuple[Path, SearchResults]) -> None:
    _, results = done
    for count in range(3, 8):
        rows = full_size.choose_trials(results, count)
        assert len(rows) == count
        assert (rows[results.settings] == pd.Series(results.plan.start)[results.settings]).all(axis=1).sum() == 1
    best = results.best()
    other_rate = results.trials["learning_rate"] != results.plan.start["learning_rate"]
    without = replace(results, trials=results.trials[other_rate])
    assert len(full_size.choose_trials(without, 5)) == 5
    itself = replace(results, plan=with_start(results.plan, {name: best[name] for name in results.settings}))
    rows = full_size.choose_trials(itself, 5)
    assert (len(rows), rows["value"].iloc[0]) == (5, best["value"])


def with_start(plan: Plan, start: dict[str, float]) -> Plan:
    """The plan of a recipe with another setting of its own."""
    return plan.model_copy(update={"start": start})


def with_grid(results: SearchResults) -> SearchResults:
    """Every trial, and a grid's two: the best of all, and the recipe's own setting in other words."""
    own = {"sampler": "grid", "trial": 1, "state": COMPLETE, "value": 0.0, "batch": results.plan.start["batch"]}
    best = {"sampler": "grid", "trial": 0, "state": COMPLETE, "value": 9.0, "learning_rate": 0.0011, "batch": 15}
    return replace(results, trials=pd.concat([results.trials, pd.DataFrame([best, own])], ignore_index=True))


def test_a_grids_trials_are_among_the_settings_to_check(done: tuple[Path, SearchResults]) -> None:
    rows = full_size.choose_trials(with_grid(done[1]), 3)
    assert rows.iloc[0][["sampler", "trial"]].tolist() == ["grid", 0]


def test_no_setting_is_trained_twice_at_full_size(done: tuple[Path, SearchResults]) -> None:
    results = with_grid(done[1])
    complete = results.trials[results.trials["state"] == COMPLETE].fillna(results.plan.start)
    own = complete[(complete[results.settings] == results.plan.start).all(axis=1)]
    assert len(own) >= 2, "the recipe's own setting is the grid's, too"
    different = len(complete.drop_duplicates(results.settings))
    rows = full_size.choose_trials(results, different)
    assert not rows[results.settings].fillna(results.plan.start).duplicated().any()
    with pytest.raises(TrainingError, match=rf"\b{different} complete trials"):
        full_size.choose_trials(results, different + 1)


def test_more_settings_than_there_are_complete_trials_are_refused(done: tuple[Path, SearchResults]) -> None:
    with pytest.raises(TrainingError, match="500 are asked for"):
        full_size.choose_trials(done[1], 500)


@pytest.fixture
def quick_full_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Full size is small here, and the data made up."""
    own = tiny.recipe(options={"filters": [2, 2, 2, 2]}, epochs=2, keep="val_accuracy")

    def small(plan: object, row: pd.Series) -> Recipe:
        training = {**own.table["training"], "learning_rate": float(row["learning_rate"])}
        table = {**own.table, "split": "fold-1", "training": training}
        return parse_recipe(f"report-cnn-{row['sampler']}-{row['trial']}", table)

    monkeypatch.setattr(full_size, "full_size_recipe", small)


def test_settings_are_trained_at_full_size_and_the_best_one_becomes_a_recipe_whose_run_is_there(
    done: tuple[Path, SearchResults], quick_full_size: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, results = done
    runs, recipes, models = tmp_path / "runs", tmp_path / "recipes", tmp_path / "models"
    without_main(monkeypatch)
    followed: dict[str, list[int]] = defaultdict(list)
    table = full_size.train_at_full_size(
        results,
        3,
        tmp_path / "store",
        runs,
        workers=2,
        threads=1,
        folder=folder,
        progress=lambda name: lambda done, total, metrics: followed[name].append(total - done),
        train=full_size_trainings.tiny_fit,
    )
    assert sorted(followed) == sorted(path.name for path in runs.iterdir())
    assert all(left == sorted(left, reverse=True) and left[-1] == 0 for left in followed.values())
    results = read_search("report-cnn", folder)
    pd.testing.assert_frame_equal(results.full_size, table, rtol=1e-4)
    # So short a training may go best by the recipe's own setting, which would be no winner.
    results = replace(results, plan=with_start(results.plan, {}))
    winner = full_size.write_winner(results, runs, folder=recipes, models=models)
    best = table.iloc[table["full_value"].to_numpy().argmax()]
    state = load_state(runs / "report-cnn-searched")
    assert state is not None and state.best_value == best["full_value"]
    # Nothing is trained: the run is over already.
    bundle = export_bundle(winner, full_size_trainings.tiny_fit(winner, tmp_path, runs / winner.name, None), models)
    assert bundle.card.data.split == "fold-1"
    assert bundle.card.title == "Report CNN, searched"
    # Judged once: who knows how it did on the fold held out chooses no other.
    assert full_size.write_winner(results, runs, folder=recipes, models=models).table == winner.table
    tiny.with_test_metrics(bundle)
    with pytest.raises(TrainingError, match=r"on fold 1: .* models/report-cnn-searched"):
        full_size.write_winner(results, runs, folder=recipes, models=models)
    (folder / "report-cnn" / FULL_SIZE).unlink()


@pytest.fixture
def train(
    done: tuple[Path, SearchResults], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., pd.DataFrame]]:
    """Trains settings of ``done`` at full size in a moment; the file that is written goes with the test."""
    without_main(monkeypatch)
    folder, _ = done
    yield partial(
        full_size.train_at_full_size, store=tmp_path, runs=tmp_path, folder=folder, train=full_size_trainings.its_rate
    )
    (folder / "report-cnn" / FULL_SIZE).unlink()


def test_fewer_settings_at_full_size_leave_the_rows_of_more(
    done: tuple[Path, SearchResults], train: Callable[..., pd.DataFrame]
) -> None:
    folder, results = done
    five = train(results, 5)
    results = read_search("report-cnn", folder)
    three = train(results, 3)
    pd.testing.assert_frame_equal(three, five, check_dtype=False, rtol=1e-4)
    pd.testing.assert_frame_equal(read_search("report-cnn", folder).full_size, five, check_dtype=False, rtol=1e-4)
    # The study was made anew: number and value name another trial now.
    others = replace(results, trials=results.trials.assign(value=results.trials["value"] + 0.001))
    assert len(train(others, 2)) == 2


def test_a_setting_measured_at_full_size_is_not_trained_again_though_its_run_is_gone(
    done: tuple[Path, SearchResults], train: Callable[..., pd.DataFrame], tmp_path: Path
) -> None:
    folder, results = done
    three = train(results, 3)
    results, elsewhere = read_search("report-cnn", folder), tmp_path / "elsewhere"
    elsewhere.mkdir()
    reached: dict[str, int] = {}
    five = train(results, 5, runs=elsewhere, reached=lambda name, value, done: reached.update({name: done}))
    assert 0 < len(reached) < 5, "the best and the worst are among three as among five"
    assert list(reached.values()) == list(range(6 - len(reached), 6))
    assert sorted(path.name for path in elsewhere.iterdir()) == sorted(reached)
    assert len(five) == len(three) + len(reached)
    # Nothing is left to do.
    pd.testing.assert_frame_equal(train(read_search("report-cnn", folder), 5, runs=elsewhere), five, rtol=1e-4)
    # The winner's run may be gone as well: then its recipe is trained anew.
    winner = full_size.write_winner(
        read_search("report-cnn", folder), tmp_path / "none", folder=tmp_path, models=tmp_path
    )
    assert winner.training.learning_rate == pytest.approx(five["full_value"].max())
    assert not (tmp_path / "none").exists()


def test_a_worker_that_dies_at_full_size_is_told_and_the_other_goes_on(
    done: tuple[Path, SearchResults], train: Callable[..., pd.DataFrame]
) -> None:
    folder, results = done
    four = partial(train, results, 4, threads=1, train=full_size_trainings.dies_once)
    with pytest.raises(TrainingError, match=r"\b1 of 4 settings .* command goes on"):
        four(workers=2)
    assert len(read_search("report-cnn", folder).full_size) == 3
    assert len(four()) == 4


def test_the_winner_is_the_best_on_validation_at_full_size_and_says_what_was_tried(
    done: tuple[Path, SearchResults],
    train: Callable[..., pd.DataFrame],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, results = done
    full = train(results, 3, workers=2, threads=1)
    best = full.iloc[full["full_value"].to_numpy().argmax()]
    assert best["full_value"] > full["full_value"].iloc[0], "another than the best trial"
    results = read_search("report-cnn", folder)
    # No store is opened, and no bundle: what a network does on fold 1 cannot have a part.
    monkeypatch.setattr(Store, "__init__", None)
    monkeypatch.setattr(bundles, "open_bundle", None)
    winner = full_size.write_winner(results, tmp_path, folder=tmp_path, models=tmp_path)
    assert winner.training.learning_rate == pytest.approx(best["full_value"])
    assert (winner.split, winner.by_patient, winner.limits) == ("fold-1", None, [])
    cheap, at_full_size, held_out = winner.notes
    for sampler in ("tpe", "genetic"):
        found = results.best(sampler)
        assert re.search(rf"\b24 .*{sampler}, .*\b{found['value']:.4f} .*\b{found['trial']}\b", cheap)
    assert "folds 2 to 5," in cheap and "val_accuracy" in cheap
    assert ", ".join(f"{value:.4f}" for value in full["full_value"]) in at_full_size
    assert re.search(rf"trial {best['trial']} .*{best['sampler']} \({best['value']:.4f} ", at_full_size)
    assert held_out.startswith("Fold 1 had no")
    assert winner.title == "Report CNN, searched"


def test_the_own_setting_at_full_size_is_the_run_of_the_untuned_recipe_by_patient() -> None:
    plan = load_plan("report-unet")
    own = pd.Series({"sampler": "tpe", "trial": 0, **plan.start})
    assert full_size.full_size_recipe(plan, own) == load_recipe("report-unet-patients")
    other = full_size.full_size_recipe(plan, pd.Series({**own, "dropout": 0.2}))
    assert (other.name, other.network.options["dropout"]) == ("report-unet-tpe-0", 0.2)
    # Another epoch is kept of it than the untuned recipe keeps.
    plan = load_plan("report-cnn")
    own = pd.Series({"sampler": "tpe", "trial": 0, **plan.start})
    kept = full_size.full_size_recipe(plan, own)
    assert (kept.name, kept.training.keep) == ("report-cnn-tpe-0", "val_accuracy")
    assert kept.network == load_recipe("report-cnn-patients").network and not kept.training.augmentation


def test_a_winner_says_nothing_of_the_untuned_recipes_own_split(
    done: tuple[Path, SearchResults], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = done[1]
    plan = load_plan("report-unet").model_copy(update={"space": {"batch": [8, 32]}, "start": {"batch": 32}})
    trials = pd.DataFrame([{"sampler": "tpe", "trial": 0, "state": COMPLETE, "value": 0.6, "batch": 8}])
    full = trials[["sampler", "trial", "value"]].assign(full_value=0.7)
    (tmp_path / "report-unet-tpe-0").mkdir()
    winner = full_size.write_winner(
        replace(results, plan=plan, trials=trials, full_size=full), tmp_path, folder=tmp_path, models=tmp_path
    )
    untuned = load_recipe("report-unet")
    assert untuned.limits and untuned.notes and untuned.by_patient
    assert not set(winner.notes) & set(untuned.notes)
    assert (winner.limits, winner.by_patient) == ([], None)
    text = (tmp_path / "report-unet-searched.toml").read_text()
    assert "Table" not in text and "by slice" not in text


def test_the_recipes_own_setting_is_no_winner_over_itself(done: tuple[Path, SearchResults], tmp_path: Path) -> None:
    results = done[1]
    own = results.trials[results.own & (results.trials["state"] == COMPLETE)].iloc[:1]
    other = results.trials[~results.own].iloc[:1]
    full = pd.concat([own.assign(full_value=0.8), other.assign(full_value=0.7)])
    results = replace(results, full_size=full[["sampler", "trial", "value", "full_value"]])
    best = best_at_full_size(results)
    assert best is not None and best["own"] and best["full_value"] == 0.8
    with pytest.raises(TrainingError, match="no winner but"):
        full_size.write_winner(results, tmp_path, folder=tmp_path, models=tmp_path)
    assert not list(tmp_path.iterdir())


def test_at_full_size_no_slice_of_the_held_out_fold_is_read(
    done: tuple[Path, SearchResults],
    tmp_path: Path,
    configure: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, results = done
    data = tiny.data_set(30)
    configure(splits=data.write_table(tmp_path / "splits.csv"))
    read: set[int] = set()

    def noted(method: Callable[[Store, int], np.ndarray]) -> Callable[[Store, int], np.ndarray]:
        return lambda store, number: read.add(number) or method(store, number)

    for name in ("pixels", "mask", "border", "class_name"):
        monkeypatch.setattr(Store, name, noted(getattr(Store, name)))
    monkeypatch.setattr(full_size, "run_training", lambda recipe, train, validation, folder, **options: None)
    recipe = full_size.full_size_recipe(results.plan, results.best())
    full_size.train_recipe(recipe, data.write(tmp_path / "store.h5"), tmp_path, lambda *progress: None)
    part = splits.split_parts(results.plan.split)
    assert read == set(part.index[part != "test"])


def test_without_a_full_size_training_there_is_no_winner(done: tuple[Path, SearchResults], tmp_path: Path) -> None:
    folder, _ = done
    with pytest.raises(TrainingError, match="at full size"):
        full_size.write_winner(read_search("report-cnn", folder), tmp_path)


def test_a_setting_read_back_from_the_table_makes_the_recipe_that_was_tried() -> None:
    plan = load_plan("report-cnn")
    table = pd.DataFrame([{"sampler": "tpe", "trial": 3, "value": 0.5, **CHEAP}, {"sampler": "grid", "trial": 0}])
    recipe = full_size.full_size_recipe(plan, table.iloc[0])
    assert recipe.table == plan.recipe_of(CHEAP, name="report-cnn-tpe-3", cheap=False).table
    assert isinstance(recipe.training.epochs, int)


def test_toml_written_is_toml_read() -> None:
    table = {
        "name": 'with "quotes" and –',
        "list": ["a", "b"],
        "one": {"size": 3, "rate": 0.00123, "yes": True, "inner": {"filters": [1, 2]}},
        "two": {},
    }
    assert tomllib.loads(full_size.to_toml(table)) == table
