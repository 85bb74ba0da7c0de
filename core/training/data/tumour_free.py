"""Training examples without a tumour: external slices, and the data set's own with the tumour inpainted."""

from pathlib import Path

import numpy as np

from core.config import CLASSIFICATION, PRESENCE, SEGMENTATION
from core.dataset.external_index import read_external_index
from core.errors import DatasetError
from core.readers.preprocessing import HEAD_THRESHOLD, preprocess_slice
from core.readers.slices import read_slice
from core.training.data.examples import Examples, to_bytes
from core.training.data.inpainting import remove_tumour
from core.training.recipe import Recipe

LEAST_SYMMETRY = 0.6
"""Correlation with its mirror image from which a plane's tumour is inpainted from the other side of the head. Sagittal
planes lie below it: there the mirror image swaps front and back."""


def load_tumour_free(recipe: Recipe, train: Examples, folder: Path) -> Examples:
    """Make a recipe's tumour-free examples from external slices and from its own training examples.

    Args:
        recipe: with the task ``PRESENCE``.
        train: its training examples, in the recipe's cache.
        folder: of external slices; its split train must hold slices of the class no_tumour.

    Returns:
        Examples of the same side and type, their masks empty and their class unknown.

    Raises:
        DatasetError: the folder lacks what is needed.
    """
    planes = [*_external_planes(recipe, folder, train.planes.shape[1]), *_inpainted_planes(recipe, train)]
    # They have no neighbours: in a recipe with neighbours each stands in their places.
    stacked = to_bytes(np.stack(planes))[..., None].repeat(train.planes.shape[-1], axis=-1)
    none = np.zeros(len(planes), np.uint8)
    targets = {CLASSIFICATION: none, SEGMENTATION: np.zeros((*stacked.shape[:-1], 1), np.uint8), PRESENCE: none}
    return Examples(stacked, tuple(targets[task] for task in recipe.tasks), np.zeros(len(planes), bool))


def symmetry(plane: np.ndarray) -> float:
    """Return the correlation of a (S, S) plane with its mirror image about the middle of the head; 0 without a head."""
    columns = np.flatnonzero((plane > HEAD_THRESHOLD).any(axis=0))
    if len(columns) < 2:
        return 0.0
    head = plane[:, columns[0] : columns[-1] + 1]
    return float(np.corrcoef(head.ravel(), head[:, ::-1].ravel())[0, 1])


def _external_planes(recipe: Recipe, folder: Path, side: int) -> list[np.ndarray]:
    """Preprocess the external training slices without a tumour."""
    index = read_external_index(folder, "train")
    files = index["file"][index["class"] == "no_tumour"]
    if files.empty:
        raise DatasetError("'{folder}' has no slices without a tumour in its split train.", folder=folder)
    preprocessing = recipe.input.preprocessing
    slices = (read_slice((folder / file).read_bytes(), Path(file).name) for file in files)
    return [preprocess_slice(one.pixels, size=side, preprocessing=preprocessing)[0] for one in slices]


def _inpainted_planes(recipe: Recipe, train: Examples) -> list[np.ndarray]:
    """Inpaint the tumour of each training plane that allows it from the other side of the head."""
    masks = train.targets[recipe.tasks.index(SEGMENTATION)]
    inpainted = []
    for stored, mask in zip(train.planes[..., train.planes.shape[-1] // 2], masks[..., 0], strict=True):
        plane = stored.astype(np.float32) / 255
        if symmetry(plane) >= LEAST_SYMMETRY:
            inpainted.append(remove_tumour(plane, mask > 0))
    return [plane for plane in inpainted if plane is not None]
