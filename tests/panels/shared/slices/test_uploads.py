"""Reading uploads without a browser: how many are held in memory."""

import io
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import DeletedFile, UploadedFileRec

from core.readers.slices import Slice
from panels.shared.slices import uploads
from tests.published import a_slice


@dataclass
class Upload:
    """A file as Streamlit's uploader hands it over; ``reads`` counts how often it is read."""

    name: str
    side: int
    reads: int = 0
    type: str = "image/png"

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

    def read(*files: Upload | DeletedFile) -> tuple[list[str], list[str]]:
        session["key_files"] = list(files)
        slices, refusals = uploads.read_uploads("key", max_pixels=10_000)
        return [slice_.name for slice_ in slices.values()], refusals

    return read


def test_large_uploads_do_not_fill_the_memory(read):
    files = [Upload(f"{i}.png", 60) for i in range(4)]
    held, (sentence,) = read(*files)
    assert held == ["0.png", "1.png"]
    assert all(name in sentence for name in ("**2.png**", "**3.png**", "0.01 million"))
    cached = uploads.st.session_state["uploads"].values()
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
    assert uploads.MAX_UPLOADS * 512**2 <= uploads.MAX_PIXELS * 0.5
    assert uploads.MAX_PIXELS >= 4096**2
    assert 4 * uploads.MAX_PIXELS + uploads.MAX_BYTES <= 200e6


def test_a_file_that_streamlit_lost_is_told_and_those_read_before_stay(read):
    first, second = Upload("0.png", 20), Upload("1.png", 20)
    read(first)
    held, (sentence,) = read(DeletedFile(first.file_id), DeletedFile("id of an earlier session's"), second)
    assert held == ["0.png", "1.png"]
    assert "gone" in sentence


def test_uploads_stay_when_their_page_is_left_and_go_when_they_are_removed(read):
    files = [Upload(f"{i}.png", 20) for i in range(3)]
    assert read(*files)[0] == ["0.png", "1.png", "2.png"]
    del uploads.st.session_state["key_files"]  # another page
    assert list(uploads.read_uploads("other")[0]) == [("upload", file.file_id) for file in files]
    assert uploads.read_uploads("key")[0].keys() == uploads.held_uploads()
    assert read()[0] == ["0.png", "1.png", "2.png"], "back on its page, the uploader is empty"
    new = Upload("3.png", 20)
    assert read(new)[0] == ["0.png", "1.png", "2.png", "3.png"]
    assert read()[0] == ["0.png", "1.png", "2.png"], "taken out of the uploader"
    uploads.remove_upload(("upload", files[1].file_id))
    assert read()[0] == ["0.png", "2.png"]


def test_an_upload_removed_from_the_session_is_not_read_again(read):
    file = Upload("0.png", 20)
    read(file)
    uploads.remove_upload(("upload", file.file_id))
    assert read(file) == ([], [])
    assert file.reads == 1


def test_files_beyond_a_visitors_room_are_dropped_as_they_arrive(monkeypatch):
    monkeypatch.setattr(MemoryUploadedFileManager, "add_file", MemoryUploadedFileManager.add_file)
    uploads.bound_uploads(100)
    manager = MemoryUploadedFileManager("/upload")
    for i in range(5):
        manager.add_file("one", UploadedFileRec(f"{i}", f"{i}.png", "image/png", bytes(30)))
    manager.add_file("other", UploadedFileRec("0", "0.png", "image/png", bytes(30)))
    kept = {file.file_id: len(file.data) for file in manager.get_files("one", [f"{i}" for i in range(5)])}
    assert kept == {"0": 30, "1": 30, "2": 30, "3": 0, "4": 0}
    assert len(manager.get_files("other", ["0"])[0].data) == 30, "each visitor has room of their own"


def test_a_dropped_file_gets_a_sentence(read):
    held, (sentence,) = read(Upload("big.png", 20, type="application/x-left-out"))
    assert held == [] and "**big.png**" in sentence and "95 MB" in sentence
