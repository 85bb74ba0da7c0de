"""A table of 200 uploads in a browser: it fills beside the page, is stopped, goes on, and a row opens its slice."""

import csv
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from core.config import SAMPLES, SEED
from tests.browser.conftest import PATIENCE
from tests.browser.places import settle, unfold

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]
COUNT = 200
SIDE = 128


def made_slices() -> list[dict]:
    """Samples made small, shifted and noisy, each another one."""
    samples = [Image.open(path).convert("L").resize((SIDE, SIDE)) for path in sorted(SAMPLES.glob("*.png"))]
    files = []
    for number in range(COUNT):
        generator = np.random.default_rng((SEED, number))
        moved = np.roll(np.asarray(samples[number % len(samples)], np.float32), generator.integers(-3, 4, 2), (0, 1))
        noisy = np.clip(moved + generator.normal(0, 3, moved.shape), 0, 255).astype(np.uint8)
        content = io.BytesIO()
        Image.fromarray(noisy).save(content, "PNG")
        files.append({"name": f"{number:03}.png", "mimeType": "image/png", "buffer": content.getvalue()})
    return files


@pytest.fixture
def table(app_address: str, visit: Visit) -> Page:
    """The page with 200 uploads, one of which is no picture."""
    files = made_slices()
    files[7] |= {"buffer": b"no picture"}
    page = visit(app_address)
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(files)
    return page


def test_two_hundred_uploads_make_a_table_that_is_stopped_goes_on_and_opens_its_rows(table: Page):
    told = table.get_by_text(re.compile(r"\d+ of 200 slices analysed, [\d.]+ a second, .* left"))
    expect(told).to_be_visible()
    expect(table.get_by_test_id("stBidiComponentIsolated").first).to_be_visible()  # the first slice, meanwhile
    table.get_by_test_id("stMain").get_by_role("button", name="Stop").click()  # Streamlit has one too
    stopped = table.get_by_text(re.compile(r"Stopped: \d+ of 200 slices are analysed"))
    expect(stopped).to_be_visible()
    assert 0 < int(re.search(r"(\d+) of 200", stopped.inner_text())[1]) < COUNT  # type: ignore[index]
    table.get_by_role("button", name="Go on").click()
    expect(told).to_be_visible()
    expect(told).to_be_hidden(timeout=2 * PATIENCE)
    settle(table)
    expect(table.get_by_text(re.compile("Failed 1"))).to_be_visible()
    unfold(table, "Download the table")
    with table.expect_download() as download:
        table.get_by_role("button", name="CSV", exact=True).click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))
    assert [row["name"] for row in rows] == [f"{number:03}.png" for number in range(COUNT)]
    assert [number for number, row in enumerate(rows) if row["error"]] == [7]
    grid = table.get_by_test_id("stDataFrame")
    box = grid.bounding_box()
    assert box
    grid.click(position={"x": 12, "y": 36 + 56 * 2.5})  # the box before the third row
    expect(table.get_by_text(re.compile("^3 of 200"))).to_be_visible()
    assert "upload=" in table.url


def test_the_pictures_of_a_table_come_in_one_file(app_address: str, visit: Visit):
    page = visit(app_address)
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(made_slices()[:3])
    unfold(page, "Download the table")
    with page.expect_download() as download:
        page.get_by_role("button", name="Overlays and masks").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert sum(name.endswith("-overlay.png") for name in archive.namelist()) == 3
    with page.expect_download() as download:
        page.get_by_role("button", name="PDF", exact=True).click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")
