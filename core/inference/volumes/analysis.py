"""Analyse a volume slice by slice; pool its slices into one answer and one mask, as docs/formats.md states."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from core.bundles.bundle import Bundle
from core.bundles.measured_gate import has_gate
from core.inference.background import on_each_core
from core.inference.measurements import measure_mask
from core.inference.predictor import Prediction, Predictor
from core.inference.volumes.series import unify
from core.outcome import CONFIDENT, NO_TUMOUR, WITHHELD
from core.readers.slices import Slice
from core.readers.volumes.volume import PLANES, Volume


@dataclass(frozen=True, eq=False)
class SliceFinding:
    """What is kept of a slice's prediction for the volume's answer.

    Attributes:
        number: of the slice in its plane, from 1 on.
        outcome: one of ``core.outcome.OUTCOMES``; ``CONFIDENT`` where there is no gate.
        tumour_probability: that the slice shows a tumour, by the gate; without one the highest of its pixels.
        probabilities: (classes,) calibrated where there is a gate.
        shape: of the plane's voxels.
        packed: the mask's voxels as bits; see ``mask``.
        diameter_mm: longest diameter of the mask's largest component, or None.
        left_out: voxels of other regions than the largest, once they are taken out of the mask.
    """

    number: int
    outcome: str
    tumour_probability: float
    probabilities: np.ndarray
    shape: tuple[int, int]
    packed: np.ndarray
    diameter_mm: float | None
    left_out: int = 0

    @property
    def mask(self) -> np.ndarray:
        """(h, w) bool on the plane's voxels; empty where the outcome withholds it."""
        flat = np.unpackbits(self.packed, count=self.shape[0] * self.shape[1])
        return flat.astype(bool).reshape(self.shape)

    @property
    def area(self) -> int:
        """The mask's voxels."""
        return int(np.bitwise_count(self.packed).sum())


AnalysedSlice = tuple[Slice, Prediction | None, SliceFinding]
"""A slice, its prediction, and what is kept of it."""


def analyse_volume(
    predictor: Predictor, volume: Volume, plane: str, *, cores: int | None = None
) -> Iterator[AnalysedSlice]:
    """Predict the slices of a plane, from slice 1 on, one on each core; whoever stops iterating stops it.

    A slice whose pixels all have one value is not predicted: its outcome is no tumour.

    Args:
        predictor: of the slices.
        volume: that is analysed.
        plane: of the slices.
        cores: how many are used; all that may be if None.

    Yields:
        Each slice, its prediction, and what is kept of it for ``pool``.
    """
    analyse = partial(_analyse_slice, predictor.one_core_each(cores), volume, plane)
    return on_each_core(analyse, range(1, volume.count(plane) + 1), cores=cores)


def _analyse_slice(predictor: Predictor, volume: Volume, plane: str, number: int) -> AnalysedSlice:
    slice_ = volume.slice(plane, number)
    if slice_.pixels.min() == slice_.pixels.max():
        return slice_, None, _empty_finding(predictor, volume, plane, number)
    prediction = predictor(slice_)
    return slice_, prediction, _finding(volume, plane, number, slice_, prediction)


def _finding(volume: Volume, plane: str, number: int, slice_: Slice, prediction: Prediction) -> SliceFinding:
    gate, tumour = prediction.gate, prediction.tumour
    outcome = CONFIDENT if gate is None else gate.outcome
    mask = volume.on_voxels(plane, tumour) >= prediction.threshold
    if outcome in WITHHELD:
        mask = np.zeros_like(mask)
    spacing = slice_.spacing_mm
    return SliceFinding(
        number=number,
        outcome=outcome,
        tumour_probability=float(tumour.max()) if gate is None else float(1 / (1 + np.exp(-gate.tumour_score))),
        probabilities=prediction.probabilities if gate is None else gate.probabilities,
        shape=(mask.shape[0], mask.shape[1]),
        packed=np.packbits(mask),
        diameter_mm=measure_mask(tumour >= prediction.threshold, spacing).diameter_mm if mask.any() else None,
    )


def _empty_finding(predictor: Predictor, volume: Volume, plane: str, number: int) -> SliceFinding:
    classes = len(predictor.classifier.card.classes)
    rows, columns = (side for axis, side in zip(PLANES, volume.values.shape, strict=True) if axis != plane)
    nothing = np.packbits(np.zeros((rows, columns), bool))
    return SliceFinding(number, NO_TUMOUR, 0.0, np.full(classes, 1 / classes), (rows, columns), nothing, None)


@dataclass(frozen=True, eq=False)
class VolumeAnswer:
    """The answer for a whole volume.

    Attributes:
        outcome: one of ``core.outcome.OUTCOMES``; ``CONFIDENT`` where there is no gate.
        probabilities: (classes,) pooled, summing to 1; None where no slice counts.
        counted: numbers of the slices that count.
        largest: number of the counted slice with the largest mask, or None.
        volume_ml: of the mask, or None where no spacing is known.
        diameter_mm: longest diameter of a counted slice's mask, or None.
    """

    outcome: str
    probabilities: np.ndarray | None
    counted: tuple[int, ...]
    largest: int | None
    volume_ml: float | None
    diameter_mm: float | None


def pool(volume: Volume, plane: str, findings: Sequence[SliceFinding], *, sure: float = 0.0) -> VolumeAnswer:
    """Pool the findings of a plane's slices.

    A slice counts where its outcome does not withhold the mask and the mask is not empty. Outcome and probabilities
    follow from the slices that count as those of every series; see ``core.inference.volumes.series``.

    Args:
        volume: that was analysed.
        plane: of the slices.
        findings: of some or all slices of the plane.
        sure: lowest probability of a confident answer, from the gate.
    """
    counted = [finding for finding in findings if finding.area]
    unified = unify(
        [finding.outcome for finding in findings],
        [finding.probabilities for finding in findings],
        [finding.area > 0 for finding in findings],
        sure=sure,
    )
    diameters = [finding.diameter_mm for finding in counted if finding.diameter_mm is not None]
    return VolumeAnswer(
        outcome=unified.outcome,
        probabilities=unified.probabilities,
        counted=tuple(finding.number for finding in counted),
        largest=max(counted, key=lambda finding: finding.area).number if counted else None,
        volume_ml=None if volume.voxel_ml is None else volume.voxel_ml * sum(finding.area for finding in counted),
        diameter_mm=max(diameters, default=None),
    )


def sure_probability(classifier: Bundle) -> float:
    """Return the lowest probability of a confident answer that a classifier's gate asks for; 0 without a gate."""
    return classifier.gate.thresholds.sure if has_gate(classifier) else 0.0


def volume_mask(volume: Volume, plane: str, findings: Sequence[SliceFinding]) -> np.ndarray:
    """Return the mask of a plane's slices as (S, H, W) bool on the volume's voxels."""
    mask = np.zeros(volume.values.shape, bool)
    across = np.moveaxis(mask, PLANES.index(plane), 0)
    for finding in findings:
        across[finding.number - 1] = finding.mask
    return mask
