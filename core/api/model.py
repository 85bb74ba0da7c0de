"""A model: one or two bundles that answer for files and arrays."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.api.answers import AnsweredSlice, AnsweredVolume, answer_slice, answer_volume, first_bytes, read_volume_files
from core.api.results import SliceResult, VolumeResult, slice_result_of, volume_result_of
from core.bundles.bundle import DEFAULT_CLASSIFIER, open_bundle
from core.dataset.slices import read_and_recognise_slice, recognise_slice
from core.errors import SliceError
from core.inference.predictor import Predictor
from core.readers.adjusting.adjustment import Adjustment
from core.readers.decoder_pool import DECODER
from core.readers.slices import Slice, read_file, slice_of_array
from core.readers.volumes.files import WHOLE, VolumeChoice, file_kind
from core.readers.volumes.volume import Volume, volume_of_array

Source = str | Path | Sequence[str | Path] | np.ndarray
"""A file, a folder of DICOM files, the DICOM files of a volume, or an array."""


def load_model(classifier: str | None = None, segmenter: str | None = None) -> "Model":
    """Load a model by the names of its bundles; see ``core.load``."""
    first = open_bundle(classifier or DEFAULT_CLASSIFIER)
    return Model(Predictor(first, open_bundle(segmenter) if segmenter else first))


class Model:
    """Answer for slices and volumes as Analyse and ``core predict`` do; threads may call it at once.

    Args:
        predictor: of the slices.
    """

    def __init__(self, predictor: Predictor) -> None:
        self.predictor = predictor

    def __call__(
        self,
        source: Source,
        *,
        as_is: bool = False,
        plane: str | None = None,
        choice: VolumeChoice = WHOLE,
        spacing_mm: float | tuple[float, float, float] | None = None,
    ) -> SliceResult | VolumeResult:
        """Answer for a file or an array.

        Args:
            source: a picture, .mat, NIfTI, DICOM or .zip file; a folder or a list of DICOM files; an (H, W) slice, or
                an (S, H, W) volume from the crown, the front and the patient's right on.
            as_is: trim no frame and turn no inverted picture back.
            plane: of a volume's slices; its best if None.
            choice: where files hold several volumes.
            spacing_mm: side of an array's pixel, or of its voxels along its three axes, in mm.

        Returns:
            A slice's result, also where DICOM files hold one slice alone; else the volume's.

        Raises:
            SliceError: one sentence that says what is wrong with the source and what would be accepted.
            OSError: a file cannot be opened.
        """
        if isinstance(source, np.ndarray):
            read = _read_array(source, spacing_mm)
        elif spacing_mm is not None:
            raise SliceError("A file states its own pixel size; spacing_mm is for arrays.")
        else:
            read = _read_files(source, choice)
        if isinstance(read, Volume):
            return self._volume(read, plane)
        return slice_result_of(answer_slice(read, self.predictor, adjustment=Adjustment() if as_is else None))

    def _volume(self, volume: Volume, plane: str | None) -> SliceResult | VolumeResult:
        slices: list[SliceResult] = []
        answered: AnsweredVolume | None = None
        for one in answer_volume(volume, self.predictor, plane):
            if isinstance(one, AnsweredSlice):
                slices.append(slice_result_of(one, keep=volume.count(one.result["plane"]) == 1))
            else:
                answered = one
        assert answered is not None
        if len(slices) == len(answered.findings) == 1:
            return slices[0]
        return volume_result_of(answered, slices)


def _read_array(values: np.ndarray, spacing_mm: float | tuple[float, float, float] | None) -> Slice | Volume:
    """Make a slice or a volume of an array.

    Raises:
        SliceError: it is neither, or the spacing is not that of its kind.
    """
    if values.ndim == 2 and not isinstance(spacing_mm, tuple):
        return recognise_slice(slice_of_array(values, "array", spacing_mm=spacing_mm))
    if values.ndim == 3 and (spacing_mm is None or isinstance(spacing_mm, tuple)):
        return volume_of_array(values, "array", spacing_mm=spacing_mm)
    raise SliceError(
        "An array is a slice (H, W) with one spacing_mm or a volume (S, H, W) with three; the array has {dimensions} "
        "dimensions.",
        dimensions=values.ndim,
    )


def _read_files(source: str | Path | Sequence[str | Path], choice: VolumeChoice) -> Slice | Volume:
    """Read a slice or a volume from one file, from a folder's, or from several."""
    paths = [Path(source)] if isinstance(source, str | Path) else [Path(path) for path in source]
    name = paths[0].name if paths else ""
    if len(paths) == 1 and paths[0].is_dir():
        paths = sorted(file for file in paths[0].rglob("*") if file.is_file())
    elif len(paths) == 1 and file_kind(first_bytes(paths[0])) is None:
        return read_and_recognise_slice(read_file(paths[0]), name)
    return DECODER.read_volume(read_volume_files(paths), name, choice)
