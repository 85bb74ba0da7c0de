"""The position of an element on a page that is still loading."""

from playwright.sync_api import FloatRect, Locator


def settled(element: Locator) -> FloatRect:
    """Return the element's box once it no longer moves: what loads above it may still move it."""
    element.scroll_into_view_if_needed()
    box, before = element.bounding_box(), None
    while box is None or box != before:
        element.page.wait_for_timeout(300)
        box, before = element.bounding_box(), box
    return box
