"""The page External data without a browser, on made-up answers: its metrics are theirs, and follow the sliders."""

import json
import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.bundles.bundle import file_facts, open_bundle
from core.labels import ANSWER_LABELS, CHANGE_TITLES
from core.ood.evaluate import INTERNAL_GROUP, NON_BRAIN_GROUP
from core.outcome import CONFIDENT, NOT_A_HEAD
from panels.shared.theme import percent
from tests.pages import situations
from tests.pages.test_analyse import texts
from tests.settings import SHIPPED_MODELS, link_bundles

opened = partial(situations.opened, "external")
THRESHOLDS, BY_KIND = "Thresholds", "By image kind"
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
LIMITS = {"no_tumour": -1.0, "tumour": 1.0, "sure": 0.8, "strange": 20.0, "temperature": 1.0}
# true, predicted, tumour score, OOD score, probability of the most probable class
EXTERNAL_ROWS = [
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


def external_rows(split: str) -> pd.DataFrame:
    table = pd.DataFrame(EXTERNAL_ROWS, columns=COLUMNS)
    return table.assign(split=split, file=[f"{number}.png" for number in range(len(table))])


def ood_rows() -> pd.DataFrame:
    internal = [
        (INTERNAL_GROUP, "glioma", f"slice {number}", "glioma", 4.0 if number > 1 else -2.0, 6.0, 0.95)
        for number in range(49)
    ]
    internal.append((INTERNAL_GROUP, "glioma", "slice 50", "glioma", 4.0, 21.5, 0.95))
    non_brain = [
        (NON_BRAIN_GROUP, kind, f"{kind}-{n}.png", "glioma", 1.0, 40.0, 0.9) for kind in KINDS for n in range(1, 4)
    ]
    non_brain[0] = (*non_brain[0][:5], 5.0, 0.9)
    return pd.DataFrame(non_brain + internal, columns=["group", "kind", "name", *COLUMNS[1:]])


@pytest.fixture
def gated(tmp_path: Path, configure: Callable[..., None]) -> Callable[..., None]:
    """Make unified-unet a bundle with a gate that was measured on a split of external slices."""

    def make(split: str = "test") -> None:
        folder = tmp_path / "models" / "unified-unet"
        shutil.copytree(SHIPPED_MODELS / "unified-unet", folder)
        external_rows(split).to_csv(folder / "external.csv", index=False)
        ood_rows().to_csv(folder / "strangers.csv", index=False)
        (folder / "screen.npz").write_bytes(b"not opened here")
        card = json.loads((folder / "card.json").read_text())
        measured = {"slices": {"glioma": 1}, "answers": {"glioma": {CONFIDENT: 1}}}
        card["metrics"]["external"] = {"non_brain_flagged": 0.9, **(measured if split == "test" else {split: measured})}
        if split == "test":
            card["metrics"]["external"]["aims"] = {
                "no_tumour_called_tumour": {"aim": "at most 10 %", "reached": 0.25, "short_by": 0.15},
                "answered_tumour": {"aim": "at least 60 %", "reached": 0.6, "short_by": 0.0},
            }
        figures = {"accuracy": 0.9, "dice_mean": 0.75, "missed": 0.05}
        changes = {"noise": {"accuracy": 0.5, "dice_mean": 0.25, "missed": 0.3}}
        card["metrics"]["robustness"] = {"slices": 20, "unaltered": figures, "changes": changes}
        card["screen"] = {
            "about": "A gate.",
            "answers": {},
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
            card["files"][name] = file_facts(folder / name).as_dict()
        (folder / "card.json").write_text(json.dumps(card))
        configure(models=folder.parent)

    return make


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def test_the_metrics_are_those_of_the_answers(gated: Callable[..., None]) -> None:
    gated()
    app = opened()
    assert not app.exception and not app.error
    assert metrics(app) == {
        "False positive rate": "25.0\xa0%",
        "False negative rate": "20.0\xa0%",
        "Accuracy, tumour type": "50.0\xa0%",
        "Coverage, tumours": "60.0\xa0%",
        "Coverage, tumour-free": "75.0\xa0%",
        "Non-brain images rejected": "95.8\xa0%",
        "In-distribution false rejections": "2.0\xa0%",
        "False negative rate, internal": "4.0\xa0%",
    }
    assert re.search(r"\b1 of 4 tumour-free slices; aim at most 6\xa0%, \*\*missed\*\*", texts(app))
    assert re.search(r"\b3 of 4 tumour-free slices; aim at least 75\xa0%(?!, \*\*missed)", texts(app))


def test_the_figures_of_changed_slices_are_the_cards(gated: Callable[..., None]) -> None:
    gated()
    app = opened(view=BY_KIND)
    table = next(element.value for element in app.dataframe if "Change" in element.value)
    assert table.to_numpy().tolist() == [
        [CHANGE_TITLES["unaltered"], "90.0\xa0%", "0.750", "5.0\xa0%"],
        [CHANGE_TITLES["noise"], "50.0\xa0%", "0.250", "30.0\xa0%"],
    ]


def test_missed_aims_are_stated(gated: Callable[..., None]) -> None:
    gated()
    app = opened()
    assert app.warning[0].value.startswith("Aims missed: 1 of 2.")
    (missed,) = [text.value for text in app.markdown if text.value.startswith("- **")]
    assert missed.startswith("- **False positive rate** 25.0\xa0% (95\xa0%")


def test_the_address_carries_thresholds_and_the_results_stay_those_of_the_gates_own(
    gated: Callable[..., None],
) -> None:
    gated()
    own = metrics(opened())
    app = opened(view=THRESHOLDS, strange="2")
    assert app.slider(key="strange").value == 2.0
    assert metrics(app) != own
    app.segmented_control(key="view").set_value("Results").run()
    assert metrics(app) == own


def test_a_slider_that_is_moved_leaves_the_others_at_the_cards_values(
    gated: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A probability of 0.9 is too little for the card's limit, and would be enough for what the slider shows.
    monkeypatch.setitem(LIMITS, "sure", 0.9004)
    gated()
    app = opened(view=THRESHOLDS)
    before = metrics(app)
    app.slider(key="strange").set_value(19.9).run()
    assert metrics(app) == before


def test_the_shipped_gates_cost_on_internal_data_is_stated() -> None:
    app = opened()
    outcomes = open_bundle("unified-unet").card.metrics.external.figshare_all.as_dict()
    assert f"After the gate, {percent(outcomes['right'])}" in texts(app)


def test_other_thresholds_change_every_metric(gated: Callable[..., None]) -> None:
    gated()
    app = opened(view=THRESHOLDS)
    app.slider(key="sure").set_value(0.4).run()
    assert metrics(app)["Accuracy, tumour type"] == "66.7\xa0%"
    app.slider(key="strange").set_value(2.0).run()
    assert metrics(app)["In-distribution false rejections"] == "100.0\xa0%"
    assert metrics(app)["Coverage, tumours"] == "0.0\xa0%"


def test_metrics_of_the_slices_that_thresholds_were_chosen_on_are_marked(gated: Callable[..., None]) -> None:
    gated("dev")
    assert "results are optimistic" in opened().warning[0].value


def test_a_cell_in_the_address_shows_its_slices(gated: Callable[..., None]) -> None:
    gated()
    app = opened(view=BY_KIND, true="No tumour", predicted="No tumour")
    table = app.dataframe[0].value
    assert table["Slice"].tolist() == ["5.png", "6.png"]
    assert set(table["Result"]) == {"No tumour"}
    assert "not ship" in texts(app)


def test_disputed_labels_are_tumours_with_a_confident_prediction_of_another_class(gated: Callable[..., None]) -> None:
    gated()
    assert opened(view=BY_KIND, disputed="true").dataframe[0].value["Slice"].tolist() == ["1.png"]


def test_images_are_shown_where_their_folder_is(
    gated: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gated()
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "index.csv").write_text("file,class,split\n")
    noise = np.random.default_rng(0).integers(0, 255, (32, 32)).astype(np.uint8)
    for number in range(len(EXTERNAL_ROWS) - 1):
        Image.fromarray(noise).save(folder / f"{number}.png")
    monkeypatch.setenv("SLICESCOPE_EXTERNAL", str(folder))
    app = opened(view=BY_KIND, true="No tumour")
    assert not app.exception
    text = texts(app)
    assert text.count("No tumour; result") == 4
    assert ":material/broken_image: 8.png" in text, "one that is missing does not take the others with it"


def test_the_control_and_what_was_tried_are_stated(gated: Callable[..., None]) -> None:
    gated()
    text = texts(opened())
    assert "0.5 is chance" in text and "70.0\xa0% get" in text
    assert re.search(r"\b20\.0\xa0% get it: .*traces", text)
    assert "- One thing." in text


def test_non_brain_images_stand_beside_their_results(gated: Callable[..., None]) -> None:
    gated()
    text = texts(opened(view=BY_KIND))
    assert f"Chart: {ANSWER_LABELS[NOT_A_HEAD].short_in_text}" in text
    assert re.search(rf"\ball {3 * len(KINDS)}: glioma .*\b{3 * len(KINDS)}\b", text)
    assert re.search(r"photograph 2 of 3, .*face 3 of 3", text)


def test_without_a_gate_the_page_says_how_to_get_one(tmp_path: Path, configure: Callable[..., None]) -> None:
    configure(models=link_bundles(tmp_path / "models", "report-cnn"))
    app = opened()
    assert not app.exception and not app.error
    assert "python -m core screen unified-unet" in app.info[0].value
