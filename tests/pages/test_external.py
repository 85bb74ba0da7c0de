"""The Strangers page without a browser, on made-up answers: its figures are theirs, and follow the sliders."""

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core import config
from core.bundles import bundle
from core.bundles.bundle import file_facts, open_bundle
from core.ood.evaluate import INTERNAL_GROUP, NON_BRAIN_GROUP
from panels.shared.theme import percent
from tests.pages.situations import opened
from tests.pages.test_analyse import texts

KINDS = (
    "photograph",
    "face",
    "texture",
    "microscope or telescope",
    "handwritten digit",
    "document",
    "chart",
    "noise",
)
OPEN_BUNDLE, NAMES = bundle.open_bundle, bundle.bundle_names
LIMITS = {"no_tumour": -1.0, "tumour": 1.0, "sure": 0.8, "strange": 20.0, "temperature": 1.0}
# true, predicted, tumour score, strangeness, probability of the likeliest class
ELSEWHERE = [
    ("glioma", "glioma", 3.0, 5.0, 0.9),
    ("glioma", "meningioma", 3.0, 5.0, 0.9),
    ("glioma", "glioma", 3.0, 5.0, 0.5),
    ("meningioma", "meningioma", 0.0, 5.0, 0.9),
    ("pituitary", "pituitary", -2.0, 5.0, 0.9),
    ("no_tumour", "glioma", -2.0, 5.0, 0.9),
    ("no_tumour", "glioma", -2.0, 5.0, 0.9),
    ("no_tumour", "glioma", 2.0, 5.0, 0.9),
    ("no_tumour", "glioma", -2.0, 25.0, 0.9),
]
COLUMNS = ["true", "predicted", "tumour_score", "strangeness", "sure"]


def rows(split: str) -> pd.DataFrame:
    table = pd.DataFrame(ELSEWHERE, columns=COLUMNS)
    return table.assign(split=split, file=[f"{number}.png" for number in range(len(table))])


def strangers() -> pd.DataFrame:
    own = [
        (INTERNAL_GROUP, "glioma", f"slice {number}", "glioma", 4.0 if number > 1 else -2.0, 6.0, 0.95)
        for number in range(49)
    ]
    own.append((INTERNAL_GROUP, "glioma", "slice 50", "glioma", 4.0, 21.0, 0.95))
    odd = [(NON_BRAIN_GROUP, kind, f"{kind}-{n}.png", "glioma", 1.0, 40.0, 0.9) for kind in KINDS for n in range(1, 4)]
    odd[0] = (*odd[0][:5], 5.0, 0.9)
    return pd.DataFrame(odd + own, columns=["group", "kind", "name", *COLUMNS[1:]])


@pytest.fixture
def screened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes unified-unet a bundle with a screen that was measured on a split of slices from elsewhere."""

    def make(split: str = "test") -> None:
        folder = tmp_path / "models" / "unified-unet"
        shutil.copytree(config.MODELS / "unified-unet", folder)
        rows(split).to_csv(folder / "external.csv", index=False)
        strangers().to_csv(folder / "strangers.csv", index=False)
        (folder / "screen.npz").write_bytes(b"not opened here")
        card = json.loads((folder / "card.json").read_text())
        said = {"answers": {}}
        card["metrics"]["external"] = {"non_brain_flagged": 0.9, **(said if split == "test" else {split: said})}
        if split == "test":
            card["metrics"]["external"]["aims"] = {
                "no_tumour_called_tumour": {"aim": "at most 10 %", "reached": 0.25, "short_by": 0.15},
                "answered_tumour": {"aim": "at least 60 %", "reached": 0.6, "short_by": 0.0},
            }
        card["screen"] = {
            "thresholds": LIMITS,
            "rules": dict.fromkeys(LIMITS, "a rule"),
            "fitted_on": {
                "tumour slices of the data set": 2000,
                "of them made tumour-free too": 900,
                "tumour-free slices from elsewhere": 145,
                "tumours put into those": 580,
            },
            "tried": ["One thing.", "Another."],
            "data": "A collection.",
            "source_control": {
                "as_they_are": 0.991,
                "preprocessed": 0.9,
                "as_in_training": 0.8,
                "own_twins": 100,
                "own_twins_called_no_tumour": 0.7,
                "own_shams_called_no_tumour": 0.2,
                "called_no_tumour": 30,
                "heat_in_head": 0.9,
                "saliency_in_head": 0.65,
                "head_area": 0.6,
                "kept_in_other_surroundings": 0.95,
            },
        }
        for name in ("external.csv", "strangers.csv", "screen.npz"):
            card["files"][name] = file_facts(folder / name)
        (folder / "card.json").write_text(json.dumps(card))
        monkeypatch.setattr(bundle, "open_bundle", lambda name, models=folder.parent: OPEN_BUNDLE(name, models))
        monkeypatch.setattr(bundle, "bundle_names", partial(NAMES, folder.parent))

    return make


def metrics(app: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in app.metric}


def test_the_figures_are_those_of_the_answers(screened: Callable[..., None]) -> None:
    screened()
    app = opened("external")
    assert not app.exception and not app.error
    assert metrics(app) == {
        "False alarms": "25.0 %",
        "Tumours missed": "20.0 %",
        "Kind right": "50.0 %",
        "Tumours answered": "60.0 %",
        "Tumour-free answered": "75.0 %",
        "No brain, told so": "95.8 %",
        "Own slices flagged": "2.0 %",
        "Own tumours missed": "4.0 %",
    }
    assert "1 of 4 tumour-free slices called a tumour; aim: at most 10 %, **missed**" in texts(app)
    assert "3 of 5 tumours given a kind or “no tumour”; aim: at least 60 %" in texts(app)


def test_missed_aims_are_told_whatever_the_sliders_say(screened: Callable[..., None]) -> None:
    screened()
    app = opened("external")
    said = "1 of 2 aims is missed, on slices that this screen was asked about once: **false alarms** 25.0 % (95 %"
    assert app.warning[0].value.startswith(said)
    app.slider(key="strange").set_value(2.0).run()
    assert app.warning[0].value.startswith(said)


def test_a_slider_that_is_moved_leaves_the_others_at_the_cards_values(
    screened: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A probability of 0.9 is too little for the card's limit, and would be enough for what the slider shows.
    monkeypatch.setitem(LIMITS, "sure", 0.9004)
    screened()
    app = opened("external")
    before = metrics(app)
    app.slider(key="strange").set_value(19.9).run()
    assert metrics(app) == before


def test_the_shipped_screens_price_at_home_is_told() -> None:
    app = opened("external")
    own = open_bundle("unified-unet").card["metrics"]["external"]["figshare_all"]
    assert f"behind the screen {percent(own['right'])} are named rightly" in texts(app)


def test_other_thresholds_change_every_figure(screened: Callable[..., None]) -> None:
    screened()
    app = opened("external")
    app.slider(key="sure").set_value(0.4).run()
    assert metrics(app)["Kind right"] == "66.7 %"
    app.slider(key="strange").set_value(2.0).run()
    assert metrics(app)["Own slices flagged"] == "100.0 %"
    assert metrics(app)["Tumours answered"] == "0.0 %"


def test_figures_of_the_slices_that_thresholds_were_chosen_on_are_marked(screened: Callable[..., None]) -> None:
    screened("dev")
    assert "which flatters" in opened("external").warning[0].value


def test_a_cell_in_the_address_shows_its_slices(screened: Callable[..., None]) -> None:
    screened()
    app = opened("external", true="No tumour", predicted="No tumour")
    table = app.dataframe[0].value
    assert table["Slice"].tolist() == ["5.png", "6.png"]
    assert set(table["Answer"]) == {"No tumour"}
    assert "do not ship with the project" in texts(app)


def test_disputed_labels_are_tumours_named_as_another_kind(screened: Callable[..., None]) -> None:
    screened()
    assert opened("external", disputed="true").dataframe[0].value["Slice"].tolist() == ["1.png"]


def test_pictures_are_shown_where_their_folder_is(
    screened: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screened()
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "index.csv").write_text("file,class,split\n")
    noise = np.random.default_rng(0).integers(0, 255, (32, 32)).astype(np.uint8)
    for number in range(len(ELSEWHERE) - 1):
        Image.fromarray(noise).save(folder / f"{number}.png")
    monkeypatch.setenv("SLICESCOPE_EXTERNAL", str(folder))
    app = opened("external", true="No tumour")
    assert not app.exception
    said = texts(app)
    assert said.count("No tumour; answered") == 4
    assert ":material/broken_image: 8.png" in said, "one that is missing does not take the others with it"


def test_the_control_and_what_was_tried_are_told(screened: Callable[..., None]) -> None:
    screened()
    said = texts(opened("external"))
    assert "0.5 is chance" in said and "70.0 % are called tumour-free" in said
    assert "20.0 % are: that much may be the traces" in said
    assert "- One thing." in said


def test_generated_pictures_stand_beside_their_answers(screened: Callable[..., None]) -> None:
    screened()
    said = texts(opened("external"))
    assert "Chart: stranger" in said
    assert f"every one of the {3 * len(KINDS)}: glioma in {3 * len(KINDS)}" in said
    assert "photograph 2 of 3, face 3 of 3" in said


def test_without_a_screen_the_page_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "bundle_names", lambda: ["report-cnn"])
    app = opened("external")
    assert not app.exception and not app.error
    assert "python -m core screen unified-unet" in app.info[0].value
