"""Training by a recipe: fit with Keras, end of epoch by end of epoch, resumable after a kill."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from core.bundles.bundle import HISTORY
from core.config import CLASSIFICATION
from core.errors import TrainingError
from core.files import write_table
from core.hardware import is_slow_in_bfloat16
from core.networks.efficientnet_lite0 import load_pretrained
from core.networks.losses import WATCHED, loss_by_name, watched_metrics
from core.networks.registry import build_network
from core.training.augmentation import augment
from core.training.batches import Augment, Examples, training_batches, validation_batches
from core.training.checkpoint import State, load_state, save_state
from core.training.recipe import Recipe, training_settings

if TYPE_CHECKING:
    import keras


TrainingProgress = Callable[[int, int, dict[str, float]], None]
"""Called after every update with updates done, updates in all, and the running metrics."""

EpochEnd = Callable[[dict[str, float]], None]
"""Called after every epoch, its state saved, with its row of the history."""


def run_training(
    recipe: Recipe,
    train: Examples,
    validation: Examples,
    folder: Path,
    *,
    progress: TrainingProgress | None = None,
    epoch_end: EpochEnd | None = None,
) -> State:
    """Train until the recipe's end, or go on from the state in ``folder``.

    Args:
        recipe: what to build and how to train it.
        train: training examples; at least one batch of them.
        validation: validation examples.
        folder: where ``state.npz`` and ``history.csv`` live; one folder a run.
        progress: see ``Progress``.
        epoch_end: see ``EpochEnd``; what it raises ends the training and comes out of here.

    Returns:
        The final state; its ``best`` are the weights to keep.

    Raises:
        TrainingError: the folder holds a run of another recipe, or there are too few examples.
    """
    import keras

    plan = recipe.training
    state = load_state(folder)
    if state and training_settings(state.recipe) != recipe.essence:
        raise TrainingError(
            f"'{folder}' holds a run of '{recipe.name}' with another recipe; "
            "restore that recipe or move the folder away."
        )
    if len(train) < plan.batch:
        raise TrainingError(f"{len(train)} training slices are fewer than one batch of {plan.batch}.")
    if state and state.finished:
        write_history(folder, state.history)
        return state

    keras.utils.set_random_seed(plan.seed)
    steps = len(train) // plan.batch * plan.batch // plan.micro_batch
    previous_policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(plan.dtype)
    try:
        model = build_network(
            recipe.network["name"], {"size": recipe.input["size"], **recipe.network.get("options", {})}
        )
    finally:
        keras.config.set_dtype_policy(previous_policy)
    if recipe.network.get("pretrained"):
        load_pretrained(model)
    compile_model(model, recipe, steps=steps)
    callbacks: dict[str, keras.callbacks.Callback] = {}
    if plan.early_stopping_patience is not None:
        callbacks["early_stopping"] = keras.callbacks.EarlyStopping(
            "val_loss", patience=plan.early_stopping_patience, mode="min"
        )
    if plan.reduce_rate_patience is not None:
        callbacks["reduce_rate"] = keras.callbacks.ReduceLROnPlateau(
            "val_loss", patience=plan.reduce_rate_patience, factor=plan.reduce_rate_factor, mode="min"
        )
    keeper = _keeper(recipe, folder, callbacks, state, steps, progress, epoch_end)
    first_epoch = len(state.history) if state else 0
    model.fit(
        training_batches(train, recipe, first_epoch=first_epoch, augment=_augmentation(recipe)),
        validation_data=validation_batches(validation, recipe),
        steps_per_epoch=steps,
        initial_epoch=first_epoch,
        epochs=plan.epochs,
        # Restoring counters and saving the state come after the others have done their part.
        callbacks=[*callbacks.values(), keeper],
        shuffle=False,  # the batches come in an order of their own
        verbose=0,
    )
    return keeper.state


def compile_model(model: "keras.Model", recipe: Recipe, *, steps: int) -> None:
    """Compile with the recipe's optimizer, loss and metrics; ``steps`` micro-batches make an epoch."""
    import keras

    plan = recipe.training
    accumulation = plan.batch // plan.micro_batch
    rate: Any = plan.learning_rate
    if plan.schedule == "cosine":
        # Keras counts micro-batches, not updates, as iterations.
        warmup = round(steps * plan.warmup_epochs)
        rate = keras.optimizers.schedules.CosineDecay(
            0.0 if warmup else plan.learning_rate,
            decay_steps=steps * plan.epochs - warmup,
            warmup_target=plan.learning_rate if warmup else None,
            warmup_steps=warmup,
        )
    elif plan.schedule != "constant":
        raise TrainingError(f"There is no schedule '{plan.schedule}'; there are constant and cosine.")
    optimizers = {
        "adam": keras.optimizers.Adam,
        "adamw": partial(keras.optimizers.AdamW, weight_decay=plan.weight_decay),
    }
    if plan.optimizer not in optimizers:
        raise TrainingError(f"There is no optimizer '{plan.optimizer}'; there are {', '.join(optimizers)}.")
    optimizer = optimizers[plan.optimizer](rate, gradient_accumulation_steps=accumulation if accumulation > 1 else None)
    losses = [loss_by_name(name) for name in recipe.losses]
    if plan.label_smoothing and CLASSIFICATION in recipe.tasks:
        losses[0] = partial(losses[0], label_smoothing=plan.label_smoothing)
    # XLA brings its own bfloat16 convolutions: here they take a tenth of the time of TensorFlow's.
    jit_compile = True if plan.dtype == "mixed_bfloat16" and is_slow_in_bfloat16() else "auto"
    model.compile(optimizer=optimizer, loss=losses, metrics=watched_metrics(recipe.tasks), jit_compile=jit_compile)


def _augmentation(recipe: Recipe) -> Augment | None:
    """What the recipe does to each training micro-batch, or None."""
    options: dict[str, Any] = recipe.training.augmentation
    return partial(augment, **options) if options else None


def write_history(folder: Path, history: list[dict[str, float]]) -> None:
    """Write history.csv, one row an epoch."""
    write_table(folder / HISTORY, pd.DataFrame(history))


_COUNTERS = ("wait", "best", "stopped_epoch", "cooldown_counter")


def _keeper(
    recipe: Recipe,
    folder: Path,
    watched: dict[str, "keras.callbacks.Callback"],
    resumed: State | None,
    steps: int,
    progress: TrainingProgress | None,
    epoch_end: EpochEnd | None,
) -> Any:
    """The callback that restores a state when training begins and saves one after each epoch."""
    import keras

    plan = recipe.training

    class Keeper(keras.callbacks.Callback):
        state = resumed or State([], [], [], None, 0, [], {}, False, recipe.table)

        def on_train_begin(self, logs: Any = None) -> None:
            self.model.optimizer.build(self.model.trainable_variables)
            if not resumed:
                return
            for variable, value in zip(self.model.variables, resumed.variables, strict=True):
                variable.assign(value)
            for variable, value in zip(self.model.optimizer.variables, resumed.optimizer, strict=True):
                variable.assign(value)
            for name, callback in watched.items():
                for counter, value in resumed.counters[name].items():
                    setattr(callback, counter, value)

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self._epoch = epoch
            self._began = time.perf_counter()
            self._rate = float(self.model.optimizer.learning_rate)

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if progress:
                progress(self._epoch * steps + batch + 1, plan.epochs * steps, _named(logs))

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            values = {name: value for name, value in _named(logs).items() if name != "learning_rate"}
            row = {"epoch": epoch + 1, **values, "learning_rate": self._rate}
            row["seconds"] = round(time.perf_counter() - self._began, 3)
            self._note_best(row)
            state = self.state
            state.history.append(row)
            state.variables = [variable.numpy() for variable in self.model.variables]
            state.optimizer = [variable.numpy() for variable in self.model.optimizer.variables]
            state.counters = {
                name: {key: _plain(getattr(callback, key)) for key in _COUNTERS if hasattr(callback, key)}
                for name, callback in watched.items()
            }
            state.finished = bool(self.model.stop_training) or epoch + 1 == plan.epochs
            save_state(folder, state)
            write_history(folder, state.history)
            if epoch_end:
                epoch_end(row)

        def _note_best(self, row: dict[str, float]) -> None:
            state = self.state
            value = row.get(plan.keep)
            if plan.keep != "last":
                if value is None:
                    raise TrainingError(f"The recipe keeps the epoch best by '{plan.keep}', which is not measured.")
                lower_is_better = plan.keep.endswith("loss")
                if state.best_value is not None and not (
                    value < state.best_value if lower_is_better else value > state.best_value
                ):
                    return
            state.best_value = value
            state.best_epoch = int(row["epoch"])
            state.best = [weight.numpy() for weight in self.model.weights]

    return Keeper()


def _named(logs: dict[str, Any] | None) -> dict[str, float]:
    """Keras' figures under the names they have in a history.

    Of a network with several outputs Keras puts the output's name before each metric's; no two metrics are alike, but
    for the losses.
    """
    named = {}
    for name, value in (logs or {}).items():
        validation = "val_" * name.startswith("val_")
        figure = name.removeprefix("val_")
        metric = figure.rpartition("_")[2]
        named[validation + (metric if metric in WATCHED else figure)] = float(value)
    return named


def _plain(value: Any) -> float | int | None:
    if value is None or isinstance(value, int):
        return value
    return float(value)
