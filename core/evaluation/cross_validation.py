"""Cross-validate a recipe on the official folds: one training a fold, and metrics over the held-out patients of all.

Each fold is an ordinary run and an ordinary bundle, kept beside the runs and not shipped; the fold of the recipe's own
split is the recipe's own run. The shipped bundle stores the predictions for each fold's test slices, the histories and
the metrics, so that the metrics can be computed again without the runs.
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
    FOLD_VALIDATION,
    HISTORY,
    PREDICTIONS,
    Bundle,
    open_bundle,
)
from core.bundles.card.schema import Card
from core.bundles.card_update import update_card
from core.bundles.contents import read_bundle_table, refused_content
from core.bundles.predictions import prediction_columns
from core.checked_files import Columns, Content
from core.config import CLASSIFICATION, SEGMENTATION, models_folder
from core.dataset import splits
from core.errors import BundleError, TrainingError
from core.evaluation.figures import class_figures, mask_figures
from core.evaluation.fold_calibration import calibrate_folds
from core.files import write_table
from core.metrics.definitions import DEFINITIONS
from core.text import join_words
from core.training.card_from_recipe import recipe_fingerprint, same_recipe
from core.training.checkpoint import load_state
from core.training.recipe import Recipe, training_settings


@dataclass(frozen=True)
class Fold:
    """The stored results of one fold.

    Attributes:
        predictions: for its test slices, a row each.
        validation: the same for its validation slices; None where they were not kept.
        history: of its training, a row an epoch.
        seconds: duration of its training.
    """

    predictions: pd.DataFrame
    validation: pd.DataFrame | None
    history: pd.DataFrame
    seconds: float


def fold_recipe(recipe: Recipe, number: int, runs: Path, models: Path | None = None) -> tuple[Recipe, Path]:
    """Return the recipe with an official fold held out, and the folder for its bundle.

    Args:
        recipe: the shipped one.
        number: of the fold, 1 to 5.
        runs: the folder of runs.
        models: the folder of shipped bundles, for the recipe's own split; ``core.config.models_folder()`` if None.
    """
    held_out = recipe.on_split(splits.FOLD_SPLITS[number - 1])
    return held_out, (models or models_folder()) if held_out is recipe else runs / FOLD_BUNDLES


def find_trained(recipe: Recipe, models: Path) -> Bundle | None:
    """Return the bundle of this recipe and split in a folder, evaluated or not; None where there is none."""
    try:
        bundle = open_bundle(recipe.name, models)
    except BundleError:
        return None
    return bundle if same_recipe(bundle, recipe) and bundle.card.data.split == recipe.split else None


def put_run_aside(recipe: Recipe, runs: Path) -> Path | None:
    """Rename the run of another recipe under this recipe's name, so that this one can be trained.

    Returns:
        Its new folder; None where there was no such run.

    Raises:
        TrainingError: the run cannot be read.
    """
    folder = runs / recipe.name
    state = load_state(folder)
    if state is None or training_settings(state.recipe) == recipe.decisive_settings:
        return None
    taken = {path.name for path in runs.iterdir()}
    number = next(n for n in range(1, len(taken) + 2) if f"{recipe.name}-before-{n}" not in taken)
    return folder.rename(runs / f"{recipe.name}-before-{number}")


def stored_folds(bundle: Bundle) -> dict[int, Fold]:
    """Return the folds that a bundle stores, by number; none if they were trained by another recipe than its own.

    Raises:
        BundleError: a file is not what the card says, or holds something else.
    """
    stored = bundle.card.metrics.cross_validation
    if stored is None or stored.recipe != recipe_fingerprint(bundle):
        return {}
    predictions = _rows_by_fold(bundle, CROSS_VALIDATION, prediction_columns(bundle), stored.folds_done)
    columns = dict.fromkeys(("epoch", "loss", "val_loss"), Content.NUMBER)
    histories = _rows_by_fold(bundle, CROSS_VALIDATION_HISTORY, columns, stored.folds_done)
    validation = {}
    if FOLD_VALIDATION in bundle.card.files:
        validation = _rows_by_fold(bundle, FOLD_VALIDATION, prediction_columns(bundle), stored.folds_done)
    return {
        number: Fold(
            predictions[number],
            validation.get(number),
            histories[number],
            stored.training_seconds[str(number)],
        )
        for number in stored.folds_done
    }


def _rows_by_fold(bundle: Bundle, file: str, columns: Columns, folds: Sequence[int]) -> dict[int, pd.DataFrame]:
    """Return the rows of one of the bundle's files by fold."""
    table = read_bundle_table(bundle, file, {**columns, "fold": Content.COUNT})
    with refused_content(bundle, file):
        if sorted(table["fold"].unique()) != sorted(folds):
            raise ValueError(f"it must have rows of the folds {join_words(sorted(folds))}")
    return {number: table[table["fold"] == number].drop(columns="fold") for number in folds}


def collect_folds(bundle: Bundle, folds: dict[int, Bundle]) -> Card:
    """Write the results of folds into the bundle of their recipe, beside the folds that it stores.

    Args:
        bundle: the shipped bundle of the recipe.
        folds: evaluated bundles of the same recipe by the fold that each held out; they replace the stored ones.

    Returns:
        The new card, with ``metrics.cross_validation``.

    Raises:
        TrainingError: a fold's bundle is of another recipe, another split, or not evaluated; or there is no fold.
        BundleError: a file is not what its card says.
    """
    collected = stored_folds(bundle)
    for number, fold_bundle in folds.items():
        _require_fold(bundle, number, fold_bundle)
        collected[number] = _read_fold(fold_bundle)
    if not collected:
        raise TrainingError("There is no fold of '{bundle}' to collect; train and evaluate one.", bundle=bundle.name)
    numbers = sorted(collected)
    table = _with_folds({number: collected[number].predictions for number in numbers})
    table = table.sort_values("slice", ignore_index=True)
    write_table(bundle.folder / CROSS_VALIDATION, table)
    histories = _with_folds({number: collected[number].history for number in numbers})
    write_table(bundle.folder / CROSS_VALIDATION_HISTORY, histories)
    cross_validation = {
        "folds_done": numbers,
        **summarise_folds(table, bundle.tasks),
        "calibration": _write_calibration(bundle, collected, table),
        "training_seconds": {str(number): collected[number].seconds for number in numbers},
        "recipe": recipe_fingerprint(bundle),
        "definitions": DEFINITIONS["cross_validation"],
    }
    note = f"Cross-validated on the folds {', '.join(map(str, numbers))}."
    return update_card(bundle.folder, {"metrics.cross_validation": cross_validation}, note)


def _with_folds(tables: dict[int, pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of all folds, with a column ``fold``."""
    return pd.concat([table.assign(fold=number) for number, table in tables.items()], ignore_index=True)


def _write_calibration(bundle: Bundle, folds: dict[int, Fold], test: pd.DataFrame) -> dict[str, Any] | None:
    """Write the folds' validation predictions and return their calibration; None where a fold lacks them."""
    tables = {number: fold.validation for number, fold in sorted(folds.items()) if fold.validation is not None}
    if CLASSIFICATION not in bundle.tasks or len(tables) < len(folds):
        (bundle.folder / FOLD_VALIDATION).unlink(missing_ok=True)
        return None
    validation = _with_folds(tables)
    write_table(bundle.folder / FOLD_VALIDATION, validation)
    return calibrate_folds(validation, test, bundle.card.classes)


def _read_fold(bundle: Bundle) -> Fold:
    table = pd.read_csv(bundle.path(PREDICTIONS))
    predictions, validation = (table[table["part"] == part].drop(columns="part") for part in ("test", "validation"))
    return Fold(predictions, validation, pd.read_csv(bundle.path(HISTORY)), bundle.card.training.seconds)


def _require_fold(bundle: Bundle, number: int, fold_bundle: Bundle) -> None:
    """Refuse a bundle that is not the evaluated bundle of this fold and the same recipe."""
    if not same_recipe(bundle, fold_bundle):
        raise TrainingError(
            "The bundle of fold {number} is not of the recipe of '{bundle}'; train it again.",
            number=number,
            bundle=bundle.name,
        )
    if fold_bundle.card.data.split != splits.FOLD_SPLITS[number - 1]:
        raise TrainingError(
            "The bundle '{bundle}' does not hold fold {number} out.", bundle=fold_bundle.name, number=number
        )
    if not fold_bundle.is_evaluated:
        raise TrainingError(
            "The bundle of fold {number} of '{bundle}' is not evaluated yet.", number=number, bundle=bundle.name
        )


def has_similar_id(table: pd.DataFrame) -> pd.Series:
    """Return whether each slice's patient id differs only by a final letter from an id in another fold.

    Args:
        table: with a column ``slice``.
    """
    index = splits.index_table()
    folds = index.groupby("patient_group")["fold"].nunique()
    group = index.set_index("slice")["patient_group"]
    return table["slice"].map(group).map(folds) > 1


def summarise_folds(table: pd.DataFrame, tasks: Sequence[str]) -> dict[str, Any]:
    """Return metrics over folds of all slices and, under ``without_letter_twins``, without similar patient ids.

    Args:
        table, tasks: as in ``metrics_over_folds``.
    """
    return {
        **metrics_over_folds(table, tasks),
        "without_letter_twins": metrics_over_folds(table[~has_similar_id(table)], tasks),
    }


def metrics_over_folds(table: pd.DataFrame, tasks: Sequence[str]) -> dict[str, Any]:
    """Return each metric's values by fold, their mean and standard deviation.

    Args:
        table: test predictions of all folds, with a column ``fold``.
        tasks: of the network.

    Returns:
        ``slices`` by fold, and by metric {"mean", "std", "folds", "all"}; ``std`` is None for one fold.
    """
    by_fold = [_metrics(rows, tasks) for _, rows in table.groupby("fold")]
    return {
        "slices": [len(rows) for _, rows in table.groupby("fold")],
        **{
            name: {**_mean_and_std([metrics[name] for metrics in by_fold]), "all": of_all}
            for name, of_all in _metrics(table, tasks).items()
        },
    }


def _mean_and_std(values: list[float]) -> dict[str, Any]:
    std = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {"mean": float(np.mean(values)), "std": std, "folds": values}


def _metrics(table: pd.DataFrame, tasks: Sequence[str]) -> dict[str, float]:
    """Return the metrics of one fold's test slices, or of all folds'."""
    metrics = {name: float(value) for name, value in class_figures(table).items()} if CLASSIFICATION in tasks else {}
    return metrics | (mask_figures(table) if SEGMENTATION in tasks else {})
