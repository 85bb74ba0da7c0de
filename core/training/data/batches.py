"""Training batches: the order in which a network is trained on its examples, and how Keras takes them."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import count, islice
from multiprocessing import get_context
from typing import Any

import numpy as np

from core.config import CLASSIFICATION, PRESENCE, SEGMENTATION
from core.hardware import deaf_to_ctrl_c
from core.training.data.examples import Examples
from core.training.recipe import Recipe, Training

Targets = tuple[np.ndarray, ...]
Batch = tuple[Any, ...]
"""Planes, targets, and where rows are weighted their weights."""
Augment = Callable[[np.ndarray, Targets, np.random.Generator], tuple[np.ndarray, Targets]]


def epoch_order(count: int, batch: int, *, seed: int, epoch: int, keep_last: bool = False) -> np.ndarray:
    """Return the rows of one epoch, shuffled by seed and epoch alone.

    They are cut to a multiple of ``batch``, unless the last, smaller batch is kept.
    """
    order = np.random.default_rng([seed, epoch]).permutation(count)
    return order if keep_last else order[: count // batch * batch]


def updates_per_epoch(count: int, plan: Training) -> int:
    """Return the weight updates of an epoch with ``count`` training examples that show a tumour."""
    rows = _tumour_rows(plan, plan.batch)
    return -(-count // rows) if plan.keep_last_batch else count // rows


def steps_per_epoch(count: int, plan: Training) -> int:
    """Return the micro-batches of an epoch with ``count`` training examples that show a tumour."""
    return updates_per_epoch(count, plan) * plan.micro_batches


def _tumour_rows(plan: Training, size: int) -> int:
    """Return how many rows of a batch or micro-batch of ``size`` show a tumour; the others are tumour-free examples."""
    return (plan.micro_batch - round(plan.tumour_free * plan.micro_batch)) * (size // plan.micro_batch)


@dataclass(frozen=True)
class _BatchMaker:
    """Makes any micro-batch of a run; order and augmentation depend on seed, epoch and position only."""

    examples: Examples
    recipe: Recipe
    augment: Augment | None
    tumour_free: Examples | None

    def __call__(self, epoch: int, step: int) -> Batch:
        """Make the micro-batch ``step`` of an epoch, both counted from 0."""
        plan = self.recipe.training
        size = _tumour_rows(plan, plan.batch)
        order = epoch_order(len(self.examples), size, seed=plan.seed, epoch=epoch, keep_last=plan.keep_last_batch)
        update, piece = divmod(step, plan.micro_batches)
        count = len(order[update * size : (update + 1) * size]) // plan.micro_batches
        start = update * size + piece * count
        random = np.random.default_rng([plan.seed, epoch, start])
        rows = self.examples.rows(order[start : start + count])
        if self.tumour_free:
            drawn = random.integers(len(self.tumour_free), size=plan.micro_batch - count)
            rows = rows.joined(self.tumour_free.rows(drawn))
        planes, targets = rows.planes, rows.targets
        if self.augment:
            planes, targets = self.augment(planes, targets, random)
        return (planes, targets, _sample_weights(self.recipe, rows)) if self.tumour_free else (planes, targets)


_maker: _BatchMaker | None = None
"""What a worker process makes its batches with."""


def _keep_maker(maker: _BatchMaker) -> None:
    global _maker
    _maker = maker


def _make_batch(epoch: int, step: int) -> Batch:
    assert _maker is not None
    return _maker(epoch, step)


def _stream(maker: _BatchMaker, first_epoch: int, workers: int) -> Iterator[Batch]:
    """Yield micro-batches without end and in order, made here or in worker processes."""
    steps = steps_per_epoch(len(maker.examples), maker.recipe.training)
    places = ((epoch, step) for epoch in count(first_epoch) for step in range(steps))
    if not workers:
        yield from (maker(*place) for place in places)
        return
    pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=_keep_maker, initargs=(maker,))
    try:
        with deaf_to_ctrl_c():
            waiting = deque(pool.submit(_make_batch, *place) for place in islice(places, 4 * workers))
        while True:
            batch = waiting.popleft().result()
            waiting.append(pool.submit(_make_batch, *next(places)))
            yield batch
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def training_batches(
    examples: Examples,
    recipe: Recipe,
    *,
    first_epoch: int,
    augment: Augment | None = None,
    tumour_free: Examples | None = None,
    workers: int = 0,
) -> Any:
    """Return micro-batches without end, from the start of epoch ``first_epoch``, as Keras takes them.

    Order and augmentation depend on seed, epoch and position only, so that a resumed run gets the same batches as an
    uninterrupted one. An epoch shows no example twice; tumour-free examples are drawn anew for each micro-batch.

    Args:
        examples: of the data set's training slices.
        recipe: says how many make a micro-batch.
        first_epoch: counted from 0.
        augment: changes a micro-batch's planes and targets.
        tumour_free: examples to draw the recipe's share of tumour-free rows from.
        workers: processes that make them beside the training; 0 to make them in this one.
    """
    maker = _BatchMaker(examples, recipe, augment, tumour_free)
    side = recipe.input.size if augment else examples.planes.shape[1]
    return _keras_input(
        lambda: _stream(maker, first_epoch, workers),
        examples,
        recipe.input.channels,
        side=side,
        weighted=bool(tumour_free),
    )


def _sample_weights(recipe: Recipe, rows: Examples) -> tuple[np.ndarray, ...]:
    """Return each row's weight in each task's loss, (n,) float32: no class loss where no class is known."""
    present = rows.targets[recipe.tasks.index(PRESENCE)] > 0
    has_class = np.ones(len(rows), bool) if rows.has_class is None else rows.has_class
    weights = {
        CLASSIFICATION: has_class,
        SEGMENTATION: np.where(present, 1.0, recipe.training.tumour_free_mask_weight),
        PRESENCE: np.ones(len(rows)),
    }
    return tuple(weights[task].astype(np.float32) for task in recipe.tasks)


def validation_batches(examples: Examples, recipe: Recipe) -> Any:
    """Return all examples once, in order, in micro-batches, as Keras takes them."""
    import keras

    channels, size = recipe.input.channels, recipe.training.micro_batch
    if keras.backend.backend() != "tensorflow":
        return widen(examples.planes, channels), _keras_targets(examples.targets)
    import tensorflow as tf

    def batches() -> Iterator[tuple[np.ndarray, Targets]]:
        for start in range(0, len(examples), size):
            rows = slice(start, start + size)
            yield examples.planes[rows], tuple(target[rows] for target in examples.targets)

    steps = -(-len(examples) // size)
    return _keras_input(batches, examples, channels).apply(tf.data.experimental.assert_cardinality(steps))


def widen(planes: np.ndarray, channels: int) -> np.ndarray:
    """Return planes as a network takes them, (n, S, S, channels) float32 in [0, 1]; a single channel is repeated."""
    values = planes.astype(np.float32)
    if planes.dtype == np.uint8:
        values /= 255
    return values if values.shape[-1] == channels else np.repeat(values, channels, axis=-1)


def _keras_targets(targets: Targets) -> Any:
    """Return targets as Keras takes them: that of a network with one output as it is."""
    return targets[0] if len(targets) == 1 else targets


def _keras_input(
    batches: Callable[[], Iterator[Batch]],
    examples: Examples,
    channels: int,
    *,
    side: int | None = None,
    weighted: bool = False,
) -> Any:
    """Make Keras's input from a generator of micro-batches: float32 planes (n, S, S, channels) and uint8 targets.

    Under TensorFlow it is a ``tf.data.Dataset``, which prepares batches while the network trains; else a generator.

    Args:
        batches: yields planes and targets, and with ``weighted`` each row's weights.
        examples: of the same types.
        channels: a single plane is repeated over.
        side: S; None for the examples' own.
        weighted: whether weights follow, (n,) float32 a task.
    """
    import keras

    def prepared() -> Iterator[Batch]:
        for planes, targets, *weights in batches():
            yield widen(planes, channels), _keras_targets(targets), *weights

    if keras.backend.backend() != "tensorflow":
        return prepared()
    import tensorflow as tf

    shape = (side, side) if side else examples.planes.shape[1:3]
    targets_signature = tuple(
        tf.TensorSpec((None, *((*shape, 1) if target.ndim > 1 else ())), tf.uint8) for target in examples.targets
    )
    signature: tuple[Any, ...] = (
        tf.TensorSpec((None, *shape, channels), tf.float32),
        _keras_targets(targets_signature),
    )
    if weighted:
        signature += (tuple(tf.TensorSpec((None,), tf.float32) for _ in examples.targets),)
    # Nothing needs tuning, and at its end an iterator often waits up to half a minute for the tuner's thread.
    options = tf.data.Options()
    options.autotune.enabled = False
    return tf.data.Dataset.from_generator(prepared, output_signature=signature).prefetch(2).with_options(options)
