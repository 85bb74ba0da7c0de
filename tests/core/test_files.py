import os

import pytest

from core.files import replace_file


def test_the_new_file_takes_the_old_ones_place(tmp_path):
    target = tmp_path / "card.json"
    target.write_text("old")
    with replace_file(target) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert os.listdir(tmp_path) == ["card.json"]


def test_a_missing_folder_is_made(tmp_path):
    target = tmp_path / "runs" / "cnn" / "state.npz"
    with replace_file(target) as temporary:
        temporary.write_text("new")
    assert target.read_text() == "new"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path, error):
    target = tmp_path / "card.json"
    target.write_text("old")
    with pytest.raises(error), replace_file(target) as temporary:
        temporary.write_text("half")
        raise error
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["card.json"]


def test_a_write_that_made_no_file_is_an_error_and_leaves_the_old_one(tmp_path):
    target = tmp_path / "card.json"
    target.write_text("old")
    with pytest.raises(FileNotFoundError), replace_file(target):
        pass
    assert target.read_text() == "old"


def test_the_temporary_file_lies_beside_its_target_and_keeps_the_suffix(tmp_path):
    # Beside it, since a rename across file systems is no rename; the suffix, since Keras chooses a format by it.
    target = tmp_path / "weights.keras"
    with replace_file(target) as temporary:
        temporary.write_text("new")
        assert temporary.parent == target.parent
        assert temporary.suffix == ".keras"
        assert temporary != target


def test_litter_of_a_killed_write_is_overwritten(tmp_path):
    target = tmp_path / "card.json"
    with replace_file(target) as temporary:
        litter = temporary
        temporary.write_text("new")
    litter.write_text("a much longer text that a kill left behind")
    with replace_file(target) as temporary:
        temporary.write_text("newer")
    assert target.read_text() == "newer"
    assert os.listdir(tmp_path) == ["card.json"]


def test_the_file_is_on_disk_before_it_is_renamed_and_the_folder_after(tmp_path, monkeypatch):
    done = []
    real_fsync, real_replace = os.fsync, os.replace

    def fsync(handle):
        done.append(("fsync", os.fstat(handle).st_ino))
        real_fsync(handle)

    def replace(source, target):
        done.append("rename")
        real_replace(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    with replace_file(tmp_path / "state.npz") as temporary:
        temporary.write_text("new")
        file = temporary.stat().st_ino
    assert done == [("fsync", file), "rename", ("fsync", tmp_path.stat().st_ino)]
