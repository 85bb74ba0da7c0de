"""The record of a training run: it saves the state after each epoch, so that an interrupted run goes on exactly."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from core.bundles.bundle import HISTORY
from core.errors import TrainingError
from core.files import write_table
from core.networks.losses import METRIC_NAMES
from core.training.checkpoint import State, save_state
from core.training.recipe import Recipe

if TYPE_CHECKING:
    import keras

TrainingProgress = Callable[[int, int, dict[str, float]], None]
"""Called after every update with updates done, updates in all, and the running metrics."""

EpochEnd = Callable[[dict[str, float]], None]
"""Called after every epoch, once its state is saved, with its row of the history."""

_COUNTERS = ("wait", "best", "stopped_epoch", "cooldown_counter")
"""Attributes of Keras's patience callbacks that belong to a run's state."""


class RunRecorder:
    """Restores a saved state when training begins, and saves the state and the history after each epoch.

    Attributes:
        state: the run as of its last finished epoch.
    """

    def __init__(
        self,
        model: "keras.Model",
        recipe: Recipe,
        folder: Path,
        *,
        patience: dict[str, "keras.callbacks.Callback"],
        steps: int,
        resumed: State | None = None,
        progress: TrainingProgress | None = None,
        epoch_end: EpochEnd | None = None,
    ) -> None:
        """Record the training of a compiled model.

        Args:
            model: the compiled model.
            recipe: how it is trained.
            folder: where the state and the history are written.
            patience: Keras's callbacks that count epochs without an improvement, by name.
            steps: micro-batches an epoch.
            resumed: the state to go on from; None for a new run.
            progress: see ``TrainingProgress``.
            epoch_end: see ``EpochEnd``.
        """
        self.state = resumed or State([], [], [], None, 0, [], {}, False, recipe.table)
        self._model, self._plan, self._folder = model, recipe.training, folder
        self._patience, self._steps, self._resumed = patience, steps, resumed is not None
        self._progress, self._epoch_end = progress, epoch_end
        self._epoch, self._began, self._rate = 0, 0.0, 0.0

    def callback(self) -> "keras.callbacks.Callback":
        """Return the Keras callback that calls this recorder.

        It stands last in the list: the patience callbacks reset their counters when training begins, and count an epoch
        at its end.
        """
        import keras

        return keras.callbacks.LambdaCallback(
            on_train_begin=lambda logs=None: self.restore(),
            on_epoch_begin=lambda epoch, logs=None: self.begin_epoch(epoch),
            on_train_batch_end=lambda batch, logs=None: self.end_batch(batch, logs),
            on_epoch_end=lambda epoch, logs=None: self.end_epoch(epoch, logs),
        )

    def restore(self) -> None:
        """Put the saved values into the model, its optimizer and the patience callbacks; nothing for a new run."""
        self._model.optimizer.build(self._model.trainable_variables)
        if not self._resumed:
            return
        for variable, value in zip(self._model.variables, self.state.variables, strict=True):
            variable.assign(value)
        for variable, value in zip(self._model.optimizer.variables, self.state.optimizer, strict=True):
            variable.assign(value)
        for name, callback in self._patience.items():
            for counter, value in self.state.counters[name].items():
                setattr(callback, counter, value)

    def begin_epoch(self, epoch: int) -> None:
        """Note when an epoch, counted from 0, begins and at which learning rate."""
        self._epoch = epoch
        self._began = time.perf_counter()
        self._rate = float(self._model.optimizer.learning_rate)

    def end_batch(self, batch: int, logs: dict[str, Any] | None) -> None:
        """Report the progress after a micro-batch, counted from 0 in its epoch."""
        if self._progress:
            done = self._epoch * self._steps + batch + 1
            self._progress(done, self._plan.epochs * self._steps, _history_columns(logs))

    def end_epoch(self, epoch: int, logs: dict[str, Any] | None) -> None:
        """Save the state and the history after an epoch, counted from 0.

        Raises:
            TrainingError: the recipe keeps the epoch best by a figure that is not measured.
        """
        row = {"epoch": epoch + 1, **_history_columns(logs)}
        # Keras's own entry is the rate of the next epoch.
        row.pop("learning_rate", None)
        row["learning_rate"] = self._rate
        row["seconds"] = round(time.perf_counter() - self._began, 3)
        self._update_best(row)
        state = self.state
        state.history.append(row)
        state.variables = [variable.numpy() for variable in self._model.variables]
        state.optimizer = [variable.numpy() for variable in self._model.optimizer.variables]
        state.counters = {
            name: {key: _as_number(getattr(callback, key)) for key in _COUNTERS if hasattr(callback, key)}
            for name, callback in self._patience.items()
        }
        state.finished = bool(self._model.stop_training) or epoch + 1 == self._plan.epochs
        save_state(self._folder, state)
        write_history(self._folder, state.history)
        if self._epoch_end:
            self._epoch_end(row)

    def _update_best(self, row: dict[str, float]) -> None:
        """Keep the weights if the epoch is the best so far by the recipe's figure, or if the recipe keeps the last."""
        state, keep = self.state, self._plan.keep
        value = row.get(keep)
        if keep != "last":
            if value is None:
                raise TrainingError("The recipe keeps the epoch best by '{keep}', which is not measured.", keep=keep)
            sign = -1 if keep.endswith("loss") else 1
            if state.best_value is not None and not sign * value > sign * state.best_value:
                return
        state.best_value = value
        state.best_epoch = int(row["epoch"])
        state.best = [weight.numpy() for weight in self._model.weights]


def write_history(folder: Path, history: list[dict[str, float]]) -> None:
    """Write history.csv, one row an epoch."""
    write_table(folder / HISTORY, pd.DataFrame(history))


def _history_columns(logs: dict[str, Any] | None) -> dict[str, float]:
    """Return Keras's figures by their column in a history.

    Where a network has several outputs, Keras puts the output's name before each metric's. No two outputs share a
    metric, except for the loss.
    """
    columns = {}
    for name, value in (logs or {}).items():
        prefix = "val_" * name.startswith("val_")
        figure = name.removeprefix("val_")
        metric = figure.rpartition("_")[2]
        columns[prefix + (metric if metric in METRIC_NAMES else figure)] = float(value)
    return columns


def _as_number(value: Any) -> float | int | None:
    """Return a counter as JSON can store it."""
    return value if value is None or isinstance(value, int) else float(value)
