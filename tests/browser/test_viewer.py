"""The viewer in a real browser: everything it does works on its canvas, without a run of the page."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from scripts.measure.viewer import MOVE, WINDOW, drag
from tests.browser.places import settle, unfold
from tests.browser.viewer_page import (
    PIXELS,
    SAMPLE,
    Visit,
    canvas_of,
    drawn,
    middle,
    no_run,
    pixels,
    said,
    shown,
    text,
    tool,
)

pytestmark = pytest.mark.browser


@pytest.fixture
def page(app_address: str, visit: Visit) -> Page:
    """Analyse with a sample in its viewer."""
    page = visit(f"{app_address}/?sample={SAMPLE}")
    shown(page)
    settle(page)
    return page


def test_wheel_and_buttons_zoom_and_a_drag_moves(page: Page):
    with no_run(page):
        first = pixels(page)
        page.mouse.move(*middle(page))
        page.mouse.wheel(0, -400)
        assert "×" in text(page, "window")
        zoomed = pixels(page)
        assert zoomed != first
        page.mouse.down()
        page.mouse.move(middle(page)[0] + 80, middle(page)[1] + 40)
        page.mouse.up()
        assert pixels(page) != zoomed
        canvas_of(page).dblclick()
        page.mouse.move(5, 5)
        assert "×" not in text(page, "window") and pixels(page) == first
        tool(page, "zoomIn").click()
        assert "1.2×" in text(page, "window") or "1.3×" in text(page, "window")
        tool(page, "reset").click()
        assert pixels(page) == first


def test_a_drag_windows_with_the_right_button_or_the_tool_and_presets_do(page: Page):
    with no_run(page):
        first, window = pixels(page)[0], text(page, "window")
        x, y = middle(page)
        page.mouse.move(x, y)
        page.mouse.down(button="right")
        page.mouse.move(x, y - 60)
        page.mouse.up(button="right")
        assert pixels(page)[0] > first * 1.05 and text(page, "window") != window
        preset = page.get_by_label("Window preset")
        expect(preset).to_have_value("Custom")
        preset.select_option("Default")
        assert text(page, "window") == window
        preset.select_option("Dark")
        assert pixels(page)[0] < first
        tool(page, "window").click()
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x, y - 120)
        page.mouse.up()
        assert pixels(page)[0] > first


def test_layers_go_on_and_off_filled_or_outlined(page: Page):
    with no_run(page):
        _, everything = pixels(page)
        for name in ("Heat map", "True mask", "Predicted mask"):
            button = page.locator(".viewer .layers").get_by_role("button", name=name, exact=True)
            expect(button).to_have_attribute("aria-pressed", "true")
            button.click()
            expect(button).to_have_attribute("aria-pressed", "false")
        assert everything > 0 and pixels(page)[1] == 0
        page.locator(".viewer .layers").get_by_role("button", name="Predicted mask", exact=True).click()
        _, outline = pixels(page)
        tool(page, "style").click()
        page.get_by_label("Fill the masks").check()
        _, filled = pixels(page)
        assert 0 < outline < filled
        page.get_by_label("Opacity of the masks").fill("0")
        assert pixels(page)[1] == 0


def test_the_heat_map_has_an_opacity_and_colours(page: Page):
    with no_run(page):
        tool(page, "style").click()
        first = canvas_of(page).evaluate("canvas => canvas.toDataURL()")
        page.get_by_label("Colours of the heat map").select_option(index=1)
        drawn(page)
        assert canvas_of(page).evaluate("canvas => canvas.toDataURL()") != first
        _, hot = pixels(page)
        page.get_by_label("Opacity of the heat map").fill("0")
        assert 0 < pixels(page)[1] < hot / 2


def test_the_legend_has_the_colours_that_are_drawn(page: Page):
    count = """(canvas, wanted) => {
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let found = 0;
        for (let i = 0; i < data.length; i += 4) found += wanted.every((part, c) => Math.abs(part - data[i + c]) < 30);
        return found;
    }"""
    layers = page.locator(".viewer .layers")
    assert "gradient" in layers.locator(".swatch.heat").evaluate("swatch => getComputedStyle(swatch).backgroundImage")
    for name in ("True mask", "Predicted mask"):
        button = layers.get_by_role("button", name=name, exact=True)
        colour = button.locator(".swatch").evaluate("swatch => getComputedStyle(swatch).backgroundColor")
        wanted = [int(part) for part in re.findall(r"\d+", colour)]
        assert canvas_of(page).evaluate(count, wanted) > 100
        button.click()
        drawn(page)
        assert canvas_of(page).evaluate(count, wanted) == 0


def test_a_swipe_shows_the_slice_alone_on_the_left(page: Page):
    with no_run(page):
        _, everything = pixels(page)
        tool(page, "swipe").click()
        divider = page.get_by_role("slider", name=re.compile("Divider"))
        divider.focus()
        page.keyboard.press("End")
        assert pixels(page)[1] == 0
        page.keyboard.press("Home")
        assert pixels(page)[1] == everything
        box, (x, y) = divider.bounding_box(), middle(page)
        assert box
        page.mouse.move(box["x"] + 12, y)
        page.mouse.down()
        page.mouse.move(x, y)
        page.mouse.up()
        expect(divider).to_have_attribute("aria-valuenow", "50")


def test_the_pointer_reads_value_probability_and_place_and_the_ruler_measures_millimetres(page: Page):
    with no_run(page):
        x, y = middle(page)
        page.mouse.move(x, y)
        probe = r"x \d+, y \d+ · value \d+ · tumour ([<>]\xa0)?\d+\xa0% · [\d.]+, [\d.]+ mm"
        assert re.fullmatch(probe, text(page, "probe"))
        tool(page, "ruler").click()
        before = pixels(page)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 100, y)
        page.mouse.up()
        assert pixels(page) != before
        box = canvas_of(page).bounding_box()
        assert box
        length = float(re.search(r"([\d.]+) mm", said(page))[1])
        spacing = 0.47
        assert length == pytest.approx(100 / box["height"] * 512 * spacing, rel=0.15)


def test_the_keyboard_does_all_of_it(page: Page):
    with no_run(page):
        canvas_of(page).focus()
        first = pixels(page)
        page.keyboard.press("+")
        page.keyboard.press("ArrowRight")
        assert pixels(page) != first and "×" in said(page)
        page.keyboard.press("0")
        assert pixels(page) == first
        page.keyboard.press("Shift+ArrowUp")
        assert pixels(page)[0] > first[0]
        page.keyboard.press("0")
        for key in "123":
            page.keyboard.press(key)
        assert pixels(page)[1] == 0 and "the slice alone" in said(page)
        page.keyboard.press("0")
        page.keyboard.press("r")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        page.keyboard.press("Shift+ArrowRight")
        page.keyboard.press("Enter")
        assert "ruler" in said(page) and re.search(r"\d mm", said(page))
        page.keyboard.press("?")
        expect(page.locator(".viewer .panel.keys")).to_be_visible()


def test_the_letters_choose_tools_preset_fill_swipe_and_full_screen(page: Page):
    with no_run(page):
        canvas_of(page).focus()
        outlined = pixels(page)
        page.keyboard.press("o")
        assert pixels(page) != outlined
        page.keyboard.press("p")
        expect(page.get_by_label("Window preset")).not_to_have_value("Default")
        for key, name in (("w", "window"), ("r", "ruler"), ("m", "move"), ("s", "swipe"), ("f", "full")):
            page.keyboard.press(key)
            expect(tool(page, name)).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("f")
        expect(tool(page, "full")).to_have_attribute("aria-pressed", "false")


def test_every_tool_has_a_name_and_all_of_them_are_one_stop_of_the_tab_key(page: Page):
    names = page.locator(".viewer button:visible, .viewer select:visible").evaluate_all(
        "all => all.map(each => each.getAttribute('aria-label') || each.textContent.trim())"
    )
    assert len(names) > 12 and all(names)
    stops = page.locator('.viewer .bar button[tabindex="0"], .viewer .bar select[tabindex="0"]')
    expect(stops).to_have_count(1)
    stops.focus()
    page.keyboard.press("ArrowRight")
    expect(tool(page, "window")).to_be_focused()
    page.keyboard.press("Enter")
    expect(tool(page, "window")).to_have_attribute("aria-pressed", "true")


def test_the_saved_png_has_the_layers_as_shown_and_says_that_the_slice_is_simulated(page: Page):
    with no_run(page):
        saved = []
        for _ in range(2):
            with page.expect_download() as download:
                tool(page, "save").click()
            saved.append(Image.open(io.BytesIO(Path(download.value.path()).read_bytes())))
            tool(page, "layer 0").click()
        assert download.value.suggested_filename.endswith("-view.png")
    assert [image.size for image in saved] == [(512, 512)] * 2
    assert "imulated" in saved[0].text["Comment"]
    with_heat, without = (np.asarray(image.convert("RGB")).astype(int) for image in saved)
    assert np.abs(with_heat - without).max() > 50


def test_the_view_stays_when_the_slice_changes_and_goes_with_the_slices_own_window(page: Page):
    before = shown(page)
    window = text(page, "window")
    tool(page, "zoomIn").click()
    page.get_by_label("Window preset").select_option("Bright")
    tool(page, "layer 0").click()
    unfold(page, "Choose another slice")
    page.get_by_role("button", name="Glioma 1").click()
    shown(page, other_than=before)
    expect(page.get_by_label("Window preset")).to_have_value("Bright")
    expect(tool(page, "layer 0")).to_have_attribute("aria-pressed", "false")
    assert "×" in text(page, "window") and text(page, "window") != window


def test_the_full_screen_is_entered_and_left(page: Page):
    before = (canvas_of(page).bounding_box() or {})["height"]
    tool(page, "full").click()
    expect(tool(page, "full")).to_have_attribute("aria-pressed", "true")
    assert (canvas_of(page).bounding_box() or {})["height"] > before
    tool(page, "full").click()
    expect(tool(page, "full")).to_have_attribute("aria-pressed", "false")


def test_a_telephone_shows_all_tools_without_sideways_scrolling(app_address: str, visit: Visit):
    page = visit(f"{app_address}/?sample={SAMPLE}", width=390, height=844)
    shown(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for button in page.locator(".viewer button:visible").all():
        box = button.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390


@pytest.mark.parametrize("button", [MOVE, WINDOW])
def test_a_frame_is_drawn_well_within_its_time(page: Page, button: int):
    milliseconds, _ = drag(canvas_of(page), button)
    assert milliseconds < 16, "60 frames a second leave 16.7 ms; here the processor draws, and others use it too"


def test_two_compared_viewers_move_as_one(app_address: str, visit: Visit):
    page = visit(f"{app_address}/?sample={SAMPLE}&compare=Report+CNN+%2B+U-Net")
    expect(page.locator(".viewer[data-shown]")).to_have_count(2)
    settle(page)
    both = page.locator(".viewer canvas")
    before = [both.nth(side).evaluate(PIXELS) for side in range(2)]
    with no_run(page):
        tool(page, "zoomIn").click()
        drawn(page)
        corners = page.locator(".viewer .corner.window")
        words = [corners.nth(side).text_content() or "" for side in range(2)]
        assert words[0] == words[1] and "×" in words[0]
        assert all(both.nth(side).evaluate(PIXELS) != before[side] for side in range(2))
        both.nth(0).hover()
        drawn(page)
        probes = page.locator(".viewer .corner.probe")
        places = [(probes.nth(side).text_content() or "").split(" · ")[0] for side in range(2)]
        assert places[0] and places[0] == places[1]
