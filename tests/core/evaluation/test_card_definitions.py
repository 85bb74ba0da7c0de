"""Stored definitions follow the table, and nothing else of a card changes."""

import pytest

from core.bundles.bundle import bundle_names, open_bundle
from core.evaluation.card_definitions import definition_changes
from core.metrics.definitions import DEFINITIONS

SECTIONS = ("without_neighbours", "cross_validation", "comparison", "explanation", "robustness", "external")


@pytest.mark.parametrize("name", ["report-cnn-searched", "unified-unet"])
def test_outdated_definitions_are_replaced_in_every_section_that_has_them(name: str) -> None:
    outdated = {"accuracy": "an outdated text", "gone": "no longer measured"}
    card = open_bundle(name).card
    sections = [section for section in SECTIONS if getattr(card.metrics, section)]
    stale = {"metrics.definitions": outdated} | {f"metrics.{section}.definitions": outdated for section in sections}
    current = definition_changes(card.changed(stale))
    assert current == {"metrics.definitions": DEFINITIONS["test"]} | {
        f"metrics.{section}.definitions": DEFINITIONS[section] for section in sections
    }


def test_definitions_of_the_gate_stay_in_a_section_that_has_them() -> None:
    stored = {"class_accuracy": "…", "non_brain_flagged": "…"}
    card = open_bundle("report-cnn").card.changed({"metrics": {"external": {"definitions": stored}}})
    assert definition_changes(card) == {"metrics.external.definitions": DEFINITIONS["external"] | DEFINITIONS["ood"]}


def test_a_card_without_definitions_stays_as_it_is() -> None:
    for metrics in (None, {}, {"external": {}}):
        assert definition_changes(open_bundle("report-cnn").card.changed({"metrics": metrics})) == {}


@pytest.mark.parametrize("name", bundle_names())
def test_a_shipped_card_loses_no_definition(name: str) -> None:
    card = open_bundle(name).card
    changes = definition_changes(card)
    assert card.metrics.definitions.keys() <= changes["metrics.definitions"].keys()
    for section in SECTIONS:
        if part := getattr(card.metrics, section):
            assert part.definitions.keys() <= changes[f"metrics.{section}.definitions"].keys()
