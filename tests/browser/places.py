"""Where something is on a page that is still loading."""

from playwright.sync_api import FloatRect, Locator


def settled(element: Locator) -> FloatRect:
    """The element's place once it has come to rest in sight: what loads above it may still move it."""
    element.scroll_into_view_if_needed()
    box, before = element.bounding_box(), None
    while box is None or box != before:
        element.page.wait_for_timeout(300)
        box, before = element.bounding_box(), box
    return box
