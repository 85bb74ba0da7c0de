"""The main journeys, in a real browser."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from core.config import MAX_FILE_BYTES, MAX_VOLUME_BYTES, NOTICE, ROOT
from core.ood.non_brain import example_image
from tests.browser.places import settle, unfold
from tests.published import a_slice, mat_bytes

pytestmark = pytest.mark.browser

SAMPLE = ROOT / "samples" / "meningioma-axial-1.png"
ANSWER = re.compile(r"(Meningioma|Glioma|Pituitary tumour) · [<>]?\s?\d+(\.\d)?\s%")

Visit = Callable[..., Page]


def answer(page: Page):
    """The answer to what the visitor chose, not the front page's example."""
    headline = page.get_by_role("heading", name=ANSWER)
    return headline.and_(page.locator(":not(.st-key-analyse_example_sides *)"))


def upload(page: Page, name: str, data: bytes) -> None:
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": data}
    )


@pytest.mark.parametrize(("former", "title"), [("curves", "Curves"), ("search", "Hyperparameters")])
def test_a_former_address_as_a_fresh_servers_first_request_opens_its_page(
    fresh_address: str, visit: Visit, former: str, title: str
):
    page = visit(f"{fresh_address}/{former}")
    settle(page)
    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("Page not found")).to_have_count(0)


def test_a_deep_link_as_a_fresh_servers_first_request_has_frame_and_state(fresh_address: str, visit: Visit):
    page = visit(f"{fresh_address}/analyse?sample=meningioma-axial-1")
    expect(answer(page)).to_be_visible()
    expect(page.get_by_text(NOTICE)).to_be_visible()
    expect(page.get_by_text("Page not found")).to_have_count(0)
    assert "sample=meningioma-axial-1" in page.url


def test_a_png_is_uploaded_and_its_overlay_downloaded(app_address: str, visit: Visit):
    page = visit(app_address)
    upload(page, "mine.png", SAMPLE.read_bytes())
    expect(answer(page)).to_be_visible()
    expect(page.get_by_text(re.compile(r"Predicted area [\d,]+ (px|mm²)|No tumour outlined"))).to_be_visible()
    unfold(page, "Download")
    with page.expect_download() as download:
        page.get_by_role("button", name="Overlay PNG").click()
    overlay = Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert overlay.size == (512, 512)
    assert overlay.mode == "RGB"
    with page.expect_download() as download:
        page.get_by_role("button", name="Mask PNG").click()
    assert Image.open(download.value.path()).size == (512, 512)


def test_an_upload_goes_along_to_explain(app_address: str, visit: Visit):
    page = visit(app_address)
    upload(page, "mine.png", SAMPLE.read_bytes())
    expect(answer(page)).to_be_visible()
    unfold(page, "Why this answer")
    page.get_by_text("Explain it: ").click()
    expect(page.get_by_role("heading", name="Explain", exact=True)).to_be_visible()
    expect(page.get_by_text("Choose another slice")).to_be_visible()
    expect(page.get_by_text("Pointing game").or_(page.get_by_text("no true mask")).first).to_be_visible(timeout=60_000)


def test_a_mat_is_uploaded_and_compared_with_its_truth(app_address: str, visit: Visit):
    pixels, mask, border = a_slice(3, side=512)
    page = visit(f"{app_address}/?networks=The+report's+two")
    upload(page, "3.mat", mat_bytes(pixels, mask, label=2, pid="ZZ000001B", border=border))
    expect(answer(page)).to_be_visible()
    expect(page.get_by_text("True class: Glioma")).to_be_visible()
    expect(page.get_by_text("Dice").first).to_be_visible()
    assert "ZZ000001" not in page.content()


def test_a_non_brain_image_has_no_class_unless_asked_for(app_address: str, visit: Visit):
    page = visit(app_address)
    picture = io.BytesIO()
    Image.fromarray(example_image("chart").pixels.astype(np.uint8)).save(picture, "PNG")
    upload(page, "chart.png", picture.getvalue())
    expect(page.get_by_role("heading", name="Not a head slice")).to_be_visible()
    expect(answer(page)).to_have_count(0)
    expect(page.locator(".st-key-analyse_bars [role=img]")).to_have_count(0)
    page.get_by_role("button", name="Show class and mask anyway").click()
    expect(page.get_by_text("Most probable class: ")).to_be_visible()
    unfold(page, "Why this answer")
    expect(page.locator(".st-key-analyse_bars [role=img]").first).to_be_visible()


def test_a_wrong_file_gets_a_sentence_and_no_traceback(app_address: str, visit: Visit):
    page = visit(app_address)
    upload(page, "note.png", b"not a picture at all")
    expect(page.get_by_text("The file is no readable PNG")).to_be_visible()
    expect(page.get_by_text("Traceback")).to_have_count(0)


def test_a_file_that_is_too_large_gets_a_sentence_that_is_seen(app_address: str, visit: Visit, tmp_path: Path):
    page = visit(app_address)
    large = tmp_path / "large.nii"
    with large.open("wb") as file:
        file.truncate(MAX_VOLUME_BYTES + 1)
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(large)
    sentence = page.get_by_role("alert").filter(has_text="128.0MB or smaller")
    expect(sentence).to_be_visible()
    assert (sentence.bounding_box() or {}).get("width", 0) > 100


def test_a_slice_s_file_that_is_too_large_gets_a_sentence(app_address: str, visit: Visit):
    page = visit(app_address)
    upload(page, "large.png", bytes(MAX_FILE_BYTES + 1))
    expect(page.get_by_role("alert").filter(has_text=f"{MAX_FILE_BYTES:,}")).to_be_visible()


def test_a_sample_is_chosen_by_keyboard(app_address: str, visit: Visit):
    page = visit(app_address)
    button = page.get_by_role("button", name="Meningioma 1")
    button.focus()
    page.keyboard.press("Enter")
    expect(answer(page)).to_be_visible()
    page.wait_for_url("**sample=meningioma-axial-1**")


def test_the_answer_stands_above_the_fold(app_address: str, visit: Visit):
    page = visit(f"{app_address}/?sample=meningioma-axial-1")
    expect(answer(page)).to_be_visible()
    settle(page)
    badge = page.locator(".st-key-analyse_headline").get_by_text("Confident")
    how_often, size = page.get_by_text("slices of new patients").first, page.get_by_text("Predicted area")
    for element in (page.locator(".st-key-analyse_sides canvas"), answer(page), badge, how_often, size):
        expect(element).to_be_visible()
        box = element.bounding_box()
        assert box is not None and box["y"] + box["height"] <= 900, element


def test_a_telephone_needs_no_sideways_scrolling(app_address: str, visit: Visit):
    page = visit(f"{app_address}/?sample=meningioma-axial-1", width=390, height=844)
    expect(answer(page)).to_be_visible()
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for image in page.get_by_test_id("stImage").all():
        box = image.bounding_box()
        if box is not None:
            assert box["x"] >= 0 and box["x"] + box["width"] <= 390
