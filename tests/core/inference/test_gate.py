"""The gate's decisions, their reasons, and calibrated probabilities."""

import re

import numpy as np
import pytest

from core.bundles.card.schema import GateThresholds
from core.config import CONFIDENT, LOW_CONFIDENCE, NO_TUMOUR, OUT_OF_DISTRIBUTION
from core.inference.gate import GateDecision, decide_answers

THRESHOLDS = GateThresholds(no_tumour=-1, tumour=1, sure=0.8, strange=10, temperature=1)


def numbers(sentence: str) -> list[str]:
    """Return the numbers of a sentence, as they are printed."""
    return re.findall(r"-?\d+(?:\.\d+)?", sentence)


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
    def stated(answer: str, score: float) -> list[str]:
        return numbers(GateDecision(answer, score, 12.0, np.array([0.6, 0.4]), THRESHOLDS).reason)

    assert stated(OUT_OF_DISTRIBUTION, 0) == ["12", "10"]
    assert stated(NO_TUMOUR, -2) == ["-2.0", "-1.0"]
    assert stated(LOW_CONFIDENCE, 0) == ["0.0", "-1.0", "1.0"]
    assert stated(LOW_CONFIDENCE, 2) == ["60", "80"]


@pytest.mark.parametrize(
    ("answer", "score", "ood_score", "highest", "expected"),
    [
        (OUT_OF_DISTRIBUTION, 0, 27.2, 0.9, ["27.2", "26.6"]),
        (OUT_OF_DISTRIBUTION, 0, 26.5847, 0.9, ["26.585", "26.584"]),
        (OUT_OF_DISTRIBUTION, 0, 31, 0.9, ["31", "27"]),
        (NO_TUMOUR, 0.38, 1, 0.9, ["0.38", "0.41"]),
        (NO_TUMOUR, -2, 1, 0.9, ["-2.0", "0.4"]),
        (LOW_CONFIDENCE, 0.86, 1, 0.9, ["0.860", "0.407", "0.863"]),
        (LOW_CONFIDENCE, 0.6, 1, 0.9, ["0.6", "0.4", "0.9"]),
        (LOW_CONFIDENCE, 0.4071, 1, 0.9, ["0.4", "0.4", "0.9"]),
        (LOW_CONFIDENCE, 3, 1, 0.722, ["72.2", "72.5"]),
        (LOW_CONFIDENCE, 3, 1, 0.6, ["60", "72"]),
    ],
)
def test_a_number_and_its_limit_do_not_round_to_the_same(
    answer: str, score: float, ood_score: float, highest: float, expected: list[str]
) -> None:
    thresholds = GateThresholds(no_tumour=0.4071, tumour=0.8625, sure=0.7247, strange=26.5845, temperature=1)
    reason = GateDecision(answer, score, ood_score, np.array([highest, 1 - highest]), thresholds).reason
    assert numbers(reason) == expected


def test_a_reason_has_no_negative_zero_and_not_digits_without_end() -> None:
    thresholds = GateThresholds(no_tumour=0, tumour=1, sure=0.8, strange=10, temperature=1)

    def stated(answer: str, score: float) -> list[str]:
        return numbers(GateDecision(answer, score, 1, np.array([0.6, 0.4]), thresholds).reason)

    assert stated(NO_TUMOUR, -0.04) == ["-0.04", "0.00"]
    assert stated(NO_TUMOUR, -1e-9) == ["0.000000", "0.000000"]
    assert stated(CONFIDENT, -0.01) == ["0.0", "60"]
