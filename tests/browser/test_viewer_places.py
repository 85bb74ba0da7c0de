"""Where the viewer stands: large, whole in the first screen, on every page that has one."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from core.config import SAMPLES
from core.dataset.store import STORE_NAME
from scripts.measure.servers import running_server
from tests.browser.places import settle, still
from tests.browser.viewer_page import SAMPLE, Visit, canvas_of, put_in, shown, tool
from tests.core import tiny
from tests.volumes import a_head, nifti

pytestmark = pytest.mark.browser

SLICE = 6
"""A test slice."""
PLACES = {
    "Analyse": f"?sample={SAMPLE}",
    "Explain": f"explain?sample={SAMPLE}&method=Grad-CAM",
    "Masks": f"masks?view=Slices&row={SLICE}",
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with a made-up data set."""
    folder = tmp_path_factory.mktemp("data")
    tiny.data_set(8, side=512).write(folder / STORE_NAME)
    with running_server(within=("env", f"SLICESCOPE_DATA={folder}")) as server:
        yield server.address


@pytest.mark.parametrize(("width", "height", "least"), [(1440, 900, 600), (1280, 720, 400), (1920, 1080, 760)])
@pytest.mark.parametrize("place", PLACES)
def test_the_picture_is_large_and_whole_in_the_first_screen(
    address: str, visit: Visit, place: str, width: int, height: int, least: int
):
    page = visit(f"{address}/{PLACES[place]}", width=width, height=height)
    shown(page)
    box = still(page, canvas_of(page).bounding_box)
    assert min(box["width"], box["height"]) >= least
    assert box["y"] + box["height"] <= height


@pytest.mark.parametrize("kind", ["slice", "volume"])
@pytest.mark.parametrize("place", ["", "explain"])
def test_an_upload_is_whole_in_the_first_screen_too(address: str, visit: Visit, place: str, kind: str):
    page = visit(f"{address}/{place}", width=1280, height=720)
    is_slice = kind == "slice"
    content = (SAMPLES / f"{SAMPLE}.png").read_bytes() if is_slice else nifti(a_head()[0])
    put_in(page, "mine.png" if is_slice else "mine.nii", content)
    box = still(page, canvas_of(page).bounding_box)
    # Explain has two pictures side by side.
    assert box["height"] >= (300 if place else 400) and box["y"] + box["height"] <= 720


def test_compare_has_both_answers_and_both_pictures_in_the_first_screen(address: str, visit: Visit):
    page = visit(f"{address}/?sample={SAMPLE}&compare=Report+CNN+%2B+U-Net")
    expect(page.locator(".viewer[data-shown]")).to_have_count(2)
    expect(page.get_by_role("heading", level=2)).to_have_count(2)
    settle(page)
    for part in (page.get_by_role("heading", level=2), page.locator(".viewer canvas")):
        for each in part.all():
            box = each.bounding_box()
            assert box and box["y"] >= 0 and box["y"] + box["height"] <= 900


def test_the_dialog_has_the_viewer(address: str, visit: Visit):
    page = visit(f"{address}/errors?slice={SLICE}")
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".viewer[data-shown]")).to_be_visible()
    tool(page, "zoomIn").click()
    expect(dialog.locator(".corner.window")).to_contain_text("×")


def test_the_dialogs_heading_is_larger_than_its_text(address: str, visit: Visit):
    dialog = visit(f"{address}/errors?slice={SLICE}").get_by_role("dialog")
    heading = dialog.get_by_test_id("stHeading").get_by_role("heading", level=2)
    size = "element => parseFloat(getComputedStyle(element).fontSize)"
    assert heading.evaluate(size) > 1.2 * dialog.get_by_text("Patient ").first.evaluate(size)
