"""Temperature scaling: probabilities keep their order, and the temperature that made them is found."""

import numpy as np
import pytest

from core.metrics.temperature import TEMPERATURES, apply_temperature, as_logits, fit_temperature


def test_logits_give_their_probabilities_again_and_are_finite_for_certainties() -> None:
    logits = as_logits(np.array([1.0, 0.0]))
    assert np.isfinite(logits).all()
    assert np.exp(logits) / np.exp(logits).sum() == pytest.approx([1, 0], abs=1e-6)


def test_a_temperature_above_one_lowers_confidence_and_one_changes_nothing() -> None:
    probabilities = np.array([[0.9, 0.08, 0.02]])
    np.testing.assert_allclose(apply_temperature(probabilities, 1), probabilities, atol=1e-6)
    assert apply_temperature(probabilities, 2).max() < 0.9 < apply_temperature(probabilities, 0.5).max()
    # Halved logits are square roots of the powers.
    np.testing.assert_allclose(
        apply_temperature(probabilities, 2), np.sqrt(probabilities) / np.sqrt(probabilities).sum(), atol=1e-6
    )


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_the_temperature_that_made_probabilities_too_sure_or_unsure_is_found(temperature: float) -> None:
    random = np.random.default_rng(0)
    honest = random.dirichlet((1, 1, 1), 20_000)
    true = np.array([random.choice(3, p=each) for each in honest])
    found = fit_temperature(true, apply_temperature(honest, 1 / temperature))
    assert found == pytest.approx(temperature, rel=0.05)


def test_one_is_among_the_temperatures() -> None:
    assert TEMPERATURES[80] == pytest.approx(1)
