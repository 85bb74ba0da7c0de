"""Cards: made from a recipe, a finished run and the network; and rewritten where the recipe's texts have changed."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from core.bundles.bundle import Bundle
from core.bundles.card.schema import FORMAT_VERSION, Card
from core.bundles.card_update import update_card
from core.config import SEED
from core.dataset import citation
from core.dataset.splits import FOLD_SPLITS, PARTS, selecting_part
from core.errors import TrainingError
from core.hardware import describe_machine
from core.training.card_from_recipe import card_from_recipe, same_recipe, same_training
from core.training.checkpoint import State
from core.training.recipe import Recipe

if TYPE_CHECKING:
    import keras

_DATA_SET = {
    "name": f"figshare {citation.NAME}, {citation.AUTHOR}, version {citation.VERSION}",
    "doi": citation.DOI,
    "licence": citation.LICENCE,
}
_INTENDED_USE = "Teaching and research about neural networks on one public data set. Not a medical device."
_LIMIT_WITHOUT_GATE = (
    "Knows three tumour types and nothing else. It names one of them for any image, also for a healthy brain or a cat."
)
_LIMITS_WITH_GATE = [
    "Knows three tumour types and nothing else. The gate withholds the classification where it finds no tumour, where "
    "confidence is low, or where the image is no head slice. The gate makes errors (see metrics.external); without it "
    "one of the three types is named for any image.",
    "The gate hardly distinguishes sequences: most slices of T2, FLAIR or CT are classified as if they were "
    "contrast-enhanced T1.",
    "The external slices on which the gate was fitted and measured have noisy labels and no patient numbers, so that "
    "slices of one patient may be on both sides. By size, border and histogram alone they can still be distinguished "
    "from the data set's (see screen.source_control).",
]
_LIMITS = [
    _LIMIT_WITHOUT_GATE,
    "Trained on T1-weighted contrast-enhanced slices of one data set (two hospitals in China, 2005-2010). On slices "
    "from other sources it often fails.",
    "Shortcut: the head's position predicts part of the class, since the head fills the frame of pituitary slices more "
    "than that of the others.",
]
_LIMIT_SLICE_LEVEL = (
    "Slice-level split (leaks: optimistic): neighbouring slices of one tumour are in training and in test, so that the "
    "figures are too high."
)
_LIMIT_TEST_STOPPED = (
    "Its test slices are not unseen: as in the report, their loss lowered the learning rate and stopped the training. "
    "Its test figures are optimistic for that, too."
)
_LIMIT_PATIENT_LEVEL = (
    "Patient-level split, the official one. Some patient ids differ only by a final letter, and it is not known "
    "whether they are one person: metrics.test.without_letter_twins leaves them out."
)


def make_card(recipe: Recipe, state: State, network: "keras.Model", part: pd.Series) -> dict[str, Any]:
    """Make the card of a freshly trained bundle, without ``files`` and ``metrics``.

    Args:
        recipe: the recipe it was trained by.
        state: the finished run.
        network: the float32 network.
        part: the part of every slice, indexed by slice number.
    """
    total = network.count_params()
    trainable = sum(int(weight.value.shape.num_elements() or 0) for weight in network.trainable_weights)
    from_recipe = card_from_recipe(recipe)
    by_patient = recipe.split in FOLD_SPLITS
    card: dict[str, Any] = {
        "format": FORMAT_VERSION,
        "name": recipe.name,
        "version": recipe.version,
        "title": recipe.title,
        "about": recipe.about,
        "task": from_recipe["task"],
        "network": from_recipe["network"],
        "parameters": {"total": total, "trainable": trainable},
        "input": from_recipe["input"],
        "output": from_recipe["output"],
        "classes": from_recipe["classes"],
        "data": {
            "set": _DATA_SET,
            "split": recipe.split,
            "by_patient": by_patient,
            "seed": SEED,
            "counts": {name: int((part == name).sum()) for name in PARTS},
            "held_out": "predictions.csv names the part of every slice",
        },
        "training": {**from_recipe["training"], **_run_facts(recipe, state)},
        "licence": "MIT; trained on data under CC BY 4.0",
        "intended_use": _INTENDED_USE,
        "limits": card_limits(recipe),
    }
    if recipe.heat:
        card["heat"] = recipe.heat.model_dump(exclude_none=True)
    if recipe.origin:
        card["training"]["origin"] = recipe.origin.model_dump()
    if recipe.by_patient:
        card["data"]["by_patient_bundle"] = recipe.by_patient
    return card


def card_limits(recipe: Recipe) -> list[str]:
    """Return a card's limits: of the split, of the recipe, and of every network on this data set."""
    of_split = [_LIMIT_PATIENT_LEVEL if recipe.split in FOLD_SPLITS else _LIMIT_SLICE_LEVEL]
    if selecting_part(recipe.split) == "test":
        of_split.append(_LIMIT_TEST_STOPPED)
    return [*of_split, *recipe.limits, *_LIMITS]


def limits_with_gate(limits: list[str]) -> list[str]:
    """Return a card's limits with the gate's in place of the limit that the gate removes."""
    gated = []
    for limit in limits:
        gated += _LIMITS_WITH_GATE if limit == _LIMIT_WITHOUT_GATE else [limit]
    return gated


def _run_facts(recipe: Recipe, state: State) -> dict[str, Any]:
    """Return what the card says about a finished run."""
    return {
        "tried": recipe.notes,
        "epochs_run": len(state.history),
        "epoch_kept": state.best_epoch,
        "seconds": round(sum(row["seconds"] for row in state.history), 1),
        "seconds_are": "wall-clock, with pauses and with whatever else the machine did meanwhile",
        "machine": describe_machine(),
        "epoch_size": "every training slice; the last batch is smaller"
        if recipe.training.keep_last_batch
        else "cut to a multiple of the batch; which slices are left out changes with each epoch",
        "determinism": "order, weights, dropout and augmentation follow the seed; sums over threads do not",
    }


def rewrite_texts(bundle: Bundle, recipe: Recipe) -> Card:
    """Write a card's texts again from its recipe: title, about, limits, what was tried, the patient-level bundle, and
    where its settings come from.

    Where the recipe makes something else of the network's output (another threshold, the mean over mirror images), that
    is written too and the figures of the test slices are removed: evaluate the bundle again. Which heat map stands
    beside an answer is the recipe's too. Everything else stays,
    including a gate and its limits. The bundle's run need not exist any more.

    Returns:
        The new card.

    Raises:
        TrainingError: the bundle was trained by another recipe, or on another split.
        BundleError: one of its files is not what its card says; a new card would call it sound.
    """
    if not same_training(bundle, recipe) or bundle.card.data.split != recipe.split:
        raise TrainingError(
            "The bundle '{bundle}' was not trained by the recipe '{recipe}' as it is now; train it anew.",
            bundle=bundle.name,
            recipe=recipe.name,
        )
    for file in bundle.card.files:
        bundle.path(file)
    limits = card_limits(recipe)
    changes: dict[str, Any] = {
        "title": recipe.title,
        "about": recipe.about,
        "limits": limits_with_gate(limits) if bundle.card.gate else limits,
        "training.tried": recipe.notes,
        "training.origin": recipe.origin.model_dump() if recipe.origin else None,
        "data.by_patient_bundle": recipe.by_patient,
    }
    if recipe.heat and bundle.card.heat:
        changes["heat.answer"] = recipe.heat.answer
    if not same_recipe(bundle, recipe):
        changes |= {"output": card_from_recipe(recipe)["output"], "metrics.test": None}
    return update_card(bundle.folder, changes, "Texts brought up to the recipe.")
