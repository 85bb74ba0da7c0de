"""Every page and view, light and wide, dark and narrow: it holds still, scrolls down only, has few words, no barrier.

streamlit_violations.json lists what axe-core finds in Streamlit's own elements, by rule and a part of their HTML.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import axe_core_python
import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import PATIENCE
from tests.browser.places import settle

pytestmark = pytest.mark.browser

ADDRESSES = (
    "",
    "?sample=meningioma-axial-1",
    "?sample=meningioma-axial-1&compare=Report+CNN+%2B+U-Net",
    "explain",
    "explain?sample=meningioma-axial-1",
    "errors",
    "errors?view=Report's+tables",
    "errors?view=Confidence",
    "errors?view=Two+cells",
    "errors?view=Compare",
    "masks",
    "masks?view=Slices",
    "masks?view=Why+IoU+says+0.49",
    "external",
    "external?view=Thresholds",
    "external?view=By+image+kind",
    "training",
    "training?kind=Masks",
    "tuning",
    "tuning?search=report-unet",
    "report",
    "models",
    "models?show=Slice-level+and+patient-level+splits",
    "models?show=Internal+and+external",
    "models?show=Published+results",
    "data",
)
WAYS = {"light-1440": [1440, 1920, 1280, 1024, 900, 768], "dark-390": [390, 700, 641, 360]}
"""The theme and the width that a page is opened with, and the widths that its window is then given."""
AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
STREAMLIT = json.loads(Path(__file__).with_name("streamlit_violations.json").read_text(encoding="utf-8"))
LARGEST_SHIFT = 0.1
WATCH_SHIFTS = """window.shift = 0;
new PerformanceObserver(list => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({ type: 'layout-shift', buffered: true });"""
SIDEWAYS = """[document.documentElement, document.querySelector('[data-testid=stMain]')]
    .map(element => element.scrollWidth - element.clientWidth)"""
MOST_WORDS = 250
"""On a page before anything is opened, labels and captions among them; words in charts, in tables and on icons do not
count."""
READ_THROUGH = {"report"}
"""Pages that are read from top to bottom, and may have more."""
WORDS = """(() => {
    const main = document.querySelector('[data-testid=stMain]');
    const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
    const words = [];
    while (walker.nextNode()) {
        const place = walker.currentNode.parentElement;
        if (place.closest('svg, style, script, .records, [data-testid=stTable]')) continue;
        if (place.closest('[data-testid=stIconMaterial]')) continue;
        if (!place.checkVisibility({ visibilityProperty: true }) || place.getBoundingClientRect().width < 2) continue;
        words.push(...walker.currentNode.data.split(/\\s+/).filter(word => /\\p{L}/u.test(word)));
    }
    return words;
})()"""
HIDDEN = "document.querySelectorAll('[data-testid=stMain] [data-testid=stSkeleton]').length"


@pytest.fixture(scope="module", params=[(address, way) for address in ADDRESSES for way in WAYS], ids=" ".join)
def opened(request: pytest.FixtureRequest, app_address: str, chromium: Browser) -> Iterator[tuple[Page, list[int]]]:
    """A page that the tests below share, and the widths to give it; none may disturb the next."""
    address, way = request.param
    scheme, width = way.split("-")
    with chromium.new_context(viewport={"width": int(width), "height": 900}, color_scheme=scheme) as window:
        window.add_init_script(WATCH_SHIFTS)
        page = window.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{app_address}/{address}")
        settle(page)
        page.wait_for_function(f"!{HIDDEN}")
        page.wait_for_timeout(1500)
        yield page, WAYS[way]


def test_a_page_holds_still_while_it_loads(opened: tuple[Page, list[int]]):
    page, _ = opened
    assert page.evaluate("shift") < LARGEST_SHIFT


def test_a_page_has_few_words(opened: tuple[Page, list[int]]):
    page, _ = opened
    words = page.evaluate(WORDS)
    assert len(words) <= MOST_WORDS or urlsplit(page.url).path.strip("/") in READ_THROUGH, " ".join(words)


def test_no_page_has_a_barrier_of_ours(opened: tuple[Page, list[int]]):
    page, _ = opened
    assert not violations(page)


def test_no_page_scrolls_sideways(opened: tuple[Page, list[int]]):
    page, widths = opened
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(300)
        page.wait_for_function(f"{SIDEWAYS}.every(room => room === 0)")


def test_none_of_streamlits_own_is_serious():
    assert {known["impact"] for known in STREAMLIT} <= {"minor", "moderate"}


def violations(page: Page) -> list[str]:
    """Return what axe-core finds and Streamlit's list does not have: rule, impact and the element's HTML."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{each['id']} ({each['impact']}): {node['html'][:200]}"
        for each in found
        for node in each["nodes"]
        if not any(
            (each["id"], each["impact"]) == (known["rule"], known["impact"]) and known["holds"] in node["html"]
            for known in STREAMLIT
        )
    ]
