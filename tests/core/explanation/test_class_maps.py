"""Heat maps of every class without gradients, and the evidence map made of them."""

import numpy as np
import pytest

from core.explanation.class_maps import heat_plane
from core.networks.receptive_field import ReceptiveField, map_to_input

FIELD = ReceptiveField(7.5, 16)
SIZE = 64


def grids(*values: float) -> np.ndarray:
    random = np.random.default_rng(0)
    return np.stack([random.random((4, 4)).astype(np.float32) * value for value in values])


def test_a_map_is_its_grid_on_the_input_and_the_mean_of_both_passes() -> None:
    one, two = grids(3.0, 1.5)
    np.testing.assert_allclose(heat_plane(one[None], FIELD, size=SIZE), map_to_input(one / one.max(), SIZE, FIELD))
    mean = map_to_input(one, SIZE, FIELD) + map_to_input(two, SIZE, FIELD)[:, ::-1]
    plane = heat_plane(np.stack([one, two]), FIELD, size=SIZE)
    np.testing.assert_allclose(plane, mean / mean.max(), rtol=1e-5)


@pytest.mark.parametrize("passes", [1, 2])
def test_an_evidence_map_lies_where_the_tumour_is(passes: int) -> None:
    tumour = np.zeros((SIZE, SIZE), np.float32)
    tumour[10:20, 30:50] = 0.5
    tumour[12:14, 32:36] = 1.0
    given = grids(*[1.0] * passes)
    plain, plane = heat_plane(given, FIELD, size=SIZE), heat_plane(given, FIELD, size=SIZE, tumour=tumour)
    assert plane.max() == pytest.approx(1)
    assert not plane[tumour == 0].any()
    np.testing.assert_allclose(plane, plain * tumour / (plain * tumour).max(), rtol=1e-5)


def test_without_evidence_or_tumour_there_is_no_heat() -> None:
    nowhere = np.zeros((SIZE, SIZE), np.float32)
    assert not heat_plane(np.zeros((2, 4, 4), np.float32), FIELD, size=SIZE, tumour=nowhere + 1).any()
    assert not heat_plane(grids(1.0, 1.0), FIELD, size=SIZE, tumour=nowhere).any()
