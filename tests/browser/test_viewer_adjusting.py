"""What the viewer changes of an uploaded picture is what is analysed, and can be undone."""

import re

import pytest
from playwright.sync_api import Page, expect

from core.config import ROOT
from tests.browser.viewer_page import SAMPLE, Visit, canvas_of, middle, put_in, shown, text, tool

pytestmark = pytest.mark.browser


@pytest.fixture
def page(app_address: str, visit: Visit) -> Page:
    """Analyse with an upload in its viewer."""
    page = visit(app_address)
    data = (ROOT / "samples" / f"{SAMPLE}.png").read_bytes()
    put_in(page, "mine.png", data)
    return page


def test_turning_cropping_and_undoing_act_on_the_picture_that_is_analysed(page: Page):
    first = shown(page)
    expect(tool(page, "undo")).to_be_disabled()
    tool(page, "left").click()
    turned = shown(page, other_than=first)
    expect(tool(page, "undo")).to_be_enabled()
    expect(page.get_by_text("Changed before the analysis")).to_be_visible()
    tool(page, "crop").click()
    x, y = middle(page)
    page.mouse.move(x - 150, y - 150)
    page.mouse.down()
    page.mouse.move(x + 150, y + 150)
    page.mouse.up()
    cropped = shown(page, other_than=turned)
    page.mouse.move(x, y)
    assert float(re.match(r"x (\d+)", text(page, "probe"))[1]) < 150
    tool(page, "undo").click()
    shown(page, other_than=cropped)
    tool(page, "undo").click()
    expect(page.locator(f'.viewer[data-shown="{first}"]')).to_be_visible()


@pytest.mark.parametrize("change", ["left", "right", "flip", "invert"])
def test_each_change_of_the_picture_is_analysed_and_undone(page: Page, change: str):
    first = shown(page)
    tool(page, change).click()
    shown(page, other_than=first)
    canvas_of(page).press("u")
    expect(page.locator(f'.viewer[data-shown="{first}"]')).to_be_visible()
