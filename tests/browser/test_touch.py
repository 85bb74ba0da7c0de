"""One tap, one press of a key, one stop of the tab key: the matrix, the scatter plot, thumbnails and toolbars."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import PATIENCE
from tests.browser.places import settle, settled
from tests.browser.test_charts import cell, lonely_point, wait_for_address

pytestmark = pytest.mark.browser

Visit = Callable[..., Page]
STOPS = """tile => [...tile.querySelectorAll("a[href], button, input, [tabindex]")]
    .filter(each => each.tabIndex >= 0 && each.checkVisibility()).length"""
OUTSIDE = """toolbar => {
    const own = toolbar.getBoundingClientRect(), around = toolbar.parentElement.getBoundingClientRect();
    const table = toolbar.parentElement.querySelector(".stDataFrameResizable")?.getBoundingClientRect();
    return own.top < around.top - 1 || own.bottom > around.bottom + 1 || (table && own.top < table.bottom - 1);
}"""


@pytest.fixture
def touched(chromium: Browser) -> Iterator[Callable[[str], Page]]:
    """Open an address on a telephone: touched(address)."""
    with chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True) as telephone:

        def open_page(address: str) -> Page:
            page = telephone.new_page()
            page.set_default_timeout(PATIENCE)
            page.goto(address)
            settle(page)
            return page

        yield open_page


def tap(page: Page, element: Locator) -> None:
    box = settled(element)
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_the_first_tap_on_a_cell_shows_its_slices(app_address: str, touched: Callable[[str], Page]):
    page = touched(f"{app_address}/errors")
    tap(page, cell(page, 0, 1))
    wait_for_address(page, "predicted=Glioma")


def test_the_first_tap_on_a_point_opens_its_slice(app_address: str, touched: Callable[[str], Page]):
    page = touched(f"{app_address}/masks")
    chart = page.locator(".js-plotly-plot:has(.scatterlayer .point)").first
    settled(chart)
    point = lonely_point(chart)
    page.touchscreen.tap(point["x"], point["y"])
    expect(page.get_by_role("dialog")).to_contain_text(f"Slice {point['slice']}")


def test_the_matrix_is_one_stop_and_arrow_keys_and_enter_do_the_rest(app_address: str, visit: Visit):
    page = visit(f"{app_address}/errors")
    cell(page, 0, 0)
    page.get_by_role("radio", name="Share of column").or_(page.get_by_role("button", name="Share of column")).focus()
    stops = page.locator(".matrix button[tabindex='0']")
    expect(stops).to_have_count(1)
    page.keyboard.press("Tab")
    expect(cell(page, 0, 0)).to_be_focused()
    page.keyboard.press("ArrowRight")
    chosen = cell(page, 0, 1)
    expect(chosen).to_be_focused()
    expect(chosen).to_have_accessible_name(re.compile(r"^True meningioma, predicted glioma: \d+ slices?, "))
    page.keyboard.press("Enter")
    wait_for_address(page, "predicted=Glioma")
    settle(page)
    expect(chosen).to_have_attribute("aria-pressed", "true")
    expect(chosen).to_be_focused()
    expect(stops).to_have_count(1)
    page.keyboard.press("Enter")
    wait_for_address(page, "/errors", lacks="predicted=")


@pytest.mark.parametrize(("address", "opens"), [("errors", "slice="), ("", "sample=")])
def test_a_thumbnail_is_the_target_and_one_stop(app_address: str, visit: Visit, address: str, opens: str):
    page = visit(f"{app_address}/{address}")
    settle(page)
    tile = page.locator("[class*=_thumbnail_]").first
    picture = settled(tile.get_by_test_id("stImage").locator("img"))
    assert tile.evaluate(STOPS) == 1
    page.mouse.click(picture["x"] + picture["width"] / 2, picture["y"] + picture["height"] / 2)
    wait_for_address(page, opens)


@pytest.mark.parametrize("address", ["errors?view=Report's+tables", "models", "masks?view=Slices"])
def test_no_toolbar_lies_over_what_stands_above_or_over_a_row(
    app_address: str, touched: Callable[[str], Page], address: str
):
    page = touched(f"{app_address}/{address}")
    toolbars = page.locator("[data-testid=stElementToolbar]:not([class*=_thumbnail_] *)")
    expect(toolbars.first).to_be_attached()
    for toolbar in toolbars.all():
        tap(page, toolbar.locator("xpath=.."))
        page.wait_for_timeout(300)
        assert not toolbar.evaluate(OUTSIDE)
        if page.get_by_role("dialog").count():
            page.keyboard.press("Escape")
