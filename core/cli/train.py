"""Commands that train: train, cross-validate."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.cli.options import MultipleValuesCommand, runs_option, store_option
from core.cli.speech import say, to_reader, told
from core.text import join_words
from core.translation.messages import Message, tr, tr_plural

if TYPE_CHECKING:
    from core.bundles.bundle import Bundle
    from core.training.recipe import Recipe

FOLDS = range(1, 6)
_FOLD = click.IntRange(FOLDS[0], FOLDS[-1])
_external_option = click.option(
    "--external",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    envvar="SLICESCOPE_EXTERNAL",
    help="External slices, for a recipe that also trains on slices without a tumour.",
)

_workers_option = click.option(
    "--workers",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Processes that make batches beside the training, where a GPU waits for them; by default none.",
)


@click.command("train")
@click.argument("name")
@click.option(
    "--fold",
    type=_FOLD,
    metavar="K",
    help="Hold out the official fold K (1 to 5); the bundle is written beside the runs.",
)
@_external_option
@_workers_option
@store_option
@runs_option
def train_command(name: str, fold: int | None, external: Path | None, workers: int, store: Path, runs: Path) -> None:
    """Train a recipe, or go on with its run; write its bundle.

    NAME is that of the recipe recipes/NAME.toml.
    """
    from core.config import models_folder
    from core.evaluation.cross_validation import fold_recipe
    from core.training.recipe import load_recipe

    recipe, models = load_recipe(name), models_folder()
    if fold:
        recipe, models = fold_recipe(recipe, fold, runs, models)
    _train(recipe, models, store, runs, external, workers)


def _train(recipe: "Recipe", models: Path, store: Path, runs: Path, external: Path | None, workers: int) -> "Bundle":
    """Train a recipe with a progress bar, or go on with its run; write its bundle into ``models``."""
    from tqdm import tqdm

    from core.cli.progress import advance_bar, progress_interval
    from core.training.data.examples import read_split_examples
    from core.training.data.tumour_free import load_tumour_free
    from core.training.export import export_bundle
    from core.training.lite import write_lite
    from core.training.start import load_start
    from core.training.trainer import run_training

    epochs = recipe.training.epochs
    say(Message("{name}: reading slices", name=recipe.name), flush=True)
    train, validation = read_split_examples(recipe, store)
    tumour_free = None
    if recipe.training.tumour_free and external:
        tumour_free = load_tumour_free(recipe, train, external)
    with tqdm(desc=recipe.name, unit=told(Message(" batches")), mininterval=progress_interval()) as bar:

        def progress(done: int, total: int, metrics: dict[str, float]) -> None:
            epoch = (done - 1) * epochs // total + 1
            bar.set_description(f"{recipe.name}, {_epoch_of(epoch, epochs)}", refresh=False)
            advance_bar(bar, done, total, metrics)

        def epoch_end(row: dict[str, float]) -> None:
            # A line of its own keeps each epoch's validation figures in sight.
            figures = ", ".join(f"{name} {value:.4f}" for name, value in row.items() if name.startswith("val_"))
            bar.write(f"{recipe.name}, {_epoch_of(int(row['epoch']), epochs)}: {figures}", file=sys.stderr)

        state = run_training(
            recipe,
            train,
            validation,
            runs / recipe.name,
            tumour_free=tumour_free,
            start=partial(load_start, recipe, runs),
            workers=workers,
            progress=progress,
            epoch_end=epoch_end,
        )
    bundle = export_bundle(recipe, state, models)
    write_lite(bundle)
    say(
        Message(
            "{name}: {epochs} epochs, kept epoch {kept}, written to {folder}.",
            name=recipe.name,
            epochs=len(state.history),
            kept=state.best_epoch,
            folder=bundle.folder,
        )
    )
    return bundle


def _epoch_of(epoch: int, epochs: int) -> str:
    return told(Message("epoch {epoch}/{epochs}", epoch=epoch, epochs=epochs))


@click.command("cross-validate", cls=MultipleValuesCommand)
@click.argument("name")
@click.option("--folds", type=_FOLD, metavar="K...", multiple=True, default=list(FOLDS), help="Only these folds.")
@click.option("--collect", is_flag=True, help="Train nothing; use the folds that are trained or kept in the bundle.")
@_external_option
@_workers_option
@store_option
@runs_option
def cross_validate_command(
    name: str, folds: tuple[int, ...], collect: bool, external: Path | None, workers: int, store: Path, runs: Path
) -> int:
    """Train and evaluate a recipe once a fold.

    The figures over all folds are written into the bundle NAME; folds that are done are not trained again.
    """
    from core.cli.evaluate import evaluate_bundle
    from core.config import models_folder
    from core.evaluation.fold_training import cross_validate
    from core.training.recipe import load_recipe

    card, missing = cross_validate(
        load_recipe(name),
        folds,
        runs,
        models_folder(),
        train=None if collect else lambda recipe, models: _train(recipe, models, store, runs, external, workers),
        evaluate=lambda bundle: evaluate_bundle(bundle, store),
    )
    _print_folds(card.as_dict()["metrics"]["cross_validation"])
    if missing:
        with to_reader():
            lacks = tr("'{name}' lacks {folds}; without --collect it is trained.", name=name, folds=_fold_list(missing))
        say(f"core cross-validate: {lacks}", error=True)
    return int(bool(missing))


def _print_folds(figures: dict[str, Any]) -> None:
    """Print the figures over folds of all slices, then without patient ids that differ by a final letter."""
    numbers = figures["folds_done"]
    groups = {
        Message("All slices"): figures,
        Message("Without patient ids that differ by a final letter"): figures["without_letter_twins"],
    }
    for title, group in groups.items():
        with to_reader():
            counted = tr(
                "{title}: {slices}, tested in {folds}",
                title=title,
                slices=sum(group["slices"]),
                folds=_fold_list(numbers),
            )
            columns = [tr("fold {number}", number=number) for number in numbers]
            spread_title = tr("mean ± std")
        say(counted)
        say(f"{'':24}{spread_title:18}{'  '.join(columns)}")
        for name in (name for name in figures["without_letter_twins"] if name != "slices"):
            figure = group[name]
            spread = "" if figure["std"] is None else f" ± {figure['std']:.4f}"
            mean = f"{figure['mean']:.4f}{spread}"
            print(f"{name:24}{mean:18}{'  '.join(f'{value:.4f}' for value in figure['folds'])}")


def _fold_list(numbers: list[int]) -> str:
    """Return "fold 1" or "folds 1, 2 and 3", in the current language."""
    return tr_plural("fold {numbers}", "folds {numbers}", len(numbers), numbers=join_words(numbers))
