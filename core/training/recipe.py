"""Recipes: which network to train, on which slices and how; a small TOML file each in ``recipes/``.

To add a bundle, copy a recipe under a new name, change it, and run ``python -m core train NAME``.
"""

import tomllib
from dataclasses import dataclass, field, replace
from inspect import signature
from pathlib import Path
from typing import Any

from core.config import recipes_folder, tasks_of
from core.errors import TrainingError
from core.networks.registry import NETWORKS
from core.training.augmentation import augment

KEEP = ("last", "val_loss", "val_accuracy", "val_dice", "val_iou")
"""Figures by which the kept epoch may be chosen."""
ON_VALIDATION = "validation"
"""The value of ``mask_threshold`` that has it chosen when a bundle is evaluated."""


@dataclass(frozen=True)
class Training:
    """How a network is trained.

    Attributes:
        epochs: the largest number of epochs.
        batch: slices a weight update is made from; each epoch is cut to a multiple of it.
        micro_batch: slices computed at once; gradients are averaged over batch / micro_batch of them.
        optimizer: "adam" or "adamw".
        learning_rate: the first, or highest, rate.
        loss: a name in ``core.networks.losses.LOSSES``; a list of one a task where the network has several.
        keep: the monitored value whose best epoch's weights are kept, or "last".
        schedule: "constant" or "cosine" (down to zero over the epochs, by update).
        warmup_epochs: epochs over which the rate first rises from zero; part of the cosine schedule.
        weight_decay: of "adamw".
        label_smoothing: share of each class's target that is spread over all classes; not of masks.
        early_stopping_patience: epochs without a lower validation loss before training stops, or None.
        reduce_rate_patience: epochs without a lower one before the rate is reduced, or None.
        reduce_rate_factor: the factor by which the rate is then multiplied.
        augmentation: options of ``core.training.augmentation.augment``, or empty for none.
        dtype: the Keras dtype policy.
        seed: of weights, order, dropout and augmentation.
    """

    epochs: int
    batch: int
    micro_batch: int
    optimizer: str
    learning_rate: float
    loss: str | list[str]
    keep: str
    schedule: str = "constant"
    warmup_epochs: float = 0.0
    weight_decay: float = 0.004
    label_smoothing: float = 0.0
    early_stopping_patience: int | None = None
    reduce_rate_patience: int | None = None
    reduce_rate_factor: float = 0.1
    augmentation: dict[str, float] = field(default_factory=dict)
    dtype: str = "float32"
    seed: int = 0


@dataclass(frozen=True)
class Recipe:
    """A recipe.

    Attributes:
        task: one of ``core.config.TASKS``, or a list of both.
        network: ``name`` in ``core.networks.registry``, its ``options``, and whether its encoder starts
            ``pretrained``.
        input: ``size`` in pixels, ``channels`` and ``preprocessing``.
        heat: ``method`` and ``layer`` of its heat maps; by Grad-CAM at the deepest convolution where not stated.
        test_time_flip: whether predictions are averaged over a slice and its left-right mirror image.
        mask_threshold: the probability from which a pixel is tumour, or "validation" to have it chosen on the
            validation slices when the bundle is evaluated.
        by_patient: the bundle of the same network on a patient-level split; None where it is this one.
        notes: what was tried on validation before the recipe was fixed, a sentence each.
        limits: what else users must know, a sentence each, for the card.
        table: the file's whole content.
    """

    name: str
    version: str
    title: str
    about: str
    task: str | list[str]
    split: str
    network: dict[str, Any]
    input: dict[str, Any]
    training: Training
    table: dict[str, Any] = field(repr=False)
    heat: dict[str, str] = field(default_factory=dict)
    test_time_flip: bool = False
    mask_threshold: float | str = 0.5
    by_patient: str | None = None
    notes: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks, in the order of the network's outputs."""
        return tasks_of(self.task)

    @property
    def losses(self) -> list[str]:
        """The name of the loss of each task."""
        return [self.training.loss] if isinstance(self.training.loss, str) else self.training.loss

    @property
    def network_options(self) -> dict[str, Any]:
        """The options to build the network with, its input's size among them."""
        return {"size": self.input["size"], **self.network.get("options", {})}

    def on_split(self, split: str) -> "Recipe":
        """Return the same recipe on another split, named NAME-SPLIT; the recipe itself on its own split.

        What describes the recipe's own split (title, about, limits, ``by_patient``) does not apply to the other one.
        """
        if split == self.split:
            return self
        of_own_split = {"title", "about", "limits", "by_patient"}
        changes: dict[str, Any] = {
            "split": split,
            "title": f"{self.name} on {split}",
            "about": f"The recipe '{self.name}' on the split {split} in place of its own, {self.split}.",
        }
        table = {**{key: value for key, value in self.table.items() if key not in of_own_split}, **changes}
        return replace(self, name=f"{self.name}-{split}", limits=[], by_patient=None, table=table, **changes)

    @property
    def decisive_settings(self) -> dict[str, Any]:
        """The settings that make a run this recipe's run: all but titles and texts."""
        return training_settings(self.table)


def training_settings(table: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a recipe's table that decides what is trained."""
    return {key: table.get(key) for key in ("task", "split", "network", "input", "training")}


def recipe_names() -> list[str]:
    """Return the names of all recipes."""
    return sorted(path.stem for path in recipes_folder().glob("*.toml"))


def load_recipe(name: str, folder: Path | None = None) -> Recipe:
    """Read ``<name>.toml`` of ``folder``, by default ``core.config.recipes_folder()``.

    Raises:
        TrainingError: no such recipe, or one that does not make sense; the text says what.
    """
    path = (folder or recipes_folder()) / f"{name}.toml"
    if not path.is_file():
        raise TrainingError(f"There is no recipe '{name}'; there are {', '.join(recipe_names())}.")
    try:
        table = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise TrainingError(f"The recipe '{name}' cannot be read: {error}.") from error
    return parse_recipe(name, table)


def parse_recipe(name: str, table: dict[str, Any]) -> Recipe:
    """Make a recipe from a file's content.

    Raises:
        TrainingError: it does not make sense; the text says what.
    """
    try:
        training = Training(**table["training"])
        fields = {key: value for key, value in table.items() if key != "training"}
        recipe = Recipe(name=name, training=training, table=table, **fields)
        # A misspelt option is refused now, not after the first epoch.
        signature(NETWORKS[recipe.network["name"]]).bind(**recipe.network.get("options", {}))
        signature(augment).bind(None, None, None, **training.augmentation)
        tasks = tasks_of(recipe.task)
    except (KeyError, TypeError, ValueError) as error:
        raise TrainingError(f"The recipe '{name}' cannot be read: {error}.") from error
    if len(recipe.losses) != len(tasks):
        raise TrainingError(f"The recipe '{name}' has {len(recipe.losses)} losses for {len(tasks)} tasks.")
    if recipe.mask_threshold != ON_VALIDATION and not isinstance(recipe.mask_threshold, float):
        raise TrainingError(
            f"The recipe '{name}' has mask_threshold = {recipe.mask_threshold!r}; it may be a probability or "
            f'"{ON_VALIDATION}".'
        )
    if training.keep not in KEEP:
        raise TrainingError(
            f"The recipe '{name}' keeps the epoch best by '{training.keep}'; it may be {', '.join(KEEP)}."
        )
    for option in ("epochs", "batch", "micro_batch"):
        value = getattr(training, option)
        if not isinstance(value, int) or value < 1:
            raise TrainingError(f"The recipe '{name}' has {option} = {value!r}; a whole number from 1 is needed.")
    if training.batch % training.micro_batch:
        raise TrainingError(
            f"The recipe '{name}' has micro-batches of {training.micro_batch}, "
            f"which do not divide its batch of {training.batch}."
        )
    return recipe
