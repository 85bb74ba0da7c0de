"""The typed results of a slice and of a volume, and the JSON schema of what ``core predict --json`` prints."""

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, TypeAdapter

from core.api.answers import AnsweredSlice, AnsweredVolume
from core.config import ROOT
from core.errors import SliceError
from core.inference.volumes.analysis import volume_mask

SCHEMA = ROOT / "docs" / "result.schema.json"
"""Written by ``python -m core schema``."""

Probability = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Number = Annotated[int, Field(ge=1)]
"""Of a slice, from 1 on."""
Outcome = Literal["confident", "low_confidence", "no_tumour", "unusual_image", "not_a_head_slice"]
"""One of ``core.outcome.OUTCOMES``."""


class ResultPart(BaseModel):
    """A part of a result."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, populate_by_name=True)


class BundleName(ResultPart):
    """A bundle that made the prediction."""

    name: str
    version: str


class GateFigures(ResultPart):
    """The gate's figures behind the outcome of a slice, and the calibrated probabilities."""

    figures: str = Field(description="The figures that decided, with their limits, in a sentence.")
    tumour_score: float
    ood_score: float
    calibrated_probabilities: dict[str, Probability]


class SliceMask(ResultPart):
    """The predicted mask of a slice; ``withheld`` where the outcome is one with which it is not shown."""

    withheld: bool
    threshold: Probability
    area_px: Count
    components: Count
    spacing_mm: float | None
    spacing_source: str | None
    area_mm2: float | None
    longest_diameter_mm: float | None


class SliceTruth(ResultPart):
    """How the prediction agrees with the slice's true class and mask, as far as they are known."""

    class_: str | None = Field(None, alias="class")
    class_agrees: bool | None = None
    answer_agrees: bool | None = None
    area_px: Count | None = None
    dice: Probability | None = None
    iou: Probability | None = None


class _Result(ResultPart):
    """What the results of slices and volumes have in common."""

    schema_version: Literal[2]
    name: str
    bundles: list[BundleName]
    outcome: Outcome | None = Field(description="None where the classifier has no gate.")
    reason: str = Field(description="Why it is so, in a plain sentence.")
    class_: str | None = Field(alias="class", description="None where the outcome withholds it.")
    warnings: list[str]
    notes: list[str]
    notice: str

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as ``core predict --json`` prints them."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


class SliceResult(_Result):
    """The result for a slice; ``core.inference.result.slice_result`` says what its fields mean."""

    width: Number
    height: Number
    likeliest_class: str
    probabilities: dict[str, Probability]
    gate: GateFigures | None
    mask: SliceMask
    truth: SliceTruth | None
    trained_on_by: list[str]
    plane: str | None = Field(None, description="Of a volume's slice.")
    slice: Number | None = Field(None, description="Of a volume's slice, its number in the plane.")
    _answered: AnsweredSlice | None = PrivateAttr(None)

    @property
    def mask_pixels(self) -> np.ndarray:
        """(H, W) bool, tumour or not, on the pixels of the file."""
        return self._kept().file_mask()

    @property
    def heat_map(self) -> np.ndarray:
        """(height, width) float32 in [0, 1], the evidence for the most probable class."""
        return self._kept().prediction.heat

    def _kept(self) -> AnsweredSlice:
        if self._answered is None:
            raise SliceError("A volume keeps no pixels of its slices' results; its mask is mask_voxels.")
        return self._answered


class VolumeMask(ResultPart):
    """The predicted mask of a volume."""

    withheld: bool
    voxels: Count
    volume_ml: float | None
    left_out_voxels: Count
    largest_slice: Number | None
    longest_diameter_mm: float | None


class VolumeTruth(ResultPart):
    """How a volume's predicted mask agrees with its true one."""

    voxels: Count
    volume_ml: float | None
    dice: Probability
    iou: Probability


class VolumeResult(_Result):
    """The result for a volume; ``core.inference.volumes.result.volume_result`` says what its fields mean."""

    plane: str
    slices: Number
    voxels: list[Number]
    spacing_mm: list[float] | None
    likeliest_class: str | None
    probabilities: dict[str, Probability] | None
    slices_with_mask: list[Number] = Field(description="The slices that it is pooled from.")
    tumour_probabilities: list[Probability]
    mask: VolumeMask
    truth: VolumeTruth | None
    _slice_results: tuple[SliceResult, ...] = PrivateAttr(())
    _answered: AnsweredVolume | None = PrivateAttr(None)

    @property
    def slice_results(self) -> tuple[SliceResult, ...]:
        """The results of its slices that are no plain background."""
        return self._slice_results

    @property
    def mask_voxels(self) -> np.ndarray:
        """(S, H, W) bool, tumour or not, from the crown, the front and the patient's right on."""
        assert self._answered is not None
        return volume_mask(self._answered.volume, self._answered.plane, self._answered.findings)


class LeftOut(ResultPart):
    """A slice of a series that does not count."""

    name: str
    outcome: Outcome


class SeriesTruth(ResultPart):
    """The true class of a series' slices, and whether the answer is it; None where the images are refused."""

    class_: str = Field(alias="class")
    class_agrees: bool | None


class SeriesResult(_Result):
    """The result for the slices of one patient together, by the rule of ``core.inference.volumes.series``."""

    of: Literal["series"]
    slices: Number
    slices_counted: list[Number] = Field(description="The places, from 1 on, of the slices in the mean.")
    left_out: list[LeftOut]
    likeliest_class: str | None
    probabilities: dict[str, Probability] | None = Field(description="The mean over the slices that count.")
    truth: SeriesTruth | None
    trained_on_by: list[str]


def slice_result_of(answered: AnsweredSlice, *, keep: bool = True) -> SliceResult:
    """Return the typed result of an answered slice, with what its mask and heat map are made of unless not ``keep``."""
    result = SliceResult.model_validate(answered.result)
    result._answered = answered if keep else None
    return result


def volume_result_of(answered: AnsweredVolume, slices: Sequence[SliceResult]) -> VolumeResult:
    """Return the typed result of an answered volume and of its slices."""
    result = VolumeResult.model_validate(answered.result)
    result._answered, result._slice_results = answered, tuple(slices)
    return result


def result_schema() -> str:
    """Return the JSON schema of a list of results, as ``SCHEMA`` holds it."""
    schema = TypeAdapter(list[SliceResult | VolumeResult | SeriesResult]).json_schema(by_alias=True)
    stated = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Results of SliceScope", **schema}
    return json.dumps(stated, indent=2, ensure_ascii=False) + "\n"
