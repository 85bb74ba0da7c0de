"""Reading uploads without a browser: how many are held in memory."""

import io
import zipfile
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import DeletedFile, UploadedFileRec

from core.api.series import KEPT_BYTES
from core.config import MAX_VOLUME_BYTES
from core.errors import SliceError
from panels.shared.slices import held as held_slices
from panels.shared.slices import uploads
from panels.shared.slices.held import HeldSlice, read_once
from panels.shared.volumes.held import HeldVolume
from tests.published import a_slice
from tests.volumes import a_head, dicom_series, head_affine, nifti


@dataclass
class Upload:
    """A file as Streamlit's uploader hands it over."""

    name: str
    side: int
    type: str = "image/png"

    @property
    def file_id(self) -> str:
        return f"id of {self.name}"

    def getvalue(self) -> bytes:
        pixels, _, _ = a_slice(1, side=self.side)
        file = io.BytesIO()
        Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
        return file.getvalue()


@pytest.fixture
def read(monkeypatch):
    """Read these uploads in one session: the names of those that are held, and the sentences."""
    session: dict = {}
    monkeypatch.setattr(uploads.st, "session_state", session)
    monkeypatch.setattr(uploads, "MAX_BYTES", 1_000_000)

    def read(*files: Upload | DeletedFile) -> tuple[list[str], list[str]]:
        session["key_files"] = list(files)
        found = uploads.read_uploads("key")
        return [upload.name for upload in found.held.values()], found.sentences

    return read


def test_large_uploads_do_not_fill_the_memory(read, monkeypatch):
    """They are held as files; few of them are held as pixels, each from when it is asked for."""
    files = [Upload(f"{i}.png", 60) for i in range(4)]
    assert read(*files) == ([f"{i}.png" for i in range(4)], [])
    session = uploads.st.session_state
    assert "read_slices" not in session, "none is read as it arrives"
    reads: list[str] = []
    read_slice = HeldSlice.read
    monkeypatch.setattr(HeldSlice, "read", lambda held: reads.append(held.name) or read_slice(held))
    for identity, held in [*uploads.read_uploads("key").held.items()] * 2:
        assert read_once(identity, held, max_pixels=10_000).pixels.shape == (60, 60)
        assert read_once(identity, held, max_pixels=10_000).name == held.name
        assert sum(slice_.pixels.size for _, slice_ in session["read_slices"].values()) <= 10_000
    assert reads == [f"{i}.png" for i in range(4)] * 2
    read(files[3])
    assert list(session["read_slices"]) == [("upload", files[3].file_id)], "what is removed is let go"


def test_one_slice_has_room_however_large_it_is(read):
    read(Upload("0.png", 60))
    ((identity, held),) = uploads.read_uploads("key").held.items()
    assert read_once(identity, held, max_pixels=100) is read_once(identity, held, max_pixels=100)


def test_an_upload_that_was_left_out_is_held_once_there_is_room(read, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_UPLOADS", 2)
    files = [Upload(f"{i}.png", 60) for i in range(4)]
    held, (sentence,) = read(*files)
    assert held == ["0.png", "1.png"]
    assert all(name in sentence for name in ("**2.png**", "**3.png**", "2 files"))
    assert read(*files) == (held, [sentence])
    assert read(*files[2:]) == (["2.png", "3.png"], [])


def test_a_small_upload_after_one_that_has_no_room_is_held(read, monkeypatch):
    sizes = {name: len(Upload(name, side).getvalue()) for name, side in (("a", 90), ("b", 60), ("c", 20))}
    monkeypatch.setattr(uploads, "MAX_BYTES", sizes["a"] + sizes["c"])
    held, (sentence,) = read(Upload("a.png", 90), Upload("b.png", 60), Upload("c.png", 20))
    assert held == ["a.png", "c.png"]
    assert "**b.png**" in sentence and "c.png" not in sentence


def test_five_hundred_files_of_200_mb_have_room():
    assert uploads.MAX_UPLOADS == 500 and uploads.MAX_BYTES == 200e6
    assert held_slices.MAX_PIXELS >= 4096**2
    # Slices that are read, files, and volumes: one of the largest size has room.
    assert 4 * held_slices.MAX_PIXELS + uploads.MAX_BYTES + uploads.MAX_VALUES <= 402e6
    assert KEPT_BYTES <= 48e6
    assert uploads.MAX_VALUES >= MAX_VOLUME_BYTES


def a_zip(*files: tuple[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return content.getvalue()


def test_a_zip_of_slices_is_an_upload_of_each(read):
    pictures = [(f"scans/{i}.png", Upload(f"{i}.png", 30 + i).getvalue()) for i in range(3)]
    hidden = [("__MACOSX/scans/0.png", b"x"), ("scans/.DS_Store", b"x"), ("scans/", b"")]
    packed = DicomUpload("all.zip", a_zip(*pictures, *hidden, ("scans/note.txt", b"no picture")))
    assert read(packed) == (["0.png", "1.png", "2.png", "note.txt"], [])
    held = uploads.read_uploads("key").held
    sides = [read_once(identity, one).pixels.shape[0] for identity, one in list(held.items())[:3]]
    assert sides == [30, 31, 32]
    last = list(held)[-1]
    with pytest.raises(SliceError):
        read_once(last, held[last])
    assert len({str(which)[:8] for _, which in held}) == 4, "the address tells them apart"
    uploads.remove_upload(last)
    assert read(packed)[0] == ["0.png", "1.png", "2.png"]
    assert read()[0] == [], "they go with their file"


def test_a_zip_of_more_slices_than_there_is_room_for_is_left_out_whole(read, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_UPLOADS", 2)
    held, (sentence,) = read(DicomUpload("all.zip", a_zip(*((f"{i}.png", b"x") for i in range(3)))))
    assert held == [] and "**all.zip**" in sentence


def test_a_zip_of_dicom_files_is_a_volume(read):
    packed = a_zip(*((f"IM{i}", file.data) for i, file in enumerate(a_series())), ("readme.txt", b"of a CD"))
    read(DicomUpload("exam.zip", packed))
    ((_, held),) = uploads.read_uploads("key").held.items()
    assert isinstance(held, HeldVolume) and held.volume.values.shape == VALUES.shape


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
    assert list(uploads.read_uploads("other").held) == [("upload", file.file_id) for file in files]
    assert uploads.read_uploads("key").held.keys() == uploads.held_uploads()
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
    assert held == [] and "**big.png**" in sentence and "MB" in sentence


@dataclass
class DicomUpload:
    """A DICOM file as Streamlit's uploader hands it over."""

    name: str
    data: bytes
    type: str = "application/octet-stream"

    @property
    def file_id(self) -> str:
        return f"id of {self.name}"

    def getvalue(self) -> bytes:
        return self.data

    def read(self, count: int) -> bytes:
        return self.data[:count]

    def seek(self, place: int) -> None:
        assert place == 0


VALUES, _ = a_head((20, 40, 32))


def a_series(**options) -> list[DicomUpload]:
    return [DicomUpload(f"IM{i}", data) for i, data in enumerate(dicom_series(VALUES, **options))]


def test_dicom_files_that_come_together_are_one_volume(read):
    assert read(*a_series()) == (["IM0 and 19 more"], [])
    ((identity, held),) = uploads.read_uploads("key").held.items()
    assert isinstance(held, HeldVolume) and held.volume.values.shape == VALUES.shape and len(held.files) == 20
    assert uploads.held_uploads() == {identity}
    single = DicomUpload("one.dcm", a_series()[9].data)
    assert read(*a_series(), single) == (["IM0 and 19 more", "one.dcm"], []), "files that come later are another upload"


def test_a_dicom_file_of_one_slice_is_a_slice_with_its_pixel_size(read):
    read(DicomUpload("one.dcm", dicom_series(VALUES, affine=head_affine((5.0, 0.9, 0.9)))[9]))
    ((_, held),) = uploads.read_uploads("key").held.items()
    assert isinstance(held, HeldSlice)
    slice_ = held.read()
    assert slice_.spacing_mm == pytest.approx(0.9) and slice_.name == "one.dcm"


def test_of_a_series_a_file_taken_out_of_the_uploader_is_left_out(read):
    files = a_series()
    read(*files)
    assert read(*files[1:]) == (["IM1 and 18 more"], [])
    ((_, held),) = uploads.read_uploads("key").held.items()
    assert held.volume.values.shape[0] == 19
    assert read() == ([], [])


def test_another_modality_is_held_back_until_it_is_allowed(read):
    def change(dataset, number: int) -> None:
        dataset.Modality = "CT"

    read(*a_series(change=change))
    ((identity, held),) = uploads.read_uploads("key").held.items()
    assert not held.is_allowed and held.volume.warnings
    uploads.allow_upload(identity)
    (held,) = uploads.read_uploads("key").held.values()
    assert held.is_allowed and held.volume.warnings, "it stays flagged"
    read(DicomUpload("one.dcm", a_series(change=change)[9].data))
    (identity,) = uploads.held_uploads()
    uploads.allow_upload(identity)
    (held,) = uploads.read_uploads("key").held.values()
    assert isinstance(held, HeldSlice) and held.read().warnings


def test_the_longest_series_is_read_and_another_is_chosen(read):
    others = [DicomUpload(f"other{i}", file.data) for i, file in enumerate(a_series(uid="1.2.1")[:5])]
    read(*others, *a_series())
    ((identity, held),) = uploads.read_uploads("key").held.items()
    assert (held.volume.found, held.volume.chosen) == ((5, 20), 2)
    uploads.choose_in_upload(identity, 1)
    (held,) = uploads.read_uploads("key").held.values()
    assert held.volume.chosen == 1 and held.volume.values.shape[0] == 5


def test_a_volume_without_room_is_told_and_read_once_there_is_room(read, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_VALUES", VALUES.nbytes * 3 // 2)
    first, second = DicomUpload("a.nii", nifti(VALUES)), DicomUpload("b.nii", nifti(VALUES))
    held, (sentence,) = read(first, second)
    assert held == ["a.nii"] and "**b.nii**" in sentence
    assert read(second) == (["b.nii"], [])


def test_a_refused_volume_gets_one_sentence_and_the_others_stay(read):
    held, (sentence,) = read(DicomUpload("a.nii", nifti(VALUES)), DicomUpload("b.zip", b"PK\x03\x04 no zip"))
    assert held == ["a.nii"] and sentence.startswith("**b.zip**: ")


def test_many_dropped_files_get_one_sentence(read):
    dropped = [DicomUpload(f"{i}.dcm", b"", "application/x-left-out") for i in range(200)]
    held, (sentence,) = read(*dropped)
    assert held == [] and "195 more" in sentence
