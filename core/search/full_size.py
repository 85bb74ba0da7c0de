"""Training some of a search's settings again at full size, and the winner's recipe.

Trials are cheap: small networks, short trainings. At full size it shows whether they rank the settings correctly.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.bundles.bundle import bundle_names, open_bundle
from core.config import recipes_folder, searches_folder
from core.errors import TrainingError
from core.files import replace_file, write_table
from core.search.plan import Plan, as_int
from core.search.processes import CONTEXT, POLL_SECONDS, run_workers
from core.search.results import COMPLETE, FULL_SIZE, TRIAL_KEY, SearchResults, best_at_full_size
from core.training.checkpoint import State
from core.training.data.examples import read_split_examples
from core.training.recipe import Recipe, load_recipe
from core.training.recorder import TrainingProgress
from core.training.trainer import run_training

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

Train = Callable[[Recipe, Path, Path, TrainingProgress], State]
"""Trains a recipe on the data set's file in a run's folder; returns the run's final state."""


def choose_trials(results: SearchResults, count: int) -> pd.DataFrame:
    """Return ``count`` complete trials of different settings, from the best to the worst, evenly spread over the ranks.

    The recipe's own setting takes the place of the one nearest to it in rank, but not of the best or the worst, so that
    the search's gain at full size can be measured.

    Raises:
        TrainingError: there are fewer.
    """
    complete = results.trials[results.trials["state"] == COMPLETE]
    ranked = complete.sort_values("value", ascending=False, kind="stable")
    # What a grid does not name is as in the recipe.
    ranked = ranked[~ranked[results.settings].fillna(results.plan.start).duplicated()]
    if len(ranked) < count:
        raise TrainingError(
            "The search '{name}' has {trials} complete trials of different settings; {count} are asked for.",
            name=results.plan.name,
            trials=len(ranked),
            count=count,
        )
    places = np.linspace(0, len(ranked) - 1, count).round().astype(int)
    own = np.flatnonzero(results.own[ranked.index])
    if own.size and own[0] not in places and count > 2:
        places[1 + np.abs(places[1:-1] - own[0]).argmin()] = own[0]
    return ranked.iloc[np.sort(places)]


def full_size_recipe(plan: Plan, trial: pd.Series) -> Recipe:
    """Return a trial's setting as a recipe at full size, named after the trial.

    The recipe's own setting stays as the recipe has it. Where the recipe's patient-level counterpart trains the same,
    it is that recipe: one run serves both.
    """
    setting = {name: as_int(trial[name]) for name in plan.space if name in trial and pd.notna(trial[name])}
    name = f"{plan.name}-{trial['sampler']}-{trial['trial']}"
    recipe = plan.recipe_of({} if plan.is_own(setting) else setting, name=name, cheap=False)
    untuned = load_recipe(plan.name).by_patient
    if untuned and load_recipe(untuned).decisive_settings == recipe.decisive_settings:
        return load_recipe(untuned)
    return recipe


def train_recipe(recipe: Recipe, store: Path, folder: Path, progress: TrainingProgress) -> State:
    """Train a recipe on the data set in ``store``, or go on with the run in ``folder``; no test slice is read."""
    return run_training(recipe, *read_split_examples(recipe, store), folder, progress=progress)


def train_at_full_size(
    results: SearchResults,
    count: int,
    store: Path,
    runs: Path,
    *,
    workers: int = 1,
    threads: int | None = None,
    folder: Path | None = None,
    progress: Callable[[str], TrainingProgress] = lambda name: lambda done, total, metrics: None,
    reached: Callable[[str, float | None, int], None] = lambda name, value, done: None,
    train: Train = train_recipe,
) -> pd.DataFrame:
    """Train some trials' settings as the recipe would be, best first; write ``full_size.csv`` after each.

    Each is an ordinary run: killed at any moment, the next call goes on. Rows in the file stay if their trials are
    still in the results, and their settings are not trained again. Only in the main thread.

    Args:
        results: of the search.
        count: how many trials; see ``choose_trials``.
        store: the prepared data set.
        runs: the folder of runs.
        workers: processes, each of which trains one setting at a time.
        threads: processor threads of each; see ``core.search.processes``.
        folder: where searches are; ``core.config.searches_folder()`` if None.
        progress: makes the progress callback of a run from its name.
        reached: called after each run with its name, its value, and how many are done, those with rows included.
        train: how a recipe is trained; picklable.

    Returns:
        The table, best trial first; see ``core.search.results``.

    Raises:
        TrainingError: there are fewer trials, or a worker died.
    """
    rows = {tuple(row[TRIAL_KEY]): row.to_dict() for _, row in results.current_full_size.iterrows()}
    missing = [trial for _, trial in choose_trials(results, count).iterrows() if tuple(trial[TRIAL_KEY]) not in rows]
    recipes = [full_size_recipe(results.plan, trial) for trial in missing]
    trials = {recipe.name: trial for recipe, trial in zip(recipes, missing, strict=True)}
    runs_done = _train_in_workers(recipes, partial(_work, train, store, runs), workers, threads, progress)
    for done, run in enumerate(runs_done, count - len(missing) + 1):
        key = trials[run.name][TRIAL_KEY]
        rows[tuple(key)] = {**key.to_dict(), "full_value": run.full_value, "seconds": run.seconds}
        write_table((folder or searches_folder()) / results.plan.name / FULL_SIZE, _full_size_table(rows))
        reached(run.name, run.full_value, done)
    return _full_size_table(rows)


def _full_size_table(rows: dict[tuple, dict]) -> pd.DataFrame:
    return pd.DataFrame(rows.values()).sort_values("value", ascending=False, kind="stable", ignore_index=True)


@dataclass(frozen=True)
class _FinishedRun:
    name: str
    full_value: float | None
    seconds: int


@dataclass(frozen=True)
class _RunProgress:
    name: str
    progress: tuple[int, int, dict[str, float]]


def _train_in_workers(
    recipes: list[Recipe],
    work: Callable[["Queue", "Queue"], None],
    workers: int,
    threads: int | None,
    progress: Callable[[str], TrainingProgress],
) -> Iterator[_FinishedRun]:
    """Let worker processes train the recipes; yield each run as soon as it is finished.

    Raises:
        TrainingError: all workers died before the last recipe was trained.
    """
    if not recipes:
        return
    queue, messages = CONTEXT.Queue(), CONTEXT.Queue()
    for item in [*recipes, *[None] * workers]:
        queue.put(item)
    callbacks: dict[str, TrainingProgress] = {}
    left = len(recipes)
    with run_workers([partial(work, queue, messages)] * workers, threads=threads) as processes:
        while left:
            alive = any(process.is_alive() for process in processes)
            try:
                message = messages.get(timeout=POLL_SECONDS)
            except Empty:
                if alive:
                    continue
                raise TrainingError(
                    "The workers stopped with {left} of {count} settings untrained; their own messages say why. The "
                    "same command goes on.",
                    left=left,
                    count=len(recipes),
                ) from None
            if isinstance(message, _FinishedRun):
                left -= 1
                yield message
            else:
                if message.name not in callbacks:
                    callbacks[message.name] = progress(message.name)
                callbacks[message.name](*message.progress)


def _work(train: Train, store: Path, runs: Path, queue: "Queue", messages: "Queue") -> None:
    """Train recipes from the queue until it gives None; send messages about progress and finished runs."""
    while recipe := queue.get():

        def send_progress(*progress: Any, name: str = recipe.name) -> None:
            messages.put(_RunProgress(name, progress))

        state = train(recipe, store, runs / recipe.name, send_progress)
        seconds = round(sum(row["seconds"] for row in state.history))
        messages.put(_FinishedRun(recipe.name, state.best_value, seconds))


def write_winner(
    results: SearchResults, runs: Path, *, folder: Path | None = None, models: Path | None = None
) -> Recipe:
    """Write the recipe NAME-searched, of the setting best on validation at full size; copy its run to be exported.

    Where that run is gone, none is copied, and the recipe can be trained anew.

    Raises:
        TrainingError: nothing was trained at full size, the recipe's own setting is the best of that, or a winner has
            been judged on the fold held out.
    """
    plan, best = results.plan, best_at_full_size(results)
    if best is None:
        raise TrainingError("Of the search '{search}' no trial is trained at full size yet.", search=plan.name)
    name = f"{plan.name}-searched"
    if name in bundle_names(models) and open_bundle(name, models).is_evaluated:
        raise TrainingError(
            "'{name}' has been judged on {held_out}: another winner would be chosen by one who knows how it did. To "
            "begin anew, remove models/{name}.",
            name=name,
            held_out=plan.held_out,
        )
    if best["own"]:
        raise TrainingError(
            "Of the settings trained at full size the recipe's own does best on validation: the search '{search}' "
            "has no winner but the recipe itself.",
            search=plan.name,
        )
    trained = full_size_recipe(plan, best)
    # What the untuned recipe says about its own split, and about earlier attempts, is not true of this one.
    kept = {key: value for key, value in trained.table.items() if key not in ("by_patient", "limits", "notes")}
    table = {
        **kept,
        "title": f"{load_recipe(plan.name).title}, searched",
        "about": f"The setting that a search found (trial {best['trial']} of {best['sampler']}), with {plan.held_out} "
        "held out.",
        "notes": _winner_notes(results, best),
    }
    with replace_file((folder or recipes_folder()) / f"{name}.toml") as temporary:
        temporary.write_text(
            f"# Written by `python -m core search {plan.name} --winner`.\n" + to_toml(table), encoding="utf-8"
        )
    if (runs / trained.name).is_dir():
        shutil.copytree(runs / trained.name, runs / name, dirs_exist_ok=True)
    return load_recipe(name, folder)


def _winner_notes(results: SearchResults, best: pd.Series) -> list[str]:
    """Return what a search tried, a sentence each, for the winner's card."""
    plan = results.plan
    tried = []
    for sampler in results.samplers:
        best_trial = results.best(sampler)
        count = int((results.trials["sampler"] == sampler).sum())
        tried.append(f"{count} by {sampler}, best {best_trial['value']:.4f} (trial {best_trial['trial']})")
    values = ", ".join(f"{value:.4f}" for value in results.current_full_size["full_value"])
    return [
        f"Cheap trials at {plan.cheap.size} pixels within {plan.searched}, judged by {plan.value} on patients of "
        f"those folds: {'; '.join(tried)}.",
        f"Trained again at full size, from the best trial to the worst: {plan.value} {values}; the highest, of trial "
        f"{best['trial']} of {best['sampler']} ({best['value']:.4f} as a trial), is this one.",
        f"{plan.held_out.capitalize()} had no part in the search or in the choice.",
        *plan.known,
    ]


def to_toml(table: dict, prefix: str = "") -> str:
    """Write a table of text, numbers, truth values, lists of them and tables as TOML, with values as in JSON."""
    own = [
        f"{key} = {json.dumps(value, ensure_ascii=False)}"
        for key, value in table.items()
        if not isinstance(value, dict)
    ]
    text = "\n".join(own) + "\n" if own else ""
    for key, value in table.items():
        if isinstance(value, dict):
            text += f"\n[{prefix}{key}]\n" + to_toml(value, f"{prefix}{key}.").lstrip("\n")
    return text
