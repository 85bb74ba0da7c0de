"""The journey through a search: trials selected in the history, and the selection cleared."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from core.search.results import read_search
from tests.browser.places import settled

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1440, 390])
def test_a_box_selects_trials_and_a_double_click_clears_the_selection(
    app_address: str, visit: Callable[..., Page], width: int
) -> None:
    page = visit(f"{app_address}/tuning?search=report-cnn", width=width)
    trials = len(read_search("report-cnn").trials)
    history = page.locator(".js-plotly-plot .nsewdrag").first
    expect(history).to_be_visible()
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    # The page's end: all that is above it has come.
    expect(page.get_by_role("heading", name="Result on held-out patients")).to_be_visible()
    box = settled(history)
    selected = page.get_by_text(re.compile(rf"^\d+ of {trials} trials selected$"))
    expect(selected).to_have_count(0)
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.05)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.95, box["y"] + box["height"] * 0.6, steps=8)
    page.mouse.up()
    expect(selected).to_be_visible()
    count = int(selected.inner_text().split()[0])
    assert 0 < count < trials
    expect(page.get_by_label(f"Settings of {count} trials as lines")).to_have_count(1)
    page.mouse.dblclick(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.3)
    expect(selected).to_have_count(0)
