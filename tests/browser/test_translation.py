"""A page that the browser translates shows one answer at a time, in a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.places import unfold
from tests.browser.test_frame import REPORT, choose_model

pytestmark = pytest.mark.browser

MARK = "~"
TRANSLATE = """mark => {
  const translated = node => {
    const around = node.parentElement;
    if (!node.data.trim() || !around || around.closest("[translate=no], font, style, [data-testid=stIconMaterial]")) {
      return;
    }
    const outer = document.createElement("font"), inner = document.createElement("font");
    inner.textContent = mark + node.data;
    outer.append(inner);
    node.replaceWith(outer);
  };
  const all = root => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), found = [];
    if (root.nodeType === Node.TEXT_NODE) found.push(root);
    while (walker.nextNode()) found.push(walker.currentNode);
    found.forEach(translated);
  };
  all(document.body);
  new MutationObserver(changes => changes.forEach(change => {
    if (change.type === "characterData") translated(change.target);
    change.addedNodes.forEach(all);
  })).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""
"""What a browser's translation does to a page: each text, now and later, is replaced by one of its own, in <font>."""
FIRST, SECOND, UNCERTAIN = "meningioma-axial-1", "glioma-axial-1", "no-tumour-axial"

Visit = Callable[..., Page]


def whole_answer(page: Page) -> Locator:
    return page.locator("[class*=st-key-analyse_answer]")


def answer_text(page: Page) -> str:
    """The answer once it is drawn."""
    expect(whole_answer(page)).to_contain_text("right for")
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    expect(whole_answer(page).get_by_role("heading")).to_be_visible()
    return whole_answer(page).inner_text()


def shown_at(visit: Visit, address: str) -> str:
    """What an address answers where nothing is translated and nothing came before."""
    text = answer_text(visit(address))
    assert MARK not in text and "%" in text
    return text


def test_a_translated_page_never_mixes_two_answers(app_address: str, visit: Visit):
    expected = [
        shown_at(visit, f"{app_address}/?sample={SECOND}"),
        shown_at(visit, f"{app_address}/?sample={SECOND}&networks=Report+CNN+%2B+U-Net"),
        shown_at(visit, f"{app_address}/?sample={UNCERTAIN}&networks=Report+CNN+%2B+U-Net"),
    ]
    page = visit(f"{app_address}/?sample={FIRST}")
    answer_text(page)
    page.evaluate(TRANSLATE, MARK)
    expect(page.get_by_text(f"{MARK}Such answers were right for")).to_be_visible()
    steps: list[Callable[[], None]] = [
        lambda: choose(page, SECOND),
        lambda: choose_model(page, MARK + REPORT),
        lambda: choose(page, UNCERTAIN),
    ]
    for step, text in zip(steps, expected, strict=True):
        before = whole_answer(page).inner_text()
        step()
        expect(whole_answer(page)).not_to_have_text(before)
        now = answer_text(page)
        assert MARK in now and now.replace(MARK, "") == text
    expect(page.get_by_text("NotFoundError")).to_have_count(0)


def test_numbers_are_not_translated(app_address: str, visit: Visit):
    page = visit(f"{app_address}/?sample={FIRST}")
    unfold(page, "Why this answer")
    bars = page.locator(".st-key-analyse_bars [role=img]")
    expect(bars).to_be_visible()
    numbers = bars.locator("[translate=no]").all_inner_texts()
    assert len(numbers) == 3 and all(text.endswith("%") for text in numbers)


def choose(page: Page, sample: str) -> None:
    unfold(page, f"{MARK}Choose another slice")
    page.locator(f".st-key-analyse_sample_{sample} button").first.click()
