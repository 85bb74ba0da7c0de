"""The position of an element on a page that is still loading, or unfolding."""

import re
from collections.abc import Callable
from typing import TypeVar

from playwright.sync_api import FloatRect, Locator, Page, expect

_INTERVAL = 300
"""Milliseconds between two looks."""
_LOOKS = 200
"""After so many, a page counts as never still."""
Found = TypeVar("Found")


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
