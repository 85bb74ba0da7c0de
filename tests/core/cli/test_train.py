"""The commands train, cross-validate and card."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.bundles.bundle import WEIGHTS, open_bundle
from core.cli.main import main
from core.evaluation.cross_validation import fold_recipe
from core.training.checkpoint import save_state
from core.training.export import export_bundle
from core.training.recipe import Recipe
from tests.core import tiny
from tests.core.cli.conftest import Workplace
from tests.core.cli.support import sentence


def test_an_unknown_recipe_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "nothing", "--store", str(tmp_path / "x.h5"), "--runs", str(tmp_path)]) == 1
    assert re.match(r"core train: .* no recipe 'nothing'; .*\breport-cnn\b", sentence(capsys.readouterr().err))


def test_a_finished_run_is_written_without_what_only_its_training_needs(
    workplace: Workplace, use_recipe: Callable[[Recipe], None]
) -> None:
    _, store, models, runs = vars(workplace).values()
    recipe = tiny.recipe("unified-unet")
    assert recipe.network.start and recipe.training.tumour_free, "neither is at hand here"
    use_recipe(recipe)
    save_state(runs / recipe.name, tiny.finished_state(recipe))
    assert main(["train", recipe.name, "--store", str(store), "--runs", str(runs)]) == 0
    assert open_bundle(recipe.name, models).card.training.start == recipe.network.start


def test_folds_are_trained_once_and_collected(
    workplace: Workplace, use_recipe: Callable[[Recipe], None], capsys: pytest.CaptureFixture[str]
) -> None:
    data, store, models, runs = vars(workplace).values()
    recipe = tiny.recipe("report-cnn-patients", epochs=1, batch=6, micro_batch=6)
    use_recipe(recipe)
    where = ["--store", str(store), "--runs", str(runs)]

    assert main(["train", "report-cnn-patients", "--fold", "2", *where]) == 0
    assert "report-cnn-patients-fold-2: 1 epochs" in capsys.readouterr().out
    assert not models.exists(), "a fold that does not ship stays beside the runs"
    trained = (runs / "report-cnn-patients-fold-2" / "state.npz").stat().st_mtime_ns

    command = ["cross-validate", "report-cnn-patients", "--folds", "1", "2", *where]
    assert main(command) == 0
    assert (runs / "report-cnn-patients-fold-2" / "state.npz").stat().st_mtime_ns == trained
    printed = capsys.readouterr().out
    tested = [int((data.table[f"fold-{number}"] == "test").sum()) for number in (1, 2)]
    assert re.search(rf"{sum(tested)}, .*folds 1 and 2\n", printed)
    assert "final letter" in printed
    assert re.search(r"mean ± std +fold 1 +fold 2\n", printed)
    figures = open_bundle("report-cnn-patients").card.metrics.cross_validation
    assert figures.folds_done == [1, 2]
    assert (
        f"accuracy                {figures.figures['accuracy'].mean:.4f} ± {figures.figures['accuracy'].std:.4f}"
        in printed
    )
    own = open_bundle("report-cnn-patients").test_metrics
    assert figures.figures["accuracy"].folds[0] == pytest.approx(own.accuracy)

    # What is done is not done again.
    states = {path: path.stat().st_mtime_ns for path in runs.rglob("*") if path.is_file()}
    assert main(command) == 0
    assert {path: path.stat().st_mtime_ns for path in runs.rglob("*") if path.is_file()} == states
    assert "reading slices" not in capsys.readouterr().out

    # Without the runs too: the bundle keeps their predictions.
    shutil.rmtree(runs)
    assert main(command) == 0
    assert "reading slices" not in capsys.readouterr().out
    assert open_bundle("report-cnn-patients").card.metrics.cross_validation == figures
    assert main(["cross-validate", "report-cnn-patients", "--folds", "1", "4", "5", "--collect", *where]) == 1
    assert open_bundle("report-cnn-patients").card.metrics.cross_validation == figures
    message = sentence(capsys.readouterr().err.splitlines()[-1])
    assert re.match(r"core cross-validate: 'report-cnn-patients' .*folds 4 and 5; ", message)
    assert not runs.exists(), "nothing is trained"


def test_a_fold_that_is_trained_but_not_evaluated_is_not_trained_again(
    workplace: Workplace, use_recipe: Callable[[Recipe], None], capsys: pytest.CaptureFixture[str]
) -> None:
    data, store, models, runs = vars(workplace).values()
    recipe = tiny.recipe("report-cnn-patients")
    use_recipe(recipe)
    other, folder = fold_recipe(recipe, 2, runs, models)
    folds = (recipe, models), (other, folder)
    made = [export_bundle(fold, tiny.finished_state(fold), place) for fold, place in folds]
    weights = [(bundle.folder / WEIGHTS).read_bytes() for bundle in made]
    where = ["--store", str(store), "--runs", str(runs)]
    assert main(["cross-validate", "report-cnn-patients", "--folds", "1", "2", *where]) == 0
    assert "reading slices" not in capsys.readouterr().out
    assert [(bundle.folder / WEIGHTS).read_bytes() for bundle in made] == weights
    assert open_bundle(other.name, folder).test_metrics.slices == (data.table["fold-2"] == "test").sum()
    assert open_bundle("report-cnn-patients").card.metrics.cross_validation.folds_done == [1, 2]


def test_a_fold_of_another_recipe_is_trained_again_and_its_run_kept(
    workplace: Workplace, use_recipe: Callable[[Recipe], None], capsys: pytest.CaptureFixture[str]
) -> None:
    _, store, models, runs = vars(workplace).values()
    recipe = tiny.recipe("report-cnn-patients", epochs=1, batch=6, micro_batch=6)
    use_recipe(recipe)
    before, folder = fold_recipe(tiny.recipe("report-cnn-patients", epochs=2), 2, runs, models)
    save_state(runs / before.name, tiny.finished_state(before))
    export_bundle(before, tiny.finished_state(before), folder)
    where = ["--store", str(store), "--runs", str(runs)]
    command = ["cross-validate", "report-cnn-patients", "--folds", "2", *where]
    assert main(command) == 1
    assert "no bundle 'report-cnn-patients'" in capsys.readouterr().err
    export_bundle(recipe, tiny.finished_state(recipe), models)
    assert main(command) == 0
    assert re.search(rf"{before.name}: .*\b{before.name}-before-1\b", capsys.readouterr().out)
    assert (runs / f"{before.name}-before-1" / "state.npz").is_file()
    assert open_bundle(before.name, folder).card.training.recipe["epochs"] == 1
    assert open_bundle("report-cnn-patients").card.metrics.cross_validation.folds_done == [2]


def test_there_is_no_sixth_fold(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "report-cnn-patients", "--fold", "6"]) == 2
    assert "range 1<=x<=5" in capsys.readouterr().err
