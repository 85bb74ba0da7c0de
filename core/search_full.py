"""Do cheap trials put settings in the right order? Some of them trained again at full size, and the winner's recipe."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from core import recipes
from core.errors import TrainingError
from core.files import replace_file, write_table
from core.recipes import RECIPES, Recipe
from core.search_plan import SEARCHES, Plan
from core.search_trial import read_examples
from core.searches import COMPLETE, FULL_SIZE, Found
from core.training import Progress, fit


def chosen(found: Found, count: int) -> pd.DataFrame:
    """``count`` complete trials from the best to the worst, evenly spread over their ranks.

    Raises:
        TrainingError: there are fewer.
    """
    complete = found.trials[(found.trials["state"] == COMPLETE) & (found.trials["sampler"] != "grid")]
    if len(complete) < count:
        raise TrainingError(
            f"The search '{found.plan.name}' has {len(complete)} complete trials; {count} are asked for."
        )
    ranked = complete.sort_values("value", ascending=False, kind="stable", ignore_index=True)
    return ranked.loc[np.linspace(0, len(ranked) - 1, count).round().astype(int)]


def recipe_of(plan: Plan, row: pd.Series) -> Recipe:
    """A trial's setting as a recipe at full size, named after the trial."""
    setting = {name: _plain(row[name]) for name in plan.space if name in row and pd.notna(row[name])}
    return plan.recipe_of(setting, name=f"{plan.name}-{row['sampler']}-{row['trial']}", cheap=False)


def _plain(value: float) -> float:
    """A whole number as an int again, which a table with gaps does not keep."""
    return int(value) if float(value).is_integer() and value >= 1 else float(value)


def train_at_full_size(
    found: Found,
    count: int,
    store: Path,
    runs: Path,
    *,
    folder: Path = SEARCHES,
    progress: Callable[[str], Progress] = lambda name: lambda done, total, metrics: None,
) -> pd.DataFrame:
    """Train some trials' settings as the recipe would be, best first, and write ``full_size.csv`` after each.

    Every one is an ordinary run: killed at any moment, the next call goes on.

    Args:
        found: what was searched.
        count: how many trials; see ``chosen``.
        store: the prepared data set.
        runs: the folder of runs.
        folder: where searches are.
        progress: by a run's name, what follows it.

    Returns:
        The table; see ``core.searches``.
    """
    rows = []
    for _, row in chosen(found, count).iterrows():
        recipe = recipe_of(found.plan, row)
        state = fit(recipe, *read_examples(recipe, store), runs / recipe.name, progress=progress(recipe.name))
        rows.append(
            {
                "sampler": row["sampler"],
                "trial": row["trial"],
                "value": row["value"],
                "full_value": state.best_value,
                "seconds": round(sum(one["seconds"] for one in state.history)),
            }
        )
        write_table(folder / found.plan.name / FULL_SIZE, pd.DataFrame(rows))
    return pd.DataFrame(rows)


def write_winner(found: Found, runs: Path, *, folder: Path = RECIPES) -> Recipe:
    """The recipe NAME-searched, of the best setting at full size, and its run, ready to be exported.

    Raises:
        TrainingError: nothing was trained at full size.
    """
    plan, full = found.plan, found.full_size
    if full is None:
        raise TrainingError(f"Of the search '{plan.name}' no trial is trained at full size yet.")
    best = full.iloc[int(full["full_value"].to_numpy().argmax())]
    trials = found.trials
    row = trials[(trials["sampler"] == best["sampler"]) & (trials["trial"] == best["trial"])].iloc[0]
    trained = recipe_of(plan, row)
    name = f"{plan.name}-searched"
    table = {
        **trained.table,
        "title": f"{trained.title}, searched",
        "about": f"The setting that a search found (trial {row['trial']} of {row['sampler']}), with fold 1 held out.",
    }
    table.pop("by_patient", None)
    with replace_file(folder / f"{name}.toml") as temporary:
        temporary.write_text(
            f"# Written by `python -m core search {plan.name} --winner`.\n" + toml(table), encoding="utf-8"
        )
    shutil.copytree(runs / trained.name, runs / name, dirs_exist_ok=True)
    return recipes.load(name, folder)


def toml(table: dict, prefix: str = "") -> str:
    """A table of text, numbers, truth values, lists of them and tables as TOML, whose values are JSON's."""
    own = [
        f"{key} = {json.dumps(value, ensure_ascii=False)}"
        for key, value in table.items()
        if not isinstance(value, dict)
    ]
    text = "\n".join(own) + "\n" if own else ""
    for key, value in table.items():
        if isinstance(value, dict):
            text += f"\n[{prefix}{key}]\n" + toml(value, f"{prefix}{key}.").lstrip("\n")
    return text
