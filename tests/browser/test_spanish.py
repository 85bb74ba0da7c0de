"""A visitor's language in a real browser: what the address says, else the choice in the head, else the browser's."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE
from tests.browser.places import settle
from tests.browser.test_every_page import ADDRESSES, HIDDEN, SIDEWAYS, violations
from tests.browser.test_frame import query

pytestmark = pytest.mark.browser

Visit = Callable[..., Page]
PLACES = (*sorted({urlsplit(address).path for address in ADDRESSES}), "?sample=meningioma-axial-1")
"""Every page, and an answer."""


def expect_language(page: Page, code: str) -> None:
    """Expect the document to say that it is in a language; the page's script says so once it has drawn."""
    expect(page.locator("html")).to_have_attribute("lang", code)


def choose_language(page: Page, title: str) -> None:
    page.locator(".st-key-language_choice").get_by_role("combobox").click()
    page.get_by_role("option", name=title, exact=True).click()
    settle(page)


def test_the_browsers_language_is_spoken_until_another_is_chosen_or_asked_for(app_address: str, chromium: Browser):
    with chromium.new_context(locale="es-AR") as window:
        page = window.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{app_address}/data")
        settle(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("Datos")
        expect_language(page, "es")
        assert "lang" not in query(page)
        page.goto(f"{app_address}/data?lang=en")
        settle(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("Data")
        expect_language(page, "en")
        assert query(page)["lang"] == ["en"]


def test_a_choice_stays_on_the_next_page_and_in_its_address(app_address: str, visit: Visit):
    page = visit(f"{app_address}/data")
    settle(page)
    choose_language(page, "Español")
    expect(page.get_by_role("heading", level=1)).to_have_text("Datos")
    assert query(page)["lang"] == ["es"]
    page.get_by_test_id("stTopNavSection").filter(has_text="Acerca de").click()
    page.get_by_role("menuitem", name="Modelos").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Modelos")
    settle(page)
    assert query(page)["lang"] == ["es"]
    expect_language(page, "es")
    choose_language(page, "English")
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")


def test_two_visitors_read_two_languages_at_once(app_address: str, visit: Visit):
    spanish, english = visit(f"{app_address}/models?lang=es"), visit(f"{app_address}/models")
    for _ in range(2):
        for page, title in ((spanish, "Modelos"), (english, "Models")):
            settle(page)
            expect(page.get_by_role("heading", level=1)).to_have_text(title)
            page.reload()
    copy = [
        page.get_by_role("button", name=text) for page, text in ((spanish, "Copiar enlace"), (english, "Copy link"))
    ]
    for button in copy:
        expect(button).to_be_visible()


@pytest.mark.parametrize("place", PLACES)
def test_the_longer_words_fit_and_set_up_no_barrier(place: str, app_address: str, chromium: Browser):
    with chromium.new_context(viewport={"width": 390, "height": 900}, color_scheme="dark") as window:
        page = window.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{app_address}/{place}{'&' if '?' in place else '?'}lang=es")
        settle(page)
        page.wait_for_function(f"!{HIDDEN}")
        expect_language(page, "es")
        assert not violations(page)
        for width in (390, 360, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(300)
            page.wait_for_function(f"{SIDEWAYS}.every(room => room === 0)")
