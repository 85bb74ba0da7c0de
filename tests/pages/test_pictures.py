"""Pictures of slices that are not at hand: what ships of them, what comes from figshare, and the switch between."""

import io
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.bundles.bundle import DEFAULT_CLASSIFIER, open_bundle
from core.bundles.predictions import read_predictions, row_of_slice
from core.bundles.stored_maps import stored_tumour_probability
from core.config import CLASSES
from core.dataset.head_outlines import head_outline
from core.dataset.remote.background_fetch import BackgroundFetcher
from core.inference.render import PREDICTED_COLOUR
from core.labels import CLASS_LABELS
from core.readers.preprocessing import map_to_slice
from panels.shared.model_choice import REPORT_NETWORKS, ChosenModel
from panels.shared.slices.data_set import find
from panels.shared.slices.data_set.outline import Overlays, outline_picture, outline_tiles
from tests.pages.situations import FIGSHARE, NOTHING, PATIENT, STORE, alternatives, opened, situation, sound, viewers
from tests.pages.test_analyse import texts

OUTLINE = "the head's outline, not the slice"
PLACES = {"errors": "page", "masks": "rows"}
"""Pages and the keys of their switches."""


@pytest.fixture
def here(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    name = getattr(request, "param", NOTHING)
    with situation(name, tmp_path, monkeypatch):
        yield name


def outlined(app: AppTest) -> list[str]:
    return [text for text in alternatives(app) if OUTLINE in text]


def looks_again(app: AppTest) -> bool:
    return any(each.proto.component_name == "slicescope_redraw" for each in app.get("bidi_component"))


def run_until(app: AppTest, reached: Callable[[AppTest], bool]) -> AppTest:
    """Run a page again, as its browser does while slices come, until something is reached."""
    end = time.monotonic() + 30
    while not reached(app):
        assert time.monotonic() < end
        time.sleep(0.1)
        sound(app.run())
    return app


def a_test_slice() -> tuple[int, str]:
    """A test slice of the default model whose mask is not empty, and its true class."""
    bundle = open_bundle(DEFAULT_CLASSIFIER)
    table = read_predictions(bundle)
    row = table[(table["part"] == "test") & (table["dice"] > 0.7)].iloc[0]
    return int(row["slice"]), str(row["true"])


# What ships


def test_a_tile_shows_the_head_in_its_classs_colour_and_the_mask_where_the_network_predicts_it() -> None:
    number, name = a_test_slice()
    bundle, outline = open_bundle(DEFAULT_CLASSIFIER), head_outline(number)
    table = read_predictions(bundle)
    png = outline_tiles(table[table["slice"] == number], ChosenModel())[number]
    tile = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
    head = outline.area(len(tile))
    assert (tile[0, 0] == 0).all() and not head[0, 0]
    colour = np.array(list(bytes.fromhex(CLASS_LABELS[name].colour[1:])))
    assert np.abs(tile - colour).sum(axis=2).min() < 40
    plane = stored_tumour_probability(bundle, number)
    assert plane is not None
    mask = map_to_slice(plane, outline.placement(bundle.card.input.preprocessing)) >= bundle.mask_threshold
    cyan = np.argwhere(np.abs(tile - np.array(PREDICTED_COLOUR)).max(axis=2) < 100)
    rows, columns = np.nonzero(mask)
    scale = outline.size / len(tile)
    assert len(cyan) and cyan.min(axis=0) * scale == pytest.approx([rows.min(), columns.min()], abs=8)
    assert cyan.max(axis=0) * scale == pytest.approx([rows.max(), columns.max()], abs=8)


@pytest.mark.parametrize("name", CLASSES)
def test_a_slice_without_stored_maps_is_an_outline_alone(name: str) -> None:
    tile = outline_picture(head_outline(1), Overlays(), class_name=name)
    assert tile.shape == (256, 256, 3) and len(np.unique(tile.reshape(-1, 3), axis=0)) < 40


def test_a_bundle_that_cannot_be_used_leaves_outlines() -> None:
    table = read_predictions(open_bundle(DEFAULT_CLASSIFIER)).head(2)
    assert set(outline_tiles(table, ChosenModel(mask_by="none"))) == set(table["slice"])


def test_without_the_data_set_every_tile_is_an_outline_and_the_switch_is_off(here: str) -> None:
    app = sound(opened("errors"))
    assert len(outlined(app)) == len(alternatives(app)) > 5
    assert not app.toggle(key="page_figshare").value and not looks_again(app)
    assert "outline in the colour of its class" in " ".join(caption.value for caption in app.caption)


def test_an_open_slice_shows_mask_and_heat_map_over_the_outline_and_no_true_mask(here: str) -> None:
    number, _ = a_test_slice()
    app = sound(opened("errors", slice=str(number)))
    (shown,) = viewers(app)
    assert [layer["name"] for layer in shown["layers"]] == ["Heat map", "Predicted mask"]
    assert "not the slice itself" in shown["label"] and "not the slice itself" in shown["caption"]
    assert (shown["width"], shown["height"]) == (512, 512)
    assert "Only the head's outline" in shown["notes"]
    assert not any("Make the" in button.label for button in app.button)
    row = row_of_slice(read_predictions(open_bundle(DEFAULT_CLASSIFIER)), number)
    assert f"patient {row['patient']}" in texts(app)


def test_masks_shows_predicted_masks_over_outlines(here: str) -> None:
    app = sound(opened("masks", view="Slices"))
    (shown,) = viewers(app)
    assert [layer["name"] for layer in shown["layers"]] == ["Probability", "Predicted mask"]
    captions = [picture.caption for each in app.get("image") for picture in each.proto.imgs]
    assert captions == ["Predicted", "Over the head's outline"] * 3


def test_data_shows_simulated_samples_and_says_so(here: str) -> None:
    app = sound(opened("data"))
    assert texts(app).count(", simulated sample") == len(CLASSES)


@pytest.mark.parametrize("here", (STORE,), indirect=True)
def test_the_prepared_data_sets_slices_stand_beside_outlines_of_the_others(here: str) -> None:
    app = sound(opened("errors", networks=REPORT_NETWORKS, patient=str(PATIENT)))
    assert 0 < len(outlined(app)) < len(alternatives(app))
    assert not app.toggle(key="page_figshare").value


# From figshare


@pytest.mark.parametrize("here", (FIGSHARE,), indirect=True)
def test_tiles_are_filled_as_slices_come_and_then_nobody_looks_again(here: str) -> None:
    app = sound(opened("errors", networks=REPORT_NETWORKS, patient=str(PATIENT)))
    assert app.toggle(key="page_figshare").value and outlined(app) and looks_again(app)
    run_until(app, lambda page: not outlined(page))
    assert not looks_again(sound(app.run()))
    again = sound(opened("errors", networks=REPORT_NETWORKS, patient=str(PATIENT)))
    assert not outlined(again), "what was fetched is kept"
    sound(again.toggle(key="page_figshare").set_value(False).run())
    assert len(outlined(again)) == len(alternatives(again)), "the switch says where pictures come from"


@pytest.mark.parametrize("here", (FIGSHARE,), indirect=True)
def test_an_open_slice_is_filled_too(here: str) -> None:
    app = opened("errors", networks=REPORT_NETWORKS, patient=str(PATIENT))
    number = next(int(key.rpartition("_")[2]) for key in (button.key or "" for button in app.button) if "_tile_" in key)
    app = sound(opened("errors", networks=REPORT_NETWORKS, patient=str(PATIENT), slice=str(number)))
    run_until(app, lambda page: viewers(page)[0]["caption"].startswith(f"slice {number}"))


@pytest.mark.parametrize("here", (FIGSHARE,), indirect=True)
@pytest.mark.parametrize("page", PLACES)
def test_a_figshare_that_is_out_of_reach_is_no_error(here: str, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    class Unreachable:
        def slice(self, number: int, *, progress: object = None) -> object:
            over.wait(60)
            return object()

        def cached(self, number: int) -> None:
            return None

    fetcher = BackgroundFetcher(Unreachable(), patience=1.0)
    monkeypatch.setattr(find, "figshare_downloader", Unreachable)
    monkeypatch.setattr(find, "figshare_fetcher", lambda: fetcher)
    app = sound(opened(page, view={"errors": "Matrix and slices", "masks": "Slices"}[page]))
    assert looks_again(app)
    time.sleep(1.1)
    sound(app.run())
    over.set()
    assert not looks_again(app)
    assert any("out of reach" in caption.value for caption in app.caption)
    assert app.toggle(key=f"{PLACES[page]}_figshare").value, "the visitor's choice stays"


@pytest.mark.parametrize("here", (FIGSHARE,), indirect=True)
def test_a_slice_of_the_data_set_is_analysed_without_the_store(here: str) -> None:
    app = sound(opened("explain", slice=str(PATIENT)))
    assert viewers(app)[0]["caption"].startswith(f"slice {PATIENT}")
