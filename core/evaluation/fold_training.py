"""Cross-validation from a recipe: train and evaluate the folds that are missing, then collect them in one bundle."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from core.bundles.bundle import Bundle, open_bundle
from core.bundles.card.schema import Card
from core.errors import TrainingError
from core.evaluation.cross_validation import collect_folds, find_trained, fold_recipe, put_run_aside, stored_folds
from core.training.recipe import Recipe


def cross_validate(
    recipe: Recipe,
    numbers: Iterable[int],
    runs: Path,
    models: Path,
    *,
    train: Callable[[Recipe, Path], Bundle] | None,
    evaluate: Callable[[Bundle], Any],
) -> tuple[Card, list[int]]:
    """Make the folds of a recipe that are missing, and write the metrics over its folds into its bundle.

    A fold that is trained and evaluated, or kept in the bundle, is not trained again.

    Args:
        recipe: the shipped recipe.
        numbers: official folds, 1 to 5.
        runs: the folder of runs.
        models: the folder of shipped bundles.
        train: trains a recipe and writes its bundle into a folder; None to train nothing.
        evaluate: writes a bundle's metrics into it.

    Returns:
        The new card, and the folds that are missing because nothing was trained.

    Raises:
        TrainingError: the recipe has no bundle to write into, and none is trained.
    """
    folds = {number: fold_recipe(recipe, number, runs, models) for number in sorted(set(numbers))}
    own = find_trained(recipe, models)
    trains_own = train is not None and any(fold is recipe for fold, _ in folds.values())
    if own is None and not trains_own:
        raise TrainingError(
            "There is no bundle '{recipe}' of its recipe to write into; 'python -m core train {recipe}' makes it.",
            recipe=recipe.name,
        )
    stored = stored_folds(own) if own else {}
    bundles: dict[int, Bundle] = {}
    missing: list[int] = []
    for number, (fold, folder) in folds.items():
        bundle = find_trained(fold, folder)
        if bundle is None:
            if number in stored:
                continue
            if train is None:
                missing.append(number)
                continue
            aside = put_run_aside(fold, runs)
            if aside:
                print(f"{fold.name}: the run of another recipe is now called {aside.name}")
            # A bundle of another recipe with the same weights would keep that recipe's metrics.
            evaluate(train(fold, folder))
        elif not bundle.is_evaluated:
            evaluate(bundle)
        bundles[number] = open_bundle(fold.name, folder)
    return collect_folds(open_bundle(recipe.name, models), bundles), missing
