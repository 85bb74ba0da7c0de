"""A broken file behind a slice's dialog, in a real browser."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.bundles.bundle import HEAT_MAPS, REPORT_CLASSIFIER
from core.dataset.store import STORE_NAME
from scripts.measure.servers import running_server
from tests.core import tiny
from tests.settings import SHIPPED_MODELS

pytestmark = pytest.mark.browser


def test_a_flipped_byte_behind_a_dialog_is_a_sentence_in_it_and_the_page_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, visit: Callable[..., Page]
):
    tiny.data_set().write(tmp_path / STORE_NAME)
    broken = tmp_path / "models" / REPORT_CLASSIFIER / HEAT_MAPS
    shutil.copytree(SHIPPED_MODELS, tmp_path / "models", copy_function=os.symlink)
    data = bytearray(broken.read_bytes())
    data[len(data) // 2] ^= 1
    broken.unlink()
    broken.write_bytes(data)
    monkeypatch.setenv("SLICESCOPE_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("SLICESCOPE_DATA", str(tmp_path))
    with running_server() as server:
        page = visit(f"{server.address}/errors?slice=6&bundle={REPORT_CLASSIFIER}")
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_test_id("stAlert").filter(has_text=HEAT_MAPS)).to_be_visible()
        expect(page.get_by_text("This app has encountered an error")).to_have_count(0)
        expect(page.get_by_text(str(tmp_path))).to_have_count(0)
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
