"""A card's ``metrics``: what was measured, by section. ``core.metrics.definitions`` says what each figure means."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from core.bundles.card.part import CardPart, Count, Positive, Share


class ClassFigures(CardPart):
    """The figures of one class on the test slices."""

    precision: Share
    recall: Share
    f1: Share
    support: Count


class MaskFigures(CardPart):
    """The figures of masks, over a set of slices."""

    dice_mean: Share
    dice_median: Share
    dice_pooled: Share
    iou_mean: Share
    iou_median: Share
    iou_pooled: Share
    pixel_accuracy: Share
    missed: Share


class Table5Figures(MaskFigures):
    """The figures of masks on the slices of the report's Table 5."""

    slices: Count
    dice_class_mean: Share | None = None
    dice_patient_mean: Share | None = None


class KerasMeanIou(CardPart):
    """``keras.metrics.MeanIoU`` as the report used it."""

    value: Share
    share_of_ones: Share


class DistinctPatients(CardPart):
    """The accuracy without patients whose ids differ only by a final letter."""

    slices: Count
    accuracy: Share


class TestMetrics(CardPart):
    """The figures of the test slices; those of a task that the bundle has not are None or empty."""

    __test__ = False

    slices: Count
    patients: Count
    loss: Positive
    mask_loss: Positive | None = None
    threshold: Share | None = None
    dice_mean: Share | None = None
    dice_median: Share | None = None
    dice_pooled: Share | None = None
    iou_mean: Share | None = None
    iou_median: Share | None = None
    iou_pooled: Share | None = None
    pixel_accuracy: Share | None = None
    missed: Share | None = None
    dice_class_mean: Share | None = None
    dice_patient_mean: Share | None = None
    network_size: MaskFigures | None = None
    keras_mean_iou: KerasMeanIou | None = None
    tumour_share_of_pixels: Share | None = None
    table_5: Table5Figures | None = None
    accuracy: Share | None = None
    macro_f1: Share | None = None
    per_class: dict[str, ClassFigures] = Field(default_factory=dict)
    confusion_matrix: list[list[Count]] = Field(default_factory=list)
    series_accuracy: Share | None = None
    patient_accuracy: Share | None = None
    without_letter_twins: DistinctPatients | None = None


class WithoutNeighbours(CardPart):
    """The figures of the test slices each by itself, of a bundle whose ``metrics.test`` has them between neighbours."""

    slices: Count
    accuracy: Share
    series_accuracy: Share
    patient_accuracy: Share
    dice_mean: Share
    dice_class_mean: Share
    missed: Share
    definitions: dict[str, str] = Field(default_factory=dict)


class Outcomes(CardPart):
    """Shares of a set of slices by the outcome after the gate."""

    slices: Count
    right: Share
    wrong: Share
    low_confidence: Share
    unusual_image: Share
    not_a_head_slice: Share


class OutcomeCount(CardPart):
    """How many slices have an outcome, and for how many it is right."""

    slices: Count
    right: Count


class SplitMetrics(CardPart):
    """The figures of one split of the external set."""

    slices: dict[str, Count]
    class_accuracy: Share | None = None
    confusion_matrix: list[list[Count]] = Field(default_factory=list)
    outlined: Share | None = None
    outlined_without_tumour: Share | None = None
    mask_threshold: Share | None = None
    mask_class_accuracy: Share | None = None
    all: Outcomes | None = None
    by_outcome: dict[str, OutcomeCount] = Field(default_factory=dict)
    answers: dict[str, dict[str, Count]] = Field(default_factory=dict)
    answered_tumour: Share | None = None
    answered_no_tumour: Share | None = None
    no_tumour_called_tumour: Share | None = None
    tumour_called_no_tumour: Share | None = None
    class_accuracy_answered: Share | None = None


class Aim(CardPart):
    """A target of the gate, set before anything was measured."""

    aim: str
    reached: Share | None
    short_by: Positive


class AfterGate(CardPart):
    """The bundle's own test slices, all with a tumour, after the gate."""

    slices: Count
    correct: Share
    no_tumour: Share
    refused: Share


class SeriesAfterGate(CardPart):
    """The same slices, those of a patient answered together; ``correct`` is by slice, the others by patient."""

    slices: Count
    patients: Count
    correct: Share
    patient_correct: Share
    no_tumour: Share
    refused: Share


class PictureCount(CardPart):
    """How many pictures of a kind there are, and how many get no class."""

    pictures: Count
    without_class: Count


class ExternalMetrics(SplitMetrics):
    """The figures of the external set: the split test's stand by themselves, the others' under the split's name."""

    slices: dict[str, Count] = Field(default_factory=dict)
    train: SplitMetrics | None = None
    dev: SplitMetrics | None = None
    non_brain_flagged: Share | None = None
    non_brain_flagged_by_kind: dict[str, Share] = Field(default_factory=dict)
    figshare_flagged: Share | None = None
    figshare_called_no_tumour: Share | None = None
    figshare_called_no_tumour_by_class: dict[str, Share] = Field(default_factory=dict)
    figshare_all: Outcomes | None = None
    figshare_by_outcome: dict[str, OutcomeCount] = Field(default_factory=dict)
    non_brain_by_outcome: dict[str, OutcomeCount] = Field(default_factory=dict)
    figshare_after_gate: dict[str, AfterGate] = Field(default_factory=dict)
    figshare_series_after_gate: SeriesAfterGate | None = None
    pictures_without_class: dict[str, PictureCount] = Field(default_factory=dict)
    aims: dict[str, Aim] = Field(default_factory=dict)
    definitions: dict[str, str] = Field(default_factory=dict)


class HeatFigures(CardPart):
    """The localisation of heat maps, over a set of slices; of no slices, only their number."""

    slices: Count
    inside: Share | None = None
    area: Share | None = None
    hit: Share | None = None


class HeatByOutcome(CardPart):
    """The localisation of one method's heat maps where the prediction is right, and where it is wrong."""

    right: HeatFigures
    wrong: HeatFigures


class Explanation(CardPart):
    """The localisation of heat maps by method, at one layer."""

    layer: str
    methods: dict[str, HeatByOutcome]
    definitions: dict[str, str] = Field(default_factory=dict)


class RobustnessFigures(CardPart):
    """The figures of slices changed in one way; those of a task that the bundle has not are None."""

    accuracy: Share | None = None
    dice_mean: Share | None = None
    missed: Share | None = None


class Robustness(CardPart):
    """The figures of drawn test slices, unaltered and by change; ``core.evaluation.robustness`` makes the changes."""

    slices: Count
    unaltered: RobustnessFigures
    changes: dict[str, RobustnessFigures]
    definitions: dict[str, str] = Field(default_factory=dict)

    @property
    def by_change(self) -> dict[str, RobustnessFigures]:
        """The figures by change, of the unaltered slices first."""
        return {"unaltered": self.unaltered, **self.changes}


class FoldFigure(CardPart):
    """A figure over the official folds."""

    mean: float
    std: Positive | None
    folds: list[float]
    all: float | None = None


class FoldMetrics(CardPart, extra="allow"):
    """Figures over the official folds, by name."""

    __pydantic_extra__: dict[str, FoldFigure] = Field(init=False)
    slices: list[Count]

    @property
    def figures(self) -> dict[str, FoldFigure]:
        """The figures by name, such as ``accuracy`` or ``dice_mean``."""
        return self.__pydantic_extra__


class FoldCalibration(CardPart):
    """A temperature fitted on the validation slices of all folds, and the calibration error of their test slices."""

    temperature: Annotated[float, Field(gt=0)]
    slices: Count
    before: Share
    after: Share


class CrossValidation(FoldMetrics):
    """The results of a recipe trained on the official folds."""

    calibration: FoldCalibration | None = None
    folds_done: list[Annotated[int, Field(ge=1, le=5)]]
    without_letter_twins: FoldMetrics
    training_seconds: dict[str, Positive]
    recipe: str
    definitions: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_a_value_for_each_fold(self) -> Self:
        done = len(self.folds_done)
        if any(len(figure.folds) != done for figure in self.figures.values()) or len(self.slices) != done:
            raise ValueError("a figure and slices have a value for each of folds_done")
        return self


class ComparedFigure(CardPart):
    """A figure of two bundles on the same slices, and the interval of the difference."""

    value: float
    other: float
    difference: float
    low: float
    high: float


class ComparedSlices(CardPart):
    """Two bundles' figures on the same slices."""

    slices: Count
    figures: Annotated[dict[str, ComparedFigure], Field(min_length=1)]


class Comparison(ComparedSlices):
    """The bundle beside another one."""

    other: str = Field(alias="with")
    without_letter_twins: ComparedSlices
    recipe_differences: list[str]
    definitions: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_the_same_figures_twice(self) -> Self:
        if self.figures.keys() != self.without_letter_twins.figures.keys():
            raise ValueError("it has the same figures for all slices and without_letter_twins")
        return self


class Metrics(CardPart):
    """What was measured; a section stands there once its command has run."""

    test: TestMetrics | None = None
    definitions: dict[str, str] = Field(default_factory=dict)
    without_neighbours: WithoutNeighbours | None = None
    external: ExternalMetrics | None = None
    explanation: Explanation | None = None
    robustness: Robustness | None = None
    cross_validation: CrossValidation | None = None
    comparison: Comparison | None = None

    @property
    def over_folds(self) -> CrossValidation | None:
        """The results over the official folds, where at least two of them are done."""
        stored = self.cross_validation
        return stored if stored and len(stored.folds_done) > 1 else None

    def on_new_slices(self, name: str) -> float | None:
        """Return a figure over the test slices of all folds where several are done, else over the test slices.

        Args:
            name: of a figure that both have, such as "accuracy"; None where it is not measured.
        """
        figure = self.over_folds.figures.get(name) if self.over_folds else None
        share = figure.all if figure else None
        return getattr(self.test, name, None) if share is None else share
