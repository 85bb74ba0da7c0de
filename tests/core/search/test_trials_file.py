"""The files of a study's trials: written, their importance, and restored into a new study."""

from pathlib import Path

import optuna
import pandas as pd
import pytest
from optuna.trial import FrozenTrial, TrialState

from core.errors import TrainingError
from core.search.names import TRIALS
from core.search.plan import SAMPLERS, suggest_setting
from core.search.results import ALL_SAMPLERS, STOPPED, SearchResults, read_search
from core.search.study import EPOCHS_RUN, STOPPED_EARLY, existing_studies, open_study, study_progress, trial_budget
from core.search.trials_file import export_trials, restore_trials
from core.search.worker import run_worker
from tests.core.search import trials as search_trials
from tests.core.search.trials import write_plan


def test_every_finished_trial_is_a_row_with_its_setting(done: tuple[Path, SearchResults]) -> None:
    _, results = done
    table = results.trials
    assert table.groupby("sampler").size().to_dict() == {"tpe": 24, "genetic": 24}
    assert results.samplers == ["tpe", "genetic"]
    assert set(results.settings) == {"learning_rate", "batch"}
    assert table["value"].notna().all()
    assert set(table["batch"]) == {15, 30}
    assert table["generation"][table["sampler"] == "tpe"].isna().all()
    assert (table["epochs_run"][table["state"] == STOPPED] < search_trials.EPOCHS).all()


def test_the_importance_is_that_of_what_matters(done: tuple[Path, SearchResults]) -> None:
    _, results = done
    for shares in (results.importance["tpe"], results.importance[ALL_SAMPLERS]):
        assert shares["learning_rate"] > shares["batch"]
        assert sum(shares.values()) == pytest.approx(1, abs=1e-3)


def test_few_trials_have_no_importance(tmp_path: Path) -> None:
    plan, storage = search_trials.plan(), f"sqlite:///{tmp_path / 'study.db'}"
    write_plan(tmp_path)
    run_worker(plan, "tpe", storage, search_trials.quick, 3)
    assert export_trials(plan, existing_studies(plan, storage), tmp_path).importance == {}


def test_settings_that_train_the_same_count_once_in_the_importance(tmp_path: Path) -> None:
    plan = search_trials.plan()
    write_plan(tmp_path)
    study = open_study(plan, "tpe", f"sqlite:///{tmp_path / 'study.db'}")
    rates = [0.001 + 0.0001 * step for step in range(19)]
    for again, shares in ((rates[-1] + 1e-9, False), (rates[-1] + 0.0001, True)):
        for rate in [*rates, again]:
            trial = optuna.trial.FixedTrial({"learning_rate": rate, "batch": 15})
            suggest_setting(plan, trial)
            made = {"params": trial.params, "distributions": trial.distributions, "user_attrs": {EPOCHS_RUN: 6}}
            study.add_trial(optuna.create_trial(value=rate, **made))
        assert bool(export_trials(plan, {"tpe": study}, tmp_path).importance) == shares


def test_a_study_without_a_finished_trial_is_refused(tmp_path: Path) -> None:
    plan = search_trials.plan()
    study = open_study(plan, "tpe", f"sqlite:///{tmp_path / 'study.db'}")
    with pytest.raises(TrainingError, match="no finished trial"):
        export_trials(plan, {"tpe": study}, tmp_path)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[FrozenTrial]]]:
    """A folder of searches with trials of every sampler, one of them failed, and the studies that they are from."""
    folder = tmp_path_factory.mktemp("shipped")
    plan, storage = search_trials.plan(), f"sqlite:///{folder / 'study.db'}"
    write_plan(folder)
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
    assert [(trial.number, trial.state) for trial in study.trials] == [(trial.number, trial.state) for trial in before]
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
    write_plan(tmp_path)
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
        write_plan(tmp_path)
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
    before = {sampler: [trial for trial in trials if trial.state.is_finished()] for sampler, trials in studies.items()}
    there = {sampler: study.trials for sampler, study in existing_studies(plan, storage).items()}
    assert values(there) == values(before)


def values(trials: dict[str, list[FrozenTrial]]) -> dict[str, list[float | None]]:
    """As many digits as ship."""
    return {
        sampler: [trial.value if trial.value is None else round(trial.value, 5) for trial in finished]
        for sampler, finished in trials.items()
    }


def test_where_nothing_ships_a_study_begins_empty(tmp_path: Path) -> None:
    study, _ = made_anew("tpe", tmp_path, tmp_path)
    assert study.trials == []


def test_trials_of_another_plan_are_refused_with_a_sentence(
    shipped: tuple[Path, dict[str, list[FrozenTrial]]], tmp_path: Path
) -> None:
    plan = search_trials.plan(space={"filters": [2, 4], "batch": [15, 30]})
    storage = f"sqlite:///{tmp_path / 'anew.db'}"
    with pytest.raises(TrainingError, match=r"another plan; .*remove the file"):
        restore_trials(plan, storage, shipped[0])
    assert open_study(plan, "tpe", storage).trials == []
