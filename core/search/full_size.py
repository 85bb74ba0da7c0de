"""Do cheap trials put settings in the right order? Some of them trained again at full size, and the winner's recipe."""

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
from core.config import MODELS, RECIPES, SEARCHES
from core.errors import TrainingError
from core.files import replace_file, write_table
from core.search.plan import Plan, as_int
from core.search.results import COMPLETE, FULL_SIZE, SearchResults
from core.search.workers import CONTEXT, run_workers
from core.training import recipe as recipes
from core.training.batches import read_split_examples
from core.training.checkpoint import State
from core.training.recipe import Recipe
from core.training.recorder import TrainingProgress
from core.training.trainer import run_training

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

Train = Callable[[Recipe, Path, Path, TrainingProgress], State]
"""A recipe, the data set's file and the run's folder -> the run's end."""

_KEY = ["sampler", "trial", "value"]
"""What tells a trial, and that it is still the same one."""
_POLL_SECONDS = 1.0


def choose_trials(found: SearchResults, count: int) -> pd.DataFrame:
    """``count`` complete trials of different settings from the best to the worst, evenly spread over their ranks.

    The recipe's own setting takes the place of the one nearest to it in rank, though not of the best or the worst, so
    that what the search gained at full size can be told.

    Raises:
        TrainingError: there are fewer.
    """
    complete = found.trials[found.trials["state"] == COMPLETE]
    ranked = complete.sort_values("value", ascending=False, kind="stable")
    # What a grid does not name is as in the recipe.
    ranked = ranked[~ranked[found.settings].fillna(found.plan.start).duplicated()]
    if len(ranked) < count:
        raise TrainingError(
            f"The search '{found.plan.name}' has {len(ranked)} complete trials of different settings; {count} are "
            "asked for."
        )
    places = np.linspace(0, len(ranked) - 1, count).round().astype(int)
    own = np.flatnonzero(found.own[ranked.index])
    if own.size and own[0] not in places and count > 2:
        places[1 + np.abs(places[1:-1] - own[0]).argmin()] = own[0]
    return ranked.iloc[np.sort(places)]


def full_size_recipe(plan: Plan, row: pd.Series) -> Recipe:
    """A trial's setting as a recipe at full size, named after the trial.

    The recipe's own setting is left as the recipe has it, and where the recipe by patient trains the same, it is that
    recipe: one run serves both.
    """
    setting = {name: as_int(row[name]) for name in plan.space if name in row and pd.notna(row[name])}
    name = f"{plan.name}-{row['sampler']}-{row['trial']}"
    recipe = plan.recipe_of({} if plan.is_own(setting) else setting, name=name, cheap=False)
    untuned = recipes.load_recipe(plan.name).by_patient
    if untuned and recipes.load_recipe(untuned).essence == recipe.essence:
        return recipes.load_recipe(untuned)
    return recipe


def train_recipe(recipe: Recipe, store: Path, folder: Path, progress: TrainingProgress) -> State:
    """Train a recipe on the data set in ``store``, or go on with the run in ``folder``; no test slice is read."""
    return run_training(recipe, *read_split_examples(recipe, store), folder, progress=progress)


def train_at_full_size(
    found: SearchResults,
    count: int,
    store: Path,
    runs: Path,
    *,
    workers: int = 1,
    threads: int | None = None,
    folder: Path = SEARCHES,
    progress: Callable[[str], TrainingProgress] = lambda name: lambda done, total, metrics: None,
    reached: Callable[[str, float | None, int], None] = lambda name, value, done: None,
    train: Train = train_recipe,
) -> pd.DataFrame:
    """Train some trials' settings as the recipe would be, best first, and write ``full_size.csv`` after each.

    Every one is an ordinary run: killed at any moment, the next call goes on. Rows that the file has stay, if their
    trials are still there, and what has one is not trained again. For the main thread.

    Args:
        found: what was searched.
        count: how many trials; see ``chosen``.
        store: the prepared data set.
        runs: the folder of runs.
        workers: processes, each of which trains one setting at a time.
        threads: processor threads of each; see ``core.search.workers``.
        folder: where searches are.
        progress: by a run's name, what follows it.
        reached: called after each with its name, its value, and how many are done, those with rows counted.
        train: how a recipe is trained; it must be picklable.

    Returns:
        The table, best trial first; see ``core.search.results``.

    Raises:
        TrainingError: there are fewer trials, or a worker died.
    """
    rows = {tuple(row[_KEY]): row.to_dict() for _, row in _still_there(found).iterrows()}
    left = [row for _, row in choose_trials(found, count).iterrows() if tuple(row[_KEY]) not in rows]
    recipes = [full_size_recipe(found.plan, row) for row in left]
    by_name = {recipe.name: row for recipe, row in zip(recipes, left, strict=True)}
    trained = _trained(recipes, partial(_work, train, store, runs), workers, threads, progress) if left else []
    for done, (name, end) in enumerate(trained, count - len(left) + 1):
        row = by_name[name]
        rows[tuple(row[_KEY])] = {
            **row[_KEY].to_dict(),
            "full_value": end.full_value,
            "seconds": end.seconds,
        }
        write_table(folder / found.plan.name / FULL_SIZE, _table(rows))
        reached(name, end.full_value, done)
    return _table(rows)


def _table(rows: dict[tuple, dict]) -> pd.DataFrame:
    return pd.DataFrame(rows.values()).sort_values("value", ascending=False, kind="stable", ignore_index=True)


@dataclass(frozen=True)
class _Reached:
    full_value: float | None
    seconds: int


def _trained(
    recipes: list[Recipe],
    work: Callable[["Queue", "Queue"], None],
    workers: int,
    threads: int | None,
    progress: Callable[[str], TrainingProgress],
) -> Iterator[tuple[str, _Reached]]:
    """Have workers train the recipes; gives the name of each and what it reached as soon as it is done."""
    turns, news = CONTEXT.Queue(), CONTEXT.Queue()
    for turn in [*recipes, *[None] * workers]:
        turns.put(turn)
    followed: dict[str, TrainingProgress] = {}
    left = len(recipes)
    with run_workers([partial(work, turns, news)] * workers, threads=threads) as processes:
        while left:
            alive = any(process.is_alive() for process in processes)
            try:
                name, said = news.get(timeout=_POLL_SECONDS)
            except Empty:
                if alive:
                    continue
                raise TrainingError(
                    f"The workers stopped with {left} of {len(recipes)} settings untrained; their own words say why. "
                    "The same command goes on."
                ) from None
            if isinstance(said, _Reached):
                left -= 1
                yield name, said
            else:
                if name not in followed:
                    followed[name] = progress(name)
                followed[name](*said)


def _work(train: Train, store: Path, runs: Path, turns: "Queue", news: "Queue") -> None:
    """What a worker does: train the recipe whose turn it is until none is left, telling its progress."""
    while recipe := turns.get():

        def tell(*progress: Any, name: str = recipe.name) -> None:
            news.put((name, progress))

        state = train(recipe, store, runs / recipe.name, tell)
        seconds = round(sum(one["seconds"] for one in state.history))
        news.put((recipe.name, _Reached(state.best_value, seconds)))


def _still_there(found: SearchResults) -> pd.DataFrame:
    """The rows of ``full_size.csv`` whose trials are among those found; empty where there is no such file."""
    if found.full_size is None:
        return pd.DataFrame(columns=_KEY)
    return found.full_size.merge(found.trials[_KEY], on=_KEY)


def best_at_full_size(found: SearchResults) -> pd.Series | None:
    """The trial best at full size: its row with ``full_value`` and whether it is the recipe's ``own``; None before."""
    full = _still_there(found)
    if full.empty:
        return None
    rows = full[[*_KEY, "full_value"]].merge(found.trials.assign(own=found.own), on=_KEY)
    return rows.iloc[int(rows["full_value"].to_numpy().argmax())]


def write_winner(found: SearchResults, runs: Path, *, folder: Path = RECIPES, models: Path = MODELS) -> Recipe:
    """The recipe NAME-searched, of the setting best on validation at full size, and its run, ready to be exported.

    Where that run is gone, there is none, and the recipe can be trained anew.

    Raises:
        TrainingError: nothing was trained at full size, the recipe's own setting is the best of that, or a winner has
            been judged on the fold held out.
    """
    plan, best = found.plan, best_at_full_size(found)
    if best is None:
        raise TrainingError(f"Of the search '{plan.name}' no trial is trained at full size yet.")
    name = f"{plan.name}-searched"
    if name in bundle_names(models) and open_bundle(name, models).test_metrics:
        raise TrainingError(
            f"'{name}' has been judged on {plan.held_out}: another winner would be chosen by one who knows how it did. "
            f"To begin anew, remove models/{name}."
        )
    if best["own"]:
        raise TrainingError(
            f"Of the settings trained at full size the recipe's own does best on validation: the search '{plan.name}' "
            "has no winner but the recipe itself."
        )
    trained = full_size_recipe(plan, best)
    # What the untuned recipe says of its own split, and of what was tried for it, is not true of this one.
    kept = {key: value for key, value in trained.table.items() if key not in ("by_patient", "limits", "notes")}
    table = {
        **kept,
        "title": f"{recipes.load_recipe(plan.name).title}, searched",
        "about": f"The setting that a search found (trial {best['trial']} of {best['sampler']}), with {plan.held_out} "
        "held out.",
        "notes": _notes(found, best),
    }
    with replace_file(folder / f"{name}.toml") as temporary:
        temporary.write_text(
            f"# Written by `python -m core search {plan.name} --winner`.\n" + to_toml(table), encoding="utf-8"
        )
    if (runs / trained.name).is_dir():
        shutil.copytree(runs / trained.name, runs / name, dirs_exist_ok=True)
    return recipes.load_recipe(name, folder)


def _notes(found: SearchResults, best: pd.Series) -> list[str]:
    """What a search tried, a sentence each, for the winner's card."""
    plan = found.plan
    tried = []
    for sampler in found.samplers:
        one = found.best(sampler)
        count = int((found.trials["sampler"] == sampler).sum())
        tried.append(f"{count} by {sampler}, best {one['value']:.4f} (trial {one['trial']})")
    values = ", ".join(f"{value:.4f}" for value in _still_there(found)["full_value"])
    return [
        f"Cheap trials at {plan.cheap['size']} pixels within {plan.searched}, judged by {plan.value} on patients of "
        f"those folds: {'; '.join(tried)}.",
        f"Trained again at full size, from the best trial to the worst: {plan.value} {values}; the highest, of trial "
        f"{best['trial']} of {best['sampler']} ({best['value']:.4f} as a trial), is this one.",
        f"{plan.held_out.capitalize()} had no part in the search or in the choice.",
        *plan.known,
    ]


def to_toml(table: dict, prefix: str = "") -> str:
    """A table of text, numbers, truth values, lists of them and tables as TOML, whose values are JSON's."""
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
