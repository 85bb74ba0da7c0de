"""The card of a bundle: card.json as a typed object. What is not as described here is refused."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from core.bundles.card.metrics import Metrics
from core.bundles.card.part import CardPart, Count, Date, FileName, Positive, Sha256, Share
from core.config import CLASSIFICATION, PRESENCE, SEGMENTATION, TASKS, tasks_of
from core.outcome import GateThresholds

FORMAT_VERSION = 1
SCHEMA = "card.schema.json"


def _known_task(stated: Any) -> str | list[str]:
    tasks_of(stated if isinstance(stated, str | list) else [])
    return stated


Task = Annotated[
    str | list[str],
    PlainValidator(_known_task),
    WithJsonSchema({"enum": [*TASKS, list(TASKS), [*TASKS, PRESENCE]]}),
]
"""One task, the list of both, or of both and ``PRESENCE``."""


class Network(CardPart):
    """The network: its name in the registry, and every option it is built with."""

    name: str
    options: dict[str, Any]


class Parameters(CardPart):
    """How many parameters the network has."""

    total: Count
    trainable: Count


class Input(CardPart):
    """The model input, and how a slice is made into it."""

    height: Annotated[int, Field(ge=1)]
    width: Annotated[int, Field(ge=1)]
    channels: Annotated[int, Field(ge=1)]
    dtype: Literal["float32"]
    range: tuple[float, float]
    preprocessing: str
    description: str
    neighbours: bool = False
    """Whether the channels are the slice before, the slice and the slice after; else they all hold the slice."""


class Output(CardPart):
    """What the network returns, and what is made of it."""

    probabilities: str
    mask_classes: list[str] = Field(default_factory=list)
    """The classes of the mask's channels, background first, where they are not ``classes``."""
    threshold: Share | None = None
    """The tumour probability from which a pixel counts as tumour."""
    threshold_rule: str | None = None
    test_time_flip: bool = False
    """Whether outputs are means over a slice and its mirror image."""


class DataSet(CardPart):
    """The data set the network was trained on."""

    name: str
    doi: str
    licence: str


class Counts(CardPart):
    """The number of slices in each part of the split."""

    train: Count
    validation: Count
    test: Count


class Data(CardPart):
    """The data set and its split."""

    dataset: DataSet = Field(alias="set")
    split: str
    by_patient: bool
    seed: int
    counts: Counts
    held_out: str
    by_patient_bundle: str | None = None
    """The same network on a patient-level split, where this one has a slice-level split."""

    @property
    def test_stopped_training(self) -> bool:
        """Whether the test slices stopped the training: its split has no validation slices, and no others were left."""
        return not self.counts.validation


class Pretrained(CardPart):
    """Where the weights come from that the training began with."""

    name: str
    taken_from: str
    licence: str


class Origin(CardPart):
    """Where the settings of a recipe that follows the report literally come from."""

    stated: list[str]
    """Settings that are as the report states them."""
    chosen: dict[str, str]
    """Settings that it leaves open, and why they are what they are."""


class TrainingRun(CardPart):
    """The training: its recipe, and the facts of its run."""

    recipe: dict[str, Any]
    pretrained: Pretrained | None = None
    start: str | None = None
    """The recipe whose network, trained on the same split, it began with."""
    origin: Origin | None = None
    tried: list[str]
    epochs_run: Count
    epoch_kept: Count
    seconds: Positive
    seconds_are: str
    machine: str
    epoch_size: str
    determinism: str


class Heat(CardPart):
    """The default method and layer of the heat maps."""

    method: str
    layer: str | None = None
    answer: Literal["evidence-map"] | None = None
    """The heat map beside an answer where it is not the method's own; see ``core.explanation.class_maps``."""


class CalibrationError(CardPart):
    """The expected calibration error before and after the temperature."""

    before: Share
    after: Share
    of: str


class SourceControl(CardPart):
    """Whether the gate recognises the tumour or only the source of a slice; see ``core.ood.gate_control``."""

    as_they_are: Share
    preprocessed: Share
    as_in_training: Share
    own_twins: Count
    own_twins_called_no_tumour: Share | None
    own_shams_called_no_tumour: Share | None
    called_no_tumour: Count
    heat_in_head: Share | None = None
    saliency_in_head: Share | None = None
    head_area: Share | None = None
    kept_in_other_surroundings: Share | None
    definitions: dict[str, str] = Field(default_factory=dict)


class GateDescription(CardPart):
    """The gate beside the network: what it is, its thresholds, and how they were chosen."""

    about: str
    answers: dict[str, str]
    data: str
    rules: dict[str, str]
    tried: list[str]
    thresholds: GateThresholds
    fitted_on: dict[str, Count] = Field(default_factory=dict)
    calibration_error: CalibrationError | None = None
    source_control: SourceControl | None = None


class Times(CardPart):
    """The inference times of the network on a machine."""

    test_set_seconds: Positive
    one_slice_seconds: Positive
    runs: Count
    machine: str


class FileFacts(CardPart):
    """The size and SHA-256 of a file."""

    bytes: Count
    sha256: Sha256


class Change(CardPart):
    """What changed in a bundle on a day."""

    date: Date
    version: str
    change: str


class Card(CardPart):
    """A bundle's card.json."""

    format: Literal[1]
    name: str
    version: str
    title: str
    about: str
    task: Task
    network: Network
    parameters: Parameters
    input: Input
    output: Output
    classes: Annotated[list[str], Field(min_length=2)]
    data: Data
    training: TrainingRun
    licence: str
    intended_use: str
    limits: list[str]
    heat: Heat | None = None
    gate: GateDescription | None = Field(None, alias="screen")
    metrics: Metrics = Metrics()
    times: Times | None = None
    files: dict[FileName, FileFacts]
    changelog: list[Change] = Field(default_factory=list)
    """What changed, oldest first."""

    @property
    def tasks(self) -> tuple[str, ...]:
        """Its tasks, in the order of the network's outputs; see ``core.config``."""
        return tasks_of(self.task)

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """Return a card with other values.

        Args:
            changes: by field, written as in card.json with a dot between levels (``metrics.test``): its new value, or
                None to remove it.

        Raises:
            pydantic.ValidationError: the result is no card.
        """
        fields = self.as_dict()
        for path, value in changes.items():
            *parents, name = path.split(".")
            part = fields
            for parent in parents:
                part = part.setdefault(parent, {})
            if value is None:
                part.pop(name, None)
            else:
                part[name] = value
        return self.from_json(json.dumps(fields, default=lambda part: part.as_dict()))

    @model_validator(mode="after")
    def _has_what_its_tasks_need(self) -> Self:
        if SEGMENTATION in self.tasks and self.output.threshold is None:
            raise ValueError("a bundle for segmentation has an output.threshold")
        if self.heat and self.heat.answer and not set(TASKS) <= set(self.tasks):
            raise ValueError("an evidence map needs a bundle for both class and mask")
        test, number = self.metrics.test, len(self.classes)
        if test is None:
            return self
        if SEGMENTATION in self.tasks and test.dice_mean is None:
            raise ValueError("the test metrics of a bundle for segmentation have a dice_mean")
        if CLASSIFICATION in self.tasks:
            if test.accuracy is None or list(test.per_class) != self.classes:
                raise ValueError("the test metrics of a classifier have an accuracy, and per_class for its classes")
            if [len(row) for row in test.confusion_matrix] != [number] * number:
                raise ValueError(f"the test metrics of a classifier have a confusion_matrix of {number} by {number}")
        return self


def card_schema() -> str:
    """Return the JSON schema of card.json, as ``models/card.schema.json`` holds it."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Card.model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
