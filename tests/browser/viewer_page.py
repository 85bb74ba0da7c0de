"""What the viewer's tests do and read in a browser."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page, expect

SAMPLE = "meningioma-axial-1"
PIXELS = """canvas => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let sum = 0, coloured = 0;
    for (let i = 0; i < data.length; i += 4) {
        sum += data[i] + data[i + 1] + data[i + 2];
        coloured += Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 20;
    }
    return [sum / data.length, coloured];
}"""
"""The mean grey value on the canvas, and how many of its pixels have a colour."""

Visit = Callable[..., Page]


def shown(page: Page, *, other_than: str | None = None) -> str:
    """Wait until the viewer shows a picture, another one than before; return its id."""
    viewer = page.locator(".viewer[data-shown]").first
    expect(viewer).to_be_visible()
    if other_than:
        expect(viewer).not_to_have_attribute("data-shown", other_than)
    page.wait_for_timeout(300)
    return viewer.get_attribute("data-shown") or ""


def put_in(page: Page, name: str, content: bytes) -> None:
    """Upload a file, and wait until the viewer shows it in place of the front page's example."""
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )
    expect(page.locator(".st-key-analyse_example_sides")).to_have_count(0)
    shown(page)


def canvas_of(page: Page) -> Locator:
    return page.locator(".viewer canvas").first


def tool(page: Page, name: str) -> Locator:
    return page.locator(f'.viewer [data-do="{name}"]').first


def drawn(page: Page) -> None:
    """Wait until the viewer has drawn what was asked of it: it draws with the browser's next frame."""
    page.wait_for_timeout(150)
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def pixels(page: Page) -> tuple[float, int]:
    drawn(page)
    mean, coloured = canvas_of(page).evaluate(PIXELS)
    return mean, coloured


def text(page: Page, corner: str) -> str:
    drawn(page)
    return page.locator(f".viewer .corner.{corner}").first.text_content() or ""


def middle(page: Page) -> tuple[float, float]:
    box = canvas_of(page).bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@contextmanager
def no_run(page: Page) -> Iterator[None]:
    """Watch that the browser asks the server for nothing."""
    page.evaluate(
        "() => { window.sent = 0; const send = WebSocket.prototype.send;"
        "WebSocket.prototype.send = function (...all) { window.sent++; return send.apply(this, all); }; }"
    )
    yield
    page.wait_for_timeout(300)
    assert page.evaluate("window.sent") == 0


def said(page: Page) -> str:
    """What screen readers are told last."""
    drawn(page)
    return page.locator(".viewer .unseen").first.text_content() or ""
