"""The outcome of a slice: where it changes, its reason and figures, and that no limit alone takes a class away."""

import re

import numpy as np
import pytest

from core.outcome import (
    CONFIDENT,
    LOW_CONFIDENCE,
    NO_TUMOUR,
    NOT_A_HEAD,
    OUTCOMES,
    UNUSUAL,
    WITHHELD,
    GateThresholds,
    decide_outcomes,
    figures_of,
    reason_of,
    volume_reason,
)

LIMITS = GateThresholds(no_tumour=-1, tumour=1, sure=0.8, strange=10, temperature=1, ood_margin=1, not_a_head=14)


def numbers(sentence: str) -> list[str]:
    """Return the numbers of a sentence, as they are printed."""
    return re.findall(r"-?\d+(?:\.\d+)?", sentence)


@pytest.mark.parametrize(
    ("score", "ood_score", "highest", "outcome", "why"),
    [
        (5, 14.1, 0.99, NOT_A_HEAD, "no slice of a head"),
        (-5, 14.0, 0.99, UNUSUAL, "differs"),
        (5, 11.1, 0.99, UNUSUAL, "differs"),
        (5, 11.0, 0.99, LOW_CONFIDENCE, "at the edge"),
        (-5, 10.1, 0.99, LOW_CONFIDENCE, "at the edge"),
        (-1.1, 10, 0.99, NO_TUMOUR, "no sign"),
        (-1, 1, 0.99, LOW_CONFIDENCE, "open whether"),
        (0.9, 1, 0.99, LOW_CONFIDENCE, "open whether"),
        (1, 1, 0.79, LOW_CONFIDENCE, "no type"),
        (1, 1, 0.8, CONFIDENT, "one type"),
    ],
)
def test_outcomes_change_at_the_limits_and_say_why(
    score: float, ood_score: float, highest: float, outcome: str, why: str
) -> None:
    assert str(decide_outcomes(score, ood_score, highest, LIMITS)) == outcome
    reason = reason_of(outcome, score, ood_score, LIMITS)
    assert why in reason and reason.count(".") == 1 and not numbers(reason)
    assert numbers(figures_of(outcome, score, ood_score, highest, LIMITS))


@pytest.mark.parametrize("equal", [False, True])
def test_no_slice_crosses_one_limit_from_confident_to_no_class(equal: bool) -> None:
    """Along every figure alone, whatever the others: low confidence lies between, even where two limits are one."""
    limits = GateThresholds(no_tumour=0.5 if equal else 0, tumour=0.5, sure=0.7, strange=20, temperature=1)
    axes = np.meshgrid(np.arange(-2, 3, 0.05), np.arange(15, 30, 0.1), np.arange(0.35, 1, 0.05), indexing="ij")
    decided = decide_outcomes(*axes, limits)
    for axis in range(3):
        along = np.moveaxis(decided, axis, 0)
        for shown, hidden in ((along[:-1], along[1:]), (along[1:], along[:-1])):
            assert not ((shown == CONFIDENT) & np.isin(hidden, WITHHELD)).any()
    assert set(np.unique(decided)) == set(OUTCOMES)


def test_margins_that_a_card_does_not_state_follow_from_its_limits() -> None:
    limits = GateThresholds(no_tumour=0.4, tumour=0.5, sure=0.7, strange=20, temperature=1)
    assert (limits.refuse, limits.no_head) == pytest.approx((21, 23))
    assert limits.free_below == pytest.approx(0.25)
    stated = GateThresholds(0.4, 0.5, 0.7, 20, 1, tumour_margin=0.05, ood_margin=4, not_a_head=22)
    assert (stated.refuse, stated.no_head, stated.free_below) == (24, 24, 0.4)


@pytest.mark.parametrize(
    ("outcome", "score", "ood_score", "highest", "expected"),
    [
        (UNUSUAL, 0, 27.94, 0.9, ["27.9", "26.6", "27.6", "30.0"]),
        (LOW_CONFIDENCE, 3, 26.5847, 0.9, ["26.585", "26.584", "27.584", "30.000"]),
        (NOT_A_HEAD, 0, 31, 0.9, ["31.0", "26.6", "27.6", "30.0"]),
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
    outcome: str, score: float, ood_score: float, highest: float, expected: list[str]
) -> None:
    limits = GateThresholds(
        no_tumour=0.4071, tumour=0.8625, sure=0.7247, strange=26.5845, temperature=1, ood_margin=1, not_a_head=30
    )
    assert numbers(figures_of(outcome, score, ood_score, highest, limits)) == expected


def test_figures_have_no_negative_zero_and_not_digits_without_end() -> None:
    limits = GateThresholds(no_tumour=0, tumour=1, sure=0.8, strange=10, temperature=1)

    def stated(outcome: str, score: float) -> list[str]:
        return numbers(figures_of(outcome, score, 1, 0.6, limits))

    assert stated(NO_TUMOUR, -0.04) == ["-0.04", "0.00"]
    assert stated(NO_TUMOUR, -1e-9) == ["0.000000", "0.000000"]
    assert stated(CONFIDENT, -0.01)[0] == "0.0"


def test_every_outcome_of_a_volume_has_a_reason() -> None:
    assert len({volume_reason(outcome) for outcome in OUTCOMES}) == len(OUTCOMES)
