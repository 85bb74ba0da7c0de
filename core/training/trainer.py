"""Training by a recipe with Keras, saved after each epoch and resumable after a kill."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.config import CLASSIFICATION
from core.errors import TrainingError
from core.hardware import is_slow_in_bfloat16
from core.networks.efficientnet_lite0 import is_encoder_layer, load_pretrained
from core.networks.losses import loss_by_name, training_metrics
from core.networks.registry import build_network
from core.training.checkpoint import State, load_state
from core.training.data.augmentation import augment
from core.training.data.batches import Augment, steps_per_epoch, training_batches, validation_batches
from core.training.data.examples import Examples
from core.training.fused_norm import with_fused_norms
from core.training.recipe import Recipe, Training, training_settings
from core.training.recorder import EpochEnd, RunRecorder, TrainingProgress, write_history
from core.training.start import copy_weights

if TYPE_CHECKING:
    import keras


def run_training(
    recipe: Recipe,
    train: Examples,
    validation: Examples,
    folder: Path,
    *,
    tumour_free: Examples | None = None,
    start: "Callable[[], keras.Model | None] | None" = None,
    workers: int = 0,
    progress: TrainingProgress | None = None,
    epoch_end: EpochEnd | None = None,
) -> State:
    """Train until the recipe's end, or go on from the state in ``folder``.

    A finished run needs neither its start nor slices without a tumour.

    Args:
        recipe: what to build and how to train it.
        train: training examples; at least one batch of them.
        validation: validation examples.
        folder: where ``state.npz`` and ``history.csv`` are; one folder a run.
        tumour_free: what a recipe with ``tumour_free`` draws that share of each micro-batch from.
        start: loads the network of the recipe's ``start``, whose weights it begins with.
        workers: processes that make batches beside the training; 0 for none.
        progress: see ``TrainingProgress``.
        epoch_end: see ``EpochEnd``; an exception from it ends the training and is passed on.

    Returns:
        The final state; its ``best`` are the weights to keep.

    Raises:
        TrainingError: the folder holds a run of another recipe, or there are too few examples.
    """
    import keras

    plan = recipe.training
    state = load_state(folder)
    _check_state(recipe, folder, state)
    if state and state.finished:
        write_history(folder, state.history)
        return state
    _check_examples(recipe, train, tumour_free)
    first = start() if start else None
    keras.utils.set_random_seed(plan.seed)
    steps = steps_per_epoch(len(train), plan)
    model = _build_model(recipe)
    if first is not None:
        copy_weights(first, model)
    compile_model(model, recipe, steps=steps)
    if len(model.outputs) > 1:
        _make_loss_trackers(model, validation)
    patience = _patience_callbacks(plan)
    recorder = RunRecorder(
        model, recipe, folder, patience=patience, steps=steps, resumed=state, progress=progress, epoch_end=epoch_end
    )
    first_epoch = len(state.history) if state else 0
    model.fit(
        training_batches(
            train,
            recipe,
            first_epoch=first_epoch,
            augment=augmentation(recipe),
            tumour_free=tumour_free,
            workers=workers,
        ),
        validation_data=validation_batches(validation, recipe),
        steps_per_epoch=steps,
        initial_epoch=first_epoch,
        epochs=plan.epochs,
        callbacks=[*patience.values(), recorder.callback()],
        shuffle=False,  # ``training_batches`` shuffles
        verbose=0,
    )
    return recorder.state


def _check_state(recipe: Recipe, folder: Path, state: State | None) -> None:
    """Raise ``TrainingError`` if a state is another recipe's."""
    if state and training_settings(state.recipe) != recipe.decisive_settings:
        raise TrainingError(
            "'{folder}' holds a run of '{recipe}' with another recipe; restore that recipe or move the folder away.",
            folder=folder,
            recipe=recipe.name,
        )


def _check_examples(recipe: Recipe, train: Examples, tumour_free: Examples | None) -> None:
    """Raise ``TrainingError`` if examples are missing, or make no whole micro-batches."""
    if recipe.training.tumour_free and not tumour_free:
        raise TrainingError(
            "The recipe '{recipe}' needs slices without a tumour; name their folder.", recipe=recipe.name
        )
    plan = recipe.training
    if plan.keep_last_batch:
        left = len(train) % plan.batch
        if left % plan.micro_batches:
            raise TrainingError(
                "The last {left} slices of an epoch do not make {micro_batches} equal micro-batches; choose another "
                "micro_batch.",
                left=left,
                micro_batches=plan.micro_batches,
            )
    elif len(train) < plan.batch:
        raise TrainingError(
            "{slices} training slices are fewer than one batch of {batch}.", slices=len(train), batch=plan.batch
        )


def _build_model(recipe: Recipe) -> "keras.Model":
    """Build the recipe's network under its dtype policy, with pretrained weights where the recipe has them."""
    import keras

    previous_policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(recipe.training.dtype)
    try:
        model = with_fused_norms(build_network(recipe.network.name, recipe.network_options))
    finally:
        keras.config.set_dtype_policy(previous_policy)
    if recipe.network.pretrained:
        load_pretrained(model)
    return model


def compile_model(model: "keras.Model", recipe: Recipe, *, steps: int) -> None:
    """Compile with the recipe's optimizer, loss and metrics; ``steps`` micro-batches make an epoch.

    Raises:
        TrainingError: no such schedule, optimizer or loss.
    """
    plan = recipe.training
    optimizer = _optimizer(plan, steps)
    losses = [loss_by_name(name) for name in recipe.losses]
    if plan.label_smoothing and CLASSIFICATION in recipe.tasks:
        losses[0] = partial(losses[0], label_smoothing=plan.label_smoothing)
    # XLA has its own bfloat16 convolutions: on such a processor they take a tenth of the time of TensorFlow's.
    jit_compile = True if plan.dtype == "mixed_bfloat16" and is_slow_in_bfloat16() else "auto"
    model.compile(
        optimizer=optimizer, loss=losses, weighted_metrics=training_metrics(recipe.tasks), jit_compile=jit_compile
    )


def _make_loss_trackers(model: "keras.Model", examples: Examples) -> None:
    """Make the variables that average each output's loss: those made in the first step have it traced a second time."""
    uniform = [np.full((1, *output.shape[1:]), 1 / output.shape[-1], np.float32) for output in model.outputs]
    model.compute_loss(y=tuple(target[:1] for target in examples.targets), y_pred=uniform)


def _optimizer(plan: Training, steps: int) -> "keras.optimizers.Optimizer":
    """Make the optimizer; it accumulates gradients over the micro-batches of a batch."""
    import keras

    rate = _learning_rate(plan, steps)
    accumulation = plan.micro_batches
    options: dict[str, Any] = {"gradient_accumulation_steps": accumulation if accumulation > 1 else None}
    if plan.optimizer == "adamw":
        options["weight_decay"] = plan.weight_decay
    bases = {"adam": keras.optimizers.Adam, "adamw": keras.optimizers.AdamW}
    if plan.optimizer not in bases:
        raise TrainingError(
            "There is no optimizer '{optimizer}'; there are {accepted}.",
            optimizer=plan.optimizer,
            accepted=", ".join(bases),
        )
    base = bases[plan.optimizer]
    if plan.decoder_rate != 1:
        base = _with_decoder_rate(base, plan.decoder_rate)
    return base(rate, **options)


def _with_decoder_rate(base: type["keras.optimizers.Adam"], factor: float) -> type["keras.optimizers.Adam"]:
    """Derive an optimizer that multiplies the rate of all layers but the pretrained encoder's; not weight decay's."""

    class DecoderRate(base):
        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            # Keras's own variables have a path, TensorFlow's a name.
            in_encoder = is_encoder_layer(getattr(variable, "path", variable.name).partition("/")[0])
            super().update_step(gradient, variable, learning_rate * (1.0 if in_encoder else factor))

    return DecoderRate


def _learning_rate(plan: Training, steps: int) -> Any:
    """Return the constant rate or the cosine schedule, whose steps Keras counts in micro-batches, not in updates."""
    import keras

    if plan.schedule == "constant":
        return plan.learning_rate
    if plan.schedule != "cosine":
        raise TrainingError("There is no schedule '{schedule}'; there are constant and cosine.", schedule=plan.schedule)
    warmup = round(steps * plan.warmup_epochs)
    return keras.optimizers.schedules.CosineDecay(
        0.0 if warmup else plan.learning_rate,
        decay_steps=steps * plan.epochs - warmup,
        warmup_target=plan.learning_rate if warmup else None,
        warmup_steps=warmup,
    )


def _patience_callbacks(plan: Training) -> dict[str, "keras.callbacks.Callback"]:
    """Make the callbacks that watch the validation loss, by the name under which a state stores their counters."""
    import keras

    callbacks: dict[str, keras.callbacks.Callback] = {}
    if plan.early_stopping_patience is not None:
        callbacks["early_stopping"] = keras.callbacks.EarlyStopping(
            "val_loss", patience=plan.early_stopping_patience, mode="min"
        )
    if plan.reduce_rate_patience is not None:
        callbacks["reduce_rate"] = keras.callbacks.ReduceLROnPlateau(
            "val_loss", patience=plan.reduce_rate_patience, factor=plan.reduce_rate_factor, mode="min"
        )
    return callbacks


def augmentation(recipe: Recipe) -> Augment | None:
    """Return the augmentation of the recipe, or None."""
    if recipe.training.augmentation is None:
        return None
    options = recipe.training.augmentation.model_dump(exclude_unset=True)
    if recipe.training.cache:
        options["size"] = recipe.input.size
    return partial(augment, **options)
