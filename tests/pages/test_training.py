"""The page Training without a browser: its charts and sentences follow from the histories."""

import io
import json
import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core import course_report
from core.bundles.bundle import bundle_names, open_bundle
from core.training.checkpoint import State, save_state
from core.training.recipe import load_recipe
from tests.pages.situations import SITUATIONS, opened, situation
from tests.pages.test_analyse import texts
from tests.settings import SHIPPED_MODELS, link_bundles

BOTH = ["report-cnn", "report-cnn-patients"]


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of runs beside an absent store; bundles are the report's three."""
    monkeypatch.setenv("SLICESCOPE_DATA", str(tmp_path))
    configure(models=link_bundles(tmp_path / "models", *BOTH, "report-unet"))
    return tmp_path / "runs"


@pytest.fixture
def write_run(runs: Path) -> Callable[..., Path]:
    """Writes a run with epochs to come: the first ones of report-cnn."""

    def write(epochs: int, *, finished: bool = False, name: str = "next-cnn") -> Path:
        folder = runs / name
        folder.mkdir(parents=True, exist_ok=True)
        table = history_of("report-cnn").head(epochs)
        recipe = load_recipe("report-cnn").table
        save_state(folder, State([], [], [], None, 0, table.to_dict("records"), {}, finished, recipe))
        table.to_csv(folder / "history.csv", index=False, float_format="%.6g")
        return folder

    return write


def history_of(name: str) -> pd.DataFrame:
    return pd.read_csv(SHIPPED_MODELS / name / "history.csv")


def without_errors(app: AppTest) -> AppTest:
    assert not app.exception and not app.error, [one.value for one in (*app.exception, *app.error)]
    return app


def open_page(**query: Any) -> AppTest:
    return without_errors(opened("training", **query))


def figures(app: AppTest) -> dict[str, dict[str, Any]]:
    """The charts by the titles above them."""
    titles = [one.value.strip("*") for one in app.markdown if re.fullmatch(r"\*\*[^*]+\*\*", one.value)]
    charts = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    return dict(zip(titles, charts, strict=True))


def title_of(name: str) -> str:
    return open_bundle(name).card.title if name in bundle_names() else name


def traces(figure: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [trace for trace in figure["data"] if trace.get("name") == title_of(name)]


def marked(figure: dict[str, Any], symbol: str) -> list[int]:
    """Epochs with this symbol."""
    return [
        epoch
        for trace in figure["data"]
        if trace["mode"] == "markers" and trace["marker"].get("symbol") == symbol
        for epoch in values(trace["x"])
    ]


def values(stored: Any) -> list[float]:
    """A trace's numbers, which plotly may store as base64."""
    if isinstance(stored, dict):
        import base64

        import numpy as np

        return np.frombuffer(base64.b64decode(stored["bdata"]), stored["dtype"]).tolist()
    return list(stored)


def page_text(app: AppTest) -> str:
    return (texts(app) + " ".join(caption.value for caption in app.caption)).replace("\\", "")


@pytest.mark.parametrize("name", SITUATIONS)
@pytest.mark.parametrize(("kind", "charts"), [("Classifiers", 3), ("Masks", 5)])
def test_both_kinds_of_networks_open_in_every_situation(
    name: str, kind: str, charts: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with situation(name, tmp_path, monkeypatch):
        assert len(open_page(kind=kind).get("plotly_chart")) == charts


KINDS = {"Classifiers": "classification", "Masks": "segmentation"}
SHIPPED = [(kind, name) for kind, task in KINDS.items() for name in bundle_names() if task in open_bundle(name).tasks]


@pytest.mark.parametrize(("kind", "name"), SHIPPED)
def test_the_curves_of_every_shipped_bundle_are_drawn(kind: str, name: str, configure: Callable[..., None]) -> None:
    configure(models=SHIPPED_MODELS)
    app = open_page(kind=kind, **{kind.lower(): name})
    assert app.multiselect(key=kind.lower()).value == [name]
    validation, _ = traces(figures(app)["Loss"], name)
    assert values(validation["y"]) == history_of(name)["val_loss"].tolist()


def test_a_network_of_several_tasks_names_its_losses_and_has_no_pixel_accuracy(configure: Callable[..., None]) -> None:
    configure(models=SHIPPED_MODELS)
    app = open_page(kind="Masks", masks="unified-unet")
    drawn = ["Loss", "Class loss", "Mask loss", "Presence loss", "Dice", "IoU", "Learning rate"]
    assert list(figures(app)) == drawn, "its accuracy is that of the class"
    assert re.search(r"cross-entropy \(class\).*cross-entropy \+ dice \+ class \(mask\)", page_text(app))
    assert "Accuracy" in figures(open_page(classifiers="unified-unet"))


# What is drawn


def test_a_classifier_s_curves_follow_its_history() -> None:
    found = figures(open_page())
    assert list(found) == ["Loss", "Accuracy", "Learning rate"]
    table = history_of("report-cnn")
    for title, column in (("Loss", "loss"), ("Accuracy", "accuracy")):
        validation, training = traces(found[title], "report-cnn")
        assert values(validation["y"]) == table[f"val_{column}"].tolist()
        assert values(training["y"]) == table[column].tolist()
        assert "dash" in training["line"] and "dash" not in validation["line"]
    (rate,) = traces(found["Learning rate"], "report-cnn")
    assert values(rate["y"]) == table["learning_rate"].tolist()


def test_a_segmenter_s_curves_have_dice_iou_and_pixel_accuracy() -> None:
    app = open_page(kind="Masks")
    found = figures(app)
    assert list(found) == ["Loss", "Dice", "IoU", "Pixel accuracy", "Learning rate"]
    table = history_of("report-unet")
    assert values(traces(found["Dice"], "report-unet")[0]["y"]) == table["val_dice"].tolist()
    assert marked(found["Dice"], "star") == [table["val_dice"].idxmax() + 1]
    assert not marked(found["Learning rate"], "triangle-down-open"), "a cosine has no steps"


def test_epochs_that_stand_out_are_marked_and_named() -> None:
    app = open_page(classifiers="report-cnn-patients")
    loss = figures(app)["Loss"]
    table = history_of("report-cnn-patients").set_index("epoch")
    best, last = int(table["val_loss"].idxmin()), len(table)
    near = int(((table["val_loss"] - table["val_loss"].iloc[-1]).abs() <= 0.02).idxmax())
    assert marked(loss, "star") == [best]
    assert marked(loss, "square-open") == [last]
    assert marked(loss, "diamond-open") == [near]
    assert marked(loss, "triangle-down-open") == [14, 16]
    text = page_text(app)
    for sentence in (
        f"Kept: epoch {best}, best by validation loss (loss {table['val_loss'][best]:.3f}",
        f"{last} of 20 epochs, stopped early",
        "The learning rate was lowered at epoch 14 and epoch 16.",
        f"Validation loss first came within 0.02 of its last value at epoch {near}.",
        "★ epoch whose weights are kept",
        "□ stopped early",
    ):
        assert sentence in text, sentence
    assert "□" not in page_text(open_page()), "what is not there is not explained"


def test_the_report_s_final_values_are_lines_over_all_epochs() -> None:
    app = open_page()
    lines = [trace for trace in figures(app)["Loss"]["data"] if trace.get("legendgroup") == "report"]
    ends = [trace["y"] for trace in lines if trace["mode"] == "lines"]
    assert ends == [[course_report.CNN_VALIDATION_LOSS] * 2, [course_report.CNN_TEST_LOSS] * 2]
    assert all(trace["x"] == [0.5, 20.5] for trace in lines if trace["mode"] == "lines")
    (early,) = [trace for trace in lines if trace["mode"] == "markers"]
    assert (early["x"], early["y"]) == ([course_report.CNN_EARLY_EPOCH], [course_report.CNN_EARLY_LOSS])
    iou = figures(open_page(kind="Masks"))["IoU"]["data"]
    assert [trace["y"][0] for trace in iou if trace.get("legendgroup") == "report"] == [0.4921, 0.4923]
    assert "our best explanation" in page_text(open_page(kind="Masks"))


def test_every_chart_has_an_alternative_text() -> None:
    app = open_page(classifiers=BOTH)
    words = [chart.proto.alt for chart in app.get("plotly_chart")]
    assert len(words) == 3
    first, second = map(title_of, BOTH)
    assert all(f"{first}, 20 epochs" in one and f"{second}, 16 epochs" in one for one in words)
    assert re.search(rf"^Loss .*{first}, 20 epochs: validation .*\b1\.001 .*\b0\.384", words[0])


# What is chosen


def test_several_runs_are_drawn_each_in_its_colour() -> None:
    app = open_page(classifiers=BOTH)
    found = figures(app)["Loss"]
    first, second = (traces(found, name)[0]["line"]["color"] for name in BOTH)
    assert first != second
    alone = figures(open_page(classifiers="report-cnn-patients"))["Loss"]
    assert traces(alone, "report-cnn-patients")[0]["line"]["color"] == second, "a colour stays with its run"
    assert not traces(alone, "report-cnn")


def test_the_address_holds_the_whole_selection() -> None:
    again = open_page(classifiers=BOTH, log="true", report="false")
    assert again.multiselect(key="classifiers").value == BOTH
    loss = figures(again)["Loss"]
    assert loss["layout"]["yaxis"]["type"] == "log"
    assert figures(again)["Accuracy"]["layout"]["yaxis"].get("type") != "log"
    assert not [trace for trace in loss["data"] if trace.get("legendgroup") == "report"]
    assert "Dotted" not in page_text(again)


@pytest.mark.parametrize(
    "address",
    [
        {"classifiers": "nothing"},
        {"kind": "Magic"},
        {"log": "perhaps"},
        {"classifiers": ["nothing", "report-unet"]},
    ],
)
def test_nonsense_in_the_address_opens_the_page_as_if_it_were_not_there(address: dict[str, Any]) -> None:
    app = open_page(**address)
    assert app.multiselect(key="classifiers").value == ["report-cnn"]
    assert len(app.warning) == 1, "it is told"


def test_more_runs_in_the_address_than_there_are_colours_open_the_page(write_run: Callable[..., Path]) -> None:
    names = [f"run-{place}" for place in range(5)]
    for name in names:
        write_run(3, name=name, finished=True)
    open_page(classifiers=["report-cnn", *names])


def test_with_no_run_chosen_the_page_asks_for_one() -> None:
    app = open_page()
    without_errors(app.multiselect(key="classifiers").set_value([]).run())
    assert "Choose a run" in app.info[0].value and not app.get("plotly_chart")


def test_classifiers_and_masks_keep_their_own_selections() -> None:
    app = open_page(classifiers=BOTH)
    without_errors(app.segmented_control(key="kind").set_value("Masks").run())
    assert app.multiselect(key="masks").value == ["report-unet"]
    without_errors(app.segmented_control(key="kind").set_value("Classifiers").run())
    assert set(app.multiselect(key="classifiers").value) <= set(BOTH)


def test_the_csv_holds_every_epoch_of_the_chosen_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    import streamlit as st

    given: dict[str, Any] = {}
    monkeypatch.setattr(st, "download_button", lambda label, data, name, *_, **__: given.update({name: data()}))
    open_page(classifiers=BOTH)
    table = pd.read_csv(io.BytesIO(given["curves.csv"]))
    assert table.columns[0] == "run" and table["run"].unique().tolist() == BOTH
    for name in BOTH:
        mine = table[table["run"] == name].drop(columns="run").reset_index(drop=True)
        pd.testing.assert_frame_equal(mine, history_of(name), check_like=True)


# A run in progress


def test_a_run_in_progress_is_offered_and_followed(write_run: Callable[..., Path]) -> None:
    folder = write_run(4)
    app = open_page()
    assert re.search(r"next-cnn .*training now", page_text(app))
    app = open_page(classifiers="next-cnn")
    progress = app.get("progress")[0].proto
    assert progress.value == 20 and "4 of 20" in progress.text
    text = page_text(app)
    assert "so far: epoch 4" in text
    for sentence_of_the_end in ("last value", "stays below validation loss", "lowest at the last epoch", "◇"):
        assert sentence_of_the_end not in text, sentence_of_the_end
    loss = figures(app)["Loss"]
    assert loss["layout"]["xaxis"]["range"] == [0.5, 20.5], "room for what is to come"

    # A line half written changes nothing; a whole one is drawn.
    row = history_of("report-cnn").iloc[4:5].to_csv(index=False, header=False)
    before = (folder / "history.csv").read_text()
    (folder / "history.csv").write_text(before + row[:20])
    without_errors(app.run())
    assert "4 of 20" in app.get("progress")[0].proto.text
    (folder / "history.csv").write_text(before + row)
    without_errors(app.run())
    assert "5 of 20" in app.get("progress")[0].proto.text
    assert len(values(traces(figures(app)["Loss"], "next-cnn")[0]["y"])) == 5


def test_a_run_that_ends_is_no_longer_followed(write_run: Callable[..., Path]) -> None:
    write_run(4)
    app = open_page(classifiers="next-cnn")
    write_run(6, finished=True)
    without_errors(app.run())
    assert not app.get("progress") and re.search(r"6 of 20 .*stopped early", page_text(app))


def test_a_run_that_is_deleted_is_no_longer_offered(write_run: Callable[..., Path]) -> None:
    folder = write_run(4)
    app = open_page(classifiers="next-cnn")
    shutil.rmtree(folder)
    without_errors(app.run())
    assert "next-cnn" not in app.multiselect(key="classifiers").options


def test_one_epoch_is_a_point(write_run: Callable[..., Path]) -> None:
    write_run(1)
    validation, training = traces(figures(open_page(classifiers="next-cnn"))["Loss"], "next-cnn")
    assert validation["mode"] == training["mode"] == "markers"


def test_a_run_without_a_new_epoch_for_long_seems_interrupted(write_run: Callable[..., Path]) -> None:
    path = write_run(4) / "history.csv"
    assert not open_page(classifiers="next-cnn").warning
    os.utime(path, (time.time() - 7200,) * 2)
    (warning,) = open_page(classifiers="next-cnn").warning
    assert re.search(r"next-cnn .*\b2 h 0 min\b", warning.value)
    assert "`python -m core train next-cnn`" in warning.value


# What is missing


def test_without_any_training_the_page_says_so(tmp_path: Path, configure: Callable[..., None]) -> None:
    configure(models=tmp_path / "nothing")
    app = opened("training")
    assert not app.exception
    assert "classifiers" in app.error[0].value and "models/" in app.error[0].value


def test_a_bundle_with_an_altered_history_is_named_beside_the_others(tmp_path: Path) -> None:
    models = tmp_path / "models"
    (models / "report-cnn").unlink()
    (models / "report-cnn").mkdir()
    shutil.copy(SHIPPED_MODELS / "report-cnn" / "card.json", models / "report-cnn")
    (models / "report-cnn" / "history.csv").write_text("epoch\n")
    app = open_page()
    assert "history.csv" in app.warning[0].value and "report-cnn" in app.warning[0].value
    assert app.multiselect(key="classifiers").value == ["report-cnn-patients"]
