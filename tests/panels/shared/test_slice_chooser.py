"""The chooser without a browser: what is held of many uploads."""

import io
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from core.readers.slices import Slice
from panels.shared import slice_chooser
from tests.published import a_slice


@dataclass
class Upload:
    """A file as Streamlit's uploader hands it over; ``reads`` counts how often it was looked into."""

    name: str
    side: int
    reads: int = 0

    @property
    def file_id(self) -> str:
        return f"id of {self.name}"

    def getvalue(self) -> bytes:
        self.reads += 1
        pixels, _, _ = a_slice(1, side=self.side)
        file = io.BytesIO()
        Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
        return file.getvalue()


@pytest.fixture
def read(monkeypatch):
    """Reads these uploads in one session: the names of those that are held, and the sentences."""
    session: dict = {}
    monkeypatch.setattr(slice_chooser.st, "session_state", session)
    monkeypatch.setattr(slice_chooser, "MAX_PIXELS", 10_000)

    def read(*files: Upload) -> tuple[list[str], list[str]]:
        session["key_files"] = list(files)
        uploads, refused = slice_chooser._read_uploads("key")
        return [one.name for one in uploads.values()], refused

    return read


def test_fifty_large_uploads_do_not_fill_the_memory(read):
    files = [Upload(f"{i}.png", 60) for i in range(4)]
    held, (sentence,) = read(*files)
    assert held == ["0.png", "1.png"]
    assert "left out: **2.png**, **3.png**." in sentence
    kept = slice_chooser.st.session_state["key_read"].values()
    assert sum(isinstance(one, Slice) for one in kept) == 2, "what is left out is not kept"
    # Looking at the page again reads nothing again.
    assert read(*files) == (held, [sentence])
    assert [one.reads for one in files] == [1, 1, 1, 1]


def test_what_was_left_out_is_read_once_there_is_room(read):
    files = [Upload(f"{i}.png", 60) for i in range(3)]
    read(*files)
    assert read(*files[1:]) == (["1.png", "2.png"], [])


def test_a_small_upload_after_one_too_many_still_has_its_place(read):
    held, (sentence,) = read(Upload("a.png", 90), Upload("b.png", 60), Upload("c.png", 40))
    assert held == ["a.png", "c.png"]
    assert "**b.png**" in sentence and "c.png" not in sentence


def test_as_many_slices_as_are_looked_at_at_a_time_have_room_at_the_usual_size():
    assert slice_chooser.MAX_UPLOADS * 512**2 <= slice_chooser.MAX_PIXELS * 0.25
    assert 4 * 4096**2 <= slice_chooser.MAX_PIXELS <= 100e6
