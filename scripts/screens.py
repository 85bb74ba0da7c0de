"""Take the pictures of docs/screens: Analyse, Explain, Compare, a volume and the slice dialog, on desk and telephone.

``python -m scripts.screens`` takes all of them, ``python -m scripts.screens explain`` those of Explain. The server has
no data set, whose slices are not published: it shows samples, a volume made of them, and in the dialog the slice's
number in its place.
"""

import argparse
import gzip
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import nibabel
import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page

from core.config import ROOT
from core.readers.preprocessing import resize
from core.readers.samples import find_sample
from scripts.measure.journeys import chromium
from scripts.measure.servers import Server, running_server

FOLDER = ROOT / "docs" / "screens"
SAMPLE = "meningioma-axial-1"
PLACES = {
    "analyse": f"?sample={SAMPLE}",
    "explain": f"explain?sample={SAMPLE}",
    "compare": f"?sample={SAMPLE}&compare=Report+CNN+%2B+U-Net",
    "dialog": "errors?slice=9",
    "volume": "",
}
VOLUME = ("no-tumour-axial", *[SAMPLE] * 2, "no-tumour-axial")
"""The samples that the volume is made of, each repeated as often as the next."""
_REPEATS, _SIDE, _SPACING = 6, 256, (0.94, 0.94, 5.0)
SIZES = {1440: 900, 390: 844}
_LEAST_DESK = 640
"""Narrower windows are a telephone's."""
THEMES = ("light", "dark")
_COLOURS = 256
"""Of a picture's palette."""
_PATIENCE = 240_000
"""Milliseconds."""
_REST_MS = 1500
_DRAWN = """() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'
    && !document.querySelector('[data-testid=stSpinner], [data-testid=stSkeleton]')
    && (document.querySelector('[role=dialog]') || [...document.querySelectorAll('*')].some(
        each => each.shadowRoot?.querySelector('.viewer')?.dataset.shown))"""


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(PLACES), help=f"of {', '.join(PLACES)}; all by default")
    names = parser.parse_args().names
    FOLDER.mkdir(parents=True, exist_ok=True)
    with _server_without_data() as server, chromium() as browser:
        for width, height in SIZES.items():
            for theme in THEMES:
                with _window(browser, width, height, theme) as page:
                    for name in names:
                        page.goto(f"{server.address}/{PLACES[name]}")
                        if name == "volume":
                            _analyse(page, _volume())
                        page.wait_for_function(_DRAWN)
                        page.wait_for_timeout(_REST_MS)
                        _save(page, f"{name}-{width}-{theme}")
    sizes = [path.stat().st_size for path in FOLDER.iterdir()]
    print(f"{len(sizes)} pictures, {sum(sizes) / 1e6:.1f} MB in {FOLDER.relative_to(ROOT)}")


@contextmanager
def _server_without_data() -> Iterator[Server]:
    """Run a server that has no slice of the data set, neither prepared nor fetched before."""
    with tempfile.TemporaryDirectory() as empty:
        without = ("env", "-u", "SLICESCOPE_EXTERNAL", f"SLICESCOPE_DATA={empty}", "SLICESCOPE_FIGSHARE=0")
        with running_server(within=without) as server:
            yield server


@contextmanager
def _window(browser: Browser, width: int, height: int, theme: str) -> Iterator[Page]:
    is_telephone = width < _LEAST_DESK
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=theme, has_touch=is_telephone, is_mobile=is_telephone
    )
    context.set_default_timeout(_PATIENCE)
    yield context.new_page()
    context.close()


def _volume() -> bytes:
    """Return a NIfTI file of axial slices, from the feet on."""
    pixels = [
        resize(find_sample(name).slice().pixels, _SIDE, _SIDE, method=Image.Resampling.LANCZOS)
        for name in VOLUME
        for _ in range(_REPEATS)
    ]
    values = np.stack(pixels).T[::-1, ::-1].astype(np.int16)  # samples show the right on the left, the nose above
    return gzip.compress(nibabel.Nifti1Image(values, np.diag([*_SPACING, 1.0])).to_bytes())


def _analyse(page: Page, volume: bytes) -> None:
    file = {"name": "volume.nii.gz", "mimeType": "application/gzip", "buffer": volume}
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files([file])
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
