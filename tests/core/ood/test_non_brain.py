"""Pictures that are no brain: enough of them, of all kinds, the same every time."""

import sys
from collections import Counter

import numpy as np
import pytest

from core.ood.fit import RULES
from core.ood.non_brain import EACH, EXAMPLES, KINDS, SHIPPED, example_image, make_image, non_brain_images


def test_there_are_at_least_two_hundred_of_six_kinds() -> None:
    assert len(KINDS) >= 6
    assert EACH * len(KINDS) >= 200


def test_each_kind_is_drawn_as_often_as_asked_for_and_no_two_are_alike() -> None:
    found = list(non_brain_images(each=4))
    assert Counter(kind for kind, _ in found) == dict.fromkeys(KINDS, 4)
    assert len({slice_.pixels.tobytes() for _, slice_ in found}) == len(found)
    assert len({slice_.name for _, slice_ in found}) == len(found)


def test_they_are_the_same_every_time() -> None:
    for (_, one), (_, other) in zip(non_brain_images(each=1), non_brain_images(each=1), strict=True):
        np.testing.assert_array_equal(one.pixels, other.pixels)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_an_example_is_the_picture_that_was_counted(kind: str) -> None:
    counted = make_image(kind, EXAMPLES[kind])
    np.testing.assert_array_equal(example_image(kind).pixels, counted.pixels)
    assert example_image(kind).name == counted.name


def test_examples_need_no_package_the_app_does_without(monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("skimage", "sklearn"):
        monkeypatch.setitem(sys.modules, package, None)
    assert len([example_image(kind) for kind in EXAMPLES]) >= 6
    assert {path.name for path in SHIPPED.iterdir()} <= {example_image(kind).name for kind in EXAMPLES}


@pytest.mark.parametrize("rule", RULES.values())
def test_no_threshold_is_chosen_on_them(rule: str) -> None:
    assert "dev" in rule or "validation" in rule
