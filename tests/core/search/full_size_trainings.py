"""Trainings at full size that cost little, importable by worker processes."""

import os
import signal
from pathlib import Path

from core.training.checkpoint import State
from core.training.recipe import Recipe
from core.training.recorder import TrainingProgress
from core.training.trainer import run_training
from tests.core import tiny
from tests.core.search.trials import made


def its_rate(recipe: Recipe, store: Path, folder: Path, progress: object) -> State:
    """Stand in for ``core.search.full_size.train_recipe``: train nothing; a setting's value is its learning rate."""
    folder.mkdir(exist_ok=True)
    return State([], [], [], recipe.training.learning_rate, 1, [{"seconds": 2.0}], {}, True, recipe.table)


def dies_once(recipe: Recipe, store: Path, folder: Path, progress: object) -> State:
    """``its_rate``, but its process is killed the first time of all."""
    if made(store / "died"):
        os.kill(os.getpid(), signal.SIGKILL)
    return its_rate(recipe, store, folder, progress)


def tiny_fit(recipe: Recipe, store: Path, folder: Path, progress: TrainingProgress | None) -> State:
    """Trains on made-up slices."""
    return run_training(
        recipe, tiny.class_examples(36, seed=1), tiny.class_examples(12, seed=2), folder, progress=progress
    )
