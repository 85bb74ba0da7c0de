"""Commands that try settings: search, study."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.cli.options import MultipleValuesCommand, runs_option, store_option
from core.cli.speech import say, told
from core.errors import TrainingError
from core.search.plan import PLANNED, SAMPLERS
from core.translation.messages import Message

if TYPE_CHECKING:
    from core.search.plan import Plan
    from core.search.results import SearchResults
    from core.training.recorder import TrainingProgress


@click.command("search", cls=MultipleValuesCommand)
@click.argument("name")
@click.option(
    "--sampler",
    "samplers",
    type=click.Choice(SAMPLERS),
    multiple=True,
    default=PLANNED,
    show_default=" ".join(PLANNED),
    help="One or more samplers, run one after the other.",
)
@click.option("--trials", type=int, metavar="N", help="Trials of each sampler.  [default: the plan's]")
@click.option("--workers", type=int, default=1, show_default=True, metavar="N", help="Processes.")
@click.option("--threads", type=int, metavar="N", help="Processor threads of each process.  [default: cores / workers]")
@click.option(
    "--storage",
    metavar="URL",
    help="The address of a database, shared by all who name it.  [default: an SQLite file beside the runs]",
)
@click.option("--full", type=int, metavar="K", help="Train K trials, from the best to the worst, at full size instead.")
@click.option("--winner", is_flag=True, help="Write the recipe NAME-searched of the best trial at full size instead.")
@store_option
@runs_option
def search_command(
    name: str,
    samplers: Sequence[str],
    trials: int | None,
    workers: int,
    threads: int | None,
    storage: str | None,
    full: int | None,
    winner: bool,
    store: Path,
    runs: Path,
) -> int:
    """Search a recipe's hyperparameters, or go on with a search.

    The plan is searches/NAME/plan.toml; the trials are written beside it.
    """
    from core.search.plan import load_plan
    from core.search.results import read_search

    if full is not None and winner:
        raise click.UsageError(told(Message("--full and --winner exclude each other.")))
    if full:
        _train_at_full_size(read_search(name), full, store, runs, workers=workers, threads=threads)
        return 0
    if winner:
        _write_winner(read_search(name), runs)
        return 0
    plan = load_plan(name)
    runs.mkdir(parents=True, exist_ok=True)
    storage = storage or f"sqlite:///{runs / f'search-{plan.name}.db'}"
    return _search(plan, samplers, storage, store, trials=trials, workers=workers, threads=threads)


def _search(
    plan: "Plan",
    samplers: Sequence[str],
    storage: str,
    store: Path,
    *,
    trials: int | None,
    workers: int,
    threads: int | None,
) -> int:
    """Run the trials of each sampler, write them beside the plan and print each sampler's best.

    Returns:
        The exit status: 1 where the search was stopped.
    """
    from core.search.study import existing_studies
    from core.search.trials_file import export_trials, restore_trials

    for sampler, count in restore_trials(plan, storage).items():
        goes_on = Message(
            "{plan}, {sampler}: goes on after the {count} trials in searches/{plan}.",
            plan=plan.name,
            sampler=sampler,
            count=count,
        )
        say(goes_on, flush=True)
    stopped = False
    try:
        for sampler in samplers:
            _run_trials(plan, sampler, storage, store, trials=trials, workers=workers, threads=threads)
    except KeyboardInterrupt:
        stopped = True
        stopped_text = told(Message("Stopped; finished trials are kept, the same command goes on."))
        say(f"\n{stopped_text}", error=True)
    except TrainingError:
        # The trials that were finished before the workers failed are written all the same.
        with suppress(TrainingError):
            export_trials(plan, existing_studies(plan, storage))
        raise
    results = export_trials(plan, existing_studies(plan, storage))
    for sampler in results.samplers:
        best = results.best(sampler)
        setting = ", ".join(f"{name} {best[name]:g}" for name in results.settings)
        count = int((results.trials["sampler"] == sampler).sum())
        reached = Message("trial {trial} of {count}", trial=best["trial"], count=count)
        say(f"{sampler}: {plan.value} {best['value']:.4f}, {told(reached)}: {setting}")
    return int(stopped)


def _run_trials(
    plan: "Plan", sampler: str, storage: str, store: Path, *, trials: int | None, workers: int, threads: int | None
) -> None:
    """Run one sampler's trials with a progress bar."""
    from functools import partial

    from core.cli.progress import trials_bar
    from core.search.objective import make_trial
    from core.search.study import open_study, study_progress, trial_budget
    from core.search.worker import run_search

    budget = trial_budget(plan, sampler, trials)
    study = open_study(plan, sampler, storage)
    with trials_bar(f"{plan.name}, {sampler}", budget, study_progress(study)) as progress:
        run_search(
            plan,
            sampler,
            storage,
            partial(make_trial, plan.name, store),
            trials=budget,
            workers=workers,
            threads=threads,
            progress=progress,
        )


def _train_at_full_size(
    results: "SearchResults", count: int, store: Path, runs: Path, *, workers: int, threads: int | None
) -> None:
    """Train ``count`` trials at full size with a progress bar each, and print the table."""
    from functools import partial

    from tqdm import tqdm

    from core.cli.progress import advance_bar, progress_interval
    from core.search.full_size import train_at_full_size

    bars = []

    def progress(name: str) -> "TrainingProgress":
        bars.append(tqdm(desc=name, unit=told(Message(" batches")), mininterval=progress_interval()))
        return partial(advance_bar, bars[-1])

    def reached(name: str, value: float | None, done: int) -> None:
        place = told(Message("{done} of {count}", done=done, count=count))
        tqdm.write(f"{name}: {results.plan.value} {value:.4f}, {place}", file=sys.stderr)

    try:
        table = train_at_full_size(
            results, count, store, runs, workers=workers, threads=threads, progress=progress, reached=reached
        )
    finally:
        for bar in bars:
            bar.close()
    print(table.to_string(index=False))


def _write_winner(results: "SearchResults", runs: Path) -> None:
    """Write the winner's recipe and say what its training does."""
    from core.search.full_size import write_winner

    recipe = write_winner(results, runs)
    kept = (runs / recipe.name).is_dir()
    if kept:
        written = Message(
            "recipes/{name}.toml is written; 'python -m core train {name}' writes its bundle.", name=recipe.name
        )
    else:
        written = Message(
            "recipes/{name}.toml is written; 'python -m core train {name}' trains it again, since its run is not in "
            "{runs}.",
            name=recipe.name,
            runs=runs,
        )
    say(written)


@click.command("study")
@click.argument("name")
@click.option("--choose", is_flag=True, help="Write what the finished study chooses into the literal recipes instead.")
@store_option
@runs_option
def study_command(name: str, choose: bool, store: Path, runs: Path) -> None:
    """Train a study's runs, fixed beforehand, or go on.

    NAME is that of recipes/studies/NAME.csv and of its recipe; the results are written to searches/NAME.
    """
    if choose:
        _write_choice(name)
        return
    from functools import partial

    from tqdm import tqdm

    from core.cli.progress import advance_bar, progress_interval
    from core.search.fixed.training import train_fixed_runs

    def progress(run: str) -> "TrainingProgress":
        return partial(advance_bar, tqdm(desc=run, unit=told(Message(" batches")), mininterval=progress_interval()))

    print(train_fixed_runs(name, store, runs, progress=progress).to_string(index=False))


def _write_choice(name: str) -> None:
    from core.bundles.bundle import REPORT_CNN_BATCH_32, REPORT_CNN_LITERAL
    from core.search.fixed.training import write_choice

    for recipe in (REPORT_CNN_LITERAL, REPORT_CNN_BATCH_32):
        best = write_choice(name, recipe)
        written = Message(
            "recipes/{name}.toml has the settings of run {run}; 'python -m core train {name}' trains it.",
            name=recipe,
            run=best["run"],
        )
        say(written)
