"""``python -m core search``."""

import argparse
import sys
from contextlib import suppress
from functools import partial

from tqdm import tqdm

from core import search, search_full, search_plan, search_trial, searches
from core.bars import advance, interval, trials_bar
from core.errors import TrainingError
from core.search_plan import Plan
from core.training import Progress


def run(options: argparse.Namespace) -> int:
    """Search, or with ``--full`` and ``--winner`` what comes after; returns the exit status."""
    if options.full:
        return _train_at_full_size(options)
    if options.winner:
        return _write_winner(options)
    plan = search_plan.load(options.name)
    storage = options.storage or f"sqlite:///{options.runs / f'search-{plan.name}.db'}"
    options.runs.mkdir(parents=True, exist_ok=True)
    for sampler, known in searches.restore(plan, storage).items():
        print(f"{plan.name}, {sampler}: goes on after the {known} trials in searches/{plan.name}.", flush=True)
    try:
        for sampler in options.sampler:
            _searched(plan, sampler, storage, options)
        stopped = False
    except KeyboardInterrupt:
        stopped = True
        print("\nStopped; finished trials are kept, the same command goes on.", file=sys.stderr)
    except TrainingError:
        # What was finished before the workers failed is written all the same.
        with suppress(TrainingError):
            searches.export(plan, search.existing(plan, storage))
        raise
    found = searches.export(plan, search.existing(plan, storage))
    for sampler in found.samplers:
        best = found.best(sampler)
        setting = ", ".join(f"{name} {best[name]:g}" for name in found.settings)
        count = int((found.trials["sampler"] == sampler).sum())
        print(f"{sampler}: {plan.value} {best['value']:.4f}, trial {best['trial']} of {count}: {setting}")
    return int(stopped)


def _searched(plan: Plan, sampler: str, storage: str, options: argparse.Namespace) -> None:
    trials = search.budget(plan, sampler, options.trials)
    study = search.open_study(plan, sampler, storage)
    with trials_bar(f"{plan.name}, {sampler}", trials, search.standing(study)) as progress:
        search.search(
            plan,
            sampler,
            storage,
            partial(search_trial.trainer, plan.name, options.store),
            trials=trials,
            workers=options.workers,
            threads=options.threads,
            progress=progress,
        )


def _train_at_full_size(options: argparse.Namespace) -> int:
    found, bars = searches.read(options.name), []

    def progress(name: str) -> Progress:
        bars.append(tqdm(desc=name, unit=" batches", mininterval=interval()))
        return partial(advance, bars[-1])

    def reached(name: str, value: float | None, done: int) -> None:
        tqdm.write(f"{name}: {found.plan.value} {value:.4f}, {done} of {options.full}", file=sys.stderr)

    try:
        table = search_full.train_at_full_size(
            found,
            options.full,
            options.store,
            options.runs,
            workers=options.workers,
            threads=options.threads,
            progress=progress,
            reached=reached,
        )
    finally:
        for bar in bars:
            bar.close()
    print(table.to_string(index=False))
    return 0


def _write_winner(options: argparse.Namespace) -> int:
    recipe = search_full.write_winner(searches.read(options.name), options.runs)
    kept = (options.runs / recipe.name).is_dir()
    trains = "writes its bundle" if kept else f"trains it again, since its run is not in {options.runs}"
    print(f"recipes/{recipe.name}.toml is written; 'python -m core train {recipe.name}' {trains}.")
    return 0
