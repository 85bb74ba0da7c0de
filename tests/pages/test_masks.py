"""The Masks page without a browser: metrics at a threshold, Figure 8, and the IoU that says 0.49."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import course_report
from core.bundles.bundle import open_bundle
from core.bundles.mask_thresholds import at_threshold, read_thresholds
from core.bundles.predictions import read_predictions
from panels.shared.model_choice import REPORT_NETWORKS
from tests.pages import situations
from tests.pages.fragments import run_fragment
from tests.pages.situations import NOTHING, SITUATIONS, situation, sound
from tests.pages.test_analyse import texts

OVERVIEW, SLICES, IOU = VIEWS = ("How good", "Slices", "Why IoU says 0.49")
NAME = "report-unet"


def opened(page: str, /, **query: str) -> AppTest:
    """Open a page with the report's networks."""
    return situations.opened(page, **{"networks": REPORT_NETWORKS} | query)


@pytest.fixture
def here(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    name = getattr(request, "param", NOTHING)
    with situation(name, tmp_path, monkeypatch):
        yield name


def figures(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


@pytest.mark.parametrize("here", SITUATIONS, indirect=True)
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_opens_in_every_situation(here: str, view: str) -> None:
    app = sound(opened("masks", view=view))
    assert app.title[0].value == "Masks"
    assert any(group.label == "View" and group.value == view for group in app.get("button_group"))


def test_the_page_opens_with_the_cards_figures(here: str) -> None:
    found = open_bundle(NAME).test_metrics
    assert figures(opened("masks"))["Mean Dice"] == f"{found.dice_mean:.3f}"


def test_the_threshold_recomputes_every_figure(here: str) -> None:
    app = opened("masks")
    before = figures(app)
    sound(app.select_slider(key="threshold").set_value(0.9).run())
    expected = at_threshold(read_thresholds(open_bundle(NAME)), 0.9)
    assert figures(app)["Mean Dice"] == f"{expected['dice'].mean():.3f}"
    assert figures(app)["Median Dice"] == f"{expected['dice'].median():.3f}"
    assert figures(app)["Mean IoU"] == f"{expected['iou'].mean():.3f}"
    assert all(before[name] != value for name, value in figures(app).items() if not name.startswith("Missed"))


def test_a_clicked_point_names_its_slice_in_a_plain_list(here: str) -> None:
    """Streamlit hands an array's row back as a mapping, which the click could not read."""
    table = at_threshold(read_thresholds(open_bundle(NAME)), 0.5)
    charts = [json.loads(chart.proto.spec) for chart in opened("masks").get("plotly_chart")]
    (points,) = [chart["data"] for chart in charts if chart["data"][0]["type"] == "scatter"]
    named = [place for trace in points for place in trace["customdata"]]
    assert all(isinstance(place, list) for place in named)
    assert sorted(place[0] for place in named) == sorted(table["slice"])


def test_a_slice_is_opened_by_its_number(here: str) -> None:
    app = opened("masks")
    number = at_threshold(read_thresholds(open_bundle(NAME)), 0.5)["slice"].iloc[3]
    sound(run_fragment(app, app.selectbox(key="masks_open").set_value(int(number))))
    assert app.title, "the page is drawn as a whole, with the dialog"
    assert app.query_params["slice"] == str(number)
    assert "True class" in texts(app)


@pytest.mark.parametrize("typed", ("0.9", "0.05"))
def test_a_threshold_is_typed_into_the_address_as_one_would_write_it(here: str, typed: str) -> None:
    """0.9 was dropped from the address; only 0.90 was taken."""
    expected = at_threshold(read_thresholds(open_bundle(NAME)), float(typed))
    assert figures(opened("masks", threshold=typed))["Mean Dice"] == f"{expected['dice'].mean():.3f}"


def dice_that_changes() -> tuple[int, float, float]:
    """The slice whose Dice differs most between the bundle's own threshold and 0.9, and both."""
    table = read_thresholds(open_bundle(NAME))
    own, other = (
        at_threshold(table, cut).set_index("slice")["dice"] for cut in (open_bundle(NAME).card.output.threshold, 0.9)
    )
    number = (own - other).abs().idxmax()
    assert f"{own[number]:.2f}" != f"{other[number]:.2f}"
    return int(number), own[number], other[number]


@pytest.mark.parametrize("view", (OVERVIEW, SLICES))
def test_an_opened_slice_follows_the_slider(here: str, view: str) -> None:
    """It kept the Dice at the bundle's own threshold, whatever the slider said."""
    number, own, other = dice_that_changes()
    app = sound(opened("masks", view=view, threshold="0.9", slice=str(number)))
    assert f"Dice {other:.2f}**" in texts(app) and "at threshold 0.90" in texts(app)
    sound(app.select_slider(key="threshold").set_value(open_bundle(NAME).card.output.threshold).run())
    assert f"Dice {own:.2f}**" in texts(app) and "at threshold 0.50" in texts(app)


def test_an_opened_slice_says_the_bundles_own_threshold_where_no_slider_stands(here: str) -> None:
    number, own, _ = dice_that_changes()
    said = texts(sound(opened("masks", view=IOU, slice=str(number))))
    assert f"Dice {own:.2f}**" in said and "at threshold 0.50" in said


def test_a_training_slice_says_which_threshold_its_dice_is_at(here: str) -> None:
    table = read_predictions(open_bundle(NAME)).set_index("slice")
    number = table.index[table["part"] == "train"][0]
    said = texts(sound(opened("masks", threshold="0.9", slice=str(number))))
    assert f"Dice {table.loc[number, 'dice']:.2f}**" in said and "at threshold 0.50" in said
    assert "at threshold 0.90" in said


def test_the_tiles_of_an_opened_slices_neighbours_follow_the_slider(here: str) -> None:
    """They kept the Dice at the bundle's own threshold, whatever the slider said."""
    table = read_predictions(open_bundle(NAME)).set_index("slice")
    number, _, other = dice_that_changes()
    patient = table.loc[number, "patient"]
    beside = table.index[(table["patient"] == patient) & (table["part"] != "test")]
    nearest = min(beside, key=lambda one: abs(one - number))
    said = [one.label for one in sound(opened("masks", threshold="0.9", slice=str(nearest))).button]
    assert f"{number} · Dice {other:.2f}" in said
    said = [one.label for one in sound(opened("masks", threshold="0.9", slice=str(number))).button]
    assert f"{nearest} · Dice {table.loc[nearest, 'dice']:.2f} at 0.5" in said


def test_figure_8_shows_the_best_the_median_the_worst_and_the_chosen_slice(here: str) -> None:
    number = int(at_threshold(read_thresholds(open_bundle(NAME)), 0.5)["slice"].iloc[5])
    app = sound(opened("masks", view=SLICES, row=str(number)))
    said = texts(app)
    assert all(f"**{title}: slice" in said for title in ("Best", "Median", "Worst"))
    assert f"**Chosen: slice {number}**" in said


@pytest.mark.parametrize(
    ("view", "kind", "key", "value"),
    [
        (OVERVIEW, "segmented_control", "measure", "IoU"),
        (SLICES, "selectbox", "row", None),
        (IOU, "slider", "coverage", 30),
    ],
)
def test_a_control_of_the_look_draws_its_part_of_the_page_alone(
    here: str, view: str, kind: str, key: str, value: str | int | None
) -> None:
    app = sound(opened("masks", view=view))
    value = value or int(at_threshold(read_thresholds(open_bundle(NAME)), 0.5)["slice"].iloc[5])
    sound(run_fragment(app, getattr(app, kind)(key=key).set_value(value), **{key: str(value)}))
    assert not app.title, "the page's other parts are not drawn"
    assert getattr(app, kind)(key=key).value == value
    assert sound(app.run()).title and not app.warning
    assert getattr(app, kind)(key=key).value == value


def test_the_reader_changes_the_mask_and_keras_figure_stays(here: str) -> None:
    app = sound(opened("masks", view=IOU, coverage="100"))
    assert figures(app)["IoU of the tumour"] == "1.000"
    keras = figures(app)["Keras' MeanIoU of scores"]
    sound(app.slider(key="coverage").set_value(0).run())
    assert figures(app)["IoU of the tumour"] == "0.000"
    assert figures(app)["Keras' MeanIoU of scores"] == keras == figures(app)["Half the background's share"]
    assert "best explanation" in texts(app)
    assert figures(app)["The report's IoU, validation"] == f"{course_report.UNET_VALIDATION_IOU:.4f}"
    ours = open_bundle(NAME).test_metrics.keras_mean_iou.value
    assert figures(app)["Ours, Keras' MeanIoU of scores"] == f"{ours:.4f}"
