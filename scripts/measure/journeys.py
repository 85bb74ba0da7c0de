"""Times on the page, by a headless Chromium: the first page, answers, the viewer, pages, heat maps."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, sync_playwright

from core.readers.samples import read_samples
from scripts.measure.figures import Figure, median_of, ratio_of
from scripts.measure.servers import HELLO, find_chromium, running_server
from scripts.measure.slices import NewSlice, new_slices

_PATIENCE = 300_000
"""Milliseconds to wait; a measurement on a busy machine should fail late."""
FINISHED = "document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
_SHOWN = """document.querySelector('[data-testid=stBidiComponentIsolated]')
    ?.shadowRoot?.querySelector('.viewer')?.dataset.shown"""
"""The picture that the viewer shows."""
_ANSWERED = f"""before => {{
    const shown = {_SHOWN};
    return shown && shown !== before && document.querySelector('.st-key-analyse_headline h2');
}}"""
_WINDOWED = """async () => {
    const { shadowRoot } = document.querySelector('[data-testid=stBidiComponentIsolated]');
    const window = shadowRoot.querySelector('.corner.window'), canvas = shadowRoot.querySelector('canvas');
    const before = window.textContent, began = performance.now();
    canvas.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', shiftKey: true }));
    while (window.textContent === before) await new Promise(requestAnimationFrame);
    return (performance.now() - began) / 1000;
}"""
"""Moves the viewer's window by a key; gives the seconds until the picture is drawn anew."""
_EXPLAINED = f"""before => {{
    const shown = {_SHOWN};
    return shown && shown !== before && document.querySelector('[data-testid=stBidiComponentIsolated]')
        .shadowRoot.querySelector('.layers .heat');
}}"""


def measure_start(runs: int) -> dict[str, Figure]:
    """Measure the first page against ``streamlit hello``, and what a visitor does on Analyse then.

    Args:
        runs: cold servers of each kind, in turn; answers on the last one.
    """
    pages: list[float] = []
    hellos: list[float] = []
    answers: list[float] = []
    with chromium() as browser, tempfile.TemporaryDirectory() as empty:
        for _ in range(runs):
            with running_server(HELLO, folder=Path(empty)) as server, window(browser) as page:
                hellos.append(_seconds(lambda: _open(page, server.address)))
            fresh = new_slices(1 + runs, confident=True)
            with running_server() as server, window(browser) as page:
                pages.append(_seconds(lambda: _open(page, server.address)))
                answers.append(_upload(page, fresh[0]))
                later = _measure_answers(page, fresh[1:])
    return {"first_page": ratio_of(pages, hellos, "`streamlit hello`"), "first_answer": median_of(answers), **later}


def _measure_answers(page: Page, slices: list[NewSlice]) -> dict[str, Figure]:
    new, seen = [], []
    for slice_ in slices:
        _press(page.get_by_text("Choose another slice"))
        new.append(_upload(page, slice_))
        for label in ("Previous", "Next"):
            button = page.locator(f".st-key-analyse_{label} button")
            button.wait_for()
            seen.append(_until_changed(page, _ANSWERED, lambda button=button: _press(button)))
    moved = [page.evaluate(_WINDOWED) for _ in slices]
    return {"next_answer": median_of(new), "seen_answer": median_of(seen), "slider": median_of(moved)}


def measure_pages(runs: int) -> dict[str, Figure]:
    """Open every page from the menu, once to warm the server and then to measure; give the slowest page's median."""
    with running_server() as server, chromium() as browser, window(browser) as page:
        _open(page, server.address)
        links = page.locator("[data-testid=stTopNavLink]")
        # The page that is open comes last.
        order = [*range(1, links.count()), 0]
        times: list[list[float]] = [[] for _ in order]
        for _ in range(runs + 1):
            for position in order:
                times[position].append(_follow(page, links.nth(position)))
        paths = [link.get_attribute("href") or "" for link in links.all()]
    names = [path.rpartition("/")[2] or "start" for path in paths]
    medians = {name: median_of(seconds[1:]) for name, seconds in zip(names, times, strict=True)}
    note = ", ".join(f"{name} {figure.value:.2f}" for name, figure in medians.items())
    slowest = max(medians.values(), key=lambda figure: figure.value)
    return {"other_page": replace(slowest, note=note)}


def measure_grad_cam(address: str, runs: int) -> dict[str, Figure]:
    """Measure Grad-CAM on Explain, from the click on a sample to its heat map, on a server that made none yet."""
    names = [sample.name for sample in read_samples() if sample.class_name][: runs + 1]
    times = []
    with chromium() as browser, window(browser) as page:
        _open(page, f"{address}/explain?method=Grad-CAM")
        for name in names:
            if times:
                _press(page.get_by_text("Choose another slice"))
            button = page.locator(f".st-key-explain_sample_{name} button").first
            button.wait_for()
            times.append(_until_changed(page, _EXPLAINED, lambda button=button: _press(button)))
            page.wait_for_function(FINISHED)
    return {"first_grad_cam": Figure(times[0]), "next_grad_cam": median_of(times[1:])}


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the installed Chromium."""
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=arguments)
        yield browser
        browser.close()


@contextmanager
def window(browser: Browser) -> Iterator[Page]:
    """Open a window with an empty cache."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(_PATIENCE)
    yield context.new_page()
    context.close()


def _open(page: Page, address: str) -> None:
    page.goto(address, wait_until="commit")
    page.wait_for_function(f"{FINISHED} && document.querySelector('h1')")


def _follow(page: Page, link: Locator) -> float:
    """Follow a link of the menu; return the seconds until its page is drawn."""
    heading = "document.querySelector('h1')?.textContent"
    before = page.evaluate(heading)

    def follow() -> None:
        _press(link)
        page.wait_for_function(f"before => {heading} && {heading} !== before && {FINISHED}", arg=before)

    return _seconds(follow)


def _upload(page: Page, slice_: NewSlice) -> float:
    chooser = page.get_by_test_id("stFileUploaderDropzoneInput").first
    chooser.wait_for(state="attached")
    file = {"name": slice_.name, "mimeType": "image/png", "buffer": slice_.data}
    return _until_changed(page, _ANSWERED, lambda: chooser.set_input_files(file))


def _until_changed(page: Page, condition: str, act: Callable[[], object]) -> float:
    """Act; return the seconds until a condition holds for another picture than before; let the page finish."""
    before = page.evaluate(f"{_SHOWN} ?? ''")

    def act_and_wait() -> None:
        act()
        page.wait_for_function(condition, arg=before)

    seconds = _seconds(act_and_wait)
    page.wait_for_function(FINISHED)
    return seconds


def _press(element: Locator) -> None:
    """Click without waiting for the element to come to rest."""
    element.evaluate("element => element.click()")


def _seconds(function: Callable[[], object]) -> float:
    began = time.perf_counter()
    function()
    return time.perf_counter() - began
