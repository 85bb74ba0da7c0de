"""Robustness: what each change does to a slice and its mask, and figures worked out again from the stored rows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.bundles.bundle import ROBUSTNESS, open_bundle
from core.check.figures import SOURCES
from core.config import CLASSIFICATION
from core.dataset.slices import slice_from_arrays, slice_from_store
from core.dataset.store import Store
from core.evaluation.robustness import CHANGES, SMALL_SIDE, UNALTERED, changed_slices, measure_robustness
from core.inference.predictor import Predictor
from core.labels import CHANGE_TITLES
from core.metrics import overlap
from core.metrics.definitions import DEFINITIONS
from core.readers.slices import Slice
from tests.core import tiny
from tests.settings import configured

MOVING = ("half_size", "rotation_10", "rotation_90", "mirror", "border", "noise", "blur")


def head(side: int = 256) -> Slice:
    """A grey disc with a bright rectangle, the mask, beside its middle."""
    y, x = np.mgrid[:side, :side] - side / 2
    pixels = np.where(np.hypot(x, y) < 0.4 * side, 400, 0)
    mask = np.zeros((side, side), bool)
    mask[side * 3 // 8 : side // 2, side // 4 : side // 2] = True
    pixels[mask] = 1000
    return slice_from_arrays(7, pixels, mask, "glioma")


def test_every_change_is_named_and_defined() -> None:
    assert set(CHANGE_TITLES) == {UNALTERED, *CHANGES}
    assert set(CHANGES) <= set(DEFINITIONS["robustness"])
    assert len(CHANGES) == 15


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_changes_the_slice_and_its_mask_stays_on_the_tumour(name: str) -> None:
    slice_ = head()
    changed = changed_slices(slice_)[name]
    assert changed.mask is not None and slice_.mask is not None
    assert changed.pixels.shape == changed.mask.shape and changed.mask.dtype == bool
    assert changed.pixels.dtype == np.float32
    assert changed.pixels.min() >= 0 and changed.pixels.max() <= 1
    moved = changed.mask.shape != slice_.mask.shape or (changed.mask != slice_.mask).any()
    assert moved == (name in MOVING)
    inside, outside = changed.pixels[changed.mask].mean(), np.median(changed.pixels[~changed.mask])
    assert inside > 0.5 > outside
    if name not in MOVING:
        assert (changed.pixels != slice_.pixels / 1000).any()
    again = changed_slices(head())[name]
    np.testing.assert_array_equal(changed.pixels, again.pixels)


def test_changes_by_hand() -> None:
    changed = changed_slices(head())
    plain = head().pixels / 1000
    np.testing.assert_array_equal(changed[UNALTERED].pixels, head().pixels)
    np.testing.assert_allclose(changed["gamma_up"].pixels, plain**1.5, rtol=1e-5)
    np.testing.assert_allclose(changed["brighter"].pixels, np.minimum(plain + 0.2, 1), rtol=1e-5)
    np.testing.assert_array_equal(changed["rotation_90"].pixels, np.rot90(plain))
    assert changed["border"].pixels.shape == (384, 384)
    assert changed["half_size"].pixels.shape == (128, 128)
    assert (changed["frame"].pixels[0] == 1).all() and changed["frame"].pixels[128, 2] == 0
    assert changed["noise"].pixels.shape == (SMALL_SIDE, SMALL_SIDE)
    flat = changed["noise"].pixels[90:100, 110:140]
    assert flat.std() == pytest.approx(0.03, rel=0.2) and flat.mean() == pytest.approx(0.4, abs=0.01)
    assert changed["skull_strip"].pixels[128, 30] == 0 < plain[128, 30]
    assert changed["skull_strip"].pixels[128, 128] == plain[128, 128]


def test_figures_follow_from_the_rows_and_the_rows_from_predictions(tmp_path: Path) -> None:
    bundle, data = tiny.lite(tiny.unified(tmp_path)), tiny.data_set()
    with configured(splits=data.write_table(tmp_path / "splits.csv")), Store(data.write(tmp_path / "s.h5")) as store:
        card = measure_robustness(bundle, store)
        slices = {number: slice_from_store(store, number) for number in data.pixels}
    bundle = open_bundle(bundle.name, tmp_path)
    measured, table = card.metrics.robustness, pd.read_csv(bundle.path(ROBUSTNESS))
    test = data.table["slice"][data.table[bundle.card.data.split] == "test"]
    assert measured is not None and measured.slices == len(test)
    assert table.groupby("change")["slice"].apply(sorted).map(lambda numbers: numbers == sorted(test)).all()
    assert set(measured.by_change) == {UNALTERED, *CHANGES}
    for name, figures in measured.by_change.items():
        rows = table[table["change"] == name]
        assert figures.accuracy == pytest.approx((rows["true"] == rows["predicted"]).mean())
        assert figures.dice_mean == pytest.approx(rows["dice"].mean())
        assert figures.missed == pytest.approx((rows["dice"] == 0).mean())

    predictor = Predictor(bundle, bundle)
    for row in table[table["change"].isin([UNALTERED, "mirror"])].itertuples():
        slice_ = slices[row.slice]
        assert slice_.mask is not None
        if row.change == "mirror":
            slice_ = replace(slice_, pixels=slice_.pixels[:, ::-1], mask=slice_.mask[:, ::-1])
        prediction = predictor(slice_)
        assert row.predicted == prediction.class_name
        assert row.dice == pytest.approx(overlap.dice(prediction.mask, slice_.mask), abs=1e-3)

    source = next(source for source in SOURCES if source.file == ROBUSTNESS)
    computed = source.compute(bundle)
    assert computed["changes"]["noise"]["accuracy"] == pytest.approx(measured.changes["noise"].accuracy)
    assert CLASSIFICATION in bundle.tasks


def test_a_classifier_has_no_figures_of_masks(tmp_path: Path) -> None:
    bundle, data = tiny.lite(tiny.classifier(tmp_path)), tiny.data_set(7)
    with configured(splits=data.write_table(tmp_path / "splits.csv")), Store(data.write(tmp_path / "s.h5")) as store:
        measured = measure_robustness(bundle, store).metrics.robustness
    assert measured is not None
    assert set(measured.unaltered.as_dict()) == {"accuracy"}
