"""Bring the definitions of metrics that a card stores up to date."""

from typing import Any

from core.metrics.definitions import DEFINITIONS

_SECTIONS = ("cross_validation", "comparison", "explanation", "external")


def current_definitions(card: dict[str, Any]) -> dict[str, Any]:
    """Return a card with every stored ``definitions`` replaced by those of ``core.metrics.definitions``.

    A card or section without definitions stays as it is, and so does the given card.
    """
    if "metrics" not in card:
        return card
    metrics = dict(card["metrics"])
    if "definitions" in metrics:
        metrics["definitions"] = DEFINITIONS["test"]
    for section in _SECTIONS:
        stored = metrics.get(section, {}).get("definitions")
        if stored is not None:
            metrics[section] = {**metrics[section], "definitions": _current(section, stored)}
    return {**card, "metrics": metrics}


def _current(section: str, stored: dict[str, str]) -> dict[str, str]:
    if section == "external" and stored.keys() & DEFINITIONS["ood"].keys():
        return DEFINITIONS["external"] | DEFINITIONS["ood"]
    return DEFINITIONS[section]
