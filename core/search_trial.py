"""One trial of a search: a setting trained cheaply, judged on validation patients."""

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from core import search_plan, splits
from core.examples import Examples, load_examples
from core.figshare import Store
from core.recipes import Recipe
from core.search_plan import Setting
from core.training import fit

Report = Callable[[int, float], None]
"""Called after every epoch with its number and the best value so far; what it raises ends the trial."""
Trial = Callable[[Setting, Report], float]
"""A setting -> what it reaches; larger is better."""


def trainer(name: str, store: Path) -> Trial:
    """What judges a setting of the search ``name`` by a cheap training on the data set in ``store``."""
    plan = search_plan.load(name)

    @cache
    def examples() -> tuple[Examples, Examples]:
        return read_examples(plan.recipe_of({}, name=f"{name}-trial", cheap=True), store)

    def judge(setting: Setting, report: Report) -> float:
        import keras

        recipe = plan.recipe_of(setting, name=f"{name}-trial", cheap=True)
        best = -np.inf

        def epoch_end(row: dict[str, float]) -> None:
            nonlocal best
            best = max(best, row[plan.value])
            report(int(row["epoch"]), float(best))

        # Networks of earlier trials are otherwise kept until the process ends.
        keras.backend.clear_session()
        with tempfile.TemporaryDirectory() as folder:
            fit(recipe, *examples(), Path(folder), epoch_end=epoch_end)
        return float(best)

    return judge


def read_examples(recipe: Recipe, store: Path) -> tuple[Examples, Examples]:
    """The training and the validation examples of a recipe's split; its test slices are not read."""
    part = splits.parts(recipe.split)
    with Store(store) as opened:
        train, validation = (
            load_examples(opened, np.asarray(part.index[part == name]), recipe) for name in ("train", "validation")
        )
    return train, validation
