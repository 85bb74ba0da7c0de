"""What is measured of lesions, on discs whose figures are known; and the table in samples/README.md is the samples'."""

import numpy as np
import pytest
from scipy import ndimage

from core.config import CLASSES
from scripts.lesion_statistics import BEGIN, DOCUMENT, END, FIGURES, measure_lesion, sample_cell, sample_figures

SPACING = 0.5


def disc(radius: float, *, row: float = 128, column: float = 128, side: int = 256) -> np.ndarray:
    rows, columns = np.indices((side, side))
    return np.hypot(rows - row, columns - column) < radius


def head(lesion: np.ndarray, grey: float) -> np.ndarray:
    """A head of brain with the grey value 100 and a bright scalp, in which the lesion lies."""
    pixels = np.where(disc(110), 100.0, 0.0)
    pixels[disc(118) & ~disc(110)] = 250
    pixels[lesion] = grey
    return pixels


@pytest.mark.parametrize("grey", [60.0, 150.0])
def test_the_figures_of_an_even_disc_are_its_own(grey: float) -> None:
    lesion = disc(20, row=120, column=150)
    figures = measure_lesion(head(lesion, grey), lesion, SPACING)
    assert figures.keys() == FIGURES.keys()
    assert figures["diameter"] == pytest.approx(20, rel=0.03)
    assert figures["circularity"] == pytest.approx(1, abs=0.06)
    assert figures["contrast"] == pytest.approx(grey / 100, rel=0.02)
    assert figures["step"] == pytest.approx(grey / 100 - 1, abs=0.02)
    assert figures["darker"] == (grey < 100)
    assert figures["surroundings"] == pytest.approx(1) and figures["unevenness"] == pytest.approx(0, abs=1e-5)


def test_a_lesion_that_fades_into_the_brain_has_no_step() -> None:
    lesion = disc(20, row=120, column=150)
    faded = head(lesion, 100) - 40 * ndimage.gaussian_filter(disc(10, row=120, column=150).astype(float), 6)
    assert abs(measure_lesion(faded, lesion, SPACING)["step"]) < 0.1


def test_a_ragged_lesion_is_less_circular() -> None:
    ragged = disc(20) & (np.indices((256, 256))[1] // 12 % 2 == 0)
    assert measure_lesion(head(ragged, 150), ragged, SPACING)["circularity"] < 0.5


def test_the_table_states_what_the_samples_measure() -> None:
    table = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    rows = [[cell.strip() for cell in line.split("|")[2:-1]] for line in table.strip().splitlines()[2:]]
    samples = sample_figures()
    measured = [[sample_cell(samples, name, figure) for name in CLASSES] for figure in FIGURES]
    assert [row[1::2] for row in rows] == measured, "run scripts/lesion_statistics.py"
