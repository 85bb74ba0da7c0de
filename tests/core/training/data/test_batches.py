"""Batches as networks are trained on them."""

from typing import Any

import numpy as np
import pytest

from core.training.data.batches import steps_per_epoch, training_batches, validation_batches
from core.training.data.examples import Examples
from core.training.recipe import Recipe
from core.training.trainer import augmentation
from tests.core import tiny


@pytest.mark.parametrize("part", ["training", "validation"])
def test_no_end_of_a_training_waits_for_a_tuner_of_its_batches(part: str) -> None:
    examples, recipe = tiny.class_examples(12, seed=1), tiny.recipe()
    batches = (
        training_batches(examples, recipe, first_epoch=0)
        if part == "training"
        else validation_batches(examples, recipe)
    )
    assert batches.options().autotune.enabled is False
    planes, targets = next(iter(batches))
    assert planes.shape[0] == targets.shape[0]


def presence_recipe(**training: Any) -> Recipe:
    return tiny.recipe("unified-unet", tumour_free=0.5, tumour_free_mask_weight=0.25, **training)


def presence_examples(count: int, *, present: bool) -> Examples:
    """Planes whose every pixel is the example's number / 256."""
    size = tiny.UNIFIED_SIZE
    planes = np.full((count, size, size, 1), np.arange(count)[:, None, None, None] / 256, np.float16)
    masks = np.full((count, size, size, 1), int(present), np.uint8)
    classes = np.full(count, 2, np.uint8)
    return Examples(planes, (classes, masks, np.full(count, present, np.uint8)), np.full(count, present))


def drawn(count: int, **arguments: Any) -> list[tuple[Any, ...]]:
    recipe = presence_recipe()
    batches = training_batches(
        presence_examples(12, present=True), recipe, tumour_free=presence_examples(5, present=False), **arguments
    )
    return [tuple(batch) for batch in batches.take(count).as_numpy_iterator()]


def test_a_share_of_each_micro_batch_shows_no_tumour_and_has_no_class_loss() -> None:
    for planes, (_, masks, presence), (of_class, of_mask, of_presence) in drawn(4, first_epoch=0):
        assert planes.shape[0] == 6
        assert presence.tolist() == [1, 1, 1, 0, 0, 0]
        assert masks.max(axis=(1, 2, 3)).tolist() == presence.tolist()
        assert of_class.tolist() == [1, 1, 1, 0, 0, 0]
        assert of_mask.tolist() == [1, 1, 1, 0.25, 0.25, 0.25]
        assert of_presence.tolist() == [1] * 6


def test_an_epoch_shows_every_slice_with_a_tumour_once_beside_the_tumour_free_ones() -> None:
    steps = steps_per_epoch(12, presence_recipe().training)
    shown = [round(float(plane[0, 0, 0]) * 256) for planes, *_ in drawn(steps, first_epoch=0) for plane in planes[:3]]
    assert sorted(shown) == list(range(12))


def test_a_resumed_run_draws_the_same_tumour_free_rows() -> None:
    steps = steps_per_epoch(12, presence_recipe().training)
    whole, resumed = drawn(2 * steps, first_epoch=0)[steps:], drawn(steps, first_epoch=1)
    for one, other in zip(whole, resumed, strict=True):
        np.testing.assert_array_equal(one[0], other[0])


def test_worker_processes_make_the_same_batches_in_the_same_order() -> None:
    here, beside = drawn(5, first_epoch=0), drawn(5, first_epoch=0, workers=1)
    for one, other in zip(here, beside, strict=True):
        np.testing.assert_array_equal(one[0], other[0])


def test_a_cache_in_bytes_is_brought_to_the_network_s_side_and_range() -> None:
    recipe = tiny.recipe("unified-unet", cache=80, augmentation={"flip": 0.5})
    side = 80
    planes = np.full((12, side, side, 1), 51, np.uint8)
    masks, none = np.ones((12, side, side, 1), np.uint8), np.zeros(12, np.uint8)
    examples = Examples(planes, (none, masks, none + 1))
    batches = training_batches(examples, recipe, first_epoch=0, augment=augmentation(recipe), tumour_free=examples)
    drawn_planes, (_, drawn_masks, _), _ = next(batches.as_numpy_iterator())
    assert drawn_planes.shape[1:] == drawn_masks.shape[1:] == (tiny.UNIFIED_SIZE, tiny.UNIFIED_SIZE, 1)
    np.testing.assert_allclose(drawn_planes, 0.2, atol=1e-3)
