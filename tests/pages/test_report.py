"""The page The report without a browser: its numbers are those of the cards and of core/course_report.py."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core import course_report
from core.bundles.bundle import REPORT_CLASSIFIER, REPORT_CNN_LITERAL, REPORT_SEGMENTER, UNIFIED_BY_SLICE, open_bundle
from core.bundles.layers import read_layers
from core.metrics import classification
from core.search.fixed.runs import RESULTS, read_runs
from core.training.history import bundle_history
from tests.pages.situations import NOTHING, SITUATIONS, opened, situation, sound

MOST_WORDS = 250


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with situation(NOTHING, tmp_path, monkeypatch):
        yield sound(opened("report"))


def tables(app: AppTest) -> list[list[list[str]]]:
    """Every table's header and rows."""
    found = []
    for one in app.markdown:
        if one.value.startswith("|"):
            header, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in one.value.split("\n")]
            found.append([header, *rows])
    return found


def cells(app: AppTest) -> dict[str, list[str]]:
    """The cells of the tables by their row's title; the first of a title."""
    found: dict[str, list[str]] = {}
    for _, *rows in tables(app):
        for title, *values in rows:
            found.setdefault(title, values)
    return found


def titled(app: AppTest, title: str) -> list[list[str]]:
    return next(rows for header, *rows in tables(app) if header[0] == title)


@pytest.mark.parametrize("name", SITUATIONS)
def test_it_opens_in_every_situation(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with situation(name, tmp_path, monkeypatch):
        app = sound(opened("report"))
        assert len(app.get("plotly_chart")) == 5
        assert len(app.get("image")) >= 6


def test_every_figure_table_and_proposal_of_the_report_has_its_place_in_order(page: AppTest) -> None:
    titles = " ".join(one.value for one in page.markdown if one.value.startswith("**"))
    names = ["Figure 1", "Table 1", "Table 2", "Figure 2", "Figure 3", "Table 3", "Figure 4", "Table 4", "Figure 5"]
    names += ["Table 5", "Figure 6", "Figure 7", "Figure 8", "1 ·", "2 ·", "3 ·", "4 ·"]
    places = [titles.index(name) for name in names[:13]]
    assert places == sorted(places)
    assert all(f"**{name}" in titles for name in names[13:])
    assert len(page.get("page_link")) >= 15


def test_the_figures_of_the_text_stand_beside_ours(page: AppTest) -> None:
    shown = cells(page)
    cnn, unified = (open_bundle(name) for name in (REPORT_CLASSIFIER, UNIFIED_BY_SLICE))
    matrices = [np.array(bundle.test_metrics.confusion_matrix) for bundle in (cnn, unified)]
    wrong = [str(classification.error_count(matrix)) for matrix in matrices]
    assert shown["Test slices wrong"] == [str(course_report.CNN_TEST_WRONG), *wrong]
    meningiomas = [str(matrix[0].sum() - matrix[0, 0]) for matrix in matrices]
    assert shown["Meningiomas wrong"] == [str(course_report.CNN_MENINGIOMAS_WRONG), *meningiomas]
    early = bundle_history(cnn).table.iloc[course_report.CNN_EARLY_EPOCH - 1]
    assert shown["Loss, accuracy at epoch 7"][:2] == [
        "0.19, 0.93",
        f"{early['val_loss']:.2f}, {early['val_accuracy']:.2f}",
    ]
    assert shown["Loss steady from epoch"][0] == str(course_report.CNN_STEADY_EPOCH)
    times = [bundle.card.times for bundle in (cnn, unified)]
    assert shown["Inference, test set"] == ["6 s", *(f"{one.test_set_seconds:.1f} s" for one in times if one)]
    assert shown["Inference, one slice"] == [
        "295 ms",
        *(f"{one.one_slice_seconds * 1000:.0f} ms" for one in times if one),
    ]
    unet = open_bundle(REPORT_SEGMENTER)
    assert shown["Training time"] == ["10 min (Colab)", f"{unet.card.training.seconds / 60:.0f} min"]
    last = bundle_history(unet).table.iloc[-1]
    for title, key, stated in (
        ("Loss", "loss", "0.0056, 0.0206"),
        ("IoU", "iou", "0.4921, 0.4923"),
        ("Pixel accuracy", "accuracy", "0.9977, 0.9941"),
    ):
        assert shown[f"{title}: training, validation"] == [stated, f"{last[key]:.4f}, {last[f'val_{key}']:.4f}"]
    assert "63 ms" in " ".join(one.value for one in page.caption)


def test_the_tables_have_the_reports_numbers_and_the_cards(page: AppTest) -> None:
    shown = cells(page)
    cnn, unet = open_bundle(REPORT_CLASSIFIER), open_bundle(REPORT_SEGMENTER)
    for name, row in course_report.TABLE_1.items():
        assert shown[name.title()][0] == f"{row.total:,}: {row.train:,} / {row.test:,}"
    for name, figures in cnn.test_metrics.per_class.items():
        row = shown[f"{name.title()} ({course_report.TABLE_4[name].support})"]
        assert row[1] == f"{figures.precision:.2f} / {figures.recall:.2f} / {figures.f1:.2f}"
    counts = unet.card.data.counts
    assert shown["Test"] == [str(course_report.TABLE_5["test"]), str(counts.test)]
    assert shown["Training"] == [f"{course_report.TABLE_5['train']:,}", f"{counts.train:,}"]
    assert shown["Parameters"] == ["", f"{course_report.CNN_PARAMETERS:,}", f"{cnn.card.parameters.total:,}"]
    layers = {layer.name: layer for layer in read_layers(cnn)}
    assert titled(page, "Layer (type)")[:-1] == [
        [
            f"{row.name} ({row.type})",
            "×".join(map(str, row.shape)),
            f"{row.parameters:,}",
            f"{layers[row.name].parameters:,}",
        ]
        for row in course_report.TABLE_2
    ]
    assert [row[0] for row in titled(page, "Slice")] == [str(row.slice) for row in course_report.TABLE_3]


def test_figure_3_is_the_derived_one_beside_the_cards(page: AppTest) -> None:
    unified = open_bundle(UNIFIED_BY_SLICE)
    names = ("report", unified.card.title)
    numbers = {name: [[int(cell.strip("*")) for cell in row[1:]] for row in titled(page, name)] for name in names}
    assert numbers["report"] == [[274, 12, 0], [17, 119, 6], [0, 4, 182]]
    order = [1, 0, 2]
    matrix = np.array(unified.test_metrics.confusion_matrix)[np.ix_(order, order)]
    assert numbers[unified.card.title] == matrix.tolist()


def test_the_difference_is_told_from_the_card(page: AppTest) -> None:
    card = open_bundle(REPORT_CLASSIFIER).card
    shown = cells(page)
    train = sum(row.train for row in course_report.TABLE_1.values())
    assert shown["Training slices"] == [f"{train:,}", f"{card.data.counts.train:,}"]
    updates = card.data.counts.train // card.training.recipe["batch"]
    assert shown["Updates an epoch"] == [str(-(-train // course_report.CNN_BATCH)), str(updates)]


def test_every_item_has_a_sentence_of_its_own(page: AppTest) -> None:
    """A title is followed by a sentence before the next one: why ours differs, or what became of a proposal."""
    sentences, title = {}, ""
    for one in page.main:
        for each in walked(one):
            if each.type == "markdown" and each.value.startswith("**") and " · " in each.value:
                title = each.value
                sentences[title] = 0
            elif title and each.type in ("markdown", "caption") and not each.value.startswith("|"):
                sentences[title] += 1
    assert len(sentences) == 16 and all(sentences.values()), sentences


def walked(block: Any) -> Iterator[Any]:
    """Every element below, in the page's order."""
    for child in getattr(block, "children", {}).values():
        yield from walked(child)
    if not getattr(block, "children", None):
        yield block


def test_links_lead_where_their_address_is_known(page: AppTest) -> None:
    for link in page.get("page_link"):
        target = sound(opened(link.proto.page.split("/")[-1] or "start", **dict(parse_qsl(link.proto.query_string))))
        assert not [each.value for each in target.warning if each.icon == ":material/link_off:"], link.proto


def write_results(folder: Path, *, done: int) -> None:
    rows = [
        {**run, "updates_per_epoch": 8, "epochs": 20, "val_loss": run["run"] / 10, "val_accuracy": 0.8, "seconds": 1}
        for run in read_runs(REPORT_CNN_LITERAL)[:done]
    ]
    (folder / REPORT_CNN_LITERAL).mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_csv(folder / REPORT_CNN_LITERAL / RESULTS, index=False)


def test_the_study_is_drawn_once_all_its_runs_are_done(
    tmp_path: Path, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(searches=tmp_path / "searches")
    runs = len(read_runs(REPORT_CNN_LITERAL))
    with situation(NOTHING, tmp_path, monkeypatch):
        write_results(tmp_path / "searches", done=runs - 1)
        without = sound(opened("report"))
        write_results(tmp_path / "searches", done=runs)
        app = sound(opened("report"))
    assert len(app.get("plotly_chart")) == len(without.get("plotly_chart")) + 1
    assert not any(header[0] == "Run" for header, *_ in tables(without))
    assert len(titled(app, "Run")) == runs


def test_it_is_read_in_five_minutes(page: AppTest) -> None:
    inside = {one.value for expander in page.expander for one in expander.markdown}
    texts = [one.value for one in (*page.markdown, *page.caption)]
    running = [text for text in texts if text not in inside and not text.startswith(("|", "**"))]
    assert inside and sum(len(text.split()) for text in running) <= MOST_WORDS
