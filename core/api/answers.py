"""Answer a slice or a volume that was read: the same for ``core predict``, ``core batch`` and ``core.load``."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.bundles.bundle import distinct_bundles
from core.config import MAX_VOLUME_BYTES
from core.dataset.slices import adjust_slice, usual_adjustment
from core.errors import SliceError
from core.inference.predictor import Predictor
from core.inference.result import Drawn, slice_result
from core.inference.volumes.analysis import SliceFinding, VolumeAnswer, analyse_volume, pool, sure_probability
from core.inference.volumes.regions import keep_largest_region
from core.inference.volumes.result import volume_result
from core.readers.adjusting.adjustment import Adjustment
from core.readers.slices import Slice
from core.readers.volumes.files import PEEK
from core.readers.volumes.volume import Volume


@dataclass(frozen=True, eq=False)
class AnsweredSlice:
    """A slice and its answer.

    Attributes:
        result: by ``core.inference.result.slice_result``; of a volume's slice with its plane and number.
        slice_: as the networks were given it.
        prediction: of the slice, or what is kept of it.
        adjustment: made of what was read before.
        shape: of what was read.
    """

    result: dict[str, Any]
    slice_: Slice
    prediction: Drawn
    adjustment: Adjustment
    shape: tuple[int, int]

    def file_mask(self) -> np.ndarray:
        """Return the mask on the pixels of the file, (H, W) bool."""
        return self.adjustment.undone(self.prediction.mask, self.shape)


@dataclass(frozen=True, eq=False)
class AnsweredVolume:
    """A volume and its answer.

    Attributes:
        result: by ``core.inference.volumes.result.volume_result``.
        volume: that was analysed.
        plane: of its slices.
        findings: of its slices.
        answer: pooled from them.
    """

    result: dict[str, Any]
    volume: Volume
    plane: str
    findings: list[SliceFinding]
    answer: VolumeAnswer


def answer_slice(as_read: Slice, predictor: Predictor, *, adjustment: Adjustment | None = None) -> AnsweredSlice:
    """Answer a slice after an adjustment; without one, what is not of the data set is trimmed and turned back first."""
    if adjustment is None:
        adjustment = usual_adjustment(as_read)
    slice_ = adjust_slice(as_read, adjustment)
    prediction = predictor(slice_)
    result = slice_result(slice_, prediction, distinct_bundles(predictor.classifier, predictor.segmenter))
    height, width = as_read.pixels.shape
    return AnsweredSlice(result, slice_, prediction, adjustment, (height, width))


def answer_volume(
    volume: Volume, predictor: Predictor, plane: str | None = None, *, cores: int | None = None
) -> Iterator[AnsweredSlice | AnsweredVolume]:
    """Answer a volume: each slice of a plane that is no plain background, at last the volume itself.

    Args:
        volume: that was read.
        predictor: of its slices.
        plane: of the slices; the volume's best if None.
        cores: how many are used; all that may be if None.

    Raises:
        SliceError: the volume has no such plane.
    """
    plane = plane or volume.best_plane
    if plane not in volume.planes:
        raise SliceError(
            "The volume has no {plane} slices that can be read; there are {accepted}.",
            plane=plane,
            accepted=", ".join(volume.planes),
        )
    bundles = distinct_bundles(predictor.classifier, predictor.segmenter)
    findings = []
    for slice_, prediction, finding in analyse_volume(predictor, volume, plane, cores=cores):
        findings.append(finding)
        if prediction is not None:
            result = slice_result(slice_, prediction, bundles) | {"plane": plane, "slice": finding.number}
            height, width = slice_.pixels.shape
            yield AnsweredSlice(result, slice_, prediction, Adjustment(), (height, width))
    findings = keep_largest_region(volume, plane, findings)
    answer = pool(volume, plane, findings, sure=sure_probability(predictor.classifier))
    yield AnsweredVolume(volume_result(volume, plane, findings, answer, bundles), volume, plane, findings, answer)


def read_volume_files(paths: Sequence[Path]) -> list[bytes]:
    """Read files that have no more bytes together than a volume may have.

    Raises:
        SliceError: they have more.
        OSError: one cannot be read.
    """
    size = sum(path.stat().st_size for path in paths)
    if size > MAX_VOLUME_BYTES:
        raise SliceError(
            "The volume's files have {size:,} bytes; at most {limit:,} are accepted.", size=size, limit=MAX_VOLUME_BYTES
        )
    return [path.read_bytes() for path in paths]


def first_bytes(path: Path) -> bytes:
    """Return as many bytes of a file as tell its kind.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return file.read(PEEK)
