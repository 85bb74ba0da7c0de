"""The frame in a real browser: titles, room, and one act as one step of Back."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.places import settle
from tests.browser.test_charts import click_cell

pytestmark = pytest.mark.browser

Visit = Callable[..., Page]
REPORT = "Report CNN + U-Net"
PAGES = {
    "start": "Analyse",
    "explain": "Explain",
    "errors": "Errors",
    "masks": "Masks",
    "external": "External data",
    "training": "Curves",
    "tuning": "Hyperparameters",
    "models": "Models",
    "data": "Data",
}
FORMER = {"analyse": "Analyse", "strangers": "External data", "curves": "Curves", "search": "Hyperparameters"}
WITHOUT_MODEL = ("Hyperparameters", "Data")
"""Titles of pages that answer with no model: its choice is out of sight there."""
CONTENT_BEGINS = 130
"""Pixels from the window's top within which a page's own content begins, 1440 x 900."""
BEGINS_ON_A_PHONE = 176
"""The same on a window of 390 x 844, where the notice takes two lines, in Spanish three."""
FIRST_BELOW = """head => {
    const under = head.getBoundingClientRect().bottom - 1;
    const boxes = [...document.querySelectorAll('[data-testid=stMain] [data-testid=stElementContainer]')].map(
        element => element.getBoundingClientRect());
    return Math.min(...boxes.filter(box => box.height && box.top >= under).map(box => box.top));
}"""
"""Where the first element below the frame's line begins."""


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def choose_model(page: Page, title: str) -> None:
    page.locator(".st-key-networks").get_by_role("combobox").click()
    page.get_by_role("option", name=title, exact=True).click()
    settle(page)


def open_by_menu(page: Page, section: str, title: str) -> None:
    page.get_by_test_id("stTopNavSection").filter(has_text=section).click()
    page.get_by_role("menuitem", name=title).click()
    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
    settle(page)


def test_every_page_has_its_title_and_its_content_begins_high_up(app_address: str, visit: Visit):
    page = visit(app_address)
    for path, title in (PAGES | FORMER).items():
        page.goto(f"{app_address}/{'' if path == 'start' else path}")
        expect(page).to_have_title(f"{title} · SliceScope")
        settle(page)
        head = page.locator(".st-key-frame_head")
        box = head.bounding_box()
        assert box is not None and head.evaluate(FIRST_BELOW) <= CONTENT_BEGINS, path
        expect(head.locator(".st-key-networks")).to_be_visible(visible=title not in WITHOUT_MODEL)
        parts = ["h1", "[data-testid=stCaptionContainer]", "button:has-text('Copy link')"]
        for part in parts if title in WITHOUT_MODEL else [*parts, ".st-key-networks"]:
            inside = head.locator(part).first.bounding_box()
            assert inside is not None and box["y"] <= inside["y"] + inside["height"] / 2 <= box["y"] + box["height"]


@pytest.mark.parametrize("path", ["external", "tuning", "?lang=es"])
def test_on_a_phone_the_frame_is_two_rows_with_the_whole_notice(app_address: str, visit: Visit, path: str):
    page = visit(f"{app_address}/{path}", width=390, height=844)
    settle(page)
    head = page.locator(".st-key-frame_head")
    assert head.evaluate(FIRST_BELOW) <= BEGINS_ON_A_PHONE
    notice = head.get_by_test_id("stCaptionContainer")
    expect(notice).to_be_visible()
    assert notice.evaluate("element => element.scrollWidth <= element.clientWidth"), "no word of it is cut off"
    for part in (notice, head.get_by_role("button"), head.locator(".st-key-language_choice")):
        box = part.last.bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390


def test_the_controls_of_a_row_stand_at_one_height(app_address: str, visit: Visit):
    page = visit(f"{app_address}/models")
    settle(page)
    boxes = [page.locator(f".st-key-{key}").bounding_box() for key in ("bundle", "view")]
    tops = [box["y"] for box in boxes if box]
    assert len(tops) == 2 and abs(tops[0] - tops[1]) < 1


def test_the_model_and_the_slice_go_along_and_back_restores_each_act(app_address: str, visit: Visit):
    page = visit(f"{app_address}/?sample=meningioma-axial-1")
    settle(page)
    first = page.evaluate("history.length")
    steps = [("/", query(page))]
    choose_model(page, REPORT)
    steps.append(("/", query(page)))
    assert query(page) == {"sample": ["meningioma-axial-1"], "networks": [REPORT]}
    open_by_menu(page, "Evaluate", "Errors")
    steps.append(("/errors", query(page)))
    assert query(page) == {"networks": [REPORT]}, "the slice is none of this page's"
    page.get_by_text("Only errors", exact=True).click()
    settle(page)
    steps.append(("/errors", query(page)))
    assert query(page) == {"networks": [REPORT], "wrong": ["true"]}
    click_cell(page, 0, 1, across=0.5, down=0.5)
    page.wait_for_function("location.href.includes('predicted=Glioma')")
    settle(page)
    steps.append(("/errors", query(page)))
    page.get_by_text("Confidence", exact=True).first.click()
    expect(page.get_by_role("heading", name=re.compile("Reliability"))).to_be_visible()
    settle(page)
    steps.append(("/errors", query(page)))
    open_by_menu(page, "Analyse", "Explain")
    steps.append(("/explain", query(page)))
    assert query(page) == {"networks": [REPORT], "sample": ["meningioma-axial-1"]}
    assert page.evaluate("history.length") == first + len(steps) - 1, "one step an act"
    for there in (list(reversed(steps[:-1])), steps[1:]):
        for path, names in there:
            page.go_back() if there[0] != steps[1] else page.go_forward()
            settle(page)
            assert (urlsplit(page.url).path, query(page)) == (path, names)
            if "/errors" in path:
                shown = page.get_by_role("radio", name="Confidence", exact=True)
                checked = shown.first.get_attribute("aria-checked") == "true"
                assert checked == (names.get("view") == ["Confidence"])
            if path == "/errors" and "view" not in names:
                toggle = page.get_by_role("switch", name="Only errors").or_(
                    page.get_by_role("checkbox", name="Only errors")
                )
                assert toggle.first.is_checked() == ("wrong" in names)
    page.go_back()
    page.reload()
    settle(page)
    assert query(page) == steps[-2][1]


def test_the_link_is_copied_where_the_browser_keeps_the_clipboard_for_secure_pages(app_address: str, visit: Visit):
    page = visit(f"{app_address}/masks?view=Slices")
    settle(page)
    page.evaluate("delete Navigator.prototype.clipboard")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("status").filter(has_text=re.compile("[Ll]ink"))).to_be_visible()


def test_on_a_telephone_each_segment_has_its_whole_outline(app_address: str, visit: Visit):
    page = visit(f"{app_address}/errors?view=Confidence", width=390, height=844)
    settle(page)
    colours = page.locator("[data-testid=stButtonGroup] [data-variant=segmented_control]").evaluate_all(
        """all => all.flatMap(one => ["Top", "Right", "Bottom", "Left"].map(
            side => getComputedStyle(one)[`border${side}Color`]))"""
    )
    assert len(colours) == 4 * 5
    assert not [colour for colour in colours if colour.endswith(", 0)")]
