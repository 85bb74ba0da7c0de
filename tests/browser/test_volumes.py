"""Volumes in a real browser: uploaded, stepped through, analysed, stopped, and handed out again."""

import functools
import gzip
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pydicom
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from core.readers.preprocessing import resize
from core.readers.samples import find_sample
from scripts.measure.servers import running_server
from tests.browser.places import settle, settled, unfold
from tests.browser.viewer_page import canvas_of, shown, text, tool
from tests.volumes import FRAME_OF_REFERENCE, PLANTED, dicom_series, head_affine, nifti

pytestmark = pytest.mark.browser

Visit = Callable[..., Page]
SPACING = (5.0, 2.0, 2.0)
AFFINE = head_affine(SPACING)
LESION = slice(10, 17)
"""Its slices, the first of which is slice 11."""


@functools.cache
def a_brain(count: int = 30, side: int = 96) -> np.ndarray:
    """Return (S, H, W) int16 values: a sample without a tumour, and in some slices one with a tumour."""
    free, tumour = (
        resize(find_sample(name).slice().pixels, side, side, method=Image.Resampling.BILINEAR)
        for name in ("no-tumour-axial", "glioma-axial-1")
    )
    noise = np.random.default_rng(0).integers(0, 6, (count, side, side))
    stack = np.stack([tumour if number in range(count)[LESION] else free for number in range(count)])
    return (stack / stack.max() * 900 + noise).astype(np.int16)


def upload(page: Page, *files: tuple[str, bytes]) -> None:
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        [{"name": name, "mimeType": "application/octet-stream", "buffer": data} for name, data in files]
    )


def series(**options) -> list[tuple[str, bytes]]:
    return [(f"IM{number:03d}", data) for number, data in enumerate(dicom_series(a_brain(), affine=AFFINE, **options))]


def slice_slider(page: Page) -> Locator:
    return page.get_by_role("slider", name=re.compile("Slice"))


def analyse(page: Page) -> None:
    page.get_by_role("button", name=re.compile("Analyse all")).click()
    expect(page.get_by_text("Download the volume's answer")).to_be_visible()


def downloaded(page: Page, button: str) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name=button, exact=True).click()
    return Path(download.value.path()).read_bytes()


def test_a_dicom_series_is_stepped_through_and_its_mask_written(app_address: str, visit: Visit):
    page = visit(app_address)
    upload(page, *series())
    expect(slice_slider(page)).to_have_value("15")
    expect(page.get_by_role("button", name="Analyse all 30 axial slices")).to_be_visible()
    settle(page)
    page.keyboard.press("ArrowRight")
    expect(slice_slider(page)).to_have_value("16")
    page.keyboard.press("ArrowUp")
    expect(slice_slider(page)).to_have_value("15")
    analyse(page)
    strip = page.locator(".strip svg")
    box = settled(strip)
    strip.click(position={"x": box["width"] * 11.5 / 30, "y": 10})
    expect(slice_slider(page)).to_have_value("12")
    assert "at=12" in page.url
    unfold(page, "Download the volume's answer")
    result = json.loads(downloaded(page, "JSON"))
    assert result["slices"] == 30 and len(result["tumour_probabilities"]) == 30 and result["mask"]["voxels"] > 50
    mask = nibabel.Nifti1Image.from_bytes(gzip.decompress(downloaded(page, "Mask NIfTI")))
    assert mask.shape == a_brain().T.shape and np.count_nonzero(mask.get_fdata()) == result["mask"]["voxels"]
    table = pd.read_csv(io.BytesIO(downloaded(page, "CSV of the slices")))
    assert table["voxels"].sum() == result["mask"]["voxels"] and list(table["slice"]) == list(range(1, 31))
    written = pydicom.dcmread(io.BytesIO(downloaded(page, "Mask DICOM SEG")))
    assert np.count_nonzero(written.pixel_array) == result["mask"]["voxels"]
    assert written.FrameOfReferenceUID == FRAME_OF_REFERENCE and str(written.PatientName) == ""
    page.get_by_text("Keep the patient's identity").click()
    settle(page)
    kept = pydicom.dcmread(io.BytesIO(downloaded(page, "Mask DICOM SEG")))
    assert PLANTED in str(kept.PatientName) and np.array_equal(kept.pixel_array, written.pixel_array)


def test_a_volume_scrolls_in_the_viewer_and_a_row_of_steps_is_one_step_of_back(app_address: str, visit: Visit):
    page = visit(app_address)
    upload(page, ("brain.nii.gz", nifti(a_brain(), affine=AFFINE, compressed=True)))
    shown(page)
    expect(slice_slider(page)).to_have_value("15")
    settle(page)
    before = page.evaluate("history.length")
    tool(page, "zoomIn").click()
    canvas_of(page).hover()
    page.keyboard.down("Shift")
    page.mouse.wheel(0, 100)
    page.keyboard.up("Shift")
    expect(slice_slider(page)).to_have_value("16")
    canvas_of(page).press("PageDown")
    expect(slice_slider(page)).to_have_value("17")
    tool(page, "next").click()
    expect(slice_slider(page)).to_have_value("18")
    slice_slider(page).press("ArrowRight")
    expect(page).to_have_url(re.compile("at=19"))
    expect(page.locator(".viewer .position")).to_have_text("Slice 19 of 30")
    assert "×" in text(page, "window"), "the view stays"
    assert page.evaluate("history.length") == before + 1
    page.go_back()
    expect(slice_slider(page)).to_have_value("15")
    page.go_forward()
    expect(slice_slider(page)).to_have_value("19")


def test_a_zip_holds_two_series_and_one_is_chosen(app_address: str, visit: Visit):
    def second(dataset, number: int) -> None:
        dataset.SeriesNumber = 2

    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for folder, files in (("a", series()), ("b", series(uid="1.2.4", change=second)[::3])):
            for name, data in files:
                archive.writestr(f"{folder}/{name}", data)
    page = visit(app_address)
    upload(page, ("exam.zip", file.getvalue()))
    expect(slice_slider(page)).to_have_attribute("max", "30")
    page.get_by_role("combobox", name="Series").click()
    page.get_by_text("Series 2 (slices: 10)").click()
    expect(slice_slider(page)).to_have_attribute("max", "10")


def test_a_nifti_file_is_compared_with_its_label_map_in_two_planes(app_address: str, visit: Visit):
    labels = np.zeros(a_brain().shape, np.uint8)
    labels[LESION, 55:75, 60:75] = 3
    page = visit(app_address)
    upload(
        page,
        ("brain.nii.gz", nifti(a_brain(), affine=AFFINE, compressed=True)),
        ("brain-seg.nii.gz", nifti(labels, affine=AFFINE, compressed=True)),
    )
    expect(page.get_by_role("combobox", name="True mask from")).to_be_visible()
    analyse(page)
    expect(page.get_by_text(re.compile("Dice 0")).first).to_be_visible()
    page.get_by_role("button", name=re.compile("Largest mask")).click()
    expect(page).to_have_url(re.compile(r"at=1[1-7]"))
    page.get_by_role("radio", name="Sagittal").click()
    expect(page).to_have_url(re.compile("plane=sagittal", re.IGNORECASE))
    analyse(page)
    page.go_back()
    expect(page).not_to_have_url(re.compile("plane=sagittal", re.IGNORECASE))


def test_an_analysis_is_stopped_and_keeps_what_is_done(app_address: str, visit: Visit):
    page = visit(app_address)
    upload(page, ("long.nii.gz", nifti(a_brain(300, 64), compressed=True)))
    page.get_by_role("button", name=re.compile("Analyse all 300 axial")).click()
    page.get_by_test_id("stMain").get_by_role("button", name="Stop").click()  # Streamlit has one too
    told = page.get_by_text(re.compile(r"Stopped: \d+ of 300 slices"))
    expect(told).to_be_visible()
    assert 0 < int(re.search(r"(\d+) of 300", told.inner_text())[1]) < 300  # type: ignore[index]
    expect(page.locator(".strip svg")).to_be_visible()


def test_nothing_of_a_header_is_shown_written_or_logged(tmp_path: Path, visit: Visit):
    log = tmp_path / "server.log"
    with running_server(within=("sh", "-c", f'exec "$@" >{log} 2>&1', "sh")) as server:
        page = visit(server.address)
        upload(page, *series())
        analyse(page)
        unfold(page, "Download the volume's answer")
        files = [downloaded(page, name) for name in ("JSON", "Mask NIfTI", "CSV of the slices", "Mask DICOM SEG")]
        unfold(page, "Download")
        files += [downloaded(page, name) for name in ("Overlay PNG", "Mask PNG")]
        shown = page.content() + page.evaluate(
            "[...document.querySelectorAll('*')].map((e) => e.shadowRoot?.innerHTML ?? '').join('')"
        )
        page.goto(f"{server.address}/explain")
        expect(page.get_by_text("Choose another slice").or_(page.get_by_text("Choose a slice")).first).to_be_visible()
        shown += page.content()
    assert "IM000" in shown, "names of files are the visitor's own"
    assert PLANTED not in shown
    assert not [file for file in files if PLANTED.encode() in file]
    assert PLANTED not in log.read_text(errors="replace")
