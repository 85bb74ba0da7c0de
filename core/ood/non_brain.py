"""Non-brain images: the folders that a gate is fitted and measured on, and the examples that pages show.

``scripts/make_non_brain_images.py`` writes images to measure on and the examples, ``scripts/make_other_images.py``
those of both parts. No threshold is chosen on images of the part test.
"""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from core.config import SAMPLES
from core.errors import DatasetError
from core.labels import ANSWER_LABELS
from core.readers.slices import Slice, read_slice
from core.translation.messages import mark, tr

INDEX = "index.csv"
"""The file that lists a folder's images, with the columns file and kind."""
EXAMPLES = {
    mark("photograph"): "photograph-3.png",
    mark("texture"): "texture-1.png",
    mark("microscope or telescope"): "microscope or telescope-1.png",
    mark("handwritten digit"): "handwritten digit-2.png",
    mark("document"): "document-2.png",
    mark("chart"): "chart-3.png",
    mark("noise"): "noise-2.png",
}
"""By kind, the image that pages may show: openly licensed, or generated."""
SAMPLE_FOLDER = SAMPLES / "no-brain"
"""The folder of ``EXAMPLES``; their sources are in samples/README.md."""
FACE = mark("face")
"""The kind of which no image may be shown."""
OTHER_KINDS = (
    mark("abdominal CT"),
    mark("abdominal MR"),
    mark("ankle CT"),
    mark("chest CT"),
    mark("heart MR"),
    mark("microscope"),
    mark("radiograph"),
    mark("rat's lung CT"),
    mark("scintigram"),
    mark("shoulder MR"),
    mark("spine CT"),
    mark("spine MR"),
    mark("test pattern"),
    mark("ultrasound"),
)
"""The kinds of scripts/make_other_images.py that are none of the others."""


FIT, TEST = "fit", "test"
"""Values of an index's column part: images that a gate may be fitted on, and those that it is only measured on."""


def read_non_brain_images(folder: Path, part: str = TEST) -> Iterator[tuple[str, Slice]]:
    """Read the images of a folder in the order of its index; yield (kind, slice).

    Args:
        folder: with an index.csv of the columns file and kind, and part where images may be fitted on.
        part: of the index; without the column all images are of the part test.

    Raises:
        DatasetError: see ``read_non_brain_index``.
        SliceError: an image cannot be read.
    """
    for file, kind in read_non_brain_index(folder, part).itertuples(index=False, name=None):
        path = folder / file
        yield kind, read_slice(path.read_bytes(), path.name)


def read_non_brain_index(folder: Path, part: str = TEST) -> pd.DataFrame:
    """Read a folder's index; return the columns file and kind of a part, one row an image.

    Raises:
        DatasetError: the index is missing, lacks a column, or has no images of the part.
    """
    path = folder / INDEX
    if not path.is_file():
        raise DatasetError(
            "'{path}' is missing; scripts/make_non_brain_images.py writes it with its images.", path=path
        )
    table = pd.read_csv(path, dtype=str)
    if not {"file", "kind"} <= set(table.columns):
        raise DatasetError("'{path}' needs the columns file and kind.", path=path)
    parts = table["part"] if "part" in table.columns else pd.Series(TEST, table.index)
    rows = table[parts == part]
    if rows.empty:
        raise DatasetError("'{path}' has no images of the part {part}.", path=path, part=part)
    return rows[["file", "kind"]]


def example_image(kind: str) -> Slice:
    """Read the example image of a kind in ``EXAMPLES``."""
    path = SAMPLE_FOLDER / EXAMPLES[kind]
    return read_slice(path.read_bytes(), path.name)


def kind_title(kind: str) -> str:
    """Return the title of a kind of image, or of a slice's class or outcome, within a sentence.

    Args:
        kind: of ``core.ood.evaluate.gate_answers``.
    """
    return ANSWER_LABELS[kind].short_in_text if kind in ANSWER_LABELS else tr(kind)
