"""Make docs/screens/tour.webp: twenty seconds of the app, from its first page to a slice behind an error.

``python -m scripts.animation`` drives the app without the data set, as ``scripts.screens`` does; it shows samples.
"""

import io
from collections.abc import Iterator
from typing import NamedTuple

from PIL import Image, ImageDraw
from playwright.sync_api import Locator, Page

from scripts.measure.journeys import chromium
from scripts.screens import FOLDER, server_without_data, wait_until_drawn, window

FILE = FOLDER / "tour.webp"
_WINDOW, _SIZE = (1280, 800), (960, 600)
_STEPS, _STEP_MS = 3, 80
"""Of the change from one picture to the next."""
_POINTED_MS = 700
"""For which the pointer stands before it clicks."""
_QUALITY = 80


class Scene(NamedTuple):
    """What is seen for some seconds, and where the visitor clicks at its end."""

    picture: Image.Image
    seconds: float
    click: tuple[float, float] | None


def main() -> None:
    """Make the animation."""
    with server_without_data() as server, chromium() as browser, window(browser, *_WINDOW, "light") as page:
        scenes = list(_tour(page, server.address))
    frames, durations = _frames(scenes)
    frames[0].save(
        FILE, save_all=True, append_images=frames[1:], duration=durations, loop=0, quality=_QUALITY, method=6
    )
    print(f"{FILE.name}: {sum(durations) / 1000:.1f} s, {len(frames)} pictures, {FILE.stat().st_size / 1e6:.1f} MB")


def _tour(page: Page, address: str) -> Iterator[Scene]:
    """Visit the pages, and yield what is seen; each click leads to the next scene."""
    page.goto(address)
    wait_until_drawn(page, viewer=True)
    yield _seen(page, 2.5)
    yield _clicked(page, page.get_by_role("button", name="Glioma 1"), 1.0)
    page.get_by_text("Why this answer").wait_for()
    wait_until_drawn(page, viewer=True)
    yield _clicked(page, page.get_by_text("Why this answer"), 2.5)
    wait_until_drawn(page, viewer=True)
    yield _seen(page, 2.0)
    page.goto(f"{address}/errors")
    wait_until_drawn(page, viewer=False)
    yield _clicked(page, page.locator("tbody tr").first.locator("td button").nth(1), 2.0)
    wait_until_drawn(page, viewer=False)
    yield _clicked(page, page.locator("[class*=_thumbnail_]").first.get_by_test_id("stImage"), 2.0)
    page.get_by_role("dialog").wait_for()
    wait_until_drawn(page, viewer=False)
    yield _seen(page, 2.5)
    page.goto(f"{address}/external")
    wait_until_drawn(page, viewer=False)
    yield _seen(page, 2.0)


def _seen(page: Page, seconds: float, click: tuple[float, float] | None = None) -> Scene:
    picture = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    return Scene(picture.resize(_SIZE, Image.Resampling.LANCZOS), seconds, click)


def _clicked(page: Page, element: Locator, seconds: float) -> Scene:
    """Return what is seen before an element is clicked, and click it."""
    element.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    box = element.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    scale = _SIZE[0] / _WINDOW[0]
    scene = _seen(page, seconds, (x * scale, y * scale))
    page.mouse.click(x, y)
    return scene


def _frames(scenes: list[Scene]) -> tuple[list[Image.Image], list[int]]:
    """Return the pictures and for how many milliseconds each is shown."""
    frames: list[Image.Image] = []
    durations: list[int] = []
    for scene, following in zip(scenes, [*scenes[1:], scenes[0]], strict=True):
        last = scene.picture
        frames.append(last)
        durations.append(round(scene.seconds * 1000))
        if scene.click:
            last = _with_pointer(last, *scene.click)
            frames.append(last)
            durations.append(_POINTED_MS)
        for step in range(1, _STEPS + 1):
            frames.append(Image.blend(last, following.picture, step / (_STEPS + 1)))
            durations.append(_STEP_MS)
    return frames, durations


def _with_pointer(picture: Image.Image, x: float, y: float) -> Image.Image:
    """Draw a pointer's arrow whose tip is at (x, y)."""
    pointed = picture.copy()
    arrow = [(0, 0), (0, 22), (5, 17), (9, 25), (13, 23), (9, 15), (16, 15)]
    ImageDraw.Draw(pointed).polygon([(x + dx, y + dy) for dx, dy in arrow], fill="black", outline="white", width=2)
    return pointed


if __name__ == "__main__":
    main()
