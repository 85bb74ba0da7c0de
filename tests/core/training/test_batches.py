"""Batches as networks are trained on them."""

import pytest

from core.training.batches import training_batches, validation_batches
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
