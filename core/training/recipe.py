"""Recipes: which network to train, on which slices and how; a small TOML file each in ``recipes/``.

To add a bundle, copy a recipe under a new name, change it, and run ``python -m core train NAME``.
"""

import tomllib
from inspect import signature
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from core.config import PRESENCE, TASKS, recipes_folder, tasks_of
from core.dataset.splits import ALL_SPLITS, FOLD_SPLITS, selecting_part
from core.errors import TrainingError
from core.explanation.explainer import METHODS
from core.networks.losses import LOSSES
from core.networks.registry import NETWORKS
from core.readers.preprocessing import HEAD, MIN_MAX
from core.translation.messages import Message
from core.validation import FileModel, Number, one_of, parse_file, parse_model

KEEP = ("last", "val_loss", "val_accuracy", "val_dice", "val_iou")
"""Figures by which the kept epoch may be chosen."""
ON_VALIDATION = "validation"
"""The value of ``mask_threshold`` that has it chosen when a bundle is evaluated."""


Amount = Annotated[Number, Field(ge=0)]
Share = Annotated[Number, Field(ge=0, le=1)]
LossName = Annotated[str, one_of(LOSSES)]


class NetworkSettings(FileModel):
    """Which network is trained.

    Attributes:
        name: in ``core.networks.registry``.
        pretrained: whether its encoder starts from ImageNet.
        start: the recipe whose network, trained on the same split, it starts from; see ``core.training.start``.
        options: of the function that builds it, without ``size``.
    """

    name: Annotated[str, one_of(NETWORKS)]
    pretrained: bool = False
    start: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def check(self) -> Self:
        """Check that the network has the options."""
        accepted = [name for name in signature(NETWORKS[self.name]).parameters if name != "size"]
        unknown = [name for name in self.options if name not in accepted]
        if unknown:
            raise ValueError(f"{self.name} has no option {', '.join(unknown)}; it has {', '.join(accepted)}")
        return self


class InputSettings(FileModel):
    """What the network takes.

    Attributes:
        size: side in pixels.
        channels: 1, or 3 that all hold the slice.
        preprocessing: see ``core.readers.preprocessing``.
        neighbours: whether the 3 channels are the slice before, the slice and the slice after.
    """

    size: PositiveInt
    channels: Literal[1, 3]
    preprocessing: Annotated[str, one_of((MIN_MAX, HEAD))]
    neighbours: bool = False


class HeatSettings(FileModel):
    """How heat maps are made.

    Attributes:
        method: in ``core.explanation.explainer.METHODS``.
        layer: the convolution that they read.
        answer: the heat map beside an answer: that of the method, or the evidence map, which follows the mask.
    """

    method: Annotated[str, one_of(METHODS)]
    layer: str
    answer: Literal["evidence-map"] | None = None


class Augmentation(FileModel):
    """Options of ``core.training.data.augmentation.augment``."""

    flip: Share = 0.0
    rotation: Amount = 0.0
    scale: Share = 0.0
    shift: Share = 0.0
    gamma: Amount = 0.0
    contrast: Share = 0.0
    quarter_turn: Share = 0.0
    curve: Amount = 0.0
    invert: Share = 0.0
    bias: Amount = 0.0
    blur: Amount = 0.0
    noise: Amount = 0.0
    jpeg: Share = 0.0
    caption: Share = 0.0
    neighbour_dropout: Share = 0.0


class Training(FileModel):
    """How a network is trained.

    Attributes:
        epochs: the largest number of epochs.
        batch: slices a weight update is made from.
        micro_batch: slices computed at once; gradients are averaged over batch / micro_batch of them.
        optimizer: "adam" or "adamw".
        learning_rate: the first, or highest, rate.
        decoder_rate: factor of the rate for all layers but a pretrained encoder's.
        loss: a name in ``core.networks.losses.LOSSES``; a list of one a task where the network has several.
        keep_last_batch: whether an epoch ends with an update from the slices that are left, as Keras's does; else it is
            cut to a multiple of the batch.
        keep: the monitored value whose best epoch's weights are kept, or "last".
        schedule: "constant" or "cosine" (down to zero over the epochs, by update).
        warmup_epochs: epochs over which the rate first rises from zero; part of the cosine schedule.
        weight_decay: of "adamw".
        label_smoothing: share of each class's target that is spread over all classes; not of masks.
        early_stopping_patience: epochs without a lower validation loss before training stops, or None.
        reduce_rate_patience: epochs without a lower one before the rate is reduced, or None.
        reduce_rate_factor: the factor by which the rate is then multiplied.
        augmentation: options of ``core.training.data.augmentation.augment``, or None.
        dtype: the Keras dtype policy.
        seed: of weights, order, dropout and augmentation.
        cache: side, in pixels, of the training planes that augmentation interpolates once to the network's size; None
            for that size.
        tumour_free: share of each micro-batch that is drawn from tumour-free examples; the class's loss skips them.
        tumour_free_mask_weight: weight of the mask's loss on them.
    """

    epochs: PositiveInt
    batch: PositiveInt
    micro_batch: PositiveInt
    optimizer: Literal["adam", "adamw"]
    learning_rate: Amount
    decoder_rate: Amount = 1.0
    loss: LossName | list[LossName]
    keep: Annotated[str, one_of(KEEP)]
    keep_last_batch: bool = False
    schedule: Literal["constant", "cosine"] = "constant"
    warmup_epochs: Amount = 0.0
    weight_decay: Amount = 0.004
    label_smoothing: Share = 0.0
    early_stopping_patience: PositiveInt | None = None
    reduce_rate_patience: PositiveInt | None = None
    reduce_rate_factor: Share = 0.1
    augmentation: Augmentation | None = None
    dtype: Literal["float32", "mixed_bfloat16"] = "float32"
    seed: int = 0
    cache: PositiveInt | None = None
    tumour_free: Annotated[Number, Field(ge=0, lt=1)] = 0.0
    tumour_free_mask_weight: Amount = 1.0

    @property
    def losses(self) -> list[str]:
        """The name of the loss of each task."""
        return [self.loss] if isinstance(self.loss, str) else self.loss

    @property
    def micro_batches(self) -> int:
        """The number of micro-batches that a weight update is made from."""
        return self.batch // self.micro_batch

    @model_validator(mode="after")
    def check(self) -> Self:
        """Check that micro-batches make up a batch, and that larger planes are brought to the network's size."""
        if self.batch % self.micro_batch:
            raise ValueError(f"micro-batches of {self.micro_batch} do not divide a batch of {self.batch}; they must")
        if self.tumour_free and not self.cache:
            raise ValueError("tumour-free examples are made at the side of a cache; state its side in pixels")
        if self.cache and not self.augmentation:
            raise ValueError("a cache needs augmentation, which brings its planes to the network's size")
        if self.keep_last_batch and self.tumour_free:
            raise ValueError("a last, smaller batch has no share of tumour-free examples; leave one of the two out")
        return self


class Origin(FileModel):
    """Where the settings of a recipe come from that follows the report literally.

    Attributes:
        stated: names of the settings that are as the report states them, such as "batch"; "network" is its name.
        chosen: what the report leaves open, and why it is what it is; a sentence by setting.
    """

    stated: list[str]
    chosen: dict[str, str]


class Recipe(FileModel):
    """A recipe.

    Attributes:
        task: one of ``core.config.TASKS``, or a list of both, to which ``PRESENCE`` may be added.
        heat: how its heat maps are made; by Grad-CAM at the deepest convolution where not stated.
        test_time_flip: whether predictions are averaged over a slice and its left-right mirror image.
        mask_threshold: the probability from which a pixel is tumour, or "validation" to have it chosen on the
            validation slices when the bundle is evaluated.
        by_patient: the bundle of the same network on a patient-level split; None where it is this one.
        origin: for a recipe that follows the report literally.
        notes: what was tried on validation before the recipe was fixed, a sentence each.
        limits: what else users must know, a sentence each, for the card.
    """

    name: str
    version: str
    title: str
    about: str
    task: str | list[str]
    split: Annotated[str, one_of(ALL_SPLITS)]
    network: NetworkSettings
    input: InputSettings
    training: Training
    heat: HeatSettings | None = None
    test_time_flip: bool = False
    mask_threshold: Annotated[Number, Field(gt=0, lt=1)] | Literal["validation"] = 0.5
    by_patient: str | None = None
    origin: Origin | None = None
    notes: list[str] = Field(default_factory=list)
    limits: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def check(self) -> Self:
        """Check that there are such tasks, with a loss each, and what the task ``PRESENCE`` needs."""
        count = len(self.tasks)
        if len(self.training.losses) != count:
            raise ValueError(f"it has {len(self.training.losses)} losses for {count} tasks; one a task is needed")
        if self.heat and self.heat.answer and not set(TASKS) <= set(self.tasks):
            raise ValueError("an evidence map needs the tasks of both class and mask")
        has_presence = PRESENCE in self.tasks
        if bool(self.network.options.get("presence")) != has_presence:
            raise ValueError(f"the task {PRESENCE} and the network's option presence need each other")
        if bool(self.training.tumour_free) != has_presence:
            raise ValueError(f"the task {PRESENCE} and a share tumour_free of the training need each other")
        if bool(self.network.options.get("neighbours")) != self.input.neighbours:
            raise ValueError("the input's neighbours and the network's option neighbours need each other")
        if self.input.neighbours and (self.input.channels != 3 or self.split not in FOLD_SPLITS):
            raise ValueError(
                "neighbours need 3 channels, and a patient-level split: by slice they would be test slices"
            )
        if self.mask_threshold == ON_VALIDATION and selecting_part(self.split) == "test":
            raise ValueError(f"the split {self.split} has no validation slices to choose a threshold on; state it")
        if self.origin:
            named = sorted([*self.origin.stated, *self.origin.chosen])
            settings = sorted(_setting_names(self))
            if named != settings:
                raise ValueError(f"origin names {', '.join(named)}; it must name each of {', '.join(settings)} once")
        return self

    @property
    def table(self) -> dict[str, Any]:
        """What the recipe's file states, as a table of plain values."""
        return self.model_dump(exclude={"name"}, exclude_unset=True)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks, in the order of the network's outputs."""
        return tasks_of(self.task)

    @property
    def losses(self) -> list[str]:
        """The name of the loss of each task."""
        return self.training.losses

    @property
    def network_options(self) -> dict[str, Any]:
        """The options to build the network with, its input's size among them."""
        return {"size": self.input.size, **self.network.options}

    def on_split(self, split: str) -> "Recipe":
        """Return the same recipe on another split, named NAME-SPLIT; the recipe itself on its own split.

        What describes the recipe's own split (title, about, limits, ``by_patient``, ``origin``) does not apply to the
        other one.
        """
        if split == self.split:
            return self
        of_own_split = {"title", "about", "limits", "by_patient", "origin"}
        changes: dict[str, Any] = {
            "split": split,
            "title": f"{self.name} on {split}",
            "about": f"The recipe '{self.name}' on the split {split} in place of its own, {self.split}.",
        }
        table = {**{key: value for key, value in self.table.items() if key not in of_own_split}, **changes}
        return parse_recipe(f"{self.name}-{split}", table)

    @property
    def decisive_settings(self) -> dict[str, Any]:
        """The settings that make a run this recipe's run: all but titles and texts."""
        return training_settings(self.table)


def training_settings(table: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a recipe's table that decides what is trained."""
    return {key: table.get(key) for key in ("task", "split", "network", "input", "training")}


def _setting_names(recipe: Recipe) -> list[str]:
    """Return the names of the settings that a recipe states: "split", "network", "dropout", "size", "batch"."""
    parts = [recipe.network.options, *(recipe.table[part] for part in ("input", "training"))]
    return ["split", "network", *(name for part in parts for name in part)]


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
        raise TrainingError(
            "There is no recipe '{name}'; there are {accepted}.", name=name, accepted=", ".join(recipe_names())
        )
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TrainingError("The recipe '{name}' cannot be read: {error}.", name=name, error=error) from error
    return parse_recipe(name, table)


def parse_recipe(name: str, table: dict[str, Any]) -> Recipe:
    """Make a recipe from a file's content.

    Raises:
        TrainingError: it does not make sense; the text says what.
    """
    return parse_file(Recipe, name, table, title=Message("The recipe '{name}'", name=name), error=TrainingError)


def parse_training(table: dict[str, Any], *, title: Message | str) -> Training:
    """Make the part ``training`` of a recipe from its table, as a card or a state holds it.

    Raises:
        TrainingError: it does not make sense; the text says what and begins with the title.
    """
    return parse_model(Training, table, title=title, error=TrainingError)
