"""Tiles and an open slice are filled as slices come from figshare, without a press and without moving."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from panels.shared.model_choice import REPORT_NETWORKS
from scripts.measure.servers import running_server
from tests.browser.conftest import PATIENCE
from tests.browser.places import settle
from tests.browser.test_every_page import LARGEST_SHIFT, WATCH_SHIFTS
from tests.pages.situations import PATIENT

pytestmark = pytest.mark.browser

APP = ("run", "tests/browser/figshare_app.py")
ADDRESS = f"errors?networks={quote(REPORT_NETWORKS)}&patient={PATIENT}"
OUTLINES = 'img[alt$="the head\'s outline, not the slice"]'
STILL = 3000
"""Milliseconds in which a page that is complete says nothing to the server."""


@pytest.fixture
def opened(chromium: Browser, tmp_path: Path) -> Iterator[Page]:
    """Errors, on a telephone, with the slices of one patient, none of which is on this machine."""
    within = ("env", f"SLICESCOPE_DATA={tmp_path}", "SLICESCOPE_FIGSHARE=1")
    with (
        running_server(APP, within=within) as server,
        chromium.new_context(viewport={"width": 390, "height": 844}) as window,
    ):
        window.add_init_script(WATCH_SHIFTS)
        page = window.new_page()
        page.set_default_timeout(PATIENCE)
        page.add_init_script("""window.sent = 0; const send = WebSocket.prototype.send;
            WebSocket.prototype.send = function (data) { window.sent += 1; return send.call(this, data); };""")
        page.goto(f"{server.address}/{ADDRESS}")
        yield page


def test_tiles_are_filled_without_a_press_and_then_the_page_is_quiet(opened: Page):
    expect(opened.locator(OUTLINES).first).to_be_attached()
    expect(opened.get_by_text("CC BY 4.0")).to_be_visible()
    expect(opened.locator(OUTLINES)).to_have_count(0)
    settle(opened)
    assert opened.evaluate("shift") < LARGEST_SHIFT
    before = opened.evaluate("sent")
    opened.wait_for_timeout(STILL)
    assert opened.evaluate("sent") - before <= 1
    opened.locator("[class*=page_thumbnail_] button[kind=tertiary]:visible").first.click()
    expect(opened.get_by_role("dialog").get_by_text("True mask", exact=True)).to_be_visible()
    expect(opened.get_by_role("dialog").locator(OUTLINES)).to_have_count(0)
