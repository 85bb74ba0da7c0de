"""Non-brain images: the folder that the gate is measured on, and the examples that pages show.

``scripts/make_non_brain_images.py`` writes both. No threshold is chosen on these images.
"""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from core.config import SAMPLES
from core.errors import DatasetError
from core.readers.slices import Slice, read_slice

INDEX = "index.csv"
"""The file that lists a folder's images, with the columns file and kind."""
EXAMPLES = {
    "photograph": "photograph-3.png",
    "texture": "texture-1.png",
    "microscope or telescope": "microscope or telescope-1.png",
    "handwritten digit": "handwritten digit-2.png",
    "document": "document-2.png",
    "chart": "chart-3.png",
    "noise": "noise-2.png",
}
"""By kind, the image that pages may show: openly licensed, or generated."""
SAMPLE_FOLDER = SAMPLES / "no-brain"
"""The folder of ``EXAMPLES``; their sources are in samples/README.md."""


def read_non_brain_images(folder: Path) -> Iterator[tuple[str, Slice]]:
    """Read the images of a folder in the order of its index; yield (kind, slice).

    Args:
        folder: with an index.csv of the columns file and kind.

    Raises:
        DatasetError: the index is missing or lacks a column.
        SliceError: an image cannot be read.
    """
    for file, kind in read_non_brain_index(folder).itertuples(index=False, name=None):
        path = folder / file
        yield kind, read_slice(path.read_bytes(), path.name)


def read_non_brain_index(folder: Path) -> pd.DataFrame:
    """Read a folder's index; return its columns file and kind, one row an image.

    Raises:
        DatasetError: the index is missing or lacks a column.
    """
    path = folder / INDEX
    if not path.is_file():
        raise DatasetError(f"'{path}' is missing; scripts/make_non_brain_images.py writes it with its images.")
    table = pd.read_csv(path, dtype=str)
    if not {"file", "kind"} <= set(table.columns):
        raise DatasetError(f"'{path}' needs the columns file and kind.")
    return table[["file", "kind"]]


def example_image(kind: str) -> Slice:
    """Read the example image of a kind in ``EXAMPLES``."""
    path = SAMPLE_FOLDER / EXAMPLES[kind]
    return read_slice(path.read_bytes(), path.name)
