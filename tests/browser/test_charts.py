"""Journeys through charts: a cell to its slices, an address that is passed on, a heat map."""

import re
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect

from core.bundles.bundle import DEFAULT_CLASSIFIER, REPORT_CLASSIFIER, REPORT_SEGMENTER, open_bundle
from core.bundles.predictions import order_predictions, read_predictions, select_predictions
from panels.shared.model_choice import model_address
from tests.browser.places import settled, still

pytestmark = pytest.mark.browser

Visit = Callable[..., Page]
WIDTHS = (1440, 390)
REPORT_MODEL = urlencode(model_address(REPORT_CLASSIFIER, REPORT_SEGMENTER))


def cell(page: Page, row: int, column: int) -> Locator:
    """A cell of the matrix, once the page is drawn."""
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile(r"\d+ · ")).first).to_be_visible()
    return page.locator(".matrix tbody tr").nth(row).get_by_role("button").nth(column)


def click_cell(page: Page, row: int, column: int, *, across: float, down: float) -> None:
    """Click a cell of the matrix, at a share of its width and height from its upper left corner."""
    box = settled(cell(page, row, column))
    page.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] * down)


def wait_for_address(page: Page, holds: str, *, lacks: str = "nothing lacks this") -> None:
    page.wait_for_function("([holds, lacks]) => location.href.includes(holds) && !location.href.includes(lacks)",
                           arg=[holds, lacks])  # fmt: skip


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("across", "down"), ((0.06, 0.06), (0.94, 0.94)))
def test_a_click_near_a_cells_corner_shows_its_slices_and_a_second_one_clears(
    app_address: str, visit: Visit, width: int, across: float, down: float
):
    matrix = open_bundle(DEFAULT_CLASSIFIER).test_metrics.confusion_matrix
    page = visit(f"{app_address}/errors", width=width, height=900)
    click_cell(page, 0, 1, across=across, down=down)
    expect(page.get_by_text(f"{matrix[0][1]} slices", exact=True)).to_be_visible()
    wait_for_address(page, "true=Meningioma")
    click_cell(page, 0, 1, across=down, down=across)
    expect(page.get_by_text(f"{sum(map(sum, matrix))} slices", exact=True)).to_be_visible()
    wait_for_address(page, "/errors", lacks="true=")
    click_cell(page, 2, 2, across=across, down=down)
    expect(page.get_by_text(f"{matrix[2][2]} slices", exact=True)).to_be_visible()


def test_a_copied_address_opens_the_same_slices_on_a_fresh_server(app_address: str, fresh_address: str, visit: Visit):
    page = visit(f"{app_address}/errors")
    click_cell(page, 0, 1, across=0.1, down=0.9)
    wait_for_address(page, "predicted=Glioma")
    missed = select_predictions(
        read_predictions(open_bundle(DEFAULT_CLASSIFIER)), part="test", true="meningioma", predicted="glioma"
    )
    expect(page.get_by_text(f"{len(missed)} slices", exact=True)).to_be_visible()
    page.get_by_label("Sort").click()
    page.get_by_role("option", name="highest confidence first", exact=True).click()
    wait_for_address(page, "sort=highest")
    surest = order_predictions(missed, "surest first")["slice"].iloc[0]
    for opened in (page, visit(f"{fresh_address}{page.evaluate('location.pathname + location.search')}")):
        first = opened.get_by_role("button", name=re.compile(r"\d+ · ")).first
        expect(first).to_have_text(re.compile(rf"\b{surest} · Glioma"))


@pytest.mark.parametrize(
    ("former", "present"),
    (
        ("errors?sort=surest+first", "sort=highest"),
        ("models?show=Inside+and+outside", "show=Internal"),
    ),
)
def test_an_option_s_former_name_in_an_address_opens_it_under_its_present_name(
    app_address: str, visit: Visit, former: str, present: str
):
    page = visit(f"{app_address}/{former}")
    wait_for_address(page, present)
    expect(page.get_by_text("This app has encountered an error")).to_have_count(0)


def test_a_tile_opens_and_closes_its_slice(app_address: str, visit: Visit):
    page = visit(f"{app_address}/errors?patient=1&{REPORT_MODEL}")
    tile = page.get_by_role("button", name=re.compile(r"\d+ · ")).first
    tile.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_text("Other slices of patient 1")).to_be_visible()
    wait_for_address(page, "slice=")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    wait_for_address(page, "/errors", lacks="slice=")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_click_on_a_point_opens_its_slice(app_address: str, visit: Visit, width: int):
    page = visit(f"{app_address}/masks?{REPORT_MODEL}", width=width, height=900)
    chart = page.locator(".js-plotly-plot:has(.scatterlayer .point)").first
    expect(chart).to_be_visible()
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    chart.scroll_into_view_if_needed()
    point = still(page, lambda: lonely_point(chart))  # what loads above it may still move it
    page.mouse.click(point["x"], point["y"])
    expect(page.get_by_role("dialog")).to_contain_text(f"Slice {point['slice']}")
    wait_for_address(page, f"slice={point['slice']}")
    segmenter = open_bundle(REPORT_SEGMENTER)
    own = segmenter.card.output.threshold
    dice = read_predictions(segmenter).set_index("slice")["dice"][point["slice"]]
    expect(page.get_by_role("dialog")).to_contain_text(f"Dice {dice:.2f}, IoU")
    expect(page.get_by_role("dialog")).to_contain_text(f"at threshold {own:.2f}")


def lonely_point(chart: Locator) -> dict[str, float]:
    """The drawn point farthest from its nearest neighbour: x and y in the window, and its slice."""
    return chart.evaluate("""chart => {
        const points = [...chart.querySelectorAll('.scatterlayer .trace')].flatMap((trace, t) =>
            [...trace.querySelectorAll('.point')].map((drawn, i) => {
                const box = drawn.getBoundingClientRect();
                return {x: box.x + box.width / 2, y: box.y + box.height / 2,
                        slice: chart.data[t].customdata[i][0]};
            }));
        const room = a => Math.min(...points.filter(b => b !== a).map(b => Math.hypot(a.x - b.x, a.y - b.y)));
        return points.reduce((best, point) => room(point) > room(best) ? point : best);
    }""")


def test_a_heat_map_is_opened_by_method_and_class(app_address: str, visit: Visit):
    page = visit(f"{app_address}/explain?sample=glioma-axial-1&method=Layer-CAM")
    expect(page.get_by_text("Heat on the tumour", exact=True)).to_be_visible()
    page.get_by_role("radio", name="All three").or_(page.get_by_role("button", name="All three")).first.click()
    for name in ("meningioma", "glioma", "pituitary tumour"):
        shown = page.get_by_text(re.compile(f"evidence for {name}")).filter(visible=True)
        expect(shown.first).to_be_visible()  # while the page is drawn anew, the former picture may stand beside it
    wait_for_address(page, "class=")
