"""Reading uploads without a browser: how many are held in memory."""

import io
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from core.readers.slices import Slice
from panels.shared import uploads
from tests.published import a_slice


@dataclass
class Upload:
    """A file as Streamlit's uploader hands it over; ``reads`` counts how often it is read."""

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
    """Read these uploads in one session: the names of those that are held, and the sentences."""
    session: dict = {}
    monkeypatch.setattr(uploads.st, "session_state", session)

    def read(*files: Upload) -> tuple[list[str], list[str]]:
        session["key_files"] = list(files)
        slices, refusals = uploads.read_uploads("key", max_pixels=10_000)
        return [slice_.name for slice_ in slices.values()], refusals

    return read


def test_large_uploads_do_not_fill_the_memory(read):
    files = [Upload(f"{i}.png", 60) for i in range(4)]
    held, (sentence,) = read(*files)
    assert held == ["0.png", "1.png"]
    assert all(name in sentence for name in ("**2.png**", "**3.png**", "0.01 million"))
    cached = uploads.st.session_state["key_read"].values()
    assert sum(isinstance(content, Slice) for content in cached) == 2, "what is left out is not kept"
    # A rerun of the page reads nothing again.
    assert read(*files) == (held, [sentence])
    assert [file.reads for file in files] == [1, 1, 1, 1]


def test_an_upload_that_was_left_out_is_read_once_there_is_room(read):
    files = [Upload(f"{i}.png", 60) for i in range(3)]
    read(*files)
    assert read(*files[1:]) == (["1.png", "2.png"], [])


def test_a_small_upload_after_one_that_has_no_room_is_held(read):
    held, (sentence,) = read(Upload("a.png", 90), Upload("b.png", 60), Upload("c.png", 40))
    assert held == ["a.png", "c.png"]
    assert "**b.png**" in sentence and "c.png" not in sentence


def test_fifty_slices_of_the_usual_size_have_room():
    assert uploads.MAX_UPLOADS * 512**2 <= uploads.MAX_PIXELS * 0.25
    assert 4 * 4096**2 <= uploads.MAX_PIXELS <= 100e6
