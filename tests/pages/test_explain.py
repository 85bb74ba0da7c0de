"""The Explain page without a browser: what it shows, and which networks it loads for it."""

import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.bundles.bundle import DRAWINGS, EVIDENCE_MAP, EXPLANATIONS, Bundle, open_bundle
from core.bundles.card_update import update_card
from core.bundles.drawings import Drawing, write_drawings
from core.config import CLASSES, ROOT
from core.dataset.store import STORE_NAME
from core.explanation.class_maps import EVIDENCE_MAP_TITLE
from core.explanation.explainer import METHODS, methods_for
from core.files import write_table
from core.labels import CLASS_LABELS, OUTCOME_LABELS
from core.metrics.localisation import heat_inside
from core.outcome import CONFIDENT, LOW_CONFIDENCE, NO_TUMOUR, NOT_A_HEAD, UNUSUAL
from core.readers.samples import read_samples
from panels.explain.side_by_side import maps_in_a_row
from panels.shared.model_choice import REPORT_NETWORKS, UNIFIED_NETWORK
from panels.shared.theme import percent
from tests.core import tiny
from tests.pages import situations
from tests.pages.fragments import run_fragment
from tests.pages.situations import viewers
from tests.pages.test_analyse import let_gate_answer, png, texts, upload

SAMPLE = "glioma-axial-1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with models/ and the made-up data set: a classifier, a segmenter and a network for both with
    their heat maps, and a classifier that has none yet."""
    folder = tmp_path_factory.mktemp("explain")
    data = tiny.data_set()
    data.write_table(folder / "splits.csv")
    data.write(folder / STORE_NAME)
    for make in (tiny.brightness_classifier, tiny.brightness_segmenter, tiny.unified):
        tiny.explained(folder / "models", make=make)
    tiny.lite(bundle_of(folder, "unified-unet"))
    tiny.evaluated(folder / "models", make=tiny.classifier, name="report-cnn-patients")
    return folder


@pytest.fixture(autouse=True)
def small(folder: Path, fresh_caches: None, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """The page with the small bundles and the made-up data set."""
    configure(models=folder / "models", splits=folder / "splits.csv")
    monkeypatch.setenv("SLICESCOPE_DATA", str(folder))


opened = partial(situations.opened, "explain")


def bundle_of(folder: Path, name: str) -> Bundle:
    return open_bundle(name, folder / "models")


def rows_of(folder: Path, name: str = "report-cnn") -> pd.DataFrame:
    return pd.read_csv(bundle_of(folder, name).path(EXPLANATIONS), keep_default_na=False)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From its call on, asking a network is an exception, here or in the process that holds TensorFlow."""

    def fail(*_: Any, **__: Any) -> None:
        raise AssertionError("a network was asked")

    def forbid() -> None:
        monkeypatch.setattr("core.inference.explain.run_in_worker", fail)
        monkeypatch.setattr("core.inference.predictor.load_runtime", fail)

    return forbid


@pytest.fixture
def no_example(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page without a slice shows no example."""
    monkeypatch.setattr("panels.shared.slices.chooser.first_readable_sample", lambda: None)


def figures_of(app: AppTest) -> list[dict[str, str]]:
    """The figures below each heat map, by title."""
    found = [html.proto.body for html in app.get("html") if 'class="figures"' in html.proto.body]
    return [dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", body)) for body in found]


def agreement_of(app: AppTest) -> pd.DataFrame:
    (table,) = app.table
    return table.value


# Nothing chosen


def test_without_a_slice_the_page_introduces_itself_and_explains_the_first_sample() -> None:
    app = opened()
    assert not app.exception and not app.error
    text = texts(app)
    assert "Choose a slice" in text and "Here is an example" in text
    assert "does not show" in text
    assert {f"explain_sample_{sample.name}" for sample in read_samples()} <= {button.key for button in app.button}
    assert len(app.get("plotly_chart")) == 1
    pictures = {viewer["picture"] for viewer in viewers(app)}
    assert pictures == {viewer["picture"] for viewer in viewers(opened(sample=read_samples()[0].name))}
    assert "Here is an example" not in texts(opened(sample=SAMPLE))


def test_without_a_sample_that_can_be_read_the_page_still_opens(
    no_network: Callable[[], None], no_example: None
) -> None:
    no_network()
    app = opened()
    assert not app.exception and not app.error and not viewers(app)


def test_a_method_in_the_address_is_kept_for_a_slice_that_is_uploaded_after(no_example: None) -> None:
    app = upload(opened(method="Layer-CAM"), ("mine.png", png(tiny.a_picture(99).pixels.astype(np.uint8))))
    assert not app.exception and not app.error
    assert app.pills(key="method").value == ["layer-cam"]
    assert len(viewers(app)) == 1


def test_no_more_than_five_methods_stand_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("panels.explain.controls._MOST_METHODS", 2)
    app = opened(sample=SAMPLE, bundle="report-cnn", method=["Grad-CAM", "Layer-CAM", "SmoothGrad"])
    assert not app.exception and not app.error
    assert len(viewers(app)) == 2
    assert "At most 2 methods stand side by side: SmoothGrad is left out." in texts(app)


def test_a_bundle_without_measured_heat_maps_says_how_to_get_them(
    no_network: Callable[[], None], no_example: None
) -> None:
    no_network()
    app = opened(bundle="report-cnn-patients")
    assert not app.exception and not app.error
    assert "`python -m core evaluate report-cnn-patients --explain`" in app.info[0].value
    assert not app.get("plotly_chart")


def test_the_figures_of_the_test_set_are_those_of_the_file(folder: Path, no_example: None) -> None:
    app = opened(bundle="report-cnn")
    rows = rows_of(folder)
    quick = rows[rows["method"] == "grad-cam"]
    text = texts(app)
    assert f"{len(quick)} test slices" in text
    assert f"**{percent(quick['inside'].mean())}** of Grad-CAM's heat" in text
    assert f"chance level](#term-chance-level) is **{percent(quick['area'].mean())}**" in text
    table = app.dataframe[0].value
    assert table["Method"].unique().tolist() == [METHODS[name].title for name in methods_for("classification")]
    for _, row in table.iterrows():
        part = rows[
            (rows["method"].map(lambda name: METHODS[name].title) == row["Method"])
            & (rows["right"] == (row["Predictions"] == "right"))
        ]
        assert row["Slices"] == len(part)
        assert row["Heat on the tumour"] == (percent(part["inside"].mean()) if len(part) else "–")
        assert row["Pointing game"] == (percent(part["hit"].mean()) if len(part) else "–")
    figure = json.loads(app.get("plotly_chart")[0].proto.spec)
    drawn = {trace["name"]: len(trace["y"]) for trace in figure["data"]}
    assert drawn == {"right predictions": int(rows["right"].sum()), "wrong predictions": int((~rows["right"]).sum())}


def test_the_localisation_that_is_stated_is_that_of_the_map_beside_an_answer(
    folder: Path, tmp_path: Path, configure: Callable[..., None]
) -> None:
    shutil.copytree(folder / "models" / "unified-unet", tmp_path / "models" / "unified-unet")
    configure(models=tmp_path / "models")
    bundle = open_bundle("unified-unet")
    rows = pd.read_csv(bundle.path(EXPLANATIONS), keep_default_na=False)
    evidence = rows[rows["method"] == bundle.heat_method].assign(method=bundle.answer_map, inside=0.875, hit=True)
    write_table(bundle.folder / EXPLANATIONS, pd.concat([evidence, rows]))
    update_card(bundle.folder, {}, "Rows of the evidence map.")
    app = opened(bundle="unified-unet")
    assert not app.exception and not app.error
    assert f"**{percent(0.875)}** of the evidence map's heat" in texts(app)
    table = app.dataframe[0].value
    assert table["Method"].unique().tolist() == [
        EVIDENCE_MAP_TITLE,
        *(METHODS[name].title for name in rows["method"].unique()),
    ]


# Stored heat maps


@pytest.mark.parametrize("name", ["report-cnn", "report-unet"])
def test_a_test_slices_heat_map_is_shown_without_a_network(
    name: str, folder: Path, no_network: Callable[[], None]
) -> None:
    no_network()
    for row in rows_of(folder, name).query("method == 'grad-cam'").head(3).itertuples():
        app = opened(slice=str(row.slice), bundle=name, method="Grad-CAM")
        assert not app.exception and not app.error
        (figures,) = figures_of(app)
        # The bundle stores heat maps in 256 steps.
        share = float(figures["Heat on the tumour"].split()[-2])
        assert share == pytest.approx(row.inside * 100, abs=0.5)
        assert figures["Chance level"] == percent(row.area)
        assert figures["Pointing game"] == ("hit" if row.hit else "miss")


def test_the_class_of_a_stored_heat_map_may_be_named(folder: Path, no_network: Callable[[], None]) -> None:
    no_network()
    row = next(rows_of(folder).itertuples(index=False))
    predicted = CLASS_LABELS[row[3]].title
    address = {"slice": str(row.slice), "bundle": "report-cnn", "method": "Grad-CAM"}
    assert not opened(**address, **{"class": predicted}).exception
    other = next(label.title for label in CLASS_LABELS.values() if label.title != predicted)
    assert opened(**address, **{"class": other}).exception, "that one is not stored"


# Drawings


def images_of(app: AppTest) -> list[str]:
    captions = [image.proto.imgs[0].caption for image in app.get("image")]
    return [caption for caption in captions if caption.endswith("%")]


def test_the_drawings_of_the_classes_are_shown_without_a_network(
    folder: Path,
    no_network: Callable[[], None],
    no_example: None,
    tmp_path: Path,
    configure: Callable[..., None],
) -> None:
    models = tmp_path / "models"
    shutil.copytree(folder / "models", models)
    drawings = [Drawing(np.full((8, 8), 30 * i, np.uint8), i / 4) for i in (1, 2, 3)]
    write_drawings(models / "report-cnn" / DRAWINGS, drawings)
    update_card(models / "report-cnn", {}, "Drawings.")
    configure(models=models)
    no_network()
    app = opened(bundle="report-cnn")
    assert not app.exception and not app.error
    captions = images_of(app)
    wanted = zip(CLASSES, drawings, strict=True)
    assert captions == [f"{CLASS_LABELS[name].title} {percent(drawing.probability)}" for name, drawing in wanted]


def test_a_bundle_without_stored_drawings_says_so(no_network: Callable[[], None], no_example: None) -> None:
    no_network()
    app = opened(bundle="report-cnn")
    assert not app.exception and not app.error and not images_of(app)
    assert "core draw report-cnn" in texts(app)


def test_a_filter_is_drawn_on_demand_and_remembered(no_example: None) -> None:
    app = opened(bundle="report-cnn")
    run_fragment(app, app.button(key="drawing_run").click())
    assert not app.exception and not app.error
    assert not app.title, "the page's other parts are not drawn"
    app.run()
    assert "explain_drawing" in app.session_state
    assert not [button for button in app.button if button.key == "drawing_run"]


# Heat maps made now


def test_every_method_explains_a_sample() -> None:
    for name in methods_for("classification"):
        app = opened(sample=SAMPLE, method=METHODS[name].title)
        assert not app.exception and not app.error
        assert METHODS[name].source in texts(app)
        (figures,) = figures_of(app)
        assert list(figures) == ["Heat on the tumour", "Chance level", "Pointing game"]
        assert not app.table, "one map has nothing to agree with"
        assert "True class" in texts(app)


def test_the_mask_is_explained_with_gradients_only_and_has_no_class() -> None:
    app = opened(sample=SAMPLE, bundle="report-unet")
    assert not app.exception and not app.error
    assert app.pills(key="method").options == [METHODS[name].title for name in methods_for("segmentation")]
    assert app.header[0].value.startswith(("Mask · ", "No tumour outlined"))
    assert "Dice" in texts(app)


def test_a_network_for_both_explains_its_class_and_its_mask() -> None:
    app = opened(bundle="unified-unet", sample=SAMPLE)
    assert not app.exception and not app.error
    assert any(label.title in app.header[0].value for label in CLASS_LABELS.values())
    methods = [METHODS[name].title for name in methods_for("classification")]
    assert app.pills(key="method").options == [EVIDENCE_MAP_TITLE, *methods]
    app.segmented_control(key="class").set_value("mask").run()
    assert not app.exception and not app.error
    assert app.header[0].value.startswith(("Mask", "No tumour outlined"))
    assert set(app.pills(key="method").options) == {METHODS[name].title for name in methods_for("segmentation")}
    app.segmented_control(key="class").set_value("all").run()
    assert not app.exception and not app.error
    assert len(app.get("image")) >= 3


def test_the_stored_heat_map_of_a_network_for_both_is_its_classs(folder: Path, no_network: Callable[[], None]) -> None:
    row = rows_of(folder, "unified-unet").iloc[0]
    no_network()
    own = METHODS[bundle_of(folder, "unified-unet").heat_method].title
    app = opened(bundle="unified-unet", slice=str(row["slice"]), method=own)
    assert not app.exception and not app.error
    assert CLASS_LABELS[row["class"]].title in app.header[0].value


def test_all_three_classes_stand_side_by_side() -> None:
    app = opened(sample=SAMPLE, method="Grad-CAM", **{"class": "All three"})
    assert not app.exception and not app.error
    headers = viewers(app)
    names = [CLASS_LABELS[name] for name in CLASSES]
    assert [header["caption"].rpartition(" for ")[2] for header in headers] == [name.in_text for name in names]
    assert all(f"**Grad-CAM · {name.title}**" in texts(app) for name in names)
    assert len(figures_of(app)) == len(CLASSES) and not app.table, "maps of several classes need not agree"
    assert len({header["group"] for header in headers}) == 1, "they move as one"


def test_two_methods_stand_side_by_side_with_their_agreement_until_others_are_chosen() -> None:
    app = opened(sample=SAMPLE, bundle="report-cnn")
    assert not app.exception and not app.error
    assert app.pills(key="method").value == ["grad-cam", "grad-cam-plus-plus"], "its own and one that is as quick"
    assert len(viewers(app)) == len(figures_of(app)) == 2
    assert agreement_of(app)["Agreement"].tolist() == ["Grad-CAM and Grad-CAM++"]
    app.pills(key="method").set_value(["saliency", "layer-cam", "grad-cam"]).run()
    assert not app.exception and not app.error
    assert all(f"**{title}**" in texts(app) for title in ("Grad-CAM", "Layer-CAM", "SmoothGrad"))
    assert app.query_params["method"] == ["SmoothGrad", "Layer-CAM", "Grad-CAM"]
    table = agreement_of(app)
    assert table["Agreement"].tolist() == [
        "Grad-CAM and Layer-CAM",
        "Grad-CAM and SmoothGrad",
        "Layer-CAM and SmoothGrad",
    ]
    for row in table.itertuples(index=False):
        assert -1 <= float(row[1]) <= 1 and 0 <= float(row[2]) <= 1
    app.pills(key="method").set_value([]).run()
    assert not app.exception and not app.error
    assert len(viewers(app)) == 2, "none is chosen: the first two stand there"


def test_the_map_beside_an_answer_comes_first_and_then_grad_cam() -> None:
    app = opened(sample=SAMPLE, bundle="unified-unet")
    assert not app.exception and not app.error
    assert app.pills(key="method").value == [EVIDENCE_MAP, "grad-cam"]
    assert agreement_of(app)["Agreement"].tolist() == ["Evidence map and Grad-CAM"]
    assert "follows the mask by construction" in texts(app)
    (prediction,) = (each for key, each in app.session_state["predictions"].items() if key[0][1] == SAMPLE)
    mask = next(sample for sample in read_samples() if sample.name == SAMPLE).slice().mask
    assert mask is not None
    assert figures_of(app)[0]["Heat on the tumour"] == percent(heat_inside(prediction.heat, mask))
    app.segmented_control(key="class").set_value("mask").run()
    assert EVIDENCE_MAP_TITLE not in app.pills(key="method").options, "it is of a class"


def test_the_evidence_map_of_a_test_slice_is_a_stored_one_and_that_of_another_class_is_made(
    folder: Path, no_network: Callable[[], None]
) -> None:
    row = rows_of(folder, "unified-unet").iloc[0]
    address = {"bundle": "unified-unet", "slice": str(row["slice"]), "method": EVIDENCE_MAP_TITLE}
    other = next(name for name in CLASSES if name != row["class"])
    app = opened(**address, **{"class": CLASS_LABELS[other].title})
    assert not app.exception and not app.error
    assert viewers(app)[0]["caption"].endswith(CLASS_LABELS[other].in_text)
    no_network()
    app = opened(**address)
    assert not app.exception and not app.error
    assert viewers(app)[0]["caption"].endswith(CLASS_LABELS[row["class"]].in_text)


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (2, 2), (3, 3), (4, 2), (5, 3), (6, 3)])
def test_rows_of_maps_are_as_even_as_they_can_be(count: int, columns: int) -> None:
    assert maps_in_a_row(count) == columns


def test_the_address_carries_the_request() -> None:
    app = opened(
        sample=SAMPLE, method="Layer-CAM", layer="conv2d_1", bundle="report-cnn-patients",
        **{"class": "Glioma"},
    )  # fmt: skip
    assert not app.exception and not app.error
    assert app.pills(key="method").value == ["layer-cam"]
    assert app.selectbox(key="layer").value == "conv2d_1"
    assert app.selectbox(key="class_by").value == "report-cnn-patients"
    assert app.session_state["class"] == "glioma"
    assert re.search(r"`conv2d_1` .*\b4 filters .*\b21 x 21\b", texts(app))


def test_a_layer_that_another_network_lacks_gives_way_to_its_deepest() -> None:
    app = opened(sample=SAMPLE, bundle="report-cnn-patients", layer="conv2d_1")
    app.segmented_control(key="class").set_value("mask").run()
    assert not app.exception and not app.error
    assert app.selectbox(key="layer").value == app.selectbox(key="layer").options[-1]
    app = opened(sample=SAMPLE, method="Magic", layer="nothing", bundle="none", **{"class": "none"})
    assert not app.exception and not app.error
    own = open_bundle("unified-unet")
    assert app.selectbox(key="networks").value == UNIFIED_NETWORK, "the one that Analyse answers with"
    assert app.pills(key="method").value == [own.answer_map, "grad-cam"]


def test_a_network_is_explained_by_its_own_method_unless_another_is_chosen() -> None:
    app = opened(sample=SAMPLE, bundle="report-cnn")
    app.selectbox(key="networks").set_value(UNIFIED_NETWORK).run()
    assert not app.exception and not app.warning
    assert app.pills(key="method").value[0] == open_bundle("unified-unet").answer_map != "grad-cam"
    assert app.selectbox(key="layer").value == open_bundle("unified-unet").heat_layer
    app.selectbox(key="networks").set_value(REPORT_NETWORKS).run()
    assert app.pills(key="method").value[0] == "grad-cam"
    app.pills(key="method").set_value(["score-cam"]).run()
    app.selectbox(key="networks").set_value(UNIFIED_NETWORK).run()
    assert app.pills(key="method").value == ["score-cam"]
    app = opened(sample=SAMPLE, bundle="unified-unet", method="Grad-CAM")
    assert app.pills(key="method").value == ["grad-cam"], "the address decides"


def test_the_mask_of_a_network_for_both_is_explained_at_its_own_convolutions() -> None:
    app = opened(sample=SAMPLE, bundle="unified-unet", **{"class": "The mask"})
    assert not app.exception and not app.error
    assert "look_conv" not in app.selectbox(key="layer").options


def test_a_further_run_never_runs_a_network(no_network: Callable[[], None]) -> None:
    app = opened(sample=SAMPLE, method="Score-CAM")
    no_network()
    app.run()
    assert not app.exception and not app.error
    app.pills(key="method").set_value(["grad-cam"]).run()
    assert app.exception, "the same patch stops another heat map"


def test_the_viewer_has_the_heat_map_and_the_true_mask_and_the_predicted_one_where_it_is_explained() -> None:
    (header,) = viewers(opened(sample=SAMPLE, method="Grad-CAM"))
    assert [layer["name"] for layer in header["layers"]] == ["Heat map", "True mask"]
    assert "heat map: " in header["caption"] and header["layers"][0]["note"]
    (header,) = viewers(opened(sample=SAMPLE, bundle="unified-unet", method="Grad-CAM", **{"class": "The mask"}))
    assert [layer["name"] for layer in header["layers"]] == ["Heat map", "True mask", "Predicted mask"]


def test_an_uploads_heat_map_is_kept_by_its_session_alone(no_example: None) -> None:
    pixels = tiny.a_picture(99).pixels.astype(np.uint8)  # none of the made-up data set, which would be known again
    app = upload(opened(), ("mine.png", png(pixels)))
    assert not app.exception and not app.error
    assert "no true mask" in texts(app)
    assert not figures_of(app) and len(agreement_of(app)) == 1
    assert len(app.session_state["explanations"]) == 2
    assert "explanations" not in opened().session_state
    key = next(iter(app.session_state["explanations"]))
    assert key[0][0] == "upload"


def test_a_slice_without_a_tumour_has_no_localisation() -> None:
    app = opened(sample="no-tumour-axial")
    assert not app.exception and not app.error
    assert not figures_of(app)
    assert "no tumour" in texts(app)


# What the gate answers


@pytest.mark.parametrize(
    ("kind", "headline"),
    [(UNUSUAL, "Unusual image"), (NOT_A_HEAD, "Not a head slice"), (NO_TUMOUR, "No tumour found")],
)
def test_the_likeliest_class_does_not_lead_where_the_outcome_withholds_it(
    kind: str, headline: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.bundles.measured_gate.has_gate", lambda bundle: True)
    let_gate_answer(monkeypatch, kind)
    app = opened(sample=SAMPLE, bundle="unified-unet")
    assert not app.exception and not app.error
    (heading,) = (element.value for element in app.header if "·" in element.value or element.value.startswith(headline))
    assert heading.startswith(headline)
    text = texts(app)
    assert "explains the likeliest" in text
    assert "True class" in text and "Dice" not in text
    assert "eat map: " in viewers(app)[0]["caption"], "the heat map is there"
    app.segmented_control(key="class").set_value("all").run()
    assert "Likeliest class: " in texts(app)


@pytest.mark.parametrize("kind", [CONFIDENT, LOW_CONFIDENCE])
def test_a_class_leads_with_its_calibrated_probability_and_the_outcome(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.bundles.measured_gate.has_gate", lambda bundle: True)
    let_gate_answer(monkeypatch, kind)
    app = opened(sample=SAMPLE, bundle="unified-unet")
    assert not app.exception and not app.error
    calibrated = zip(CLASSES, ("10.0\xa0%", "60.0\xa0%", "30.0\xa0%"), strict=True)
    assert app.header[0].value in {f"{CLASS_LABELS[name].title} · {share}" for name, share in calibrated}
    assert OUTCOME_LABELS[kind].title in texts(app)
    assert "ikeliest class: " not in texts(app)


def test_a_mask_is_not_the_answer_where_the_gate_finds_no_tumour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.bundles.measured_gate.has_gate", lambda bundle: True)
    let_gate_answer(monkeypatch, NO_TUMOUR)
    app = opened(sample="no-tumour-axial", bundle="unified-unet", **{"class": "The mask"})
    assert not app.exception and not app.error
    assert app.header[0].value == "No tumour found"
    text = texts(app)
    assert "explains the mask" in text
    assert re.search(r":green\[.*\] .*\*\*no tumour\*\*", text)


# The sanity check


def test_the_sanity_check_runs_on_demand_and_is_remembered(no_network: Callable[[], None]) -> None:
    app = opened(sample=SAMPLE, bundle="report-cnn-patients")
    run_fragment(app, app.button(key="explain_sanity_run").click())
    assert not app.exception and not app.error
    assert not app.title, "the page's other parts are not drawn"
    assert len(app.get("plotly_chart")) == 1
    assert "Spearman" in texts(app)
    no_network()
    app.run()
    assert not app.exception
    assert "Spearman" in texts(app)
    assert "explain_sanity_run" not in {button.key for button in app.button}


def test_the_sanity_check_of_another_request_runs_again() -> None:
    app = opened(sample=SAMPLE, bundle="report-cnn")
    app.button(key="explain_sanity_run").click().run()
    app.pills(key="method").set_value(["layer-cam"]).run()
    assert "explain_sanity_run" in {button.key for button in app.button}
    assert "Spearman" not in texts(app)


# TensorFlow


def test_opening_the_page_or_a_stored_slice_imports_no_tensorflow(folder: Path) -> None:
    number = int(rows_of(folder)["slice"].iloc[0])
    code = f"""
import sys
from streamlit.testing.v1 import AppTest
for number in (None, {number}):
    app = AppTest.from_file("frame.py", default_timeout=60)
    app.switch_page("pages/explain.py")
    if number:
        app.query_params["slice"] = str(number)
        app.query_params["method"] = "Grad-CAM"
    app.run()
    assert not app.exception and not app.error
    assert [html for html in app.get("html") if "figures" in html.proto.body]
    print(sorted({{"tensorflow", "keras", "tf_keras_vis"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["[]", "[]"]


# What is downloaded and drawn


def test_the_downloaded_image_holds_every_heat_map_at_the_slices_own_size() -> None:
    from panels.explain.heat_maps import HeatMapView
    from panels.explain.picture import heat_maps_png

    slice_ = tiny.a_picture(2, height=40, width=30)
    heat = np.zeros((40, 30), np.float32)
    heat[:, :10] = 1
    views = [
        HeatMapView("grad-cam", name, values, {}, None)
        for name, values in zip(CLASSES, (heat, heat * 0, heat), strict=True)
    ]
    pixels = np.asarray(Image.open(io.BytesIO(heat_maps_png(slice_, views))))
    assert pixels.shape == (40, 90, 3)
    coloured = np.ptp(pixels.astype(int), axis=2).mean(axis=0) > 0
    assert np.flatnonzero(coloured).tolist() == [*range(10), *range(60, 70)]


def test_a_few_hot_pixels_do_not_leave_the_rest_dark() -> None:
    from panels.explain.picture import scale_for_display

    heat = np.full((100, 100), 0.01, np.float32)
    heat[0, :20] = 1
    np.testing.assert_allclose(scale_for_display(heat), 1)
    nothing = np.zeros((9, 9), np.float32)
    np.testing.assert_array_equal(scale_for_display(nothing), nothing)


def test_a_simulated_slice_is_named_beside_its_heat_map() -> None:
    app = opened(sample=SAMPLE, method="Grad-CAM", **{"class": "All three"})
    assert "imulated" in " ".join(note.value for note in app.caption)
