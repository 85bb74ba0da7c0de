"""The shipped samples, slices and volumes: simulated lesions on an openly licensed template, with true masks."""

import functools
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from core.config import SAMPLES
from core.errors import DatasetError, SliceError
from core.readers.picture import SIMULATED_NOTE
from core.readers.slices import Slice
from core.readers.volumes.nifti import read_label_map, read_nifti
from core.readers.volumes.volume import Volume, with_true_mask
from core.translation.messages import Message, mark

_NIFTI = ".nii.gz"


@dataclass(frozen=True)
class Sample:
    """One shipped slice, as samples.json describes it.

    Attributes:
        name: the file's stem, also in query parameters.
        title: its title, which says "simulated".
        alt: one sentence, the alternative text.
        class_name: the simulated lesion's class, or None where there is no lesion.
        plane: axial, coronal or sagittal.
        spacing_mm: side of a pixel in mm.
        mask_file: the true mask's file in samples/, or None.
        known_failure: the class that the default network finds likeliest, where it is another than the lesion's.
    """

    name: str
    title: str
    alt: str
    class_name: str | None
    plane: str
    spacing_mm: float
    mask_file: str | None
    known_failure: str | None = None

    @property
    def path(self) -> Path:
        """The path of the picture's file."""
        return SAMPLES / f"{self.name}.png"

    def slice(self) -> Slice:
        """Read the sample with its true mask (all False where there is no lesion).

        Raises:
            DatasetError: a file is missing or damaged.
        """
        try:
            with Image.open(self.path) as image:
                pixels = np.asarray(image.convert("L"), dtype=np.float32)
            mask = np.zeros(pixels.shape, bool)
            if self.mask_file:
                with Image.open(SAMPLES / self.mask_file) as image:
                    mask = np.asarray(image.convert("L")) > 0
        except (OSError, ValueError, SyntaxError) as error:  # all of them come from Pillow
            raise DatasetError(
                "The sample '{name}' is missing or damaged; take samples/ from the project again.", name=self.name
            ) from error
        return Slice(
            pixels=pixels,
            name=self.title,
            spacing_mm=self.spacing_mm,
            spacing_source=mark("in the template's space, somewhat larger than life"),
            mask=mask,
            class_name=self.class_name,
            notes=(SIMULATED_NOTE,),
        )


@dataclass(frozen=True)
class SampleVolume:
    """One shipped axial series, as volumes.json describes it.

    Attributes:
        name: the file's stem, also in query parameters.
        title: its title, which says "simulated".
        alt: one sentence, the alternative text.
        class_name: the simulated lesion's class.
        mask_file: the true mask's file in samples/.
    """

    name: str
    title: str
    alt: str
    class_name: str
    mask_file: str

    @property
    def path(self) -> Path:
        """The path of the volume's file."""
        return SAMPLES / f"{self.name}{_NIFTI}"

    def volume(self) -> Volume:
        """Read the volume with its true mask.

        Raises:
            DatasetError: a file is missing or damaged.
        """
        try:
            volume = read_nifti(self.path.read_bytes(), self.title)
            labels = read_label_map((SAMPLES / self.mask_file).read_bytes(), self.title)
            return replace(with_true_mask(volume, labels), notes=(SIMULATED_NOTE,))
        except (OSError, SliceError) as error:
            raise DatasetError(
                "The sample '{name}' is missing or damaged; take samples/ from the project again.", name=self.name
            ) from error


@functools.cache
def read_samples() -> tuple[Sample, ...]:
    """Read every sample, in the order of samples.json.

    Raises:
        DatasetError: that file is missing, or holds something else.
    """
    try:
        entries = json.loads((SAMPLES / "samples.json").read_text(encoding="utf-8"))
        return tuple(
            Sample(
                name=Path(entry["file"]).stem,
                title=Message(entry["title"]),
                alt=Message(entry["alt"]),
                class_name=entry["class"],
                plane=entry["plane"],
                spacing_mm=entry["spacing_mm"],
                mask_file=entry["mask"],
                known_failure=entry["known_failure"],
            )
            for entry in entries
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError("samples.json is missing or damaged; take samples/ from the project again.") from error


@functools.cache
def read_sample_volumes() -> tuple[SampleVolume, ...]:
    """Read what is known of every volume, in the order of volumes.json.

    Raises:
        DatasetError: that file is missing, or holds something else.
    """
    try:
        entries = json.loads((SAMPLES / "volumes.json").read_text(encoding="utf-8"))
        return tuple(
            SampleVolume(
                name=entry["file"].removesuffix(_NIFTI),
                title=Message(entry["title"]),
                alt=Message(entry["alt"]),
                class_name=entry["class"],
                mask_file=entry["mask"],
            )
            for entry in entries
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DatasetError("volumes.json is missing or damaged; take samples/ from the project again.") from error


def read_slices_and_volumes() -> tuple[Sample | SampleVolume, ...]:
    """Read what is known of every sample, slices first; see ``read_samples`` and ``read_sample_volumes``."""
    return (*read_samples(), *read_sample_volumes())


def find_sample(name: str) -> Sample:
    """Find the slice with the name ``name``.

    Raises:
        DatasetError: no such sample, or none can be read.
    """
    sample = find_slice_or_volume(name)
    if isinstance(sample, SampleVolume):
        raise DatasetError("The sample '{name}' is a volume; a slice is needed.", name=name)
    return sample


def find_slice_or_volume(name: str) -> Sample | SampleVolume:
    """Find the slice or volume with the name ``name``.

    Raises:
        DatasetError: no such sample, or none can be read.
    """
    samples = {sample.name: sample for sample in read_slices_and_volumes()}
    if name not in samples:
        raise DatasetError("There is no sample '{name}'; there are {accepted}.", name=name, accepted=", ".join(samples))
    return samples[name]
