"""The checkpoint of a training run: its state in one file, replaced as a whole after each epoch."""

import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import TrainingError
from core.files import replace_file

STATE_NAME = "state.npz"


@dataclass
class State:
    """The state from which a run is resumed.

    Attributes:
        variables: the model's variables in order, the dropout layers' random seeds among them.
        optimizer: the optimizer's variables in order, learning rate and moments among them.
        best: the model's weights at the best epoch so far, in the order of ``model.weights``.
        best_value: the monitored value of that epoch.
        best_epoch: that epoch, counted from 1.
        history: one row for each finished epoch.
        counters: callback name -> its patience counters and best value.
        finished: whether training is over, by the last epoch or by early stopping.
        recipe: the recipe's table; a run goes on only with the same one.
    """

    variables: list[np.ndarray]
    optimizer: list[np.ndarray]
    best: list[np.ndarray]
    best_value: float | None
    best_epoch: int
    history: list[dict[str, float]]
    counters: dict[str, dict[str, Any]]
    finished: bool
    recipe: dict[str, Any] = field(default_factory=dict)


_ARRAYS = ("variables", "optimizer", "best")


def save_state(folder: Path, state: State) -> None:
    """Write the state. Killed at any moment, the file holds the previous state or this one."""
    arrays = {f"{name}/{i:04d}": array for name in _ARRAYS for i, array in enumerate(getattr(state, name))}
    rest = {name: value for name, value in vars(state).items() if name not in _ARRAYS}
    with replace_file(folder / STATE_NAME) as temporary, temporary.open("wb") as file:
        np.savez(file, rest=np.array(json.dumps(rest)), **arrays)


def load_state(folder: Path) -> State | None:
    """Read the last saved state; None where there is none.

    Raises:
        TrainingError: the file is there but cannot be read.
    """
    path = folder / STATE_NAME
    if not path.is_file():
        return None
    try:
        with np.load(path) as file:
            rest = json.loads(str(file["rest"]))
            arrays: dict[str, Any] = {
                name: [file[key] for key in sorted(file.files) if key.startswith(f"{name}/")] for name in _ARRAYS
            }
        return State(**arrays, **rest)
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise TrainingError("'{path}' cannot be read; delete it to start the run anew.", path=path) from error
