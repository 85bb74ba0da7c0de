"""Source leakage: sources that differ in their border are separated, others are not."""

import numpy as np
import pytest

from core.ood.source_leakage import source_auc, source_features


def source(count: int, *, border: float, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    features = []
    for _ in range(count):
        image = random.uniform(0, 1, (64, 48))
        image[:3] *= border
        features.append(source_features(image))
    return np.stack(features)


def test_sources_of_one_kind_have_an_auc_of_chance() -> None:
    auc = source_auc(source(150, border=1, seed=1), source(150, border=1, seed=2), np.arange(150) // 3)
    assert auc == pytest.approx(0.5, abs=0.1)


def test_a_dark_border_separates_a_source() -> None:
    auc = source_auc(source(60, border=1, seed=1), source(60, border=0.2, seed=2), np.arange(60) // 3)
    assert auc > 0.99


def test_gain_and_offset_of_an_image_change_nothing() -> None:
    image = np.random.default_rng(0).uniform(0, 1, (32, 32))
    np.testing.assert_allclose(source_features(image), source_features(image * 300 + 17), atol=1e-6)


def test_a_constant_image_has_finite_features() -> None:
    assert np.isfinite(source_features(np.full((8, 8), 3.0))).all()
