"""The page The report in a real browser: whole, and on a telephone without sideways scrolling."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from core.bundles.bundle import REPORT_CNN_LITERAL
from core.search.fixed.runs import finished_runs
from tests.browser.places import settle

pytestmark = pytest.mark.browser


def test_the_report_opens_whole_and_fits_a_telephone(app_address: str, visit: Callable[..., Page]):
    page = visit(f"{app_address}/report", width=390, height=844)
    expect(page.get_by_text("4 · One network for both")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(5 if finished_runs(REPORT_CNN_LITERAL) is None else 6)
    settle(page)
    assert not page.locator('[data-testid="stException"], [data-testid="stAlert"]').count()
    main = page.locator('[data-testid="stMain"]')
    assert main.evaluate("each => each.scrollWidth - each.clientWidth") <= 1
    table = page.locator("table").first
    box = table.bounding_box()
    assert box and box["x"] + box["width"] <= 390
