"""Times of the viewer's drawing in a headless Chromium, whose processor draws what elsewhere a graphics card does."""

import statistics
from typing import Any

from playwright.sync_api import Locator

from scripts.measure.figures import Figure, median_of
from scripts.measure.journeys import chromium, window
from scripts.measure.servers import running_server

SAMPLE = "meningioma-axial-1"
"""512 x 512 pixels, with a heat map and two masks."""
MOVE, WINDOW = 0, 2
"""The button of the pointer that is dragged."""
_FRAMES = """async (canvas, button) => {
    const spent = [], request = window.requestAnimationFrame, context = canvas.getContext('2d');
    window.requestAnimationFrame = draw => request(now => {
        const began = performance.now();
        draw(now);
        context.getImageData(0, 0, 1, 1);  // has what is only noted down so far drawn
        spent.push(performance.now() - began);
    });
    canvas.setPointerCapture = () => {};
    for (const key of '0+++') canvas.dispatchEvent(new KeyboardEvent('keydown', { key }));
    const box = canvas.getBoundingClientRect();
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    const send = (type, turn) => canvas.dispatchEvent(new PointerEvent(type, {
        pointerId: 1, button: type === 'pointermove' ? -1 : button, buttons: button || 1,
        clientX: x + 60 * Math.sin(turn), clientY: y - 60 * Math.cos(turn),
    }));
    const frame = () => new Promise(request);
    send('pointerdown', 0);
    await frame();
    spent.length = 0;
    const began = performance.now();
    for (let i = 1; i <= 90; i++) { send('pointermove', i / 15); await frame(); }
    const seconds = (performance.now() - began) / 1000;
    send('pointerup', 6);
    window.requestAnimationFrame = request;
    return { spent, rate: 90 / seconds };
}"""


def drag(canvas: Locator, button: int) -> tuple[float, float]:
    """Drag on the zoomed picture for 90 frames; return the median of their milliseconds, and the frames a second."""
    found: dict[str, Any] = canvas.evaluate(_FRAMES, button)
    return statistics.median(found["spent"]), found["rate"]


def measure_viewer(runs: int) -> dict[str, Figure]:
    """Measure how long a frame takes to draw while the picture is moved, and while its window is dragged."""
    figures = {}
    with running_server() as server, chromium() as browser, window(browser) as page:
        page.goto(f"{server.address}/?sample={SAMPLE}")
        page.locator(".viewer[data-shown] .layers .heat").wait_for()
        canvas = page.locator(".viewer canvas")
        for row, button in (("frame_moved", MOVE), ("frame_windowed", WINDOW)):
            times, rates = zip(*(drag(canvas, button) for _ in range(runs)), strict=True)
            figures[row] = median_of(times, note=f"{statistics.median(rates):.0f} frames a second")
    return figures
