"""Measure how lesions look: the data set's by class, and the simulated ones beside them, for samples/README.md.

    python scripts/lesion_statistics.py

It needs the prepared data set, and writes the table. The samples are drawn to these figures and to published
descriptions, never to what a network says of them.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import ndimage

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from core.config import CLASSES, SAMPLES
from core.dataset.store import SIDE, SPACING_MM, Store, default_store
from core.files import replace_file
from core.readers.preprocessing import HEAD_THRESHOLD, scale_by_percentiles
from core.readers.samples import read_samples

DOCUMENT = SAMPLES / "README.md"
BEGIN, END = "<!-- table: python scripts/lesion_statistics.py -->", "<!-- end of table -->"
FIGURES = {
    "diameter": ("Diameter of a circle of its area, mm", 0),
    "circularity": ("Circularity: 4 π area / perimeter²", 2),
    "contrast": ("Median / brain", 2),
    "unevenness": ("Standard deviation / brain", 2),
    "darker": ("Share darker than the brain", 2),
    "step": ("Step at the outline: 3 mm inside less 3 mm outside, / brain", 2),
    "surroundings": ("Median from 3 to 10 mm outside / brain", 2),
    "texture": ("Texture: standard deviation of what is finer than 2 mm, / brain", 3),
}
"""What is measured of a lesion's true mask: a description, and the digits to show."""
_SCALP = 15  # mm inside the head's outline that are skin, fat and bone


def brain_grey(unit: np.ndarray, mask: np.ndarray, spacing: float) -> float:
    """Return the grey value of a slice's brain: the median of tissue 15 mm inside the head and 10 mm off the lesion.

    Pixels below half of the median (fluid, air, bone) are left out of the second median.
    """
    head = ndimage.binary_fill_holes(unit > HEAD_THRESHOLD)
    inside = ndimage.distance_transform_edt(head) * spacing > _SCALP
    away = ndimage.distance_transform_edt(~mask) * spacing > 10
    values = unit[inside & away & (unit > HEAD_THRESHOLD)]
    return float(np.median(values[values > np.median(values) / 2]))


def measure_lesion(pixels: np.ndarray, mask: np.ndarray, spacing: float) -> dict[str, float]:
    """Measure ``FIGURES`` of one lesion.

    Args:
        pixels: (H, W), any number type.
        mask: (H, W) bool, True on the lesion, not empty.
        spacing: side of a pixel in mm.
    """
    unit = scale_by_percentiles(pixels)
    brain = brain_grey(unit, mask, spacing)
    grey = unit / brain
    outside = ndimage.distance_transform_edt(~mask) * spacing
    inside = ndimage.distance_transform_edt(mask) * spacing
    near, ring = (outside > 0) & (outside <= 3), (outside > 3) & (outside <= 10)
    fine = grey - ndimage.gaussian_filter(grey, 1 / spacing)
    return {
        "diameter": 2 * np.sqrt(mask.sum() / np.pi) * spacing,
        "circularity": 4 * np.pi * mask.sum() / perimeter(mask) ** 2,
        "contrast": float(np.median(grey[mask])),
        "unevenness": float(grey[mask].std()),
        "darker": float((grey[mask] < 1).mean()),
        "step": float(grey[mask & (inside <= 3)].mean() - grey[near].mean()),
        "surroundings": float(np.median(grey[ring])),
        "texture": float(fine[mask].std()),
    }


def perimeter(mask: np.ndarray) -> float:
    """Return the length of a mask's outline in pixels, as the integral of its blurred mask's gradient."""
    smooth = ndimage.gaussian_filter(mask.astype(np.float32), 2)
    return float(np.hypot(*np.gradient(smooth)).sum())


def data_set_figures(store: Store) -> pd.DataFrame:
    """Measure every slice of full size: class and ``FIGURES``."""
    numbers = store.index.number[store.index.size == SIDE]
    rows = [
        {"class": store.class_name(number), **measure_lesion(store.pixels(number), store.mask(number), SPACING_MM)}
        for number in map(int, numbers)
    ]
    return pd.DataFrame(rows)


def sample_figures() -> pd.DataFrame:
    """Measure every sample slice with a lesion: name, class and ``FIGURES``."""
    rows = []
    for sample in read_samples():
        slice_ = sample.slice()
        if slice_.mask.any():
            figures = measure_lesion(slice_.pixels, slice_.mask, sample.spacing_mm)
            rows.append({"name": sample.name, "class": sample.class_name, **figures})
    return pd.DataFrame(rows)


def figures_table(data_set: pd.DataFrame, samples: pd.DataFrame) -> str:
    """Return the Markdown table: a row a figure, for each class the data set's column and the samples'.

    The data set's cells are median and quartiles, the samples' are median and range.
    """
    counts = [f"{name}: {len(data_set[data_set['class'] == name]):,} slices" for name in CLASSES]
    heads = [f"{count} | samples" for count in counts]
    lines = [f"| | {' | '.join(heads)} |", "|---" * (1 + 2 * len(CLASSES)) + "|"]
    for figure, (description, _) in FIGURES.items():
        cells = []
        for name in CLASSES:
            cells += [_quartiles(data_set, name, figure), sample_cell(samples, name, figure)]
        lines.append(f"| {description} | {' | '.join(cells)} |")
    return "\n".join(lines)


def sample_cell(samples: pd.DataFrame, class_name: str, figure: str) -> str:
    """Return median and range of a figure over the samples of a class, as the table has them."""
    values = samples.loc[samples["class"] == class_name, figure]
    return _cell(values.median(), values.min(), values.max(), figure)


def _quartiles(data_set: pd.DataFrame, class_name: str, figure: str) -> str:
    low, middle, high = data_set.loc[data_set["class"] == class_name, figure].quantile([0.25, 0.5, 0.75])
    return _cell(middle, low, high, figure)


def _cell(middle: float, low: float, high: float, figure: str) -> str:
    digits = FIGURES[figure][1]
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def write_table(table: str, document: Path = DOCUMENT) -> None:
    """Put the table into a document, between ``BEGIN`` and ``END``."""
    text = document.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    with replace_file(document) as temporary:
        temporary.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")


def main() -> None:
    """Measure both and write the table."""
    with Store(default_store()) as store:
        data_set = data_set_figures(store)
    write_table(figures_table(data_set, sample_figures()))


if __name__ == "__main__":
    main()
