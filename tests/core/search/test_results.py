"""What ships of a search: trials, importance, full-size check and the winner's recipe."""

import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.trial import FrozenTrial, TrialState

from core.bundles import bundle as bundles
from core.bundles.bundle import write_card
from core.dataset import splits
from core.dataset.store import Store
from core.errors import TrainingError
from core.files import write_table
from core.search import full_size
from core.search.plan import PLAN, SAMPLERS, load_plan, suggest_setting
from core.search.results import (
    ALL_SAMPLERS,
    COMPLETE,
    FULL_SIZE,
    STOPPED,
    TRIALS,
    SearchResults,
    best_at_full_size,
    read_search,
)
from core.search.study import STOPPED_EARLY, existing_studies, open_study, study_progress, trial_budget
from core.search.trials_file import export_trials, restore_trials
from core.search.worker import run_worker
from core.training.checkpoint import load_state
from core.training.export import export_bundle
from core.training.recipe import Recipe, load_recipe, parse_recipe
from tests.core import tiny
from tests.core.search import full_size_trainings
from tests.core.search import trials as search_trials

CHEAP = {"filters": 2, "epochs": 2, "batch": 12, "learning_rate": 0.002, "dropout": 0.1, "augmentation": 0.1}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SearchResults]:
    """A folder of searches with one that both samplers have been through, and what it found."""
    folder = tmp_path_factory.mktemp("searches")
    plan, storage = search_trials.plan(), f"sqlite:///{folder / 'study.db'}"
    planned(folder)
    for sampler in ("tpe", "genetic"):
        run_worker(plan, sampler, storage, search_trials.quick, 20)
    return folder, export_trials(plan, existing_studies(plan, storage), folder)


def planned(folder: Path) -> None:
    plan = search_trials.plan()
    (folder / plan.name).mkdir()
    fields = {key: value for key, value in vars(plan).items() if key != "name"}
    (folder / plan.name / PLAN).write_text(full_size.to_toml(fields))


def test_every_finished_trial_is_a_row_with_its_setting(done: tuple[Path, SearchResults]) -> None:
    _, found = done
    table = found.trials
    assert table.groupby("sampler").size().to_dict() == {"tpe": 20, "genetic": 20}
    assert found.samplers == ["tpe", "genetic"]
    assert set(found.settings) == {"learning_rate", "batch"}
    assert table["value"].notna().all()
    assert set(table["batch"]) == {15, 30}
    assert table["generation"][table["sampler"] == "tpe"].isna().all()
    assert (table["epochs_run"][table["state"] == STOPPED] < search_trials.EPOCHS).all()


def test_the_importance_is_that_of_what_matters(done: tuple[Path, SearchResults]) -> None:
    _, found = done
    for shares in (found.importance["tpe"], found.importance[ALL_SAMPLERS]):
        assert shares["learning_rate"] > shares["batch"]
        assert sum(shares.values()) == pytest.approx(1, abs=1e-3)


def test_the_best_trial_is_the_best_of_its_sampler(done: tuple[Path, SearchResults]) -> None:
    _, found = done
    for sampler in found.samplers:
        rows = found.trials[found.trials["sampler"] == sampler]
        assert found.best(sampler)["value"] == rows["value"].max()
    assert found.best()["value"] == found.trials["value"].max()


def test_few_trials_have_no_importance(tmp_path: Path) -> None:
    plan, storage = search_trials.plan(), f"sqlite:///{tmp_path / 'study.db'}"
    planned(tmp_path)
    run_worker(plan, "tpe", storage, search_trials.quick, 3)
    assert export_trials(plan, existing_studies(plan, storage), tmp_path).importance == {}


def test_settings_that_train_the_same_count_once_in_the_importance(tmp_path: Path) -> None:
    plan = search_trials.plan()
    planned(tmp_path)
    study = open_study(plan, "tpe", f"sqlite:///{tmp_path / 'study.db'}")
    rates = [0.001 + 0.0001 * step for step in range(19)]
    for again, shares in ((rates[-1] + 1e-9, False), (rates[-1] + 0.0001, True)):
        for rate in [*rates, again]:
            trial = optuna.trial.FixedTrial({"learning_rate": rate, "batch": 15})
            suggest_setting(plan, trial)
            study.add_trial(optuna.create_trial(value=rate, params=trial.params, distributions=trial.distributions))
        assert bool(export_trials(plan, {"tpe": study}, tmp_path).importance) == shares


def test_a_study_without_a_finished_trial_is_refused(tmp_path: Path) -> None:
    plan = search_trials.plan()
    study = open_study(plan, "tpe", f"sqlite:///{tmp_path / 'study.db'}")
    with pytest.raises(TrainingError, match="no finished trial yet"):
        export_trials(plan, {"tpe": study}, tmp_path)


def test_a_search_without_trials_is_refused_with_the_command_that_makes_them(tmp_path: Path) -> None:
    planned(tmp_path)
    with pytest.raises(TrainingError, match="python -m core search report-cnn"):
        read_search("report-cnn", tmp_path)


def test_files_that_cannot_be_read_are_refused_with_a_sentence(tmp_path: Path) -> None:
    planned(tmp_path)
    (tmp_path / "report-cnn" / TRIALS).write_text("")
    with pytest.raises(TrainingError, match="take searches/report-cnn from the project again"):
        read_search("report-cnn", tmp_path)


# A study made anew from what ships


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[FrozenTrial]]]:
    """A folder of searches with trials of every sampler, one of them failed, and the studies that they are from."""
    folder = tmp_path_factory.mktemp("shipped")
    plan, storage = search_trials.plan(), f"sqlite:///{folder / 'study.db'}"
    planned(folder)
    open_study(plan, "tpe", storage).add_trial(optuna.create_trial(state=TrialState.FAIL))
    for sampler, trials in (("tpe", 16), ("genetic", 20), ("grid", 3)):
        run_worker(plan, sampler, storage, search_trials.quick, trials)
    studies = existing_studies(plan, storage)
    export_trials(plan, studies, folder)
    return folder, {sampler: study.trials for sampler, study in studies.items()}


def made_anew(sampler: str, shipped: Path, place: Path) -> tuple[optuna.Study, str]:
    storage = f"sqlite:///{place / 'anew.db'}"
    restore_trials(search_trials.plan(), storage, shipped)
    return open_study(search_trials.plan(), sampler, storage), storage


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_study_made_anew_from_what_ships_is_the_one_that_was_exported(
    shipped: tuple[Path, dict[str, list[FrozenTrial]]], tmp_path: Path, sampler: str
) -> None:
    folder, studies = shipped
    before = [trial for trial in studies[sampler] if trial.state.is_finished()]
    study, _ = made_anew(sampler, folder, tmp_path)
    assert [(one.number, one.state) for one in study.trials] == [(one.number, one.state) for one in before]
    for ours, theirs in zip(study.trials, before, strict=True):
        if ours.state == TrialState.FAIL:
            continue
        assert ours.value == pytest.approx(theirs.value, rel=1e-5)
        assert ours.params == pytest.approx(theirs.params, rel=1e-2), "settings are rounded as in recipes"
        assert ours.intermediate_values == pytest.approx(theirs.intermediate_values, rel=1e-3)
        assert ours.distributions == theirs.distributions
        stopped = STOPPED_EARLY
        assert ours.user_attrs.get(stopped) == theirs.user_attrs.get(stopped)
    table = pd.read_csv(folder / "report-cnn" / TRIALS)
    planned(tmp_path)
    again = export_trials(search_trials.plan(), {sampler: study}, tmp_path).trials
    pd.testing.assert_frame_equal(
        again, table[table["sampler"] == sampler].reset_index(drop=True), check_dtype=False, rtol=1e-4
    )


def test_pruned_trials_come_back_as_pruned_and_a_genetic_samplers_as_individuals(
    shipped: tuple[Path, dict[str, list[FrozenTrial]]], tmp_path: Path
) -> None:
    tpe, _ = made_anew("tpe", shipped[0], tmp_path)
    assert {TrialState.PRUNED, TrialState.COMPLETE, TrialState.FAIL} == {trial.state for trial in tpe.trials}
    genetic, _ = made_anew("genetic", shipped[0], tmp_path)
    assert {trial.state for trial in genetic.trials} == {TrialState.COMPLETE}
    assert any(trial.user_attrs.get(STOPPED_EARLY) for trial in genetic.trials)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_study_made_anew_has_the_same_best_and_goes_on_to_more_trials(
    shipped: tuple[Path, dict[str, list[FrozenTrial]]], tmp_path: Path, sampler: str
) -> None:
    plan, folder = search_trials.plan(), shipped[0]
    study, storage = made_anew(sampler, folder, tmp_path)
    begun = study_progress(study)
    assert begun.best == pytest.approx(read_search("report-cnn", folder).best(sampler)["value"])
    more = trial_budget(plan, sampler, begun.done + 3)
    run_worker(plan, sampler, storage, search_trials.quick, more)
    trials = [trial for trial in study.trials if trial.state != TrialState.FAIL]
    done = [trial for trial in trials if trial.state.is_finished()]
    assert len(done) == more == begun.done + 3
    if sampler == "grid":
        assert len({tuple(sorted(trial.params.items())) for trial in done}) == more, "no point twice"
    else:
        assert [trial.params for trial in trials].count(plan.start) == 1, "the recipe's own setting is there already"
    if sampler == "genetic":
        planned(tmp_path)
        table = export_trials(plan, {"genetic": study}, tmp_path).trials
        assert table.groupby("generation").size().tolist() == [4, 4, 4, 4, 4, 3]


def test_a_study_that_has_trials_is_not_added_to(
    shipped: tuple[Path, dict[str, list[FrozenTrial]]], tmp_path: Path
) -> None:
    study, storage = made_anew("tpe", shipped[0], tmp_path)
    run_worker(search_trials.plan(), "tpe", storage, search_trials.quick, 17)
    count = len(study.trials)
    assert "tpe" not in restore_trials(search_trials.plan(), storage, shipped[0])
    assert len(study.trials) == count


def test_what_an_interruption_left_out_is_put_by_the_next_call(
    shipped: tuple[Path, dict[str, list[FrozenTrial]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, studies = shipped
    plan, storage = search_trials.plan(), f"sqlite:///{tmp_path / 'anew.db'}"
    real, put = optuna.Study.add_trial, []

    def interrupted(study: optuna.Study, trial: FrozenTrial) -> None:
        if len(put) == 5:
            raise KeyboardInterrupt
        put.append(trial)
        real(study, trial)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(optuna.Study, "add_trial", interrupted)
        restore_trials(plan, storage, folder)
    assert sum(restore_trials(plan, storage, folder).values()) == 16 + 20 + 3 - 4, "one of the five had failed"
    assert restore_trials(plan, storage, folder) == {}
    before = {sampler: [one for one in trials if one.state.is_finished()] for sampler, trials in studies.items()}
    there = {sampler: study.trials for sampler, study in existing_studies(plan, storage).items()}
    assert values(there) == values(before)


def values(trials: dict[str, list[FrozenTrial]]) -> dict[str, list[float | None]]:
    """As many digits as ship."""
    return {
        sampler: [one.value if one.value is None else round(one.value, 5) for one in them]
        for sampler, them in trials.items()
    }


def test_where_nothing_ships_a_study_begins_empty(tmp_path: Path) -> None:
    study, _ = made_anew("tpe", tmp_path, tmp_path)
    assert study.trials == []


def test_trials_of_another_plan_are_refused_with_a_sentence(
    shipped: tuple[Path, dict[str, list[FrozenTrial]]], tmp_path: Path
) -> None:
    plan = search_trials.plan(space={"filters": [2, 4], "batch": [15, 30]})
    storage = f"sqlite:///{tmp_path / 'anew.db'}"
    with pytest.raises(TrainingError, match=r"is of another plan; .* or remove the file to begin anew"):
        restore_trials(plan, storage, shipped[0])
    assert open_study(plan, "tpe", storage).trials == []


# At full size


def test_settings_to_check_go_from_the_best_complete_trial_to_the_worst(done: tuple[Path, SearchResults]) -> None:
    _, found = done
    rows = full_size.choose_trials(found, 5)
    complete = found.trials[found.trials["state"] != STOPPED]
    assert rows["value"].is_monotonic_decreasing
    assert (rows["value"].iloc[0], rows["value"].iloc[-1]) == (complete["value"].max(), complete["value"].min())
    assert len(rows.drop_duplicates(["sampler", "trial"])) == 5


def test_the_recipes_own_setting_is_among_those_to_check(done: tuple[Path, SearchResults]) -> None:
    _, found = done
    for count in range(3, 8):
        rows = full_size.choose_trials(found, count)
        assert len(rows) == count
        assert (rows[found.settings] == pd.Series(found.plan.start)[found.settings]).all(axis=1).sum() == 1
    best = found.best()
    without = replace(found, trials=found.trials[(found.trials["learning_rate"] != found.plan.start["learning_rate"])])
    assert len(full_size.choose_trials(without, 5)) == 5
    itself = replace(found, plan=replace(found.plan, start={name: best[name] for name in found.settings}))
    rows = full_size.choose_trials(itself, 5)
    assert (len(rows), rows["value"].iloc[0]) == (5, best["value"])


def with_grid(found: SearchResults) -> SearchResults:
    """Every trial, and a grid's two: the best of all, and the recipe's own setting in other words."""
    own = {"sampler": "grid", "trial": 1, "state": COMPLETE, "value": 0.0, "batch": found.plan.start["batch"]}
    best = {"sampler": "grid", "trial": 0, "state": COMPLETE, "value": 9.0, "learning_rate": 0.0011, "batch": 15}
    return replace(found, trials=pd.concat([found.trials, pd.DataFrame([best, own])], ignore_index=True))


def test_a_grids_trials_are_among_the_settings_to_check(done: tuple[Path, SearchResults]) -> None:
    rows = full_size.choose_trials(with_grid(done[1]), 3)
    assert rows.iloc[0][["sampler", "trial"]].tolist() == ["grid", 0]


def test_no_setting_is_trained_twice_at_full_size(done: tuple[Path, SearchResults]) -> None:
    found = with_grid(done[1])
    complete = found.trials[found.trials["state"] == COMPLETE].fillna(found.plan.start)
    own = complete[(complete[found.settings] == found.plan.start).all(axis=1)]
    assert len(own) >= 2, "the recipe's own setting is the grid's, too"
    different = len(complete.drop_duplicates(found.settings))
    rows = full_size.choose_trials(found, different)
    assert not rows[found.settings].fillna(found.plan.start).duplicated().any()
    with pytest.raises(TrainingError, match=f"has {different} complete trials of different settings"):
        full_size.choose_trials(found, different + 1)


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
    folder, found = done
    runs, recipes, models = tmp_path / "runs", tmp_path / "recipes", tmp_path / "models"
    search_trials.without_main(monkeypatch)
    followed: dict[str, list[int]] = defaultdict(list)
    table = full_size.train_at_full_size(
        found,
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
    found = read_search("report-cnn", folder)
    pd.testing.assert_frame_equal(found.full_size, table, rtol=1e-4)
    # So short a training may go best by the recipe's own setting, which would be no winner.
    found = replace(found, plan=replace(found.plan, start={}))
    winner = full_size.write_winner(found, runs, folder=recipes, models=models)
    best = table.iloc[table["full_value"].to_numpy().argmax()]
    state = load_state(runs / "report-cnn-searched")
    assert state is not None and state.best_value == best["full_value"]
    # Nothing is trained: the run is over already.
    bundle = export_bundle(winner, full_size_trainings.tiny_fit(winner, tmp_path, runs / winner.name, None), models)
    assert bundle.card["data"]["split"] == "fold-1"
    assert bundle.card["title"] == "Report CNN, searched"
    # Judged once: who knows how it did on the fold held out chooses no other.
    assert full_size.write_winner(found, runs, folder=recipes, models=models).table == winner.table
    write_card(bundle.folder, {**bundle.card, "metrics": {"test": {"slices": 1}}})
    with pytest.raises(TrainingError, match=r"has been judged on fold 1: .* remove models/report-cnn-searched"):
        full_size.write_winner(found, runs, folder=recipes, models=models)
    (folder / "report-cnn" / FULL_SIZE).unlink()


@pytest.fixture
def train(
    done: tuple[Path, SearchResults], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., pd.DataFrame]]:
    """Trains settings of ``done`` at full size in a moment; the file that is written goes with the test."""
    search_trials.without_main(monkeypatch)
    folder, _ = done
    yield partial(
        full_size.train_at_full_size, store=tmp_path, runs=tmp_path, folder=folder, train=full_size_trainings.its_rate
    )
    (folder / "report-cnn" / FULL_SIZE).unlink()


def test_fewer_settings_at_full_size_leave_the_rows_of_more(
    done: tuple[Path, SearchResults], train: Callable[..., pd.DataFrame]
) -> None:
    folder, found = done
    five = train(found, 5)
    found = read_search("report-cnn", folder)
    three = train(found, 3)
    pd.testing.assert_frame_equal(three, five, check_dtype=False, rtol=1e-4)
    pd.testing.assert_frame_equal(read_search("report-cnn", folder).full_size, five, check_dtype=False, rtol=1e-4)
    # The study was made anew: number and value name another trial now.
    others = replace(found, trials=found.trials.assign(value=found.trials["value"] + 0.001))
    assert len(train(others, 2)) == 2


def test_a_setting_measured_at_full_size_is_not_trained_again_though_its_run_is_gone(
    done: tuple[Path, SearchResults], train: Callable[..., pd.DataFrame], tmp_path: Path
) -> None:
    folder, found = done
    three = train(found, 3)
    found, elsewhere = read_search("report-cnn", folder), tmp_path / "elsewhere"
    elsewhere.mkdir()
    told: dict[str, int] = {}
    five = train(found, 5, runs=elsewhere, reached=lambda name, value, done: told.update({name: done}))
    assert 0 < len(told) < 5, "the best and the worst are among three as among five"
    assert list(told.values()) == list(range(6 - len(told), 6))
    assert sorted(path.name for path in elsewhere.iterdir()) == sorted(told)
    assert len(five) == len(three) + len(told)
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
    folder, found = done
    four = partial(train, found, 4, threads=1, train=full_size_trainings.dies_once)
    with pytest.raises(TrainingError, match=r"stopped with 1 of 4 settings untrained; .* The same command goes on"):
        four(workers=2)
    assert len(read_search("report-cnn", folder).full_size) == 3
    assert len(four()) == 4


def test_the_winner_is_the_best_on_validation_at_full_size_and_says_what_was_tried(
    done: tuple[Path, SearchResults],
    train: Callable[..., pd.DataFrame],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, found = done
    full = train(found, 3, workers=2, threads=1)
    best = full.iloc[full["full_value"].to_numpy().argmax()]
    assert best["full_value"] > full["full_value"].iloc[0], "another than the best trial"
    found = read_search("report-cnn", folder)
    # No store is opened, and no bundle: what a network does on fold 1 cannot have a part.
    monkeypatch.setattr(Store, "__init__", None)
    monkeypatch.setattr(bundles, "open_bundle", None)
    winner = full_size.write_winner(found, tmp_path, folder=tmp_path, models=tmp_path)
    assert winner.training.learning_rate == pytest.approx(best["full_value"])
    assert (winner.split, winner.by_patient, winner.limits) == ("fold-1", None, [])
    cheap, at_full_size, held_out = winner.notes
    assert f"20 by tpe, best {found.best('tpe')['value']:.4f} (trial {found.best('tpe')['trial']})" in cheap
    assert f"20 by genetic, best {found.best('genetic')['value']:.4f}" in cheap
    assert "within folds 2 to 5, judged by val_accuracy" in cheap
    assert ", ".join(f"{value:.4f}" for value in full["full_value"]) in at_full_size
    assert f"of trial {best['trial']} of {best['sampler']} ({best['value']:.4f} as a trial)" in at_full_size
    assert held_out == "Fold 1 had no part in the search or in the choice."
    assert winner.title == "Report CNN, searched"


def test_the_own_setting_at_full_size_is_the_run_of_the_untuned_recipe_by_patient() -> None:
    plan = load_plan("report-unet")
    own = pd.Series({"sampler": "tpe", "trial": 0, **plan.start})
    assert full_size.full_size_recipe(plan, own) == load_recipe("report-unet-patients")
    other = full_size.full_size_recipe(plan, pd.Series({**own, "dropout": 0.2}))
    assert (other.name, other.network["options"]["dropout"]) == ("report-unet-tpe-0", 0.2)
    # Another epoch is kept of it than the untuned recipe keeps.
    plan = load_plan("report-cnn")
    own = pd.Series({"sampler": "tpe", "trial": 0, **plan.start})
    kept = full_size.full_size_recipe(plan, own)
    assert (kept.name, kept.training.keep) == ("report-cnn-tpe-0", "val_accuracy")
    assert kept.network == load_recipe("report-cnn-patients").network and not kept.training.augmentation


def test_a_winner_says_nothing_of_the_untuned_recipes_own_split(
    done: tuple[Path, SearchResults], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = done[1]
    plan = replace(load_plan("report-unet"), space={"batch": [8, 32]}, start={"batch": 32})
    trials = pd.DataFrame([{"sampler": "tpe", "trial": 0, "state": COMPLETE, "value": 0.6, "batch": 8}])
    full = trials[["sampler", "trial", "value"]].assign(full_value=0.7)
    (tmp_path / "report-unet-tpe-0").mkdir()
    winner = full_size.write_winner(
        replace(found, plan=plan, trials=trials, full_size=full), tmp_path, folder=tmp_path, models=tmp_path
    )
    untuned = load_recipe("report-unet")
    assert untuned.limits and untuned.notes and untuned.by_patient
    assert not set(winner.notes) & set(untuned.notes)
    assert (winner.limits, winner.by_patient) == ([], None)
    text = (tmp_path / "report-unet-searched.toml").read_text()
    assert "Table" not in text and "by slice" not in text


def test_the_recipes_own_setting_is_no_winner_over_itself(done: tuple[Path, SearchResults], tmp_path: Path) -> None:
    found = done[1]
    own = found.trials[found.own & (found.trials["state"] == COMPLETE)].iloc[:1]
    other = found.trials[~found.own].iloc[:1]
    full = pd.concat([own.assign(full_value=0.8), other.assign(full_value=0.7)])
    found = replace(found, full_size=full[["sampler", "trial", "value", "full_value"]])
    best = best_at_full_size(found)
    assert best is not None and best["own"] and best["full_value"] == 0.8
    with pytest.raises(TrainingError, match="has no winner but the recipe itself"):
        full_size.write_winner(found, tmp_path, folder=tmp_path, models=tmp_path)
    assert not list(tmp_path.iterdir())


def test_at_full_size_no_slice_of_the_held_out_fold_is_read(
    done: tuple[Path, SearchResults], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, found = done
    data = tiny.data_set(30)
    monkeypatch.setattr(splits, "index_table", lambda: data.table)
    read: set[int] = set()

    def noted(method: Callable[[Store, int], np.ndarray]) -> Callable[[Store, int], np.ndarray]:
        return lambda store, number: read.add(number) or method(store, number)

    for name in ("pixels", "mask", "border", "class_name"):
        monkeypatch.setattr(Store, name, noted(getattr(Store, name)))
    monkeypatch.setattr(full_size, "run_training", lambda recipe, train, validation, folder, **options: None)
    recipe = full_size.full_size_recipe(found.plan, found.best())
    full_size.train_recipe(recipe, data.write(tmp_path / "store.h5"), tmp_path, lambda *progress: None)
    part = splits.split_parts(found.plan.split)
    assert read == set(part.index[part != "test"])


def test_without_a_full_size_training_there_is_no_winner(done: tuple[Path, SearchResults], tmp_path: Path) -> None:
    folder, _ = done
    with pytest.raises(TrainingError, match="no trial is trained at full size"):
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


def test_a_full_size_table_is_read_with_its_search(done: tuple[Path, SearchResults]) -> None:
    folder, found = done
    rows = full_size.choose_trials(found, 2)[["sampler", "trial", "value"]].assign(full_value=np.array([0.9, 0.8]))
    path = folder / "report-cnn" / FULL_SIZE
    write_table(path, rows)
    assert read_search("report-cnn", folder).full_size["full_value"].tolist() == [0.9, 0.8]
    path.unlink()
