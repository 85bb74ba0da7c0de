"""The viewer by touch and by a trackpad: what a mouse does, fingers do."""

import re
from collections.abc import Iterable

import pytest
from playwright.sync_api import Page

from tests.browser.places import settle
from tests.browser.viewer_page import SAMPLE, Visit, canvas_of, middle, no_run, pixels, said, shown, text, tool

pytestmark = pytest.mark.browser

Point = tuple[float, float]


@pytest.fixture
def page(app_address: str, visit: Visit) -> Page:
    """Analyse with a sample in its viewer, on a telephone."""
    page = visit(f"{app_address}/?sample={SAMPLE}", width=390, height=844)
    shown(page)
    settle(page)
    canvas_of(page).scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    return page


def touch(page: Page, steps: Iterable[list[Point]]) -> None:
    """Put fingers down, move them, and lift them; a step has a point a finger, relative to the picture's middle."""
    session, (x, y), kind = page.context.new_cdp_session(page), middle(page), "touchStart"
    for fingers in steps:
        points = [{"x": x + right, "y": y + down, "id": i} for i, (right, down) in enumerate(fingers)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        kind = "touchMove"
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def drag(page: Page, right: float, down: float) -> None:
    touch(page, [[(right * part / 5, down * part / 5)] for part in range(6)])


def test_two_fingers_zoom(page: Page):
    with no_run(page):
        touch(page, [[(-apart, 0), (apart, 0)] for apart in (50, 70, 100, 130, 160)])
        assert "×" in text(page, "window")


def test_a_pinch_of_a_trackpad_zooms_and_not_the_page(page: Page):
    with no_run(page):
        page.mouse.move(*middle(page))
        page.keyboard.down("Control")
        page.mouse.wheel(0, -100)
        page.keyboard.up("Control")
        assert "×" in text(page, "window")
        assert page.evaluate("visualViewport.scale") == 1


def test_one_finger_moves_windows_and_measures(page: Page):
    with no_run(page):
        for _ in range(3):
            tool(page, "zoomIn").click()
        before, scrolled = pixels(page), page.evaluate("document.scrollingElement.scrollTop")
        drag(page, 60, 60)
        assert pixels(page) != before
        assert page.evaluate("document.scrollingElement.scrollTop") == scrolled
        tool(page, "window").click()
        window = text(page, "window")
        drag(page, 0, -60)
        assert text(page, "window") != window
        tool(page, "ruler").click()
        drag(page, 80, 0)
        assert re.search(r"[\d.]+ mm", said(page))
