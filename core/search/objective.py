"""The objective of a search: a setting is trained cheaply; its value is a figure on validation patients."""

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from core.search.plan import Setting, load_plan
from core.training.data.examples import Examples, read_split_examples
from core.training.trainer import run_training

Report = Callable[[int, float], None]
"""Called after every epoch with its number and the best value so far; an exception from it ends the trial."""
Trial = Callable[[Setting, Report], float]
"""Trains a setting and returns its value; larger is better."""


def make_trial(name: str, store: Path) -> Trial:
    """Make the function that trains a setting of the search ``name`` cheaply on the data set in ``store``."""
    plan = load_plan(name)

    @cache
    def examples() -> tuple[Examples, Examples]:
        return read_split_examples(plan.recipe_of({}, name=f"{name}-trial", cheap=True), store)

    def judge(setting: Setting, report: Report) -> float:
        import keras

        recipe = plan.recipe_of(setting, name=f"{name}-trial", cheap=True)
        best = -np.inf

        def epoch_end(row: dict[str, float]) -> None:
            nonlocal best
            best = max(best, row[plan.value])
            report(int(row["epoch"]), float(best))

        # Keras otherwise keeps the networks of earlier trials until the process ends.
        keras.backend.clear_session()
        with tempfile.TemporaryDirectory() as folder:
            run_training(recipe, *examples(), Path(folder), epoch_end=epoch_end)
        return float(best)

    return judge
