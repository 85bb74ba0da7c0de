"""A turned slice is offered its turn back where it clearly looks like the data set's slices then."""

import numpy as np
import pytest

from core.dataset.orientation import suggest_turn
from core.readers.samples import read_samples

SAMPLES = {sample.name: sample.slice().pixels for sample in read_samples()}


@pytest.mark.parametrize("name", SAMPLES)
def test_an_upright_slice_is_offered_no_turn(name: str) -> None:
    assert suggest_turn(SAMPLES[name]) == 0


@pytest.mark.parametrize("turned", [1, 2, 3])
def test_many_turned_samples_are_offered_the_right_turn_and_few_another(turned: int) -> None:
    offered = [suggest_turn(np.rot90(pixels, turned)) for pixels in SAMPLES.values()]
    assert offered.count(4 - turned) >= 0.3 * len(SAMPLES)
    assert len(offered) - offered.count(4 - turned) - offered.count(0) <= 1


def test_what_the_offer_asks_for_is_upright() -> None:
    turned = np.rot90(SAMPLES["glioma-axial-2"])
    assert suggest_turn(np.rot90(turned, suggest_turn(turned))) == 0


@pytest.mark.parametrize("pixels", [np.eye(16), np.ones((20, 4096)) - np.eye(20, 4096)])
def test_pictures_of_any_shape_are_looked_at_without_fault(pixels: np.ndarray) -> None:
    assert suggest_turn(pixels) in range(4)
