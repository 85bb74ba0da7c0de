"""The gate's decisions, their reasons, and calibrated probabilities."""

import numpy as np
import pytest

from core.config import CONFIDENT, LOW_CONFIDENCE, NO_TUMOUR, OUT_OF_DISTRIBUTION
from core.inference.gate import GateDecision, GateThresholds, apply_temperature, decide_answers

THRESHOLDS = GateThresholds(no_tumour=-1, tumour=1, sure=0.8, strange=10, temperature=1)


@pytest.mark.parametrize(
    ("score", "ood_score", "highest", "answer"),
    [
        (5, 11, 0.99, OUT_OF_DISTRIBUTION),
        (-5, 11, 0.99, OUT_OF_DISTRIBUTION),
        (-1.1, 10, 0.99, NO_TUMOUR),
        (-1, 1, 0.99, LOW_CONFIDENCE),
        (0.9, 1, 0.99, LOW_CONFIDENCE),
        (1, 1, 0.79, LOW_CONFIDENCE),
        (1, 1, 0.8, CONFIDENT),
    ],
)
def test_answers_change_at_the_thresholds(score: float, ood_score: float, highest: float, answer: str) -> None:
    assert str(decide_answers(score, ood_score, highest, THRESHOLDS)) == answer
    decision = GateDecision(answer, score, ood_score, np.array([highest, 1 - highest]), THRESHOLDS)
    assert decision.reason.endswith(".")


def test_the_reason_states_the_score_that_decided() -> None:
    def reason(answer: str, score: float) -> str:
        return GateDecision(answer, score, 12.0, np.array([0.6, 0.4]), THRESHOLDS).reason

    assert "12 standard deviations" in reason(OUT_OF_DISTRIBUTION, 0) and "beyond 10" in reason(OUT_OF_DISTRIBUTION, 0)
    assert "below -1.0" in reason(NO_TUMOUR, -2)
    assert "from -1.0 to 1.0 confidence is low" in reason(LOW_CONFIDENCE, 0)
    assert "most probable tumour type has 60 %" in reason(LOW_CONFIDENCE, 2)


@pytest.mark.parametrize(
    ("answer", "score", "ood_score", "highest", "expected"),
    [
        (
            OUT_OF_DISTRIBUTION,
            0,
            27.2,
            0.9,
            "lie 27.2 standard deviations from those of the nearest training slice; beyond 26.6 ",
        ),
        (
            OUT_OF_DISTRIBUTION,
            0,
            26.5847,
            0.9,
            "lie 26.585 standard deviations from those of the nearest training slice; beyond 26.584 ",
        ),
        (
            OUT_OF_DISTRIBUTION,
            0,
            31,
            0.9,
            "lie 31 standard deviations from those of the nearest training slice; beyond 27 ",
        ),
        (NO_TUMOUR, 0.38, 1, 0.9, "is 0.38; below 0.41 "),
        (NO_TUMOUR, -2, 1, 0.9, "is -2.0; below 0.4 "),
        (LOW_CONFIDENCE, 0.86, 1, 0.9, "is 0.860; from 0.407 to 0.863 "),
        (LOW_CONFIDENCE, 0.6, 1, 0.9, "is 0.6; from 0.4 to 0.9 "),
        (LOW_CONFIDENCE, 0.4071, 1, 0.9, "is 0.4; from 0.4 to 0.9 "),
        (LOW_CONFIDENCE, 3, 1, 0.722, "has 72.2 %; below 72.5 % confidence"),
        (LOW_CONFIDENCE, 3, 1, 0.6, "has 60 %; below 72 % confidence"),
    ],
)
def test_a_number_and_its_limit_do_not_round_to_the_same(
    answer: str, score: float, ood_score: float, highest: float, expected: str
) -> None:
    thresholds = GateThresholds(no_tumour=0.4071, tumour=0.8625, sure=0.7247, strange=26.5845, temperature=1)
    assert expected in GateDecision(answer, score, ood_score, np.array([highest, 1 - highest]), thresholds).reason


def test_a_reason_has_no_negative_zero_and_not_digits_without_end() -> None:
    thresholds = GateThresholds(no_tumour=0, tumour=1, sure=0.8, strange=10, temperature=1)
    probabilities = np.array([0.6, 0.4])
    assert "is -0.04; below 0.00 " in GateDecision(NO_TUMOUR, -0.04, 1, probabilities, thresholds).reason
    assert "is 0.000000; below 0.000000 " in GateDecision(NO_TUMOUR, -1e-9, 1, probabilities, thresholds).reason
    assert "is 0.0, and" in GateDecision(CONFIDENT, -0.01, 1, probabilities, thresholds).reason


def test_a_temperature_above_one_lowers_confidence_and_one_changes_nothing() -> None:
    probabilities = np.array([[0.9, 0.08, 0.02]])
    np.testing.assert_allclose(apply_temperature(probabilities, 1), probabilities, atol=1e-6)
    assert apply_temperature(probabilities, 2).max() < 0.9 < apply_temperature(probabilities, 0.5).max()
    # Halved logits are square roots of the powers.
    np.testing.assert_allclose(
        apply_temperature(probabilities, 2), np.sqrt(probabilities) / np.sqrt(probabilities).sum(), atol=1e-6
    )
