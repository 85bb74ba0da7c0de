"""Changes of intensities: each stays in [0, 1], does what its name says, and follows its generator."""

from collections.abc import Callable

import numpy as np
import pytest

from core.training.data import intensity

SIZE = 48


def head() -> np.ndarray:
    """A grey disc with a bright spot, on black."""
    y, x = np.mgrid[:SIZE, :SIZE] - SIZE / 2
    plane = np.where(x**2 + y**2 < 20**2, 0.4, 0.0)
    plane[20:26, 18:24] = 0.9
    return plane.astype(np.float32)


CHANGES: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "blur": lambda plane, random: intensity.blur(plane, 1.0, random),
    "noise": lambda plane, random: intensity.add_noise(plane, 0.06, random),
    "compress": lambda plane, random: intensity.compress(plane, 30, random),
    "bias field": lambda plane, random: intensity.bias_field(plane, 0.4, random),
    "bend": lambda plane, random: intensity.bend(plane, 0.15, random),
    "invert": lambda plane, random: intensity.invert(plane),
    "caption": intensity.caption,
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_gives_a_new_plane_between_0_and_1_drawn_by_its_generator(name: str) -> None:
    plane, before = head(), head()
    first, again = (CHANGES[name](plane, np.random.default_rng(0)) for _ in range(2))
    np.testing.assert_array_equal(plane, before)
    np.testing.assert_array_equal(first, again)
    assert first.shape == plane.shape and first.dtype == np.float32
    assert first.min() >= 0 and first.max() <= 1
    assert (first != plane).any()


def test_blur_softens_edges_and_noise_roughens_them() -> None:
    def roughness(plane: np.ndarray) -> float:
        return float(np.abs(np.diff(plane, axis=1)).sum())

    assert roughness(intensity.blur(head(), 2.0, np.random.default_rng(0))) < roughness(head())
    assert roughness(intensity.add_noise(head(), 0.06, np.random.default_rng(0))) > roughness(head())


def test_the_strongest_bias_field_stays_within_its_limit() -> None:
    plane = np.full((SIZE, SIZE), 0.5, np.float32)
    for seed in range(20):
        field = np.log(intensity.bias_field(plane, 0.4, np.random.default_rng(seed)) / plane)
        assert np.abs(field).max() <= 0.4 + 1e-5
        assert np.abs(np.diff(field, axis=0)).max() < 0.1, "the field is smooth"


def test_a_bent_curve_keeps_the_order_of_intensities() -> None:
    ramp = np.linspace(0, 1, SIZE * SIZE, dtype=np.float32).reshape(SIZE, SIZE)
    for seed in range(20):
        bent = intensity.bend(ramp, 0.15, np.random.default_rng(seed)).ravel()
        assert (np.diff(bent) >= 0).all() and bent[0] == 0


def test_inversion_turns_the_head_round_and_leaves_the_background() -> None:
    inverted = intensity.invert(head())
    assert inverted[22, 20] < inverted[30, 30], "the bright spot is dark"
    np.testing.assert_array_equal(inverted[head() == 0], 0)


def test_captions_leave_the_middle_alone() -> None:
    middle = np.s_[SIZE // 4 : -SIZE // 4, SIZE // 4 : -SIZE // 4]
    plane = np.round(head() * 255).astype(np.float32) / 255
    for seed in range(10):
        np.testing.assert_allclose(
            intensity.caption(plane, np.random.default_rng(seed))[middle], plane[middle], atol=1e-6
        )
