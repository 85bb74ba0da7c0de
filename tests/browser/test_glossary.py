"""A term opens its meaning: by pointer, by key, by finger; it closes again, and is one step of nothing."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from core.metrics.glossary import GLOSSARY
from tests.browser.conftest import PATIENCE
from tests.browser.places import settle
from tests.browser.test_every_page import violations

pytestmark = pytest.mark.browser

WHERE, NAME = "masks", "dice"
MEANING = GLOSSARY[NAME].meaning


def test_a_term_opens_by_pointer_and_key_and_escape_leads_back(app_address: str, visit: Callable[..., Page]):
    page = visit(f"{app_address}/{WHERE}")
    settle(page)
    address, steps = page.url, page.evaluate("history.length")
    word = page.get_by_role("button", name=GLOSSARY[NAME].title, exact=True)
    note = page.get_by_role("dialog", name=GLOSSARY[NAME].title)
    word.click()
    expect(note).to_contain_text(MEANING)
    expect(word).to_have_attribute("aria-expanded", "true")
    assert not violations(page)
    word.click()
    expect(note).to_be_hidden()
    for key in ("Enter", "Space"):
        word.focus()
        page.keyboard.press(key)
        expect(note).to_be_visible()
        page.keyboard.press("Escape")
        expect(note).to_be_hidden()
        expect(word).to_be_focused()
    assert (page.url, page.evaluate("history.length")) == (address, steps)


def test_a_finger_opens_a_term_within_a_telephones_screen(app_address: str, chromium: Browser):
    with chromium.new_context(viewport={"width": 360, "height": 740}, has_touch=True, color_scheme="dark") as window:
        page = window.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{app_address}/{WHERE}")
        settle(page)
        page.get_by_role("button", name=GLOSSARY[NAME].title, exact=True).tap()
        note = page.get_by_role("dialog", name=GLOSSARY[NAME].title)
        expect(note).to_be_visible()
        box = note.bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 360 and box["y"] + box["height"] <= 740
        assert not violations(page)
