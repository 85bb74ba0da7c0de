"""Whether two networks were made by one recipe: a question about cards, and about recipes not trained yet."""

import hashlib
import json
from typing import Any

from core.bundles.bundle import Bundle
from core.training.card_writer import of_recipe
from core.training.recipe import Recipe

_PARTS = ("task", "network", "input", "output", "classes")
_TRAINING = ("recipe", "pretrained")
_WORDS = ("description", "probabilities")
"""What a card says of input and output in words, which decides nothing."""


def same_recipe(one: Bundle | Recipe, other: Bundle | Recipe) -> bool:
    """Whether two differ, if at all, in their split and in what is said of them.

    Compared are task, network, input, output (the mask's threshold or how it is chosen, the mean over mirror images),
    classes, training recipe and pretrained weights.
    """
    return _made(one) == _made(other)


def same_training(one: Bundle | Recipe, other: Bundle | Recipe) -> bool:
    """As ``same_recipe``, but whatever is made of the network's output."""
    return {**_made(one), "output": None} == {**_made(other), "output": None}


def recipe_fingerprint(one: Bundle | Recipe) -> str:
    """A short digest of what ``same_recipe`` compares."""
    return hashlib.sha256(json.dumps(_made(one), sort_keys=True).encode()).hexdigest()[:16]


def _made(one: Bundle | Recipe) -> dict[str, Any]:
    card = one.card if isinstance(one, Bundle) else of_recipe(one)
    parts = {key: _without_words(card.get(key)) for key in _PARTS}
    parts |= {f"training.{key}": card["training"].get(key) for key in _TRAINING}
    # As a card on disk has it: lists for tuples.
    return dict(json.loads(json.dumps(parts)))


def _without_words(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    left_out = {*_WORDS, "threshold"} if "threshold_rule" in part else _WORDS
    return {key: value for key, value in part.items() if key not in left_out}
