"""Stored definitions follow the table, and nothing else of a card changes."""

import json

import pytest

from core.bundles.bundle import CARD, bundle_names
from core.config import MODELS
from core.evaluation.card_definitions import current_definitions
from core.metrics.definitions import DEFINITIONS


def test_outdated_definitions_are_replaced_in_every_section() -> None:
    outdated = {"accuracy": "an outdated text", "gone": "no longer measured"}
    sections = ("cross_validation", "comparison", "explanation", "external")
    card = {
        "name": "a bundle",
        "metrics": {"definitions": outdated, **{name: {"value": 1, "definitions": outdated} for name in sections}},
    }
    before = json.dumps(card)
    metrics = current_definitions(card)["metrics"]
    assert metrics["definitions"] == DEFINITIONS["test"]
    for name in sections:
        assert metrics[name] == {"value": 1, "definitions": DEFINITIONS[name]}
    assert json.dumps(card) == before, "the given card stays as it is"


def test_definitions_of_the_gate_stay_in_a_section_that_has_them() -> None:
    stored = {"class_accuracy": "…", "non_brain_flagged": "…"}
    card = current_definitions({"metrics": {"external": {"definitions": stored}}})
    assert card["metrics"]["external"]["definitions"] == DEFINITIONS["external"] | DEFINITIONS["ood"]


def test_a_card_without_definitions_stays_as_it_is() -> None:
    for card in ({"name": "untrained"}, {"metrics": {}}, {"metrics": {"test": {"accuracy": 1.0}, "external": {}}}):
        assert current_definitions(card) == card


@pytest.mark.parametrize("name", bundle_names())
def test_a_shipped_card_loses_no_definition_and_no_value(name: str) -> None:
    card = json.loads((MODELS / name / CARD).read_text(encoding="utf-8"))
    current = current_definitions(card)
    places = [(card["metrics"], current["metrics"])]
    places += [(part, current["metrics"][key]) for key, part in card["metrics"].items() if "definitions" in part]
    for old, new in places:
        assert old.get("definitions", {}).keys() <= new.get("definitions", {}).keys()

    def without_definitions(part: object) -> object:
        if not isinstance(part, dict):
            return part
        return {key: without_definitions(value) for key, value in part.items() if key != "definitions"}

    assert without_definitions(current) == without_definitions(card)
