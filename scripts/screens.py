"""Take the pictures of docs/screens: every page, a comparison, a volume and the slice dialog, on desk and telephone.

``python -m scripts.screens`` takes all of them, ``python -m scripts.screens explain`` those of Explain. The server has
no data set, whose slices are not published: it shows samples, and in the dialog the slice's number in its place.
"""

import argparse
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page

from core.config import ROOT
from scripts.measure.journeys import chromium
from scripts.measure.servers import Server, running_server

FOLDER = ROOT / "docs" / "screens"
SAMPLE, VOLUME = "meningioma-axial-1", "glioma-volume"
PLACES = {
    "analyse": f"?sample={SAMPLE}",
    "compare": f"?sample={SAMPLE}&compare=Report+CNN+%2B+U-Net",
    "data": "data",
    "dialog": "errors?slice=9",
    "errors": "errors",
    "explain": f"explain?sample={SAMPLE}",
    "external": "external",
    "masks": "masks",
    "models": "models",
    "report": "report",
    "start": "",
    "training": "training",
    "tuning": "tuning",
    "volume": f"?sample={VOLUME}",
}
SIZES = {1440: 900, 390: 844}
_LEAST_DESK = 640
"""Narrower windows are a telephone's."""
THEMES = ("light", "dark")
_COLOURS = 256
"""Of a picture's palette."""
_PATIENCE = 240_000
"""Milliseconds."""
_REST_MS = 1500
_WITH_VIEWER = {"analyse", "compare", "explain", "start", "volume"}
_FINISHED = """() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'
    && !document.querySelector('[data-testid=stSpinner], [data-testid=stSkeleton]')"""
_DRAWN = """() => [...document.querySelectorAll('*')].some(
    each => each.shadowRoot?.querySelector('.viewer')?.dataset.shown)"""


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(PLACES), help=f"of {', '.join(PLACES)}; all by default")
    names = parser.parse_args().names
    FOLDER.mkdir(parents=True, exist_ok=True)
    with server_without_data() as server, chromium() as browser:
        for width, height in SIZES.items():
            for theme in THEMES:
                with window(browser, width, height, theme) as page:
                    for name in names:
                        page.goto(f"{server.address}/{PLACES[name]}")
                        if name == "volume":
                            _analyse(page)
                        wait_until_drawn(page, viewer=name in _WITH_VIEWER)
                        _save(page, f"{name}-{width}-{theme}")
    sizes = [path.stat().st_size for path in FOLDER.iterdir()]
    print(f"{len(sizes)} pictures, {sum(sizes) / 1e6:.1f} MB in {FOLDER.relative_to(ROOT)}")


@contextmanager
def server_without_data() -> Iterator[Server]:
    """Run a server that has no slice of the data set, neither prepared nor fetched before."""
    with tempfile.TemporaryDirectory() as empty:
        without = ("env", "-u", "SLICESCOPE_EXTERNAL", f"SLICESCOPE_DATA={empty}", "SLICESCOPE_FIGSHARE=0")
        with running_server(within=without) as server:
            yield server


@contextmanager
def window(browser: Browser, width: int, height: int, theme: str) -> Iterator[Page]:
    """Open a window of this size and theme; a narrow one is a telephone's."""
    is_telephone = width < _LEAST_DESK
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=theme, has_touch=is_telephone, is_mobile=is_telephone
    )
    context.set_default_timeout(_PATIENCE)
    yield context.new_page()
    context.close()


def wait_until_drawn(page: Page, *, viewer: bool) -> None:
    """Wait until a page has all its elements, and its viewer, where it has one, a picture."""
    page.wait_for_function(_FINISHED)
    if viewer:
        page.wait_for_function(_DRAWN)
    page.wait_for_timeout(_REST_MS)


def _analyse(page: Page) -> None:
    page.get_by_role("button", name="Analyse all").click()
    page.get_by_text("Download the volume's answer").wait_for()
    page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 0)")


def _save(page: Page, name: str) -> None:
    picture = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    colours, counts = np.unique(np.asarray(picture).reshape(-1, 3), axis=0, return_counts=True)
    # Vivid colours, such as a narrow bar's, count more than their few pixels: else nearly all were greys.
    vivid = 1 + np.ptp(colours.astype(int), axis=1) / 4
    often = np.repeat(colours, (np.sqrt(counts) * vivid).astype(int), axis=0)
    palette = Image.fromarray(often[np.newaxis]).quantize(_COLOURS, kmeans=1)
    picture.quantize(palette=palette, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
