"""Wait for a page that is still loading, and for an element that still moves or unfolds."""

import re
from collections.abc import Callable
from itertools import count
from typing import TypeVar

from playwright.sync_api import FloatRect, Locator, Page, expect

_INTERVAL = 300
"""Milliseconds between two looks."""
_LOOKS = 200
"""After so many, a page counts as never still."""
Found = TypeVar("Found")
_SETTLED = """look => {
    const app = document.querySelector('[data-testid=stApp]'), main = document.querySelector('[data-testid=stMain]');
    const isDrawn = app?.dataset.testScriptState === 'notRunning' && main
        && !document.querySelector('[data-stale=true], [data-testid=stSkeleton], [data-testid=stSpinner]');
    const before = window.settled;
    window.settled = isDrawn ? `${look} ${location.href} ${main.querySelectorAll('*').length}` : null;
    return isDrawn && window.settled === before;
}"""
"""Whether two looks in a row find the page drawn, and the same. A run may have ended while the browser still builds
what it drew, or loads the part of Streamlit that draws it; what is about to be replaced is pale."""
_looks = count()


def settle(page: Page) -> None:
    """Wait until the page is drawn and its address is put right."""
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_timeout(_INTERVAL)
    page.wait_for_function(_SETTLED, arg=next(_looks), polling=_INTERVAL)


def settled(element: Locator) -> FloatRect:
    """Return the element's box once it no longer moves: what loads above it may still move it."""
    element.scroll_into_view_if_needed()
    return still(element.page, element.bounding_box)


def still(page: Page, look: Callable[[], Found | None]) -> Found:
    """Return what is found on a page once two looks in a row find the same.

    Raises:
        AssertionError: they never do.
    """
    found, before = look(), None
    for _ in range(_LOOKS):
        if found is not None and found == before:
            return found
        page.wait_for_timeout(_INTERVAL)
        found, before = look(), found
    raise AssertionError(f"Not still in {_LOOKS} looks; the last found {found}.")


def unfold(within: Page | Locator, title: str) -> None:
    """Open the part of a page that folds under a title, and wait until it lies still: it moves what a click aims at."""
    text = within.get_by_text(title, exact=True)
    part = text.locator("xpath=ancestor::details")
    text.click()
    expect(part).to_have_attribute("open", "")
    expect(part).not_to_have_attribute("style", re.compile("height"))
