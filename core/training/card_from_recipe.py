"""The part of a card that the recipe alone decides, and whether two networks were made by the same recipe."""

import hashlib
import json
from inspect import signature
from typing import Any

from core.bundles.bundle import Bundle
from core.config import CLASSES, CLASSIFICATION, PRESENCE, SEGMENTATION
from core.networks.efficientnet_lite0 import SOURCE as PRETRAINED_SOURCE
from core.networks.registry import NETWORKS
from core.readers.preprocessing import HEAD, LEAST_SIMILARITY, MIN_MAX
from core.training.recipe import ON_VALIDATION, Recipe

_THRESHOLD = 0.5
"""The threshold of masks until one is chosen on validation."""
_THRESHOLD_RULE = (
    "of 0.05 to 0.95 in steps of 0.05 the threshold with the highest mean Dice on the validation slices, at the "
    "slices' own size"
)
_REPEATED = "grey repeated over the channels"
_NEIGHBOURS = (
    "the channels are the slice before, the slice and the slice after of one patient, each scaled by itself and placed "
    "as the slice; where there is no neighbour, or one that correlates with the slice by less than "
    f"{LEAST_SIMILARITY:g}, the slice stands in its place"
)
_PREPROCESSING = {
    HEAD: "scaled so that the slice's 1st percentile is 0 and its 99.5th 1, clipped; cropped to the square around the "
    "head (what is brighter than a tenth of that range) with a margin of 6 % of its longer side, padded with zeros "
    f"where the square leaves the slice; resized bilinearly, averaging when shrinking; {_REPEATED}",
    MIN_MAX: "padded with zeros to a centred square after scaling the slice's minimum to 0 and maximum to 1; "
    f"resized bilinearly, averaging when shrinking; {_REPEATED}",
}
_COMPARED = ("task", "network", "input", "output", "classes")
"""Keys of a card that tell recipes apart."""
_COMPARED_TRAINING = ("recipe", "pretrained")
"""Keys of a card's ``training`` that do."""
_DESCRIPTIONS = ("description", "probabilities")
"""Keys of a card's ``input`` and ``output`` that only describe."""


def card_from_recipe(recipe: Recipe) -> dict[str, Any]:
    """Return the part of a card that its recipe alone decides, whatever the split and the course of the training."""
    size = recipe.input.size
    begun = {
        **({"pretrained": PRETRAINED_SOURCE} if recipe.network.pretrained else {}),
        **({"start": recipe.network.start} if recipe.network.start else {}),
    }
    return {
        "task": recipe.task,
        "network": {"name": recipe.network.name, "options": _network_options(recipe)},
        "input": {
            "height": size,
            "width": size,
            "channels": recipe.input.channels,
            "dtype": "float32",
            "range": [0.0, 1.0],
            "preprocessing": recipe.input.preprocessing,
            "description": _input_description(recipe),
            **({"neighbours": True} if recipe.input.neighbours else {}),
        },
        "output": _output(recipe),
        "classes": list(CLASSES) if CLASSIFICATION in recipe.tasks else ["background", "tumour"],
        "training": {"recipe": recipe.table["training"], **begun},
    }


def _input_description(recipe: Recipe) -> str:
    alone = _PREPROCESSING[recipe.input.preprocessing]
    return alone.replace(_REPEATED, _NEIGHBOURS) if recipe.input.neighbours else alone


def _network_options(recipe: Recipe) -> dict[str, Any]:
    """Return every option the network is built with, defaults included; of those that are off only what is stated."""
    defaults = signature(NETWORKS[recipe.network.name]).parameters
    stated = {name: parameter.default for name, parameter in defaults.items() if parameter.default is not False}
    return {**stated, **recipe.network.options, "size": recipe.input.size}


def _output(recipe: Recipe) -> dict[str, Any]:
    """Return the card's ``output``: what the network gives, and what is made of it."""
    return {**_probabilities(recipe), "test_time_flip": True} if recipe.test_time_flip else _probabilities(recipe)


def _probabilities(recipe: Recipe) -> dict[str, Any]:
    """Describe the network's output by task, with the threshold of masks."""
    of_class = "one a class, in the order of 'classes', summing to 1"
    if recipe.tasks == (CLASSIFICATION,):
        return {"probabilities": of_class}
    if recipe.tasks == (SEGMENTATION,):
        return {"probabilities": "one a pixel and class, in the order of 'classes', summing to 1", **_threshold(recipe)}
    of_mask = "one a pixel and class, in the order of 'mask_classes', summing to 1"
    of_presence = "; of no tumour and of one, summing to 1" if PRESENCE in recipe.tasks else ""
    return {
        "probabilities": f"a list of {'three' if of_presence else 'two'}: {of_class}; {of_mask}{of_presence}",
        "mask_classes": ["background", *CLASSES],
        **_threshold(recipe),
    }


def _threshold(recipe: Recipe) -> dict[str, Any]:
    if recipe.mask_threshold == ON_VALIDATION:
        return {"threshold": _THRESHOLD, "threshold_rule": _THRESHOLD_RULE}
    return {"threshold": recipe.mask_threshold}


def same_recipe(first: Bundle | Recipe, second: Bundle | Recipe) -> bool:
    """Tell whether two differ at most in their split and in their descriptions.

    Compared are task, network, input, output (the mask's threshold or how it is chosen, the mean over mirror images),
    classes, training recipe, pretrained weights and the network that the training starts from.
    """
    return _decisive_parts(first) == _decisive_parts(second)


def same_training(first: Bundle | Recipe, second: Bundle | Recipe) -> bool:
    """Tell the same as ``same_recipe``, but for what is made of the network's output."""
    return {**_decisive_parts(first), "output": None} == {**_decisive_parts(second), "output": None}


def recipe_fingerprint(source: Bundle | Recipe) -> str:
    """Return a short digest of what ``same_recipe`` compares."""
    return hashlib.sha256(json.dumps(_decisive_parts(source), sort_keys=True).encode()).hexdigest()[:16]


def _decisive_parts(source: Bundle | Recipe) -> dict[str, Any]:
    """Return what ``same_recipe`` compares, from a bundle's card or from a recipe."""
    card = source.card.as_dict() if isinstance(source, Bundle) else card_from_recipe(source)
    parts = {key: _without_descriptions(card.get(key)) for key in _COMPARED}
    parts |= {f"training.{key}": card["training"].get(key) for key in _COMPARED_TRAINING}
    if card["training"].get("start"):  # absent elsewhere, so that stored digests stay what they are
        parts["training.start"] = card["training"]["start"]
    # As in a card on disk: lists for tuples.
    return dict(json.loads(json.dumps(parts)))


def _without_descriptions(part: Any) -> Any:
    """Return a part of a card without its descriptions, and without a threshold that validation chooses."""
    if not isinstance(part, dict):
        return part
    ignored = {*_DESCRIPTIONS, "threshold"} if "threshold_rule" in part else _DESCRIPTIONS
    return {key: value for key, value in part.items() if key not in ignored}
