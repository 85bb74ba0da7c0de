"""A recipe on the official folds: one training a fold, and what they say together of patients not trained on.

Each fold is an ordinary run and an ordinary bundle, kept beside the runs and not shipped; the fold that is the
recipe's own split is the recipe's own run. What the bundle keeps of them are the predictions for each fold's
test slices and the histories, and its card their figures: the table is made again from these, runs or no runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.bundles.bundle import (
    CROSS_VALIDATION,
    CROSS_VALIDATION_HISTORY,
    FOLD_BUNDLES,
    HISTORY,
    PREDICTIONS,
    Bundle,
    open_bundle,
    write_card,
)
from core.config import CLASSES, CLASSIFICATION, MODELS, SEGMENTATION
from core.dataset import splits
from core.errors import BundleError, TrainingError
from core.files import write_table
from core.metrics import classification, overlap
from core.metrics.definitions import DEFINITIONS
from core.training.checkpoint import load_state
from core.training.recipe import Recipe, training_settings
from core.training.same_recipe import recipe_fingerprint, same_recipe


@dataclass(frozen=True)
class Fold:
    """What is kept of one fold.

    Attributes:
        predictions: of its test slices, a row each.
        history: of its training, a row an epoch.
        seconds: its training took.
    """

    predictions: pd.DataFrame
    history: pd.DataFrame
    seconds: float


def fold_recipe(recipe: Recipe, number: int, runs: Path, models: Path = MODELS) -> tuple[Recipe, Path]:
    """The recipe with an official fold held out, and the folder for its bundle.

    Args:
        recipe: as it ships.
        number: of the fold, 1 to 5.
        runs: the folder of runs.
        models: the folder of shipped bundles; where the recipe's own split goes.
    """
    made = recipe.on_split(splits.FOLD_SPLITS[number - 1])
    return made, models if made is recipe else runs / FOLD_BUNDLES


def find_trained(recipe: Recipe, models: Path) -> Bundle | None:
    """The bundle of this very recipe and split in a folder, evaluated or not; None where there is none."""
    try:
        bundle = open_bundle(recipe.name, models)
    except BundleError:
        return None
    return bundle if same_recipe(bundle, recipe) and bundle.card["data"]["split"] == recipe.split else None


def find_evaluated(recipe: Recipe, models: Path) -> Bundle | None:
    """As ``trained``, but only a bundle with figures."""
    bundle = find_trained(recipe, models)
    return bundle if bundle and bundle.test_metrics else None


def put_run_aside(recipe: Recipe, runs: Path) -> Path | None:
    """Rename the run of another recipe that stands where this one's would, so that this one can be trained.

    Returns:
        Where it now is; None where none stood in the way.

    Raises:
        TrainingError: the run cannot be read.
    """
    folder = runs / recipe.name
    state = load_state(folder)
    if state is None or training_settings(state.recipe) == recipe.essence:
        return None
    taken = {path.name for path in runs.iterdir()}
    number = next(n for n in range(1, len(taken) + 2) if f"{recipe.name}-before-{n}" not in taken)
    return folder.rename(runs / f"{recipe.name}-before-{number}")


def stored_folds(bundle: Bundle) -> dict[int, Fold]:
    """The folds that a bundle keeps, by number; none if they were trained by another recipe than it now has.

    Raises:
        BundleError: a file is not what the card says.
    """
    found = bundle.card.get("metrics", {}).get("cross_validation")
    if not found or found.get("recipe") != recipe_fingerprint(bundle):
        return {}
    predictions, histories = (
        dict(iter(pd.read_csv(bundle.path(name)).groupby("fold")))
        for name in (CROSS_VALIDATION, CROSS_VALIDATION_HISTORY)
    )
    return {
        number: Fold(
            predictions[number].drop(columns="fold"),
            histories[number].drop(columns="fold"),
            found["training_seconds"][str(number)],
        )
        for number in found["folds_done"]
    }


def collect_folds(bundle: Bundle, folds: dict[int, Bundle]) -> dict[str, Any]:
    """Write what the folds say into the bundle they belong to, beside the folds it already keeps.

    Args:
        bundle: the shipped bundle of the recipe.
        folds: evaluated bundles of the same recipe by the fold that each held out; they replace what is kept of it.

    Returns:
        The new card, with ``metrics.cross_validation``.

    Raises:
        TrainingError: a fold's bundle is of another recipe, another split, or not evaluated; or there is no fold.
        BundleError: a file is not what its card says.
    """
    kept = stored_folds(bundle) | {number: _of_bundle(bundle, number, one) for number, one in folds.items()}
    if not kept:
        raise TrainingError(f"There is no fold of '{bundle.name}' to put together; train and evaluate one.")
    numbers = sorted(kept)
    table = pd.concat([kept[number].predictions.assign(fold=number) for number in numbers], ignore_index=True)
    table = table.sort_values("slice", ignore_index=True)
    write_table(bundle.folder / CROSS_VALIDATION, table)
    histories = [kept[number].history.assign(fold=number) for number in numbers]
    write_table(bundle.folder / CROSS_VALIDATION_HISTORY, pd.concat(histories, ignore_index=True))
    found = {
        "folds_done": numbers,
        **summarise_folds(table, bundle.tasks),
        "training_seconds": {str(number): kept[number].seconds for number in numbers},
        "recipe": recipe_fingerprint(bundle),
        "definitions": DEFINITIONS["cross_validation"],
    }
    card = {**bundle.card, "metrics": {**bundle.card.get("metrics", {}), "cross_validation": found}}
    write_card(bundle.folder, card)
    return card


def _of_bundle(bundle: Bundle, number: int, one: Bundle) -> Fold:
    _require_same(bundle, number, one)
    table = pd.read_csv(one.path(PREDICTIONS))
    tested = table[table["part"] == "test"].drop(columns="part")
    return Fold(tested, pd.read_csv(one.path(HISTORY)), one.card["training"]["seconds"])


def _require_same(bundle: Bundle, number: int, one: Bundle) -> None:
    if not same_recipe(bundle, one):
        raise TrainingError(f"The bundle of fold {number} is not of the recipe of '{bundle.name}'; train it anew.")
    if one.card["data"]["split"] != splits.FOLD_SPLITS[number - 1]:
        raise TrainingError(f"The bundle '{one.name}' does not hold fold {number} out.")
    if not one.test_metrics:
        raise TrainingError(f"The bundle of fold {number} of '{bundle.name}' is not evaluated yet.")


def has_similar_id(table: pd.DataFrame) -> pd.Series:
    """Whether a slice's patient has, in another fold, a namesake that differs by a final letter only.

    Args:
        table: with a column ``slice``.
    """
    index = splits.index_table()
    folds = index.groupby("patient_group")["fold"].nunique()
    group = index.set_index("slice")["patient_group"]
    return table["slice"].map(group).map(folds) > 1


def summarise_folds(table: pd.DataFrame, tasks: Sequence[str]) -> dict[str, Any]:
    """``figures`` of all slices and, under ``without_letter_twins``, of those whose patients have none.

    Args:
        table, tasks: as in ``figures``.
    """
    return {
        **fold_metrics(table, tasks),
        "without_letter_twins": fold_metrics(table[~has_similar_id(table)], tasks),
    }


def fold_metrics(table: pd.DataFrame, tasks: Sequence[str]) -> dict[str, Any]:
    """Figures over folds.

    Args:
        table: test predictions of all folds, with a column ``fold``.
        tasks: what was predicted.

    Returns:
        ``slices`` by fold, and by figure {"mean", "std", "folds"}; ``std`` is None for one fold.
    """
    measured = [_measured(rows, tasks) for _, rows in table.groupby("fold")]
    return {
        "slices": [len(rows) for _, rows in table.groupby("fold")],
        **{name: _over_folds([one[name] for one in measured]) for name in measured[0]},
    }


def _over_folds(values: list[float]) -> dict[str, Any]:
    std = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {"mean": float(np.mean(values)), "std": std, "folds": values}


def _measured(table: pd.DataFrame, tasks: Sequence[str]) -> dict[str, float]:
    """The figures of one fold's test slices."""
    found: dict[str, float] = {}
    if CLASSIFICATION in tasks:
        true, predicted = (table[name].map(CLASSES.index).to_numpy() for name in ("true", "predicted"))
        probabilities = table[[f"p_{name}" for name in CLASSES]].to_numpy()
        matrix = classification.confusion_matrix(true, predicted, classes=len(CLASSES))
        said = classification.classification_report(matrix, CLASSES)
        found = {
            "accuracy": said["accuracy"],
            "macro_f1": said["macro_f1"],
            **{f"recall_{name}": said["per_class"][name]["recall"] for name in CLASSES},
            "patient_accuracy": classification.patient_accuracy(true, probabilities, table["patient"].to_numpy()),
        }
    if SEGMENTATION in tasks:
        true_px, predicted_px = table["true_px"].to_numpy(), table["predicted_px"].to_numpy()
        both = overlap.intersection_from_dice(table["dice"].to_numpy(), true_px, predicted_px)
        size = table["slice"].map(splits.index_table().set_index("slice")["size"]).to_numpy()
        found |= overlap.mask_summary(both, true_px, predicted_px, size**2)
    return found
