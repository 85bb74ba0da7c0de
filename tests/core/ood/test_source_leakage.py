"""The control: sources that differ in their frame are told apart, such as do not are not."""

import numpy as np
import pytest

from core.ood.source_leakage import source_auc, source_features


def pictures(count: int, *, border: float, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        picture = random.uniform(0, 1, (64, 48))
        picture[:3] *= border
        made.append(source_features(picture))
    return np.stack(made)


def test_sources_of_one_kind_cannot_be_told_apart() -> None:
    area = source_auc(pictures(150, border=1, seed=1), pictures(150, border=1, seed=2), np.arange(150) // 3)
    assert area == pytest.approx(0.5, abs=0.1)


def test_a_dark_border_gives_a_source_away() -> None:
    area = source_auc(pictures(60, border=1, seed=1), pictures(60, border=0.2, seed=2), np.arange(60) // 3)
    assert area > 0.99


def test_gain_and_offset_of_a_picture_say_nothing() -> None:
    picture = np.random.default_rng(0).uniform(0, 1, (32, 32))
    np.testing.assert_allclose(source_features(picture), source_features(picture * 300 + 17), atol=1e-6)


def test_a_constant_picture_has_a_description() -> None:
    assert np.isfinite(source_features(np.full((8, 8), 3.0))).all()
