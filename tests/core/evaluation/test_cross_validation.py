"""Folds collected in one bundle: metrics by hand, similar patient ids left out, and refusals."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.bundles.bundle import (
    CARD,
    CROSS_VALIDATION,
    CROSS_VALIDATION_HISTORY,
    FOLD_VALIDATION,
    PREDICTIONS,
    Bundle,
    open_bundle,
)
from core.bundles.card_update import update_card
from core.config import CLASSES, TASKS
from core.dataset import splits
from core.dataset.splits import FOLD_SPLITS
from core.errors import TrainingError
from core.evaluation.cross_validation import (
    collect_folds,
    find_trained,
    fold_recipe,
    has_similar_id,
    metrics_over_folds,
    put_run_aside,
    stored_folds,
    summarise_folds,
)
from core.files import write_table
from core.training.checkpoint import save_state
from core.training.export import export_bundle
from tests.core import tiny


def predictions(split: str, *, wrong: float, seed: int) -> pd.DataFrame:
    """A row a slice of the real index, with made-up predictions of which about a share ``wrong`` is wrong."""
    random = np.random.default_rng(seed)
    index = splits.index_table()
    table = index[["slice", "patient"]].assign(part=index[split], true=index["class"])
    true = table["true"].map(CLASSES.index).to_numpy()
    predicted = (true + (random.random(len(true)) < wrong)) % 3
    probabilities = np.full((len(true), 3), 0.2)
    probabilities[np.arange(len(true)), predicted] = 0.6
    table["predicted"] = [CLASSES[label] for label in predicted]
    table[[f"p_{name}" for name in CLASSES]] = probabilities
    true_px = index["tumour_px"].to_numpy()
    predicted_px = np.where(random.random(len(true)) < wrong, 0, true_px + 10)
    both = np.where(predicted_px > 0, true_px, 0)
    dice = 2 * both / (true_px + predicted_px)
    return table.assign(dice=dice, iou=dice / (2 - dice), true_px=true_px, predicted_px=predicted_px)


def a_fold(number: int, runs: Path, models: Path) -> Bundle:
    """The tiny bundle of a fold, with made-up predictions."""
    recipe, folder = fold_recipe(tiny.recipe("unified-unet-1", name="unified-unet"), number, runs, models)
    bundle = export_bundle(recipe, tiny.finished_state(recipe), folder)
    write_table(bundle.folder / PREDICTIONS, predictions(recipe.split, wrong=0.05 * number, seed=number))
    tiny.with_test_metrics(bundle)
    return open_bundle(bundle.name, folder)


@pytest.fixture(scope="module")
def two_folds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bundle, dict[int, Bundle], dict]:
    folder = tmp_path_factory.mktemp("folds")
    folds = {number: a_fold(number, folder / "runs", folder / "models") for number in (1, 3)}
    card = collect_folds(folds[1], folds)
    return open_bundle("unified-unet", folder / "models"), folds, card.as_dict()["metrics"]["cross_validation"]


def test_the_recipes_own_fold_is_its_own_run_and_bundle(tmp_path: Path) -> None:
    recipe = tiny.recipe("unified-unet-1", name="unified-unet")
    own, models = fold_recipe(recipe, 1, tmp_path / "runs", tmp_path / "models")
    assert own is recipe
    assert models == tmp_path / "models"
    other, models = fold_recipe(recipe, 2, tmp_path / "runs", tmp_path / "models")
    assert (other.name, other.split) == ("unified-unet-fold-2", "fold-2")
    assert models != tmp_path / "models"


def test_each_slice_counts_in_the_fold_that_held_it_out(two_folds) -> None:
    bundle, _folds, metrics = two_folds
    table = pd.read_csv(bundle.path(CROSS_VALIDATION))
    index = splits.index_table()
    assert table["slice"].tolist() == sorted(index["slice"][index["fold"].isin([1, 3])])
    assert (table["fold"].to_numpy() == index.set_index("slice")["fold"][table["slice"]].to_numpy()).all()
    assert metrics["folds_done"] == [1, 3]
    assert metrics["slices"] == [int((index["fold"] == number).sum()) for number in (1, 3)]


def test_metrics_by_hand(two_folds) -> None:
    _, _folds, metrics = two_folds
    for place, number in enumerate((1, 3)):
        table = predictions(FOLD_SPLITS[number - 1], wrong=0.05 * number, seed=number)
        table = table[table["part"] == "test"]
        right = table["true"] == table["predicted"]
        by_hand = {
            "accuracy": right.mean(),
            "recall_glioma": right[table["true"] == "glioma"].mean(),
            "dice_mean": table["dice"].mean(),
            "dice_median": table["dice"].median(),
            "iou_mean": table["iou"].mean(),
            "missed": (table["predicted_px"] == 0).mean(),
        }
        both = np.where(table["predicted_px"] > 0, table["true_px"], 0).sum()
        by_hand["dice_pooled"] = 2 * both / (table["true_px"].sum() + table["predicted_px"].sum())
        means = table.groupby("patient")[[f"p_{name}" for name in CLASSES]].mean().to_numpy().argmax(axis=1)
        by_hand["patient_accuracy"] = (
            np.array(CLASSES)[means] == table.groupby("patient")["true"].first().to_numpy()
        ).mean()
        for name, value in by_hand.items():
            assert metrics[name]["folds"][place] == pytest.approx(value, abs=1e-5), name
    for figure in ("accuracy", "macro_f1", "dice_mean", "dice_pooled", "patient_accuracy", "missed"):
        values = metrics[figure]["folds"]
        assert metrics[figure]["mean"] == pytest.approx(sum(values) / 2)
        assert metrics[figure]["std"] == pytest.approx(abs(values[0] - values[1]) / 2**0.5)


def test_one_fold_has_no_standard_deviation() -> None:
    table = predictions("fold-2", wrong=0.1, seed=0)
    metrics = metrics_over_folds(table[table["part"] == "test"].assign(fold=2), TASKS)
    assert metrics["accuracy"]["std"] is None
    assert len(metrics["accuracy"]["folds"]) == 1


def test_652_slices_are_of_patients_with_a_similar_id_in_another_fold(two_folds) -> None:
    index = splits.index_table()
    assert has_similar_id(index).sum() == 652
    _, _, metrics = two_folds
    for place, number in enumerate((1, 3)):
        mine = index[index["fold"] == number]
        alone = [group not in set(index["patient_group"][index["fold"] != number]) for group in mine["patient_group"]]
        assert metrics["without_letter_twins"]["slices"][place] == sum(alone)


def test_histories_of_all_folds_are_stored(two_folds) -> None:
    bundle, _folds, _ = two_folds
    history = pd.read_csv(bundle.path(CROSS_VALIDATION_HISTORY))
    assert history["fold"].tolist() == [1, 3]
    assert {"epoch", "loss", "val_loss"} <= set(history)


def test_one_temperature_is_fitted_on_the_validation_slices_of_all_folds(two_folds) -> None:
    bundle, _folds, metrics = two_folds
    table = pd.read_csv(bundle.path(FOLD_VALIDATION))
    index = splits.index_table()
    for number in (1, 3):
        own = index["slice"][index[FOLD_SPLITS[number - 1]] == "validation"]
        assert sorted(table["slice"][table["fold"] == number]) == sorted(own)
    calibration = metrics["calibration"]
    # The made-up predictions are right in 90 % of the cases and state 60 %.
    assert calibration["slices"] == len(table)
    assert calibration["temperature"] < 1
    assert calibration["before"] == pytest.approx(0.3, abs=0.03) and calibration["after"] < 0.05


def test_without_validation_predictions_of_every_fold_no_temperature_is_stated(kept: Bundle) -> None:
    (kept.folder / FOLD_VALIDATION).unlink()
    files = {name: file for name, file in kept.card.as_dict()["files"].items() if name != FOLD_VALIDATION}
    update_card(kept.folder, {"files": files}, "Kept no validation predictions.")
    card = collect_folds(open_bundle(kept.name, kept.folder.parent), {})
    assert card.metrics.cross_validation.calibration is None and FOLD_VALIDATION not in card.files


def test_a_fold_that_is_done_is_found_and_one_of_another_recipe_is_not(two_folds, tmp_path: Path) -> None:
    _, folds, _ = two_folds
    recipe = tiny.recipe("unified-unet-1", name="unified-unet").on_split("fold-3")
    models = folds[3].folder.parent
    assert find_trained(recipe, models).name == folds[3].name
    assert find_trained(recipe.model_copy(update={"test_time_flip": False}), models) is None
    assert find_trained(tiny.recipe("unified-unet-1", name="unified-unet", epochs=2).on_split("fold-3"), models) is None
    assert find_trained(recipe, tmp_path) is None


def test_a_fold_that_is_trained_is_found_before_it_is_evaluated(tmp_path: Path) -> None:
    bundle, recipe = tiny.unified(tmp_path), tiny.recipe("unified-unet-1", name="unified-unet")
    assert find_trained(recipe, tmp_path) == bundle
    assert not bundle.is_evaluated
    assert find_trained(tiny.recipe("unified-unet-1", name="unified-unet", epochs=2), tmp_path) is None


@pytest.fixture
def kept(two_folds, tmp_path: Path) -> Bundle:
    """A copy of the bundle that keeps folds 1 and 3, with no runs beside it."""
    bundle, _, _ = two_folds
    shutil.copytree(bundle.folder, tmp_path / "models" / bundle.name)
    return open_bundle(bundle.name, tmp_path / "models")


def test_the_metrics_are_computed_again_from_the_bundle_without_the_runs(two_folds, kept: Bundle) -> None:
    _, _, metrics = two_folds
    files = [CARD, CROSS_VALIDATION, CROSS_VALIDATION_HISTORY]
    before = {name: (kept.folder / name).read_bytes() for name in files}
    assert collect_folds(kept, {}).as_dict()["metrics"]["cross_validation"] == metrics
    assert {name: (kept.folder / name).read_bytes() for name in files} == before


def test_a_later_fold_joins_those_that_are_stored(two_folds, kept: Bundle, tmp_path: Path) -> None:
    _, _, before = two_folds
    later = a_fold(2, tmp_path / "runs", tmp_path / "other")
    metrics = collect_folds(kept, {2: later}).as_dict()["metrics"]["cross_validation"]
    assert metrics["folds_done"] == [1, 2, 3]
    assert [metrics["accuracy"]["folds"][place] for place in (0, 2)] == before["accuracy"]["folds"]
    assert metrics["training_seconds"] == {"1": 1.5, "2": 1.5, "3": 1.5}
    history = pd.read_csv(open_bundle(kept.name, kept.folder.parent).path(CROSS_VALIDATION_HISTORY))
    assert history["fold"].tolist() == [1, 2, 3]


def test_stored_folds_of_another_recipe_are_not_taken(kept: Bundle) -> None:
    assert sorted(stored_folds(kept)) == [1, 3]
    other = Bundle(kept.folder, kept.card.changed({"output.test_time_flip": False}))
    assert stored_folds(other) == {}
    with pytest.raises(TrainingError, match=r"no fold of 'unified-unet'.*; .*\.$"):
        collect_folds(other, {})


def test_the_cards_metrics_are_those_of_the_stored_rows(two_folds) -> None:
    bundle, _, metrics = two_folds
    summary = summarise_folds(pd.read_csv(bundle.path(CROSS_VALIDATION)), TASKS)
    assert summary == {name: metrics[name] for name in summary}


def test_a_run_of_another_recipe_is_renamed_and_kept(tmp_path: Path) -> None:
    recipe = tiny.recipe("report-cnn")
    save_state(tmp_path / recipe.name, tiny.finished_state(recipe))
    assert put_run_aside(recipe, tmp_path) is None
    assert put_run_aside(tiny.recipe("report-cnn", epochs=2), tmp_path / "none") is None
    changed = tiny.recipe("report-cnn", epochs=2)
    for number in (1, 2):
        aside = put_run_aside(changed, tmp_path)
        assert aside == tmp_path / f"report-cnn-before-{number}"
        assert aside.is_dir() and not (tmp_path / recipe.name).exists()
        save_state(tmp_path / recipe.name, tiny.finished_state(recipe))


def test_folds_of_another_recipe_or_split_are_refused(two_folds, tmp_path: Path) -> None:
    bundle, folds, _ = two_folds
    with pytest.raises(TrainingError, match=r"fold 2 out\.$"):
        collect_folds(bundle, {1: folds[1], 2: folds[3]})
    other = tiny.unified(tmp_path)
    update_card(other.folder, {"training.recipe": {**other.card.training.recipe, "epochs": 99}}, "Another recipe.")
    with pytest.raises(TrainingError, match=r"fold 1 .*recipe of 'unified-unet'"):
        collect_folds(bundle, {1: open_bundle(other.name, tmp_path)})
    unevaluated = tiny.unified(tmp_path / "fresh")
    with pytest.raises(TrainingError, match="not evaluated yet"):
        collect_folds(bundle, {1: unevaluated})
