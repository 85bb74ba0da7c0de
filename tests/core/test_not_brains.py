"""Pictures that are no brain: enough of them, of all kinds, the same every time."""

from collections import Counter

import numpy as np
import pytest

from core.not_brains import EACH, KINDS, not_brains
from core.screen_training import RULES


def test_there_are_at_least_two_hundred_of_six_kinds() -> None:
    assert len(KINDS) >= 6
    assert EACH * len(KINDS) >= 200


def test_each_kind_is_drawn_as_often_as_asked_for_and_no_two_are_alike() -> None:
    found = list(not_brains(each=4))
    assert Counter(kind for kind, _ in found) == dict.fromkeys(KINDS, 4)
    assert len({slice_.pixels.tobytes() for _, slice_ in found}) == len(found)
    assert len({slice_.name for _, slice_ in found}) == len(found)


def test_they_are_the_same_every_time() -> None:
    for (_, one), (_, other) in zip(not_brains(each=1), not_brains(each=1), strict=True):
        np.testing.assert_array_equal(one.pixels, other.pixels)


@pytest.mark.parametrize("rule", RULES.values())
def test_no_threshold_is_chosen_on_them(rule: str) -> None:
    assert "dev" in rule or "validation" in rule
