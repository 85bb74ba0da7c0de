"""Plans of searches: which settings vary and how cheaply a trial trains; ``searches/NAME/plan.toml`` of recipe NAME."""

import tomllib
from collections.abc import Mapping, Sequence
from math import floor, log10
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, PositiveInt, Tag, model_validator

from core.config import searches_folder
from core.dataset.splits import FOLD_SPLITS
from core.errors import TrainingError
from core.text import joined
from core.training.recipe import KEEP, Augmentation, Recipe, load_recipe, parse_recipe
from core.translation.messages import Message
from core.validation import FileModel, Number, one_of, parse_file

if TYPE_CHECKING:
    import optuna

PLAN = "plan.toml"
SAMPLERS = ("tpe", "genetic", "grid")
"""Tree-structured Parzen estimator; NSGA-II, a genetic algorithm, here with one objective; every point of a grid."""
PLANNED = ("tpe", "genetic")
"""The default samplers of a search, each with the same number of trials."""
SETTINGS = ("filters", "epochs", "batch", "learning_rate", "dropout", "augmentation")
"""The settings that a plan may vary."""

Setting = Mapping[str, float]
"""A value for some of the ``SETTINGS``; the others stay as in the recipe."""


SettingName = Annotated[str, one_of(SETTINGS)]


class Range(FileModel):
    """The numbers from ``low`` to ``high``; ``log`` where they are drawn evenly in their logarithm."""

    low: Number
    high: Number
    log: bool = False

    @model_validator(mode="after")
    def check(self) -> Self:
        """Check that there are numbers in it."""
        if self.low > self.high or (self.log and self.low <= 0):
            raise ValueError("low must not be above high, and above 0 where log is true")
        return self


Choices = Annotated[list[Number], Field(min_length=1)]
Space = Annotated[
    Annotated[Choices, Tag("choices")] | Annotated[Range, Tag("range")],
    Discriminator(lambda values: "choices" if isinstance(values, list) else "range"),
]
"""A setting's values: a list of choices, or a range."""


class Fidelity(FileModel):
    """How a trial's network differs from the recipe's.

    Attributes:
        size: of its input in pixels.
        dtype: the Keras dtype policy.
        epochs: the share of a setting's epochs that it trains.
    """

    size: PositiveInt
    dtype: Literal["float32", "mixed_bfloat16"]
    epochs: float = Field(1.0, gt=0, le=1)


class Plan(FileModel):
    """The plan of a search.

    Attributes:
        name: the recipe's and the search's.
        about: a sentence.
        split: a patient-level split, so that the winner can be judged on patients that no trial has met; its test part
            is never read.
        value: a trial's value, at its best epoch: a validation figure, the larger the better.
        trials: trials of each sampler.
        population: the genetic sampler's population.
        seed: the samplers' seed.
        cheap: how a trial is cheaper than its setting at full size.
        space: by setting its values.
        augmentation: of training slices at strength 1.
        start: the recipe's own setting, as far as the space holds it: every sampler's first trial.
        grid: by setting the values the systematic search goes through.
        means: by setting of the space what it is, except for augmentation.
        known: what was known when the space was chosen, a sentence each.
    """

    name: str
    about: str
    split: Annotated[str, one_of(FOLD_SPLITS)]
    value: Annotated[str, one_of(name for name in KEEP if name.startswith("val_") and name != "val_loss")]
    trials: PositiveInt
    population: PositiveInt
    seed: int
    cheap: Fidelity
    space: dict[SettingName, Space]
    augmentation: Augmentation
    start: dict[SettingName, Number]
    grid: dict[SettingName, Choices]
    means: dict[SettingName, str] = Field(default_factory=dict)
    known: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def check(self) -> Self:
        """Check that every setting is explained."""
        missing = [name for name in self.space if name != "augmentation" and name not in self.means]
        if missing:
            raise ValueError(f"means must say what {', '.join(missing)} is")
        return self

    @property
    def held_out(self) -> Message:
        """The fold that no trial reads: "fold 1"."""
        return Message("fold {number}", number=self.split.removeprefix("fold-"))

    @property
    def searched(self) -> Message:
        """The folds that trials learn from and are validated on: "folds 2 to 5", "folds 1, 2, 4 and 5"."""
        inside = [name.removeprefix("fold-") for name in FOLD_SPLITS if name != self.split]
        in_a_row = int(inside[-1]) - int(inside[0]) == len(inside) - 1
        if in_a_row:
            return Message("folds {first} to {last}", first=inside[0], last=inside[-1])
        return Message("folds {numbers}", numbers=joined(inside))

    @property
    def scheduled(self) -> bool:
        """Whether the recipe's learning rate follows a schedule over all its epochs."""
        return load_recipe(self.name).training.schedule != "constant"

    def is_own(self, setting: Setting) -> bool:
        """Tell whether a setting is the recipe's own; what it does not name is as in the recipe."""
        return all(self.start.get(name) == value for name, value in setting.items())

    def recipe_of(self, setting: Setting, *, name: str, cheap: bool) -> Recipe:
        """Return the recipe with a setting in it.

        Args:
            setting: its real numbers are rounded to three digits.
            name: the new recipe's.
            cheap: small and quick, as in a trial; else at the recipe's own size, in micro-batches that fit in memory.
        """
        base = load_recipe(self.name).on_split(self.split)
        options, training = dict(base.network.options), {**base.table["training"], "keep": self.value}
        for key, value in setting.items():
            value = round_setting(value)
            if key == "filters":
                options["filters"] = _filters(base, int(value))
            elif key == "dropout":
                options |= _dropout(base, value)
            elif key == "augmentation":
                strengths = self.augmentation.model_dump(exclude_unset=True)
                training["augmentation"] = {name: round_setting(value * most) for name, most in strengths.items()}
            else:
                training[key] = value
        batch = training["batch"]
        # The recipe's micro-batch, or the largest smaller one that divides the batch.
        largest = min(batch, base.training.micro_batch)
        training["micro_batch"] = batch if cheap else max(n for n in range(1, largest + 1) if not batch % n)
        size = base.input.size
        if cheap:
            training["dtype"], size = self.cheap.dtype, self.cheap.size
            training["epochs"] = max(1, round(training["epochs"] * self.cheap.epochs))
        table = {
            **base.table,
            "network": {**base.table["network"], **({"options": options} if options else {})},
            "input": {**base.table["input"], "size": size},
            "training": training,
        }
        return parse_recipe(name, table)


def plan_names() -> list[str]:
    """Return the names of all searches."""
    return sorted(path.parent.name for path in searches_folder().glob(f"*/{PLAN}"))


def load_plan(name: str, folder: Path | None = None) -> Plan:
    """Read ``searches/<name>/plan.toml``.

    Raises:
        TrainingError: no such plan, or one that does not make sense; the text says what.
    """
    path = (folder or searches_folder()) / name / PLAN
    if not path.is_file():
        raise TrainingError(
            "There is no search '{name}'; there are {accepted}.", name=name, accepted=", ".join(plan_names())
        )
    title = Message("The plan of the search '{name}'", name=name)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TrainingError("{title} cannot be read: {error}.", title=title, error=error) from error
    return parse_file(Plan, name, table, title=title, error=TrainingError)


def suggest_setting(plan: Plan, trial: "optuna.trial.BaseTrial", *, grid: bool = False) -> dict[str, float]:
    """Let the trial's sampler propose a setting; with ``grid`` one of the plan's grid."""
    values = plan.grid if grid else plan.space
    return {key: _suggest_value(trial, key, values[key]) for key in values}


def _suggest_value(trial: "optuna.trial.BaseTrial", key: str, values: Range | Sequence[float]) -> float:
    """Let a sampler propose a value: one of a list, or a number from a range."""
    if not isinstance(values, Range):
        value: float = trial.suggest_categorical(key, values)
        return value
    if isinstance(values.low, int) and isinstance(values.high, int):
        return trial.suggest_int(key, values.low, values.high)
    return trial.suggest_float(key, values.low, values.high, log=values.log)


def round_setting(value: float) -> float:
    """Return a whole number as it is, another one to three significant digits, so that a recipe is readable."""
    if isinstance(value, int) or value == 0:
        return value
    return round(value, 2 - floor(log10(abs(value))))


def normalised_setting(params: Mapping[str, Any]) -> dict[str, float]:
    """Round a setting as its recipe has it; settings that are then equal train the same."""
    return {name: round_setting(value) for name, value in params.items()}


def as_int(value: float) -> float:
    """Return a whole number as an int again: a table with gaps makes it a float."""
    return int(value) if float(value).is_integer() and value >= 1 else float(value)


def _filters(base: Recipe, first: int) -> int | list[int]:
    """Return the option ``filters`` with ``first`` in the first layer and the default's ratios."""
    if base.network.name == "report_cnn":
        return [first, 2 * first, 2 * first, 4 * first]
    return first


def _dropout(base: Recipe, rate: float) -> dict[str, float]:
    """Return the network's dropout options; the report's CNN has twice the rate after flattening."""
    if base.network.name == "report_cnn":
        return {"dropout": rate, "dropout_flat": round_setting(2 * rate)}
    return {"dropout": rate}
