"""The results of a batch in a browser, more rows than it is sent at once: found, sorted, opened and downloaded."""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.batch.stored import StoredBatch
from scripts.measure.batches import repeat_batch
from scripts.measure.servers import running_server
from tests.core.batch.test_stored import a_batch

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]
COUNT = 2500
HEADER, LINE = 36, 35
"""Heights in the table, in pixels."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return repeat_batch(a_batch(tmp_path / "few", tmp_path / "scans"), tmp_path / "many", COUNT)


@pytest.fixture
def page(folder: Path, visit: Visit) -> Iterator[Page]:
    with running_server(within=("env", f"SLICESCOPE_BATCH={folder}")) as server:
        yield visit(server.address)


def open_line(page: Page, line: int, number: int) -> None:
    """Press the button in a line of the table; the row that opens has a number."""
    page.get_by_test_id("stDataFrame").click(position={"x": 18, "y": HEADER + LINE * (line - 0.5)})
    expect(page.get_by_label("Open row")).to_have_value(str(number))
    expect(page.locator(".st-key-analyse_batch_opened")).to_be_visible()


def test_rows_of_a_large_batch_are_opened_sorted_found_and_downloaded_as_a_whole(page: Page, folder: Path):
    batch = StoredBatch(folder)
    table = batch.table.reset_index()
    expect(page.get_by_test_id("stDataFrame").locator("canvas").first).to_be_visible()
    open_line(page, 2, 2)
    page.get_by_label("Sort by").click()
    page.get_by_role("option", name="Area, px", exact=True).click()
    page.get_by_text("Descending").click()
    largest = table.sort_values("area_px", ascending=False, kind="stable")["index"]
    expect(page.locator("canvas td").first).to_have_text(str(largest.iloc[0] + 1))
    open_line(page, 3, int(largest.iloc[2]) + 1)
    page.get_by_label("Find a name").fill("NO-TUMOUR")
    page.get_by_label("Find a name").press("Enter")
    found = (table["name"] == "no-tumour-axial.png").sum()
    expect(page.get_by_role("region", name=f"{found:,} results of a batch")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))
    assert len(rows) == found > 300
    assert {row["name"] for row in rows} == {"no-tumour-axial.png"}


def test_a_row_far_down_the_table_is_fetched_and_opens(page: Page):
    grid = page.get_by_test_id("stDataFrame")
    expect(grid.locator("canvas").first).to_be_visible()
    grid.hover(position={"x": 300, "y": 200})
    page.mouse.wheel(0, LINE * 1800)
    expect(page.locator("canvas td", has_text="1801").first).to_be_attached()
    open_line(page, 1, 1801)
