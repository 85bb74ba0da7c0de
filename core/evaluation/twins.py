"""The same network trained on another split: what a split by slice adds to the figures."""

from collections.abc import Sequence

from core.bundles.bundle import Bundle


def patient_level_counterparts(found: Sequence[Bundle]) -> list[tuple[Bundle, list[Bundle]]]:
    """Each bundle split by slice that has twins split by patient, with these.

    A twin is the bundle its card names, or one of the same network and training recipe, such as that of another fold.

    Args:
        found: the bundles to look among.
    """
    by_patient = [bundle for bundle in found if bundle.card["data"]["by_patient"]]
    pairs = []
    for bundle in found:
        if not bundle.card["data"]["by_patient"]:
            named = bundle.card["data"].get("by_patient_bundle")
            own = [one for one in by_patient if one.name == named or _made(one) == _made(bundle)]
            if own:
                pairs.append((bundle, own))
    return pairs


def recipe_differences(one: Bundle, other: Bundle) -> list[str]:
    """Names of the training recipe's settings in which two bundles differ, in alphabetical order."""
    first, second = (bundle.card["training"].get("recipe", {}) for bundle in (one, other))
    return sorted(key for key in first.keys() | second.keys() if first.get(key) != second.get(key))


def _made(bundle: Bundle) -> tuple[object, ...]:
    card = bundle.card
    return card["task"], card.get("network"), card["input"], card["training"].get("recipe")
