"""``python -m core search``."""

import argparse
import sys
from contextlib import suppress
from functools import partial

from tqdm import tqdm

from core.cli.progress import advance_bar, progress_interval, trials_bar
from core.errors import TrainingError
from core.search import full_size
from core.search.objective import make_trial
from core.search.plan import Plan, load_plan
from core.search.results import export_trials, read_search, restore_trials
from core.search.study import existing_studies, open_study, run_search, study_progress, trial_budget
from core.training.recorder import TrainingProgress


def run_search_command(options: argparse.Namespace) -> int:
    """Search, or with ``--full`` and ``--winner`` what comes after; returns the exit status."""
    if options.full:
        return _train_at_full_size(options)
    if options.winner:
        return _write_winner(options)
    plan = load_plan(options.name)
    storage = options.storage or f"sqlite:///{options.runs / f'search-{plan.name}.db'}"
    options.runs.mkdir(parents=True, exist_ok=True)
    for sampler, known in restore_trials(plan, storage).items():
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
            export_trials(plan, existing_studies(plan, storage))
        raise
    found = export_trials(plan, existing_studies(plan, storage))
    for sampler in found.samplers:
        best = found.best(sampler)
        setting = ", ".join(f"{name} {best[name]:g}" for name in found.settings)
        count = int((found.trials["sampler"] == sampler).sum())
        print(f"{sampler}: {plan.value} {best['value']:.4f}, trial {best['trial']} of {count}: {setting}")
    return int(stopped)


def _searched(plan: Plan, sampler: str, storage: str, options: argparse.Namespace) -> None:
    trials = trial_budget(plan, sampler, options.trials)
    study = open_study(plan, sampler, storage)
    with trials_bar(f"{plan.name}, {sampler}", trials, study_progress(study)) as progress:
        run_search(
            plan,
            sampler,
            storage,
            partial(make_trial, plan.name, options.store),
            trials=trials,
            workers=options.workers,
            threads=options.threads,
            progress=progress,
        )


def _train_at_full_size(options: argparse.Namespace) -> int:
    found, bars = read_search(options.name), []

    def progress(name: str) -> TrainingProgress:
        bars.append(tqdm(desc=name, unit=" batches", mininterval=progress_interval()))
        return partial(advance_bar, bars[-1])

    def reached(name: str, value: float | None, done: int) -> None:
        tqdm.write(f"{name}: {found.plan.value} {value:.4f}, {done} of {options.full}", file=sys.stderr)

    try:
        table = full_size.train_at_full_size(
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
    recipe = full_size.write_winner(read_search(options.name), options.runs)
    kept = (options.runs / recipe.name).is_dir()
    trains = "writes its bundle" if kept else f"trains it again, since its run is not in {options.runs}"
    print(f"recipes/{recipe.name}.toml is written; 'python -m core train {recipe.name}' {trains}.")
    return 0
