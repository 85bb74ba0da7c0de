"""Histories: what is read from bundles and runs, and the epochs that stand out, on tables worked out by hand."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core.bundles.bundle import open_bundle
from core.config import models_folder
from core.errors import TrainingError
from core.training.checkpoint import STATE_NAME, State, save_state
from core.training.history import (
    RUN_SUFFIX,
    History,
    best_epoch,
    bundle_history,
    default_runs,
    divergence_epoch,
    early_stop,
    find_histories,
    is_stalled,
    joined_histories,
    marked_epochs,
    rate_drops,
    read_history,
    seconds_left,
    settled_epoch,
)
from core.training.recipe import Training, load_recipe

NAN = float("nan")


def table(*val_loss: float, **columns: list[float]) -> pd.DataFrame:
    """A history with these validation losses; other columns as given, else plain."""
    count = len(val_loss)
    made: dict[str, Any] = {
        "epoch": range(1, count + 1),
        "loss": [0.5] * count,
        "val_loss": list(val_loss),
        "learning_rate": [0.001] * count,
        "seconds": [60.0] * count,
    }
    return pd.DataFrame({**made, **columns})


def plan(**changes: Any) -> Training:
    """How the report's classifier is trained, in ten epochs unless changed."""
    return load_recipe("report-cnn").training.model_copy(update={"epochs": 10, **changes})


def history(epochs: pd.DataFrame, **fields: Any) -> History:
    made = {"name": "a", "tasks": ("classification",), "plan": plan(), "kept": None, "finished": True}
    return History(**{**made, "table": epochs, **fields})


def write_run(runs: Path, name: str, epochs: pd.DataFrame, *, finished: bool | None = None, planned: int = 10) -> Path:
    """A run's folder; with a state unless ``finished`` is None."""
    folder = runs / name
    folder.mkdir(parents=True)
    if finished is not None:
        recipe = {"task": "classification", "training": plan(epochs=planned).model_dump(exclude_unset=True)}
        rows = epochs.to_dict("records")
        save_state(folder, State([], [], [], None, 0, rows, {}, finished, recipe))
    epochs.to_csv(folder / "history.csv", index=False, float_format="%.6g")
    return folder


def shipped(models: Path, *names: str) -> Path:
    models.mkdir()
    for name in names:
        (models / name).symlink_to(models_folder() / name)
    return models


# Reading a file


def test_a_history_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    table(0.9, 0.8).to_csv(path, index=False)
    read = read_history(path)
    assert read["epoch"].tolist() == [1, 2] and read["epoch"].dtype == int
    assert read["val_loss"].tolist() == [0.9, 0.8]


def test_a_last_line_half_written_is_left_out_wherever_it_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    text = table(0.9, 0.8, 0.725).to_csv(index=False, lineterminator="\n")
    start = text.rindex("3,")
    for end in range(start, len(text)):
        path.write_text(text[:end])
        assert read_history(path)["val_loss"].tolist() == [0.9, 0.8], text[start:end]
    path.write_text(text)
    assert read_history(path)["val_loss"].tolist() == [0.9, 0.8, 0.725]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no table of numbers"),
        (b"epoch,loss", "no table of numbers"),
        (b"epoch,loss,val_loss,learning_rate,seconds\n1,0.5,0.", "it lacks epochs"),
        (b"epoch,loss\n1,0.5\n", "it lacks val_loss, learning_rate and seconds"),
        (b"epoch,loss,val_loss,learning_rate,seconds\n1,a,b,c,d\n", "no table of numbers"),
        (b"\xff\xfe\x00\n", "it lacks epoch"),
        (b"epoch,loss,val_loss,learning_rate,seconds\n,1,1,1,1\n", "not numbered from 1 on"),
    ],
)
def test_what_is_no_history_is_refused_in_a_sentence(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "history.csv"
    path.write_bytes(content)
    with pytest.raises(TrainingError, match="no training history") as error:
        read_history(path)
    assert why in str(error.value)


# Epochs that stand out


def test_the_best_epoch_is_the_first_lowest_loss_or_the_first_highest_score() -> None:
    epochs = table(0.9, 0.4, NAN, 0.4, 0.7, val_dice=[0.1, 0.2, 0.6, 0.6, 0.5])
    assert best_epoch(epochs, "val_loss") == 2
    assert best_epoch(epochs, "val_dice") == 3
    assert best_epoch(epochs, "last") == 5
    assert best_epoch(epochs, "val_iou") is None
    assert best_epoch(table(NAN, NAN), "val_loss") is None


def test_a_rate_that_falls_in_steps_has_drops_and_a_smooth_one_has_none() -> None:
    steps = table(1, 1, 1, 1, 1, 1, learning_rate=[1e-3, 1e-3, 5e-4, 5e-4, 5e-4, 2.5e-4])
    assert rate_drops(steps) == [3, 6]
    cosine = table(1, 1, 1, 1, 1, learning_rate=[1e-3, 9.9e-4, 9.5e-4, 9e-4, 8e-4])
    assert rate_drops(cosine) == []
    rising = table(1, 1, 1, 1, learning_rate=[1e-4, 1e-4, 1e-3, 1e-3])
    assert rate_drops(rising) == []
    assert rate_drops(table(1)) == []


def test_validation_loss_settles_where_it_first_comes_near_its_last_value() -> None:
    assert settled_epoch(table(1.0, 0.43, 0.42, 0.5, 0.4)) == 3
    assert settled_epoch(table(1.0, 0.43, 0.42, 0.5, 0.4), within=0.03) == 2
    # 0.13 - 0.11 is a little more than 0.02 in binary.
    assert settled_epoch(table(0.13, 0.11)) == 1
    assert settled_epoch(table(0.3, 0.5, 0.6)) == 3, "the last epoch, where it was never near before"
    assert settled_epoch(table(0.3, NAN)) is None


def test_training_and_validation_part_for_good() -> None:
    assert divergence_epoch(table(1, 0.8, 0.7, 0.6, 0.6, loss=[2, 0.7, 0.75, 0.5, 0.4])) == 4
    assert divergence_epoch(table(1, 0.8, loss=[0.9, 0.7])) == 1
    assert divergence_epoch(table(1, 0.8, loss=[0.9, 0.8])) is None
    assert divergence_epoch(table(1, NAN, loss=[0.9, 0.8])) is None


def test_a_training_stopped_early_if_it_is_over_before_its_last_epoch() -> None:
    epochs = table(1, 1, 1)
    assert early_stop(history(epochs)) == 3
    assert early_stop(history(epochs, finished=False)) is None
    assert early_stop(history(epochs, plan=plan(epochs=3))) is None
    assert early_stop(history(epochs, plan=None)) is None


def test_marks_that_depend_on_the_end_wait_for_it() -> None:
    epochs = table(0.9, 0.5, 0.4, 0.41, learning_rate=[1e-3, 1e-3, 1e-3, 5e-4])
    over = marked_epochs(history(epochs, kept=3))
    assert over == {"settled": [3], "lowered": [4], "stopped": [4], "kept": [3]}
    going_on = marked_epochs(history(epochs, kept=3, finished=False))
    assert going_on == {"settled": [], "lowered": [4], "stopped": [], "kept": [3]}


def test_the_reports_networks_are_marked_as_their_cards_say() -> None:
    cnn, by_patient, unet = (
        bundle_history(open_bundle(name)) for name in ("report-cnn", "report-cnn-patients", "report-unet")
    )
    for one in (cnn, by_patient, unet):
        assert one.kept == best_epoch(one.table, one.keep), one.name
        assert one.epochs_run == open_bundle(one.name).card.training.epochs_run
    assert early_stop(cnn) is None and early_stop(by_patient) == by_patient.epochs_run
    assert rate_drops(cnn.table) and not rate_drops(unet.table), "the U-Net's rate follows a cosine"


# A run that goes on


def test_the_time_left_follows_the_last_epochs_and_not_one_pause() -> None:
    seconds = [500.0, 500, 60, 60, 900, 60, 60]
    assert seconds_left(history(table(*[1.0] * 7, seconds=seconds))) == 3 * 60
    assert seconds_left(history(table(1.0), plan=None)) is None


def test_a_run_stands_still_after_three_times_its_longest_epoch() -> None:
    epochs = table(1, 1, 1, seconds=[10, 100, 20])
    going_on = history(epochs, finished=False, written=1000.0)
    assert not is_stalled(going_on, 1300.0)
    assert is_stalled(going_on, 1301.0)
    assert not is_stalled(history(epochs, finished=True, written=1000.0), 9999.0)
    assert not is_stalled(history(epochs, finished=False), 9999.0)


# Finding


def test_runs_are_looked_for_beside_the_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SLICESCOPE_DATA", str(tmp_path))
    assert default_runs() == tmp_path / "runs"


def test_defaults_come_first_then_other_bundles_then_runs(tmp_path: Path) -> None:
    models = shipped(tmp_path / "models", "report-cnn-patients", "report-unet", "report-cnn")
    write_run(tmp_path / "runs", "another", table(0.9, 0.8), finished=True)
    histories, problems = find_histories(models, tmp_path / "runs")
    assert [one.name for one in histories] == ["report-cnn", "report-unet", "report-cnn-patients", "another"]
    assert [one.tasks for one in histories[:2]] == [("classification",), ("segmentation",)]
    assert all(one.finished for one in histories) and not problems


def test_with_nothing_there_nothing_is_found(tmp_path: Path) -> None:
    assert find_histories(tmp_path / "models", tmp_path / "runs") == ([], [])


def test_a_run_with_epochs_to_come_goes_on(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "runs", "new", table(0.9, 0.7, 0.8), finished=False)
    os.utime(folder / "history.csv", (5000, 5000))
    (one,), _ = find_histories(tmp_path / "models", tmp_path / "runs")
    assert not one.finished and one.written == 5000
    assert (one.epochs_run, one.epochs_planned, one.kept) == (3, 10, 2)


def test_a_run_is_over_only_when_its_history_has_the_last_epoch_too(tmp_path: Path) -> None:
    whole = table(0.9, 0.7, 0.8)
    folder = write_run(tmp_path / "runs", "new", whole, finished=True)
    (one,), _ = find_histories(tmp_path / "models", tmp_path / "runs")
    assert one.finished and early_stop(one) == 3
    # The state is written before the history: a reader may come between.
    whole.head(2).to_csv(folder / "history.csv", index=False)
    (one,), _ = find_histories(tmp_path / "models", tmp_path / "runs")
    assert not one.finished and one.epochs_run == 2


@pytest.mark.parametrize("broken", [None, b"", b"PK\x03\x04 cut"])
def test_a_run_whose_state_cannot_be_read_is_judged_by_its_recipe(tmp_path: Path, broken: bytes | None) -> None:
    planned = load_recipe("report-cnn").training.epochs
    folder = write_run(tmp_path / "runs", "report-cnn", table(*[0.5] * (planned - 1)))
    if broken is not None:
        (folder / STATE_NAME).write_bytes(broken)
    (one,), _ = find_histories(tmp_path / "models", tmp_path / "runs")
    assert not one.finished and one.epochs_planned == planned
    table(*[0.5] * planned).to_csv(folder / "history.csv", index=False)
    (one,), _ = find_histories(tmp_path / "models", tmp_path / "runs")
    assert one.finished


def test_a_run_of_which_only_the_history_is_known_is_shown(tmp_path: Path) -> None:
    write_run(tmp_path / "runs", "unheard-of", table(0.9, 0.7, dice=[0.1, 0.2], val_dice=[0.1, 0.2]))
    (one,), _ = find_histories(tmp_path / "models", tmp_path / "runs")
    assert one.tasks == ("segmentation",) and one.epochs_planned is None and one.finished


def test_a_run_that_cannot_be_read_yet_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "runs" / "young").mkdir(parents=True)
    (tmp_path / "runs" / "young" / "history.csv").write_text("epoch,loss")
    (tmp_path / "runs" / "empty").mkdir()
    assert find_histories(tmp_path / "models", tmp_path / "runs") == ([], [])


def test_the_run_a_bundle_was_made_from_is_not_shown_twice(tmp_path: Path) -> None:
    models = shipped(tmp_path / "models", "report-cnn")
    whole = bundle_history(open_bundle("report-cnn")).table
    folder = write_run(tmp_path / "runs", "report-cnn", whole, finished=True)
    assert [one.name for one in find_histories(models, tmp_path / "runs")[0]] == ["report-cnn"]
    shutil.rmtree(folder)
    write_run(tmp_path / "runs", "report-cnn", whole.head(4), finished=False, planned=20)
    shown = find_histories(models, tmp_path / "runs")[0]
    assert [one.name for one in shown] == ["report-cnn", f"report-cnn{RUN_SUFFIX}"]
    assert [one.finished for one in shown] == [True, False]


def test_without_other_folders_the_projects_own_bundles_are_found_beside_the_runs(tmp_path: Path) -> None:
    write_run(tmp_path, "report-cnn", table(0.9, 0.7))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "history.csv").write_text("nothing")
    histories, problems = find_histories(runs=tmp_path)
    by_name = {one.name: one for one in histories}
    assert not problems and len(by_name) == len(histories) and "broken" not in by_name
    assert by_name["report-cnn"].finished and not by_name[f"report-cnn{RUN_SUFFIX}"].finished


def test_a_bundle_without_its_history_is_told_beside_the_others(tmp_path: Path) -> None:
    models = shipped(tmp_path / "models", "report-unet")
    (models / "report-cnn").mkdir()
    shutil.copy(models_folder() / "report-cnn" / "card.json", models / "report-cnn")
    histories, problems = find_histories(models, tmp_path / "runs")
    assert [one.name for one in histories] == ["report-unet"]
    assert len(problems) == 1 and "'report-cnn'" in problems[0] and "history.csv" in problems[0]


def test_a_network_of_several_tasks_has_them_and_a_loss_for_each() -> None:
    one = bundle_history(open_bundle("unified-unet"))
    assert one.tasks == ("classification", "segmentation", "presence")
    assert one.plan and len(one.plan.losses) == 3


@pytest.mark.parametrize("change", [{"loss": 3}, {"epochs": "many"}, {"keep": ["val_loss"]}, {"sizes": 3}])
def test_a_card_whose_training_makes_no_sense_is_told_beside_the_others(tmp_path: Path, change: dict[str, Any]) -> None:
    models = shipped(tmp_path / "models", "report-unet")
    shutil.copytree(models_folder() / "report-cnn", models / "report-cnn", ignore=shutil.ignore_patterns("*.keras"))
    card = json.loads((models / "report-cnn" / "card.json").read_text())
    card["training"]["recipe"] |= change
    (models / "report-cnn" / "card.json").write_text(json.dumps(card))
    histories, problems = find_histories(models, tmp_path / "runs")
    assert [one.name for one in histories] == ["report-unet"]
    assert len(problems) == 1 and "'report-cnn'" in problems[0] and next(iter(change)) in problems[0]


def test_tables_stand_below_each_other_with_their_runs_name() -> None:
    first = history(table(0.9, 0.8))
    second = history(table(0.7, dice=[0.3]), name="b")
    joined = joined_histories([first, second])
    assert joined["run"].tolist() == ["a", "a", "b"] and joined.columns[0] == "run"
    assert joined["val_loss"].tolist() == [0.9, 0.8, 0.7]
    assert joined["dice"].isna().tolist() == [True, True, False]
