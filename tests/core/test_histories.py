"""Training histories: what is marked in them, and runs that are under way or cut short."""

from pathlib import Path

import pandas as pd
import pytest

from core import histories
from core.bundles import open_bundle
from core.errors import TrainingError
from core.histories import History, best_epoch, early_stop, parting_epoch, rate_drops, read_history, settled_epoch

HEAD = "epoch,accuracy,loss,val_accuracy,val_loss,learning_rate,seconds\n"
ROWS = "1,0.5,1.0,0.5,0.9,0.001,10\n2,0.6,0.8,0.6,0.7,0.001,12\n"


def table(val_loss: list[float], *, loss: list[float] | None = None, rate: list[float] | None = None) -> pd.DataFrame:
    count = len(val_loss)
    return pd.DataFrame(
        {
            "epoch": range(1, count + 1),
            "loss": loss or [1.0] * count,
            "val_loss": val_loss,
            "val_accuracy": [1 - value for value in val_loss],
            "learning_rate": rate or [0.001] * count,
            "seconds": [10.0] * count,
        }
    )


def history(rows: pd.DataFrame, *, epochs: int, finished: bool = True, written: float | None = None) -> History:
    return History("made-up", "classification", rows, {"epochs": epochs}, 1, finished, written)


def test_the_kept_epoch_of_every_bundle_is_the_best_by_what_its_recipe_keeps() -> None:
    for name in ("report-cnn", "report-cnn-patients", "report-unet"):
        found = histories.of_bundle(open_bundle(name))
        assert found.finished and found.epochs_run == len(found.table)
        assert found.kept == best_epoch(found.table, found.keep)


def test_the_best_epoch_is_the_first_of_equal_ones_and_none_where_nothing_is_a_number() -> None:
    rows = table([0.5, 0.3, 0.3])
    assert best_epoch(rows, "val_loss") == 2 == best_epoch(rows, "val_accuracy")
    assert best_epoch(rows, "last") == 3
    assert best_epoch(table([float("nan")]), "val_loss") is None


def test_rate_drops_are_steps_and_not_a_smooth_schedule() -> None:
    assert rate_drops(table([1.0] * 5, rate=[1e-3, 1e-3, 5e-4, 5e-4, 2.5e-4])) == [3, 5]
    assert rate_drops(table([1.0] * 4, rate=[4e-4, 3e-4, 2e-4, 1e-4])) == []


def test_only_a_finished_run_that_planned_more_stopped_early() -> None:
    assert early_stop(history(table([1.0, 0.9]), epochs=5)) == 2
    assert early_stop(history(table([1.0, 0.9]), epochs=2)) is None
    assert early_stop(history(table([1.0, 0.9]), epochs=5, finished=False)) is None


def test_the_loss_settles_where_it_first_comes_within_two_hundredths_of_its_end() -> None:
    assert settled_epoch(table([0.9, 0.52, 0.6, 0.5])) == 2
    assert settled_epoch(table([0.9, 0.6, 0.5])) == 3


def test_training_and_validation_part_where_training_stays_below() -> None:
    assert parting_epoch(table([0.9, 0.8, 0.7], loss=[1.0, 0.7, 0.6])) == 2
    assert parting_epoch(table([0.9, 0.8], loss=[1.0, 0.9])) is None


def test_the_time_left_follows_the_median_pace() -> None:
    rows = table([1.0, 0.9, 0.8]).assign(seconds=[10, 500, 12])
    assert histories.seconds_left(history(rows, epochs=5, finished=False)) == 2 * 12


def test_a_run_without_news_for_long_stands_still() -> None:
    run = history(table([1.0, 0.9]), epochs=5, finished=False, written=1000.0)
    assert not histories.stands_still(run, 1020)
    assert histories.stands_still(run, 1031)


def test_a_line_that_is_being_written_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text(HEAD + ROWS + "3,0.7,0.")
    assert read_history(path)["epoch"].tolist() == [1, 2]


@pytest.mark.parametrize("text", ("", HEAD, "epoch,loss\n1,2\n", HEAD + "1,a,b,c,d,e,f\n"))
def test_what_is_no_history_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "history.csv"
    path.write_text(text)
    with pytest.raises(TrainingError, match="no training history"):
        read_history(path)


def test_a_run_under_way_is_found_beside_the_bundles_and_a_broken_one_is_not(tmp_path: Path) -> None:
    for name, text in (("report-cnn-tuned", HEAD + ROWS), ("broken", "nothing"), ("report-cnn", HEAD + ROWS)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "history.csv").write_text(text)
    found, problems = histories.find(runs=tmp_path)
    assert not problems
    by_name = {one.name: one for one in found}
    assert "broken" not in by_name
    assert by_name["report-cnn"].finished and not by_name["report-cnn (run)"].finished
    assert by_name["report-cnn (run)"].epochs_planned == 20
    assert len(by_name) == len(found)
