"""The Models page without a browser: its rows, layers, cards and comparisons of splits are those of the bundles."""

import json
import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Expander

from core import course_report
from core.bundles.bundle import bundle_names, open_bundle
from core.bundles.card.metrics import MaskFigures
from core.config import ROOT
from core.evaluation import bootstrap
from core.evaluation.comparison.literature import PUBLISHED_RESULTS, patient_level_results
from core.text import join_words
from panels.models.table import task_text
from panels.shared.model_choice import choice_title
from panels.shared.theme import percent
from tests.pages import situations
from tests.pages.situations import records
from tests.pages.test_analyse import texts
from tests.settings import SHIPPED_MODELS, link_bundles

pytestmark = pytest.mark.usefixtures("fresh_caches")


@pytest.fixture
def models(tmp_path: Path, configure: Callable[..., None]) -> Callable[..., Path]:
    """Makes a folder of models the page reads: shipped bundles, and copies of them under new names with other cards."""

    def make(*names: str, **copies: tuple[str, dict[str, Any]]) -> Path:
        folder = link_bundles(tmp_path / "models", *names)
        for name, (shipped, fields) in copies.items():
            copy = folder / name.replace("_", "-")
            shutil.copytree(SHIPPED_MODELS / shipped, copy)
            card = {**json.loads((copy / "card.json").read_text()), "name": copy.name, **fields}
            (copy / "card.json").write_text(json.dumps(card))
        configure(models=folder)
        return folder

    return make


opened = partial(situations.opened, "models")


SPLITS, EXTERNAL, PUBLISHED = "Slice-level and patient-level splits", "Internal and external", "Published results"


def by_folder(table: pd.DataFrame, column: str = "Network") -> pd.DataFrame:
    """Return a table by the names of its bundles' folders: the page shows their titles."""
    names = {choice_title(name): name for name in bundle_names()}
    assert set(names) & set(table[column]), "the page shows titles"
    return table.set_index(column).rename(index=names)


def rows(app: AppTest) -> pd.DataFrame:
    return by_folder(records(app)[0])


def externals(app: AppTest) -> pd.DataFrame:
    return by_folder(next(table for table in records(app) if "External accuracy" in table))


def said(app: AppTest) -> str:
    return texts(app) + " ".join(caption.value for caption in app.caption)


def warned(app: AppTest) -> list[Expander]:
    """The networks of which more than the split differs."""
    return [place for place in app.expander if "warning" in place.icon]


def card_of(name: str) -> dict[str, Any]:
    return open_bundle(name, SHIPPED_MODELS).card.as_dict()


# The table


def test_the_reports_rows_stand_on_top_with_the_reports_figures() -> None:
    app = opened()
    assert not app.exception and not app.error
    table = records(app)[0]
    assert table["Network"].tolist()[:2] == ["The report's CNN", "The report's U-Net"]
    cnn, unet = table.iloc[0], table.iloc[1]
    assert cnn["Accuracy"] == "93.6\xa0%"
    assert cnn["Parameters"] == "475,779" and cnn["Inference (ms)"] == "295"
    assert unet["Training (min)"] == f"{605.82 / 60:.0f}"
    assert unet["Parameters"] == f"{course_report.UNET_PARAMETERS:,}" and unet["Inference (ms)"] == "63"
    assert unet["Mean Dice"] == cnn["Training (min)"] == "–", "what the report does not state is not made up"


def test_every_bundle_has_a_row_with_the_figures_of_its_files(models: Callable[..., Path]) -> None:
    models("report-cnn", "report-cnn-patients", "report-unet")
    table = rows(opened())
    assert table.index.tolist()[2:] == ["report-cnn", "report-cnn-patients", "report-unet"]
    for name in table.index[2:]:
        card, row = card_of(name), table.loc[name]
        assert row["Parameters"] == f"{card['parameters']['total']:,}"
        assert row["Size (MB)"] == f"{card['files']['network.keras']['bytes'] / 1e6:.1f}"
        assert row["Training (min)"] == f"{card['training']['seconds'] / 60:.0f}"
        assert row["Inference (ms)"] == f"{card['times']['one_slice_seconds'] * 1000:.0f}"
        assert card["data"]["split"] in row["Split"]
    accuracy = bootstrap.headline_metrics(open_bundle("report-cnn"))["accuracy"]
    shown = f"{percent(accuracy.value)} ({accuracy.low * 100:.1f} to {accuracy.high * 100:.1f})"
    assert table.loc["report-cnn", "Accuracy"] == shown
    assert accuracy.value == pytest.approx(card_of("report-cnn")["metrics"]["test"]["accuracy"])
    assert table.loc["report-cnn", "Mean Dice"] == "–"
    dice = card_of("report-unet")["metrics"]["test"]["dice_mean"]
    assert table.loc["report-unet", "Mean Dice"].startswith(f"{dice:.3f} (")


def test_later_bundles_appear_as_more_rows(models: Callable[..., Path]) -> None:
    later = ("unified-unet", {"title": "Both at once"})
    models("report-cnn", later=later, young=("report-cnn", {"metrics": {}, "times": None}))
    app = opened(bundle="later")
    assert not app.exception and not app.error
    table = rows(app)
    assert table.loc["later", "Task"] == "classification, segmentation and presence of a tumour"
    assert table.loc["later", "Mean Dice"] != "–"
    assert table.loc["young", "Accuracy"] == table.loc["young", "Inference (ms)"] == "–"
    assert app.header[0].value == "Both at once"
    app.segmented_control(key="view").set_value("Card").run()
    assert not app.exception and not app.error
    assert f"Task: {table.loc['later', 'Task']}" in said(app)
    app.selectbox(key="bundle").set_value("young").run()
    assert not app.exception and not app.error


def test_a_broken_bundle_is_told_in_a_sentence_beside_the_others(models: Callable[..., Path]) -> None:
    folder = models("report-cnn")
    (folder / "broken").mkdir()
    (folder / "broken" / "card.json").write_text("{")
    app = opened()
    assert not app.exception and not app.error
    assert "broken" in app.warning[0].value and "is no JSON" in app.warning[0].value
    assert "report-cnn" in rows(app).index


def test_no_bundle_at_all_is_told_in_a_sentence(models: Callable[..., Path]) -> None:
    models()
    app = opened()
    assert not app.exception
    assert "models/" in app.error[0].value


# One network


def test_a_network_shows_its_layers_as_table_2_and_its_drawing() -> None:
    app = opened(bundle="report-cnn")
    shown = app.dataframe[0].value
    assert shown["Name (type) of layer"].tolist() == [f"{row.name} ({row.type})" for row in course_report.TABLE_2]
    assert shown["Parameters"].tolist() == [row.parameters for row in course_report.TABLE_2]
    assert re.search(r"The same .*Table 2.*\b14 layers\b", said(app))
    drawn = json.loads(app.get("plotly_chart")[0].proto.spec)
    words = " ".join(one.get("text", "") for one in drawn["layout"]["annotations"])
    assert "512 × 512 × 3" in words and "345,603 parameters" in words


def test_the_unets_drawing_has_a_skip_a_level_and_its_counts_stand_beside_the_reports() -> None:
    app = opened(bundle="report-unet")
    drawn = json.loads(app.get("plotly_chart")[0].proto.spec)
    dotted = [one for one in drawn["layout"]["shapes"] if one.get("line", {}).get("dash") == "dot"]
    assert len(dotted) == 4
    assert "skip connections" in said(app)
    counts = app.dataframe[1].value.set_index("Type")
    assert counts.loc["Conv2D"].tolist() == [20, 19]
    assert counts.loc["Conv2DTranspose"].tolist() == [4, 3]
    assert re.search(r"\b39 layers, 8,643,170 \[parameters\]\(#term-parameters\)\W+1,984 of them not", said(app))


def test_no_arrow_of_the_drawing_runs_over_a_box() -> None:
    app = opened(bundle="unified-unet")
    layout = json.loads(app.get("plotly_chart")[0].proto.spec)["layout"]
    boxes = [(one["x0"], one["x1"], one["y0"], one["y1"]) for one in layout["shapes"] if one["type"] == "rect"]
    arrows = [one for one in layout["annotations"] if one.get("showarrow", True)]
    assert len(boxes) > 20 and len(arrows) > 20
    for arrow in arrows:
        for share in (0.25, 0.5, 0.75):
            x, y = (arrow[a] + share * (arrow[f"a{a}"] - arrow[a]) for a in "xy")
            assert not any(left < x < right and top < y < bottom for left, right, top, bottom in boxes)


def test_the_address_opens_a_bundles_card() -> None:
    app = opened(bundle="report-unet", view="Card")
    assert not app.exception and not app.error
    assert app.selectbox(key="bundle").value == "report-unet"
    card = card_of("report-unet")
    text = said(app).replace("\\", "")
    for sentence in (*card["limits"], card["intended_use"], *card["training"]["tried"]):
        assert sentence in text
    assert json.loads(app.json[0].value)["files"] == card["files"]


def test_a_bad_address_is_told_and_opens_the_first_bundle() -> None:
    app = opened(bundle="nothing", view="Magic")
    assert not app.exception and not app.error
    assert choice_title(app.selectbox(key="bundle").value) == app.selectbox(key="bundle").options[0]
    assert [all(word in warning.value for word in ("nothing", "Magic")) for warning in app.warning] == [True]
    app.run()
    assert not app.warning


def test_an_address_that_names_what_is_shown_anyway_is_not_told() -> None:
    app = opened(view="Network", bundle="unified-unet")
    assert not app.exception and not app.warning and app.selectbox(key="bundle").value == "unified-unet"


def test_a_network_file_that_was_altered_is_told_in_a_sentence(models: Callable[..., Path]) -> None:
    folder = models(own=("report-cnn", {}))
    (folder / "own" / "network.keras").write_bytes(b"other")
    app = opened()
    assert not app.exception
    assert "network.keras" in app.error[0].value and "own" in app.error[0].value


# Slice-level and patient-level splits


def test_a_patient_level_counterpart_stands_beside_its_bundle_with_the_reason(models: Callable[..., Path]) -> None:
    one_fold = measured("report-cnn-patients", cross_validation=None)
    models("report-cnn", "report-unet", report_cnn_patients=("report-cnn-patients", one_fold))
    table = rows(opened())
    app = opened(show=SPLITS)
    text = said(app)
    assert re.search(r"\*\*185 of the 188\*\* .*\btable-1\b", text)
    for name in ("report-cnn", "report-cnn-patients"):
        assert f"{card_of(name)['title']} {table.loc[name, 'Accuracy']}" in text
    assert not warned(app)
    points = json.loads(app.get("plotly_chart")[0].proto.spec)["data"]
    assert len(points) == 2 and all("error_x" in point for point in points)


def test_a_counterpart_by_another_recipe_and_further_folds_are_told(models: Callable[..., Path]) -> None:
    card = card_of("report-cnn")
    tuned = {"training": {**card["training"], "recipe": {**card["training"]["recipe"], "batch": 30}}}
    fold = {"data": {**card_of("report-cnn-patients")["data"], "split": "fold-2"}}
    models(
        "report-cnn",
        "report-cnn-patients",
        tuned=("report-cnn", tuned),
        second=("report-cnn-patients", fold),
    )
    app = opened(show=SPLITS)
    assert not app.exception and not app.error
    figures = [json.loads(chart.proto.spec)["data"] for chart in app.get("plotly_chart")]
    assert [len(points) for points in figures] == [3, 2]
    (reason,) = [caption.value for place in warned(app) for caption in place.caption if "differs" in caption.value]
    assert "tuned" in reason and reason.endswith("`batch`.")


def test_without_counterparts_nothing_is_compared(models: Callable[..., Path]) -> None:
    models("report-unet")
    app = opened(show=SPLITS)
    assert not app.exception and not app.error
    assert "against" not in " ".join(heading.value for heading in app.header)


def test_published_results_stand_below_ours() -> None:
    app = opened(show=PUBLISHED)
    (table,) = records(app)
    in_order = sorted(map(open_bundle, bundle_names()), key=lambda one: (task_text(one), one.name))
    names = [one.name for one in patient_level_results(in_order)]
    assert names and not any(open_bundle(name).reads_neighbours for name in names), "published ones are of slices alone"
    assert table["Source"].tolist() == [*map(choice_title, names), *(one.authors for one in PUBLISHED_RESULTS)]
    (cheng,) = [one for one in PUBLISHED_RESULTS if one.authors.startswith("Cheng")]
    row = table.set_index("Source").loc[cheng.authors]
    assert (row["Accuracy"], row["Input"]) == ("91.3\xa0%", cheng.model_input)


def test_external_accuracy_stands_beside_internal_accuracy() -> None:
    table = externals(opened(show=EXTERNAL))
    asked = [name for name in bundle_names() if "external" in card_of(name)["metrics"]]
    assert table.index.tolist() and set(table.index) == set(asked)
    measured = card_of("report-cnn-patients")["metrics"]
    row = table.loc["report-cnn-patients"]
    assert row["Internal accuracy, fold 1"] == percent(measured["test"]["accuracy"])
    assert table.loc["report-cnn", "Internal accuracy, fold 1"] == "–", "its split is by slice"
    assert row["External accuracy"] == percent(measured["external"]["dev"]["class_accuracy"])
    matrix = measured["external"]["dev"]["confusion_matrix"]
    assert row["Meningioma predicted as pituitary"] == str(matrix[0][2])
    assert row["External recall, meningioma"] == f"{matrix[0][0]} of {sum(matrix[0])}"


ONE = {"mean": 0.75, "std": 0.0707107, "folds": [0.7, 0.8], "all": 0.76}
ACROSS = {
    "folds_done": [1, 3],
    "slices": [570, 600],
    "training_seconds": {"1": 10.0, "3": 10.0},
    "recipe": "a digest",
    "accuracy": ONE,
    "macro_f1": ONE,
    "without_letter_twins": {"slices": [483, 500], "accuracy": {**ONE, "mean": 0.7}},
}


def measured(name: str, **figures: Any) -> dict[str, Any]:
    """Fields of a shipped card with other figures."""
    return {"metrics": {**card_of(name)["metrics"], **figures}}


def test_folds_are_found_without_looking_for_them(models: Callable[..., Path]) -> None:
    models("report-cnn", folded=("report-cnn-patients", measured("report-cnn-patients", cross_validation=ACROSS)))
    app = opened(show=SPLITS)
    assert not app.exception and not app.error
    assert any(heading.value.startswith("Fold by fold") for heading in app.header)
    assert re.search(r"\*\*Report CNN, patient-level split\*\* .*\b2 of the 5\b", said(app))
    (shown,) = records(app)
    assert "Median IoU" not in shown["Metric"].tolist(), "cards written before have none"


def test_a_card_with_folds_shows_each_folds_figures(models: Callable[..., Path]) -> None:
    models(folded=("report-cnn-patients", measured("report-cnn-patients", cross_validation=ACROSS)))
    app = opened(show=SPLITS)
    assert not app.exception and not app.error
    table = records(app)[0].set_index("Metric")
    assert table.loc["Accuracy"].tolist() == ["75.0\xa0% ± 7.1", "76.0\xa0%", "70.0\xa0%", "80.0\xa0%"]
    assert table.loc["Macro F1"].tolist() == ["0.750 ± 0.071", "0.760", "0.700", "0.800"]
    assert "(187 of 1170): accuracy 70.0\xa0%" in said(app)
    (ours,) = records(opened(show=PUBLISHED))
    assert ours.loc[0, "Folds"].startswith("2 of ")
    assert ours.loc[0, "Accuracy"] == "75.0\xa0% ± 7.1"


def test_patient_level_folds_stand_apart_from_the_one_fold_of_the_network_shown(models: Callable[..., Path]) -> None:
    five = {**ONE, "folds": [0.7, 0.8, 0.75, 0.75, 0.75]}
    all_five = {**ACROSS, "folds_done": [1, 2, 3, 4, 5], "slices": [570] * 5, "accuracy": five, "macro_f1": five}
    models(
        one=("report-cnn-patients", measured("report-cnn-patients", cross_validation=None)),
        five=("report-cnn-patients", measured("report-cnn-patients", cross_validation=all_five)),
        two=("report-cnn-patients", measured("report-cnn-patients", cross_validation=ACROSS)),
    )
    app = opened(show=EXTERNAL)
    assert not app.exception and not app.error
    table = externals(app)
    assert table["Internal accuracy, fold 1"].nunique() == 1, "the same fold in all rows"
    column = table["Internal accuracy, five folds"]
    assert column[["one", "five", "two"]].tolist() == ["–", "75.0\xa0% ± 7.1", "75.0\xa0% ± 7.1 (2 folds)"]
    assert re.search(r"split dev .*without the gate", said(app))


def external_metrics(matrix: list[list[int]], **figures: float) -> dict[str, Any]:
    """Metrics on the external test set that fit a confusion matrix."""
    right = sum(matrix[i][i] for i in range(3)) / sum(map(sum, matrix))
    return {"dev": {"slices": {"meningioma": 32}, "class_accuracy": right, "confusion_matrix": matrix, **figures}}


def test_what_removing_the_shortcut_changed_is_worked_out_from_the_cards(models: Callable[..., Path]) -> None:
    test = card_of("unified-unet")["metrics"]["test"]
    before = external_metrics([[8, 3, 21], [7, 12, 2], [2, 0, 8]])
    after = external_metrics([[24, 5, 3], [7, 12, 2], [2, 0, 8]], mask_class_accuracy=0.7419)
    models(
        unified_unet_plain=(
            "unified-unet",
            measured("unified-unet", test={**test, "accuracy": 0.949}, external=before),
        ),
        unified_unet=("unified-unet", measured("unified-unet", test={**test, "accuracy": 0.9526}, external=after)),
    )
    app = opened(show=EXTERNAL)
    assert not app.exception and not app.error
    in_order = (
        r"unified-unet\) .*unified-unet-plain\).*internal .*\(fold 1\) 95\.3\xa0% .*94\.9\xa0%"
        r".*external .*69\.8\xa0% .*44\.4\xa0%"
        r".*\b32 .*\b24 .*\b8 .*\b3 .*\b21 .*pituitary"
    )
    assert re.search(in_order, said(app))
    table = externals(app)
    column = table["External accuracy of the mask's class"]
    assert column[["unified-unet-plain", "unified-unet"]].tolist() == ["–", "74.2\xa0%"]


def test_the_shortcut_is_not_mentioned_without_the_network_that_has_it(models: Callable[..., Path]) -> None:
    models("unified-unet")
    app = opened(show=EXTERNAL)
    assert not app.exception and records(app)
    assert "framing shortcut" not in said(app)


def test_the_start_leads_to_the_comparison_of_splits(models: Callable[..., Path]) -> None:
    models("report-cnn", "report-cnn-patients")
    by_slice, by_patient = (card_of(name)["metrics"] for name in ("report-cnn", "report-cnn-patients"))
    start = AppTest.from_file(str(ROOT / "frame.py"), default_timeout=120).run()
    on_slices = percent(by_slice["test"]["accuracy"])
    on_patients = percent(by_patient["cross_validation"]["accuracy"]["mean"])
    assert re.search(rf"{on_slices} on new slices.*\b{on_patients} on new patients", texts(start))
    links = [one.proto for one in start.get("page_link")]
    assert [one.query_string for one in links if "models" in one.page] == [urlencode({"show": SPLITS})]
    app = opened(show=SPLITS)
    assert app.segmented_control(key="show").value == SPLITS and app.get("plotly_chart")


@pytest.mark.parametrize(
    ("former", "section"),
    [("By slice and by patient", SPLITS), ("Inside and outside", EXTERNAL), ("What others reach", PUBLISHED)],
)
def test_a_section_opens_under_the_name_it_had_in_addresses_before(former: str, section: str) -> None:
    app = opened(show=former)
    assert not app.exception and not app.error
    assert app.segmented_control(key="show").value == section


@pytest.mark.parametrize("section", ["Networks", SPLITS, EXTERNAL, PUBLISHED])
def test_every_section_of_what_ships_opens(section: str) -> None:
    app = opened(show=section)
    assert not app.exception and not app.error
    assert records(app)


def test_a_counterpart_stands_with_its_mean_over_folds_where_there_is_one(models: Callable[..., Path]) -> None:
    models("report-cnn", honest=("report-cnn-patients", measured("report-cnn-patients", cross_validation=ACROSS)))
    app = opened(show=SPLITS)
    assert not app.exception and not app.error
    assert re.search(r"\b2 patient-level folds, 75\.0\xa0% ± 7\.1\..*standard deviation", said(app))
    points = json.loads(app.get("plotly_chart")[0].proto.spec)["data"]
    assert [point["y"] for point in points] == [["patient-level<br>2 folds"], ["slice-level<br>table-1"]]
    assert points[0]["error_x"]["array"] == pytest.approx([0.0707107])


def test_a_bundle_by_slice_with_folds_of_its_own_is_compared_with_them(models: Callable[..., Path]) -> None:
    dice = {"mean": 0.7, "std": 0.02, "folds": [0.68, 0.72], "all": 0.7}
    across = {**ACROSS, "dice_mean": dice, "without_letter_twins": {"slices": [483, 500], "dice_mean": dice}}
    models(by_slice=("report-unet", measured("report-unet", cross_validation=across)))
    app = opened(show=SPLITS)
    assert not app.exception and not app.error
    assert "2 patient-level folds, 0.700 ± 0.020" in said(app)
    assert re.search(r"\d+ of the \d+\*\* .*\btable-5\b", said(app))


def test_predictions_that_are_means_over_mirror_images_are_noted_on_the_card() -> None:
    assert "mirror image" in said(opened(bundle="unified-unet", view="Card"))
    assert "mirror image" not in said(opened(bundle="report-cnn", view="Card"))


def test_one_network_stands_beside_the_reports_two_on_the_same_slices(models: Callable[..., Path]) -> None:
    test = {**card_of("unified-unet")["metrics"]["test"], "slices": 614, "accuracy": 0.975}
    table_5 = {**{name: test[name] for name in MaskFigures.model_fields}, "slices": 123, "dice_mean": 0.8125}
    fields = {
        "metrics": {"test": {**test, "table_5": table_5}},
        "data": {**card_of("report-cnn")["data"]},
        "times": {**card_of("report-cnn")["times"], "one_slice_seconds": 0.05},
    }
    models("report-cnn", "report-unet", unified_unet_report=("unified-unet", fields))
    app = opened()
    assert not app.exception and not app.error
    cnn, unet = card_of("report-cnn"), card_of("report-unet")
    matrix = cnn["metrics"]["test"]["confusion_matrix"]
    right = sum(matrix[i][i] for i in range(3))
    both = (cnn["times"]["one_slice_seconds"] + unet["times"]["one_slice_seconds"]) * 1000
    one, *two = (re.escape(card_of(name)["title"]) for name in ("unified-unet", "report-cnn", "report-unet"))
    accuracy = rf"{one} 599 of 614 \(97\.5\xa0%\), {two[0]} {right} of 614 \("
    report = rf"{percent(cnn['metrics']['test']['accuracy'])}\) .*\b93\.6\xa0%"
    dice = rf"\b123 .*{one} 0\.812, {two[1]} {unet['metrics']['test']['dice_mean']:.3f}\b"
    assert re.search(rf"{accuracy}{report}.*{dice}.*{one} 50 ms, .*\b{both:.0f} ms", said(app))
    column = rows(app)["Mean Dice on Table 5's test slices"]
    assert column["unified-unet-report"] == "0.812"
    assert column["report-unet"] == f"{unet['metrics']['test']['dice_mean']:.3f}"
    assert column["report-cnn"] == "–"


def test_nothing_is_compared_on_table_5_where_no_other_network_was_tested_on_it(models: Callable[..., Path]) -> None:
    models("report-cnn", "report-unet")
    app = opened()
    assert not app.exception and not app.error
    assert not [column for column in rows(app) if "Table 5" in column]
    assert "Table 5" not in said(app)


def test_which_published_results_used_these_very_folds_is_stated() -> None:
    text = said(opened(show=PUBLISHED))
    (confirmed,) = {one.authors for one in PUBLISHED_RESULTS if one.official_folds}
    assert f"only {confirmed} is confirmed" in text
    quoted = {one.authors: one.split_quote for one in PUBLISHED_RESULTS if one.split_quote}
    assert quoted and all(f"{authors}: {quote}" in text for authors, quote in quoted.items())
    unknown = [one.authors for one in PUBLISHED_RESULTS if one.official_folds is None and not one.split_quote]
    assert unknown and re.search(rf"{join_words(unknown)} .*not known", text)


def test_a_network_of_slices_between_neighbours_stands_apart_from_those_of_single_slices() -> None:
    app = opened()
    (apart,) = [bundle for bundle in map(open_bundle, bundle_names()) if bundle.reads_neighbours]
    assert apart.title not in records(app)[0]["Network"].tolist()
    test, alone = apart.test_metrics, apart.card.metrics.without_neighbours
    (told,) = [text.value for text in app.markdown if "between its neighbours" in text.value]
    assert all(percent(figures.accuracy) in told for figures in (test, alone))
