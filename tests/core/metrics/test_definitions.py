"""Definitions of metrics: the numbers they state are those that the code uses."""

import re

from core.evaluation.bootstrap import DRAWS, LEVEL
from core.evaluation.explanations.heat_maps import CORRECT_IOU, SLOW_SLICES
from core.metrics.definitions import DEFINITIONS


def numbers_in(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)]


def test_the_interval_and_its_draws_are_those_of_the_bootstrap() -> None:
    assert numbers_in(DEFINITIONS["comparison"]["low"]) == [100 * LEVEL, DRAWS]


def test_numbers_of_heat_maps_are_those_they_are_evaluated_with() -> None:
    assert numbers_in(DEFINITIONS["explanation"]["right"]) == [CORRECT_IOU]
    assert numbers_in(DEFINITIONS["explanation"]["slow"]) == [SLOW_SLICES]


def test_every_definition_is_one_phrase() -> None:
    for section, definitions in DEFINITIONS.items():
        for name, text in definitions.items():
            assert text == text.strip() and text and not text.endswith("."), (section, name)
