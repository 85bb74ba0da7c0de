"""A fresh server and a headless Chromium for the journeys."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from scripts.measure import journeys
from scripts.measure.servers import running_server

PATIENCE = 90_000
"""Milliseconds a page may take; the first prediction of a server waits for TensorFlow."""
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def app_address() -> Iterator[str]:
    """The address of a server that all journeys share."""
    with running_server() as server:
        yield server.address


@pytest.fixture
def fresh_address() -> Iterator[str]:
    """The address of a server without any request so far."""
    with running_server() as server:
        yield server.address


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The installed Chromium."""
    with journeys.chromium() as browser:
        yield browser


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Open an address in a window of its own: visit(address, width=1440, height=900)."""
    pages: list[Page] = []

    def open_page(address: str, *, width: int = 1440, height: int = 900) -> Page:
        page = chromium.new_page(viewport={"width": width, "height": height}, accept_downloads=True)
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
