"""Slices and targets in memory: what a network is trained on and validated with."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.config import CLASSIFICATION, PRESENCE, SEGMENTATION
from core.dataset import splits
from core.dataset.store import Store
from core.readers.preprocessing import Placement, preprocess_mask, preprocess_slice, preprocess_with_neighbours
from core.training.recipe import Recipe


@dataclass(frozen=True)
class Examples:
    """Inputs and targets in memory.

    Attributes:
        planes: (n, S, S, 1) float16 in [0, 1], half precision in half the memory; or uint8, 255 for 1, where the
            recipe has a cache; (n, S, S, 3), before, slice and after, where it has neighbours.
        targets: one array a task, all uint8: (n,) class indices for classification; (n, S, S, 1) masks for
            segmentation, 0 for background and 1 for tumour; with both tasks, tumour is the class's index + 1; (n,) 1
            for presence, or 0 where there is no tumour.
        has_class: (n,) bool, whether the class is known and its loss counts; None where it always is.
    """

    planes: np.ndarray
    targets: tuple[np.ndarray, ...]
    has_class: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.planes)

    def rows(self, rows: np.ndarray) -> "Examples":
        """Return some of the examples."""
        has_class = None if self.has_class is None else self.has_class[rows]
        return Examples(self.planes[rows], tuple(target[rows] for target in self.targets), has_class)

    def joined(self, others: "Examples") -> "Examples":
        """Return these examples and then others."""
        known = [np.ones(len(part), bool) if part.has_class is None else part.has_class for part in (self, others)]
        targets = tuple(np.concatenate(pair) for pair in zip(self.targets, others.targets, strict=True))
        return Examples(np.concatenate([self.planes, others.planes]), targets, np.concatenate(known))


def load_examples(store: Store, numbers: np.ndarray, recipe: Recipe, *, side: int | None = None) -> Examples:
    """Read and preprocess the slices ``numbers`` for a recipe's network and task.

    Args:
        store: the prepared data set.
        numbers: of the slices.
        recipe: says what the network takes and learns.
        side: of planes and masks in pixels; None for that of the network's input.

    Raises:
        DatasetError: a slice is not in the store.
    """
    size = side or recipe.input.size
    channels = 3 if recipe.input.neighbours else 1
    planes = np.empty((len(numbers), size, size, channels), np.uint8 if recipe.training.cache else np.float16)
    classes = np.array([store.index.label[store.row(int(n))] for n in numbers], np.uint8) - 1
    masks = np.zeros((len(numbers), size, size, 1), np.uint8)
    for i, number in enumerate(int(n) for n in numbers):
        plane, place = _plane(store, number, recipe, size)
        planes[i] = to_bytes(plane) if recipe.training.cache else plane
        if SEGMENTATION in recipe.tasks:
            masks[i, :, :, 0] = preprocess_mask(store.mask(number), place, size=size)
    if CLASSIFICATION in recipe.tasks:
        masks *= classes[:, None, None, None] + 1
    targets = {CLASSIFICATION: classes, SEGMENTATION: masks, PRESENCE: np.ones(len(numbers), np.uint8)}
    return Examples(planes, tuple(targets[task] for task in recipe.tasks))


def _plane(store: Store, number: int, recipe: Recipe, size: int) -> tuple[np.ndarray, Placement]:
    """Return a slice as (size, size, 1), or as 3 channels with its neighbours."""
    preprocessing, pixels = recipe.input.preprocessing, store.pixels(number)
    if recipe.input.neighbours:
        return preprocess_with_neighbours(pixels, store.pixels_around(number), size=size, preprocessing=preprocessing)
    plane, place = preprocess_slice(pixels, size=size, preprocessing=preprocessing)
    return plane[..., None], place


def to_bytes(planes: np.ndarray) -> np.ndarray:
    """Round planes in [0, 1] to uint8, 255 for 1."""
    return (planes * 255).round().astype(np.uint8)


def read_split_examples(recipe: Recipe, store: Path) -> tuple[Examples, Examples]:
    """Read the training and the validation examples of a recipe's split.

    Test slices are not read, unless the split has no validation part: they then validate, as in the report.

    Raises:
        DatasetError: the store is missing or lacks a slice.
    """
    part = splits.split_parts(recipe.split)
    with Store(store) as opened:
        train, validation = (
            load_examples(opened, np.asarray(part.index[part == name]), recipe, side=side)
            for name, side in (("train", recipe.training.cache or None), (splits.selecting_part(recipe.split), None))
        )
    return train, validation
