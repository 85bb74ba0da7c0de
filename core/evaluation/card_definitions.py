"""Bring the definitions of metrics that a card stores up to date."""

from core.bundles.card.schema import Card
from core.metrics.definitions import DEFINITIONS

_SECTIONS = ("without_neighbours", "cross_validation", "comparison", "explanation", "robustness", "external")


def definition_changes(card: Card) -> dict[str, dict[str, str]]:
    """Return the changes that bring every stored ``definitions`` of a card up to ``core.metrics.definitions``.

    There are none for a card or section without definitions.

    Returns:
        See ``Card.changed``.
    """
    changes = {}
    if card.metrics.definitions:
        changes["metrics.definitions"] = DEFINITIONS["test"]
    for section in _SECTIONS:
        part = getattr(card.metrics, section)
        if part and part.definitions:
            changes[f"metrics.{section}.definitions"] = _current(section, part.definitions)
    return changes


def _current(section: str, stored: dict[str, str]) -> dict[str, str]:
    if section == "external" and stored.keys() & DEFINITIONS["ood"].keys():
        return DEFINITIONS["external"] | DEFINITIONS["ood"]
    return DEFINITIONS[section]
