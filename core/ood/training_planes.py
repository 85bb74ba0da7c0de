"""Planes to fit a gate on: tumours and no tumours from both sources, all degraded alike.

All tumours come from one data set and all slices without one from another, so that a gate could learn the source in
place of the tumour. Therefore both labels occur in both sources (see ``core.training.data.inpainting``), and all planes
go through the same resampling, compression and change of contrast. ``core.ood.gate_control`` measures what is left.
"""

import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from core.bundles.bundle import Bundle
from core.config import CLASSES
from core.dataset import splits
from core.dataset.external_index import read_external_index
from core.dataset.store import Store
from core.errors import DatasetError
from core.ood.gate_recipe import CommonGateSettings, GateSettings
from core.ood.network_outputs import Planes
from core.readers.preprocessing import preprocess_mask, preprocess_slice
from core.readers.slices import read_slice
from core.training.data.inpainting import insert_tumour, remove_tumour


class InternalSlice(NamedTuple):
    """A slice of the data set at the network's size."""

    plane: np.ndarray
    mask: np.ndarray
    class_name: str


class ExternalSlice(NamedTuple):
    """An external slice at the network's size; ``class_name`` is "no_tumour" where there is none."""

    plane: np.ndarray
    class_name: str


class PlaneGroup(NamedTuple):
    """Planes of one label and source, and the weight of the whole group in the fit."""

    planes: Planes
    has_tumour: bool
    weight: float


class GateSlices:
    """Reads slices of the data set and external slices as a bundle's network takes them."""

    def __init__(self, bundle: Bundle, store: Store, folder: Path) -> None:
        spec = bundle.card.input
        self.size, self.preprocessing = spec.height, spec.preprocessing
        self.part = splits.split_parts(bundle.card.data.split)
        self.store, self.folder = store, folder

    def numbers(self, part: str) -> list[int]:
        """Return the data set's slice numbers in one part of the bundle's split."""
        return [int(number) for number in self.part.index[self.part == part]]

    def external_pixels(self, split: str) -> list[tuple[np.ndarray, str]]:
        """Read pixels, as the files have them, and class of the external slices in a split."""
        return [
            (read_slice((self.folder / file).read_bytes(), Path(file).name).pixels, class_name)
            for file, class_name in read_external_index(self.folder, split).itertuples(index=False, name=None)
        ]

    def plane(self, pixels: np.ndarray) -> np.ndarray:
        """Preprocess (H, W) pixels to the network's (S, S) plane."""
        return preprocess_slice(pixels, size=self.size, preprocessing=self.preprocessing)[0].astype(np.float32)

    def internal(self, part: str) -> list[InternalSlice]:
        """Read the data set's slices in one part of the bundle's split."""
        slices = []
        for number in self.numbers(part):
            plane, place = preprocess_slice(self.store.pixels(number), size=self.size, preprocessing=self.preprocessing)
            mask = preprocess_mask(self.store.mask(number), place, size=self.size).astype(bool)
            slices.append(InternalSlice(plane.astype(np.float32), mask, splits.class_of_slice(number)))
        return slices

    def external(self, split: str) -> list[ExternalSlice]:
        """Read the external slices in a split."""
        return [ExternalSlice(self.plane(pixels), class_name) for pixels, class_name in self.external_pixels(split)]


def training_groups(
    slices: GateSlices, settings: GateSettings, random: np.random.Generator
) -> tuple[list[PlaneGroup], dict[str, int]]:
    """Make the four groups to fit a gate on; return them with the card's ``fitted_on``.

    The first group holds the data set's own tumour slices.

    Args:
        slices: whose parts and splits "train" are read.
        settings: of the gate.
        random: draws the tumours to insert and their places.

    Raises:
        DatasetError: no tumour can be inpainted, or none inserted.
    """
    internal = slices.internal("train")
    tumour_free = [plane for plane, class_name in slices.external("train") if class_name not in CLASSES]
    inpainted = [plane for row in internal if (plane := remove_tumour(row.plane, row.mask)) is not None]
    repeated = [plane for plane in tumour_free for _ in range(settings.insertions_per_slice)]
    inserted = []
    for plane in repeated:
        source = internal[random.integers(len(internal))]
        changed = insert_tumour(plane, source.plane, source.mask, random)
        if changed is not None:
            inserted.append(changed)
    if not (inpainted and inserted):
        raise DatasetError(
            "A gate needs slices whose tumour lies on one side of the head, and slices without a tumour in the split "
            "train of the folder."
        )
    counts = {
        "tumour slices of the data set": len(internal),
        "of them made tumour-free too": len(inpainted),
        "tumour-free slices from elsewhere": len(tumour_free),
        "tumours put into those": len(inserted),
    }
    groups = [
        PlaneGroup([row.plane for row in internal], True, 1.0),
        PlaneGroup(inpainted, False, settings.inpainted_weight),
        PlaneGroup(inserted, True, 1.0),
        PlaneGroup(repeated, False, 1.0),
    ]
    return groups, counts


def degrade(plane: np.ndarray, settings: CommonGateSettings, random: np.random.Generator) -> np.ndarray:
    """Resample and compress a (S, S) plane, mirror it half of the time, and change its contrast."""
    size = len(plane)
    small = round(size * random.uniform(*settings.resampled_side))
    image = Image.fromarray(np.round(plane * 255).astype(np.uint8)).resize((small, small), Image.Resampling.BILINEAR)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=int(random.integers(*settings.jpeg_quality)))
    degraded = np.asarray(Image.open(file).resize((size, size), Image.Resampling.BILINEAR), np.float32) / 255
    degraded = degraded[:, ::-1] if random.random() < 0.5 else degraded
    return np.power(degraded, np.exp(random.uniform(-settings.gamma, settings.gamma))).astype(np.float32)
