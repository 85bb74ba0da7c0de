"""Every model, page and view opens without an error box, in one window that goes on as Back and Forward do."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Page, TimeoutError

from core.bundles.bundle import DEFAULT_CLASSIFIER, REPORT_CLASSIFIER, REPORT_SEGMENTER, bundle_names, open_bundle
from core.bundles.listing import list_bundles
from core.config import CLASSIFICATION, SEGMENTATION
from panels.shared.model_choice import model_address
from tests.browser.places import settle
from tests.browser.test_every_page import ADDRESSES

pytestmark = pytest.mark.browser

Visit = Callable[..., Page]
OF_THE_MODEL = re.compile(r"(\?sample=[^&]*|explain|errors.*|masks.*|external.*)?")
"""Addresses of pages that answer with the chosen model; what Explain makes of a sample would take TensorFlow."""
GO = """address => {
    const app = document.querySelector('[data-testid=stApp]');
    window.runs = 0;
    window.watch?.disconnect();
    window.watch = new MutationObserver(() => { if (app.dataset.testScriptState === 'running') window.runs++; });
    window.watch.observe(app, { attributes: true, attributeFilter: ['data-test-script-state'] });
    history.pushState({}, '', address);
    dispatchEvent(new PopStateEvent('popstate'));
}"""
"""Go to an address of the app as its visitor does by Back and Forward, and watch for the run that draws it."""
_PATIENCE = 5_000
"""Milliseconds for a page to begin its run."""
DRAWN = """() => window.runs > 0
    && document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'
    && document.querySelector('h1')"""
WRONG = """() => [...document.querySelectorAll('[data-testid=stException], [data-testid^=stAlertContent]')].filter(
    box => !/Info|Success|Warning/.test(box.dataset.testid) || box.innerText.includes('The address asks for')
).map(box => box.innerText)"""
"""The page's error boxes, and the warning that the address asks for what there is not."""


def addresses() -> Iterator[str]:
    """The address of each page and view with each model, and of each network on Models."""
    classifiers, segmenters = (list_bundles().evaluated(task) for task in (CLASSIFICATION, SEGMENTATION))
    pairs = {
        (classifier, classifier if classifier in segmenters else REPORT_SEGMENTER) for classifier in classifiers
    } | {(segmenter if segmenter in classifiers else REPORT_CLASSIFIER, segmenter) for segmenter in segmenters}
    models = [urlencode(model_address(*pair)) for pair in sorted(pairs) if pair != (DEFAULT_CLASSIFIER,) * 2]
    views = [address for address in ADDRESSES if OF_THE_MODEL.fullmatch(address)]
    yield from ADDRESSES
    # A sample goes along to Explain: those that open one come last.
    for address in sorted(views, key=lambda view: "sample" in view):
        yield from (f"{address}{'&' if '?' in address else '?'}{model}" for model in models)
    for name in bundle_names():
        title = open_bundle(name).card.title
        yield from (f"models?{urlencode({'bundle': title} | view)}" for view in ({}, {"view": "Card"}))


def open_address(page: Page, server: str, address: str) -> None:
    """Open an address in a window that has the app open; as a new page where the app does not follow."""
    page.evaluate(GO, f"/{address}")
    with suppress(TimeoutError):
        page.wait_for_function(DRAWN, timeout=_PATIENCE)
    if not is_open(page.url, f"{server}/{address}"):
        page.goto(f"{server}/{address}")
        settle(page)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def is_open(shown: str, asked: str) -> bool:
    """Return whether a window is at an address, from which the app may have taken what it shows anyway."""
    (path, names), (asked_path, asked_names) = (
        (urlsplit(url).path, parse_qs(urlsplit(url).query)) for url in (shown, asked)
    )
    return (
        path == asked_path
        and names.items() <= asked_names.items()
        and ("networks" in names) == ("networks" in asked_names)
    )


def test_every_model_page_and_view_opens_without_an_error(app_address: str, visit: Visit) -> None:
    page = visit(app_address)
    settle(page)
    wrong = {}
    for address in addresses():
        open_address(page, app_address, address)
        if found := page.evaluate(WRONG):
            wrong[address] = found
    assert not wrong
