"""The slices that ship: simulated lesions on an openly licensed template, with true masks."""

import functools
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.config import SAMPLES
from core.errors import DatasetError
from core.readers.picture import SIMULATED
from core.readers.slices import Slice


@dataclass(frozen=True)
class Sample:
    """One shipped slice: what samples.json says of it.

    Attributes:
        name: the file's stem, and the sample's name in an address.
        title: what to call it; says "simulated".
        alt: one sentence for those who cannot see it.
        class_name: the simulated lesion's class, or None for none.
        plane: axial, coronal or sagittal.
        spacing_mm: side of a pixel.
        mask_file: the true mask's file below samples/, or None.
    """

    name: str
    title: str
    alt: str
    class_name: str | None
    plane: str
    spacing_mm: float
    mask_file: str | None

    @property
    def path(self) -> Path:
        """The picture's file."""
        return SAMPLES / f"{self.name}.png"

    def slice(self) -> Slice:
        """Read the sample with its true mask (all False where there is no lesion)."""
        with Image.open(self.path) as image:
            pixels = np.asarray(image.convert("L"), dtype=np.float32)
        mask = np.zeros(pixels.shape, bool)
        if self.mask_file:
            with Image.open(SAMPLES / self.mask_file) as image:
                mask = np.asarray(image.convert("L")) > 0
        return Slice(
            pixels=pixels,
            name=self.title,
            spacing_mm=self.spacing_mm,
            spacing_source="in the template's space, somewhat larger than life",
            mask=mask,
            class_name=self.class_name,
            notes=(f"{SIMULATED}: made by a program from an openly licensed template.",),
        )


@functools.cache
def read_samples() -> tuple[Sample, ...]:
    """Every sample, in the order of samples.json."""
    entries = json.loads((SAMPLES / "samples.json").read_text(encoding="utf-8"))
    return tuple(
        Sample(
            name=Path(entry["file"]).stem,
            title=entry["title"],
            alt=entry["alt"],
            class_name=entry["class"],
            plane=entry["plane"],
            spacing_mm=entry["spacing_mm"],
            mask_file=entry["mask"],
        )
        for entry in entries
    )


def find_sample(name: str) -> Sample:
    """The sample called ``name``.

    Raises:
        DatasetError: no such sample.
    """
    for one in read_samples():
        if one.name == name:
            return one
    raise DatasetError(f"There is no sample '{name}'; there are {', '.join(one.name for one in read_samples())}.")
