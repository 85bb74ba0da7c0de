"""Training batches: slices and targets in memory, and the order in which a network is trained on them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.config import CLASSIFICATION, SEGMENTATION, TASKS
from core.dataset import splits
from core.dataset.store import Store
from core.readers.preprocessing import preprocess_mask, preprocess_slice
from core.training.recipe import Recipe

if TYPE_CHECKING:
    import tensorflow as tf


@dataclass(frozen=True)
class Examples:
    """Inputs and targets in memory.

    Attributes:
        planes: (n, S, S, 1) float16 in [0, 1]; half precision holds 11 bits, more than the published
            8-bit ranges, in half the memory.
        targets: one array a task, all uint8: (n,) class indices for classification; (n, S, S, 1) masks for
            segmentation, 0 for background and 1 for tumour; with both tasks, tumour is the class's index + 1.
    """

    planes: np.ndarray
    targets: tuple[np.ndarray, ...]

    def __len__(self) -> int:
        return len(self.planes)


def load_examples(store: Store, numbers: np.ndarray, recipe: Recipe) -> Examples:
    """Read and preprocess the slices ``numbers`` for a recipe's network and task.

    Raises:
        DatasetError: a slice is not in the store.
    """
    size = recipe.input.size
    planes = np.empty((len(numbers), size, size, 1), np.float16)
    classes = np.array([store.index.label[store.row(int(n))] for n in numbers], np.uint8) - 1
    masks = np.zeros((len(numbers), size, size, 1), np.uint8)
    for i, number in enumerate(int(n) for n in numbers):
        planes[i, :, :, 0], place = preprocess_slice(
            store.pixels(number), size=size, preprocessing=recipe.input.preprocessing
        )
        if SEGMENTATION in recipe.tasks:
            masks[i, :, :, 0] = preprocess_mask(store.mask(number), place, size=size)
    if recipe.tasks == TASKS:
        masks *= classes[:, None, None, None] + 1
    targets = {CLASSIFICATION: classes, SEGMENTATION: masks}
    return Examples(planes, tuple(targets[task] for task in recipe.tasks))


Targets = tuple[np.ndarray, ...]
Augment = Callable[[np.ndarray, Targets, np.random.Generator], tuple[np.ndarray, Targets]]


def epoch_order(count: int, batch: int, *, seed: int, epoch: int) -> np.ndarray:
    """Return the rows of one epoch, shuffled by seed and epoch alone and cut to a multiple of ``batch``."""
    order = np.random.default_rng([seed, epoch]).permutation(count)
    return order[: count // batch * batch]


def training_batches(
    examples: Examples, recipe: Recipe, *, first_epoch: int, augment: Augment | None = None
) -> "tf.data.Dataset":
    """Yield micro-batches without end, from the start of epoch ``first_epoch`` (counted from 0).

    Order and augmentation depend on seed, epoch and position only, so that a resumed run gets the same batches as an
    uninterrupted one.
    """
    plan = recipe.training

    def batches() -> Iterator[tuple[np.ndarray, Targets]]:
        epoch = first_epoch
        while True:
            order = epoch_order(len(examples), plan.batch, seed=plan.seed, epoch=epoch)
            for start in range(0, len(order), plan.micro_batch):
                rows = order[start : start + plan.micro_batch]
                planes, targets = examples.planes[rows], tuple(target[rows] for target in examples.targets)
                if augment:
                    planes, targets = augment(planes, targets, np.random.default_rng([plan.seed, epoch, start]))
                yield planes, targets
            epoch += 1

    return _dataset(batches, examples, recipe.input.channels)


def validation_batches(examples: Examples, recipe: Recipe) -> "tf.data.Dataset":
    """Yield all examples once, in order, in micro-batches."""
    import tensorflow as tf

    def batches() -> Iterator[tuple[np.ndarray, Targets]]:
        for start in range(0, len(examples), recipe.training.micro_batch):
            rows = slice(start, start + recipe.training.micro_batch)
            yield examples.planes[rows], tuple(target[rows] for target in examples.targets)

    count = -(-len(examples) // recipe.training.micro_batch)
    return _dataset(batches, examples, recipe.input.channels).apply(tf.data.experimental.assert_cardinality(count))


def _dataset(
    batches: Callable[[], Iterator[tuple[np.ndarray, Targets]]], examples: Examples, channels: int
) -> "tf.data.Dataset":
    """Make a dataset of float32 planes (n, S, S, channels) and uint8 targets from a generator of micro-batches."""
    import tensorflow as tf

    signature = (
        tf.TensorSpec((None, *examples.planes.shape[1:]), tf.float16),
        tuple(tf.TensorSpec((None, *target.shape[1:]), tf.uint8) for target in examples.targets),
    )

    def widen(planes: "tf.Tensor", targets: tuple["tf.Tensor", ...]) -> tuple["tf.Tensor", Any]:
        # Keras takes the target of a network with one output as it is.
        return tf.repeat(tf.cast(planes, tf.float32), channels, axis=-1), targets[0] if len(targets) == 1 else targets

    # Nothing needs tuning, and at its end an iterator often waits up to half a minute for the tuner's thread.
    options = tf.data.Options()
    options.autotune.enabled = False
    dataset = tf.data.Dataset.from_generator(batches, output_signature=signature).map(widen).prefetch(2)
    return dataset.with_options(options)


def read_split_examples(recipe: Recipe, store: Path) -> tuple[Examples, Examples]:
    """Read the training and the validation examples of a recipe's split; its test slices are not read.

    Raises:
        DatasetError: the store is missing or lacks a slice.
    """
    part = splits.split_parts(recipe.split)
    with Store(store) as opened:
        train, validation = (
            load_examples(opened, np.asarray(part.index[part == name]), recipe) for name in ("train", "validation")
        )
    return train, validation
