"""Localisation of evidence maps, worked out again from predictions; the rows of other methods stay."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.bundles.bundle import EVIDENCE_MAP, EXPLANATIONS, Bundle, open_bundle
from core.bundles.card_update import update_card
from core.bundles.stored_maps import stored_answer_map, write_heat_maps
from core.dataset.slices import slice_from_store
from core.dataset.store import Store
from core.errors import BundleError
from core.evaluation.evaluate import evaluate
from core.evaluation.explanations.evidence_maps import measure_evidence_maps
from core.evaluation.explanations.heat_maps import COLUMNS, read_explanations
from core.files import write_table
from core.inference.predictor import Predictor
from core.metrics.localisation import heat_inside, pointing_game_hit
from core.networks.receptive_field import ReceptiveField, map_to_input
from tests.core import tiny
from tests.settings import configured


def evaluated(folder: Path, store: Store, base: str = "unified-unet-1") -> Bundle:
    bundle = tiny.lite(tiny.unified(folder, base=base))
    evaluate(bundle, store)
    return open_bundle(bundle.name, folder)


def test_rows_and_figures_are_those_of_the_predictor_s_maps_and_other_rows_stay(tmp_path: Path) -> None:
    data = tiny.data_set(9)
    with configured(splits=data.write_table(tmp_path / "splits.csv")), Store(data.write(tmp_path / "s.h5")) as store:
        bundle = evaluated(tmp_path, store)
        test = data.table["slice"][data.table[bundle.card.data.split] == "test"].tolist()
        others = pd.DataFrame(
            [(number, "layer-cam", "look_conv", "glioma", True, 0.5, 0.1, True) for number in test], columns=COLUMNS
        )
        write_table(bundle.folder / EXPLANATIONS, others)
        update_card(bundle.folder, {}, "Some rows.")
        for _ in range(2):  # a second time it replaces its own rows
            card = measure_evidence_maps(open_bundle(bundle.name, tmp_path), store)
        bundle = open_bundle(bundle.name, tmp_path)
        table, predictor = read_explanations(bundle), Predictor(bundle, bundle)
        rows = table[table["method"] == EVIDENCE_MAP]
        assert rows["slice"].tolist() == test == table["slice"][table["method"] == "layer-cam"].tolist()
        for row in rows.itertuples():
            slice_ = slice_from_store(store, row.slice)
            heat = predictor(slice_).heat
            assert slice_.mask is not None
            assert row.inside == pytest.approx(heat_inside(heat, slice_.mask), abs=2e-3)
            assert row.hit == pointing_game_hit(heat, slice_.mask, tolerance_px=0)
    explanation = card.metrics.explanation
    assert explanation is not None and list(explanation.methods) == [EVIDENCE_MAP, "layer-cam"]
    figures = explanation.methods[EVIDENCE_MAP]
    assert figures.right.slices + figures.wrong.slices == len(test)


def test_a_bundle_that_shows_its_method_s_map_is_refused(tmp_path: Path) -> None:
    data = tiny.data_set(4)
    with Store(data.write(tmp_path / "s.h5")) as store, pytest.raises(BundleError, match="evidence map"):
        measure_evidence_maps(tiny.unified(tmp_path, base="unified-unet-plain"), store)


def test_a_stored_map_is_shown_times_the_stored_tumour_probability(tmp_path: Path) -> None:
    bundle, size = tiny.unified(tmp_path), tiny.UNIFIED_SIZE
    grid = np.arange(16, dtype=np.uint8).reshape(4, 4) * 17
    field = ReceptiveField(7.5, 16)
    write_heat_maps(bundle.folder / "heat.npz", {3: grid}, field=field, size=size)
    probability = np.zeros((1, size, size), np.uint8)
    probability[0, :20, :20] = 255
    np.savez_compressed(bundle.folder / "masks.npz", slice=np.array([3], np.uint16), probability=probability)
    update_card(bundle.folder, {}, "Some maps.")
    shown = stored_answer_map(open_bundle(bundle.name, tmp_path), 3)
    assert shown is not None and shown.max() == pytest.approx(1)
    expected = map_to_input(grid / np.float32(255), size, field) * (probability[0] > 0)
    np.testing.assert_allclose(shown, expected / expected.max(), rtol=1e-5)
