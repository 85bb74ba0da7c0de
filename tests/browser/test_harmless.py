"""What reaches a visitor, and what is left of an upload after a reload or a restart, in a real browser."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from core.config import PAGES
from scripts.measure.servers import free_port, running_server
from tests.browser.test_frame import REPORT, choose_model
from tests.browser.test_journeys import SAMPLE, answer, upload

pytestmark = pytest.mark.browser

Visit = Callable[..., Page]


def test_no_page_asks_a_third_party(app_address: str, chromium: Browser):
    page = chromium.new_page()
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url))
    for path in ("", "explain?sample=glioma-axial-1", *(path.stem for path in PAGES.glob("*.py"))):
        page.goto(f"{app_address}/{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.close()
    hosts = {urlsplit(url).netloc for url in asked if urlsplit(url).scheme in ("http", "https", "ws", "wss")}
    assert hosts == {urlsplit(app_address).netloc}


def test_after_a_reload_the_page_says_that_the_upload_is_gone_and_goes_on(app_address: str, visit: Visit):
    page = visit(app_address)
    upload(page, "mine.png", SAMPLE.read_bytes())
    expect(answer(page)).to_be_visible()
    page.wait_for_url("**upload=*")
    page.reload()
    expect(page.get_by_test_id("stAlert").filter(has_text="gone")).to_be_visible()
    upload(page, "mine.png", SAMPLE.read_bytes())
    expect(answer(page)).to_be_visible()
    expect(page.get_by_test_id("stAlert").filter(has_text="gone")).to_have_count(0)


def test_after_a_restart_of_the_server_the_page_says_that_the_upload_is_gone_and_goes_on(visit: Visit):
    port = free_port()
    with running_server(port=port) as server:
        page = visit(server.address)
        upload(page, "mine.png", SAMPLE.read_bytes())
        expect(answer(page)).to_be_visible()
    with running_server(port=port):
        page.wait_for_selector("[data-testid=stApp][data-test-connection-state=CONNECTED]")
        choose_model(page, REPORT)  # the first thing the visitor does then
        expect(page.get_by_test_id("stAlert").filter(has_text="gone")).to_be_visible()
        upload(page, "again.png", SAMPLE.read_bytes())
        expect(answer(page)).to_be_visible()


def test_every_response_forbids_guessing_its_type_and_frames_are_a_setting(
    app_address: str, monkeypatch: pytest.MonkeyPatch
):
    for path in ("", "_stcore/health", "explain"):
        headers = requests.get(f"{app_address}/{path}", timeout=30).headers
        assert headers["X-Content-Type-Options"] == "nosniff" and "Content-Security-Policy" not in headers
    monkeypatch.setenv("SLICESCOPE_FRAME_ANCESTORS", "'self'")
    with running_server() as server:
        assert requests.get(server.address, timeout=30).headers["Content-Security-Policy"] == "frame-ancestors 'self'"
