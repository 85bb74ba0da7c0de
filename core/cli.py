"""``python -m core``: prepare | splits | train | evaluate | predict | readme."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from core.errors import SliceScopeError
from core.figshare import SLICES, default_store


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status, 1 with one sentence for a known error."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except SliceScopeError as error:
        print(f"core {options.command}: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m core", description="SliceScope without a browser.")
    commands = parser.add_subparsers(dest="command", required=True)

    prepare = commands.add_parser("prepare", help="write the store from the published .mat or zip files")
    prepare.add_argument("source", type=Path, help="folder of the .mat files or of the four zip files")
    prepare.add_argument("--store", type=Path, default=default_store(), help="file to write (default: %(default)s)")
    prepare.add_argument("--allow-missing", action="store_true", help="accept a data set that is not whole")
    prepare.set_defaults(run=_prepare)

    splits = commands.add_parser("splits", help="write the splits of all recipes from the store")
    splits.add_argument("--store", type=Path, default=default_store())
    splits.set_defaults(run=_splits)

    train = commands.add_parser("train", help="train a recipe, or go on with its run, and write its bundle")
    train.add_argument("name", help="a recipe's name: recipes/NAME.toml")
    train.add_argument("--store", type=Path, default=default_store())
    train.add_argument("--runs", type=Path, default=default_store().parent / "runs", help="where runs live")
    train.set_defaults(run=_train)
    return parser


def _prepare(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from core.prepare import prepare, require_written

    def bar(parts: Iterable[list[int]], done: int) -> Iterator[list[int]]:
        with tqdm(total=SLICES, initial=done, unit=" slices", desc="prepare") as shown:
            for part in parts:
                yield part
                shown.update(len(part))

    outcome = prepare(options.source, options.store, allow_missing=options.allow_missing, progress=bar)
    for problem in outcome.problems:
        print(problem, file=sys.stderr)
    require_written(outcome)
    print(
        f"{outcome.slices} slices in {options.store} "
        f"({options.store.stat().st_size / 1e6:.0f} MB); lowest IoU of outline and mask {outcome.border_iou:.3f}."
    )
    return 0


def _splits(options: argparse.Namespace) -> int:
    from core.figshare import Store
    from core.splits import SPLITS_FILE, make_splits

    with Store(options.store) as store:
        table = make_splits(store.index)
    table.to_csv(SPLITS_FILE, index=False, lineterminator="\n")
    print(f"{len(table)} slices in {SPLITS_FILE}.")
    return 0


def _train(options: argparse.Namespace) -> int:
    import numpy as np
    from tqdm import tqdm

    from core import recipes, splits
    from core.examples import load_examples
    from core.figshare import Store
    from core.training import fit

    recipe = recipes.load(options.name)
    part = splits.parts(recipe.split)
    with Store(options.store) as store:
        print(f"{recipe.name}: reading slices")
        train, validation = (
            load_examples(store, np.asarray(part.index[part == name]), recipe) for name in ("train", "validation")
        )
    interval = 0.5 if sys.stderr.isatty() else 30
    with tqdm(desc=recipe.name, unit=" batches", mininterval=interval) as bar:

        def progress(done: int, total: int, metrics: dict[str, float]) -> None:
            bar.total = total
            if bar.n == 0 and done > 1:
                bar.initial = bar.n = done - 1
            steps = total // recipe.training.epochs
            bar.set_description(f"{recipe.name}, epoch {(done - 1) // steps + 1}/{recipe.training.epochs}", refresh=False)
            bar.set_postfix({name: f"{value:.4f}" for name, value in metrics.items()}, refresh=False)
            bar.update(done - bar.n)

        state = fit(recipe, train, validation, options.runs / recipe.name, progress=progress)
    print(f"{recipe.name}: {len(state.history)} epochs, kept epoch {state.best_epoch}")
    return 0
