"""What a bundle's card says, made from a recipe, a finished run and the network itself."""

from inspect import signature
from typing import TYPE_CHECKING, Any

import pandas as pd

from core.bundles.bundle import FORMAT_VERSION
from core.config import CLASSES, CLASSIFICATION, SEED, SEGMENTATION
from core.dataset import citation
from core.dataset.splits import FOLD_SPLITS, PARTS
from core.hardware import describe_machine
from core.networks.efficientnet_lite0 import SOURCE as PRETRAINED_SOURCE
from core.networks.registry import NETWORKS
from core.readers.preprocessing import HEAD, MIN_MAX
from core.training.checkpoint import State
from core.training.recipe import ON_VALIDATION, Recipe

if TYPE_CHECKING:
    import keras

_THRESHOLD = 0.5
"""Of masks, until one is chosen on validation."""
_THRESHOLD_RULE = (
    "of 0.05 to 0.95 in steps of 0.05 the threshold with the highest mean Dice on the validation slices, at the "
    "slices' own size"
)

_DATA_SET = {
    "name": f"figshare {citation.NAME}, {citation.AUTHOR}, version {citation.VERSION}",
    "doi": citation.DOI,
    "licence": citation.LICENCE,
}
_INTENDED_USE = "Teaching and research about neural networks on one public data set. Not a medical device."
_LIMIT_ANYTHING = (
    "Knows three kinds of tumour and nothing else: it names one of them in any picture, also in a healthy brain's or a "
    "cat's."
)
_LIMITS_SCREENED = [
    "Knows three kinds of tumour and nothing else. A screen beside it withholds its answer where it finds no tumour, "
    "is not sure, or the picture is none of the kind; it errs, as metrics.external says, and without it one of the "
    "three is named in any picture.",
    "The screen hardly tells sequences apart: slices of T2, FLAIR or CT are mostly answered as if they were "
    "contrast-enhanced T1.",
    "The slices from elsewhere that the screen learnt from and was measured on have no patient numbers, so that one "
    "patient's may stand on both sides, and noisy labels; by size, border and histogram alone they can still be told "
    "from the data set's (screen.source_control).",
]
_LIMITS = [
    _LIMIT_ANYTHING,
    "Trained on T1-weighted contrast-enhanced slices of one data set (two hospitals in China, 2005-2010); "
    "on slices from elsewhere it fails often.",
    "The data set's frame gives part of the class away: the head fills pituitary slices more than the others.",
]
_LIMIT_BY_SLICE = (
    "Its split is by slice: neighbouring slices of one tumour stand in training and test, and its figures are too high."
)
_LIMIT_BY_PATIENT = (
    "Its split is the official one by patient id; some ids differ only by a final letter, and whether they are one "
    "person is not known: metrics.test.without_letter_twins leaves those out."
)
_PREPROCESSING = {
    HEAD: "scaled so that the slice's 1st percentile is 0 and its 99.5th 1, clipped; cropped to the square around the "
    "head (what is brighter than a tenth of that range) with a margin of 6 % of its longer side, padded with zeros "
    "where the square leaves the slice; resized bilinearly, averaging when shrinking; grey repeated over the channels",
    MIN_MAX: "padded with zeros to a centred square after scaling the slice's minimum to 0 and maximum to 1; "
    "resized bilinearly, averaging when shrinking; grey repeated over the channels",
}


def make_card(recipe: Recipe, state: State, network: "keras.Model", part: pd.Series) -> dict[str, Any]:
    """The card of a freshly trained bundle, without ``files`` and ``metrics``.

    Args:
        recipe: the recipe it was trained by.
        state: the finished run.
        network: the float32 network.
        part: the part of every slice, indexed by slice number.
    """
    total = network.count_params()
    trainable = sum(int(weight.value.shape.num_elements() or 0) for weight in network.trainable_weights)
    made = of_recipe(recipe)
    by_patient = recipe.split in FOLD_SPLITS
    card: dict[str, Any] = {
        "format": FORMAT_VERSION,
        "name": recipe.name,
        "version": recipe.version,
        "title": recipe.title,
        "about": recipe.about,
        "task": made["task"],
        "network": made["network"],
        "parameters": {"total": total, "trainable": trainable},
        "input": made["input"],
        "output": made["output"],
        "classes": made["classes"],
        "data": {
            "set": _DATA_SET,
            "split": recipe.split,
            "by_patient": by_patient,
            "seed": SEED,
            "counts": {name: int((part == name).sum()) for name in PARTS},
            "held_out": "predictions.csv names the part of every slice",
        },
        "training": {**made["training"], **_training(recipe, state)},
        "licence": "MIT; trained on data under CC BY 4.0",
        "intended_use": _INTENDED_USE,
        "limits": limits_of(recipe),
    }
    if recipe.heat:
        card["heat"] = recipe.heat
    if recipe.by_patient:
        card["data"]["by_patient_bundle"] = recipe.by_patient
    return card


def limits_of(recipe: Recipe) -> list[str]:
    """A card's limits: of the split, of the recipe's own, and of every network here."""
    return [_LIMIT_BY_PATIENT if recipe.split in FOLD_SPLITS else _LIMIT_BY_SLICE, *recipe.limits, *_LIMITS]


def with_screen(limits: list[str]) -> list[str]:
    """A card's limits, with those of a screen beside the network in place of the one that it does away with."""
    found = []
    for limit in limits:
        found += _LIMITS_SCREENED if limit == _LIMIT_ANYTHING else [limit]
    return found


def of_recipe(recipe: Recipe) -> dict[str, Any]:
    """What a card says that its recipe alone decides, whatever the split and however the training went."""
    size = recipe.input["size"]
    started = {"pretrained": PRETRAINED_SOURCE} if recipe.network.get("pretrained") else {}
    return {
        "task": recipe.task,
        "network": {"name": recipe.network["name"], "options": _options(recipe)},
        "input": {
            "height": size,
            "width": size,
            "channels": recipe.input["channels"],
            "dtype": "float32",
            "range": [0.0, 1.0],
            "preprocessing": recipe.input["preprocessing"],
            "description": _PREPROCESSING[recipe.input["preprocessing"]],
        },
        "output": _output(recipe),
        "classes": list(CLASSES) if CLASSIFICATION in recipe.tasks else ["background", "tumour"],
        "training": {"recipe": recipe.table["training"], **started},
    }


def _options(recipe: Recipe) -> dict[str, Any]:
    """Every option the network was built with, those left at their defaults too."""
    defaults = signature(NETWORKS[recipe.network["name"]]).parameters
    stated = {name: parameter.default for name, parameter in defaults.items()}
    return {**stated, **recipe.network.get("options", {}), "size": recipe.input["size"]}


def _output(recipe: Recipe) -> dict[str, Any]:
    return {**_probabilities(recipe), "test_time_flip": True} if recipe.test_time_flip else _probabilities(recipe)


def _probabilities(recipe: Recipe) -> dict[str, Any]:
    of_class = "one a class, in the order of 'classes', summing to 1"
    if recipe.tasks == (CLASSIFICATION,):
        return {"probabilities": of_class}
    if recipe.tasks == (SEGMENTATION,):
        return {"probabilities": "one a pixel and class, in the order of 'classes', summing to 1", **_threshold(recipe)}
    return {
        "probabilities": f"a list of two: {of_class}; "
        "one a pixel and class, in the order of 'mask_classes', summing to 1",
        "mask_classes": ["background", *CLASSES],
        **_threshold(recipe),
    }


def _threshold(recipe: Recipe) -> dict[str, Any]:
    if recipe.mask_threshold == ON_VALIDATION:
        return {"threshold": _THRESHOLD, "threshold_rule": _THRESHOLD_RULE}
    return {"threshold": recipe.mask_threshold}


def _training(recipe: Recipe, state: State) -> dict[str, Any]:
    return {
        "tried": recipe.notes,
        "epochs_run": len(state.history),
        "epoch_kept": state.best_epoch,
        "seconds": round(sum(row["seconds"] for row in state.history), 1),
        "seconds_are": "wall-clock, with pauses and with whatever else the machine did meanwhile",
        "machine": describe_machine(),
        "epoch_size": "cut to a multiple of the batch; which slices are left out changes with each epoch",
        "determinism": "order, weights, dropout and augmentation follow the seed; sums over threads do not",
    }
