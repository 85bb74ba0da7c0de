"""The same slice and network have the same probabilities on every page: calibrated ones where there is a gate."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.bundles.bundle import open_bundle
from core.bundles.calibrated import with_calibrated
from core.bundles.predictions import read_predictions, row_of_slice
from core.config import CLASSES
from panels.shared.model_choice import REPORT_NETWORKS, UNIFIED_NETWORK
from panels.shared.theme import percent
from tests.pages.situations import NOTHING, bars, opened, situation, sound

CHOICES = pytest.mark.parametrize(
    ("networks", "name"), [(UNIFIED_NETWORK, "unified-unet"), (REPORT_NETWORKS, "report-cnn")]
)


def a_row(name: str):
    """A test slice whose calibrated and own probabilities differ in what is shown."""
    bundle = open_bundle(name)
    table = with_calibrated(read_predictions(bundle), bundle)
    rows = table[(table["part"] == "test") & table["right"] & table["confidence"].between(0.9, 0.98)]
    if "confidence_raw" in rows:
        rows = rows[(rows["confidence"] - rows["confidence_raw"]).abs() > 0.005]
    return rows.iloc[0]


def shows(app: AppTest, row) -> None:
    (drawn,) = bars(sound(app))
    assert all(percent(row[f"p_{name}"]).replace("<", "&lt;") in drawn for name in CLASSES), drawn


@CHOICES
def test_tile_and_dialog_show_the_calibrated_probability(
    networks: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = a_row(name)
    with situation(NOTHING, tmp_path, monkeypatch):
        app = opened("errors", networks=networks, patient=str(row["patient"]), slice=str(row["slice"]))
        shows(app, row)
        (tile,) = [button.label for button in app.button if button.key == f"page_tile_{row['slice']}"]
    assert percent(row["confidence"]) in tile


@pytest.mark.dataset
@CHOICES
@pytest.mark.parametrize("page", ["analyse", "explain", "errors", "masks"])
def test_every_page_shows_the_same(page: str, networks: str, name: str, data_folder: Path) -> None:
    row = a_row(name)
    shows(opened(page, networks=networks, slice=str(row["slice"])), row)


def test_the_network_s_own_probabilities_stand_beside_the_calibrated_ones() -> None:
    bundle = open_bundle("unified-unet")
    own = read_predictions(bundle)
    table = with_calibrated(own, bundle)
    number = a_row("unified-unet")["slice"]
    shown, raw = row_of_slice(table, number), row_of_slice(own, number)
    assert all(shown[f"p_{name}_raw"] == raw[f"p_{name}"] for name in CLASSES)
    assert shown["confidence_raw"] == raw["confidence"] != shown["confidence"]
    assert sum(shown[f"p_{name}"] for name in CLASSES) == pytest.approx(1)
    assert (table["predicted"] == own["predicted"]).all() and len(table) == len(own)


def test_without_a_gate_the_network_s_own_are_the_only_ones() -> None:
    bundle = open_bundle("report-cnn")
    table = read_predictions(bundle)
    assert with_calibrated(table, bundle) is table
