"""Replace files and folders, and kill or fail at any moment."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from core.config import ROOT
from core.files import inert_cells, replace_file, replace_folder, write_whole


def test_the_new_file_takes_the_old_ones_place(tmp_path):
    target = tmp_path / "card.json"
    target.write_text("old")
    with replace_file(target) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert os.listdir(tmp_path) == ["card.json"]


def test_a_content_is_written_whole(tmp_path):
    write_whole(tmp_path / "new" / "file.bin", b"all of it")
    assert [path.read_bytes() for path in (tmp_path / "new").iterdir()] == [b"all of it"]


def test_a_missing_folder_is_made(tmp_path):
    target = tmp_path / "runs" / "cnn" / "state.npz"
    with replace_file(target) as temporary:
        temporary.write_text("new")
    assert target.read_text() == "new"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failed_write_leaves_the_old_file_and_no_leftovers(tmp_path, error):
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


def test_leftover_of_a_killed_write_is_overwritten(tmp_path):
    target = tmp_path / "card.json"
    with replace_file(target) as temporary:
        leftover = temporary
        temporary.write_text("new")
    leftover.write_text("a much longer text that a kill left behind")
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


# Folders


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.fixture
def bundle(tmp_path):
    """A folder with two files of the old kind."""
    folder = tmp_path / "models" / "cnn"
    folder.mkdir(parents=True)
    for name in ("card.json", "predictions.csv"):
        (folder / name).write_text("old")
    return folder


def test_the_new_folder_takes_the_old_ones_place(bundle):
    with replace_folder(bundle) as new:
        (new / "card.json").write_text("new")
        assert contents(bundle) == {"card.json": "old", "predictions.csv": "old"}
    assert contents(bundle) == {"card.json": "new"}
    assert os.listdir(bundle.parent) == ["cnn"]


def test_a_folder_that_was_not_there_is_made(tmp_path):
    with replace_folder(tmp_path / "models" / "cnn") as new:
        (new / "card.json").write_text("new")
    assert contents(tmp_path / "models" / "cnn") == {"card.json": "new"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_folder_half_filled_leaves_the_old_one_and_no_leftovers(bundle, error):
    with pytest.raises(error), replace_folder(bundle) as new:
        (new / "card.json").write_text("half")
        raise error
    assert contents(bundle) == {"card.json": "old", "predictions.csv": "old"}
    assert os.listdir(bundle.parent) == ["cnn"]


def test_a_folder_that_cannot_be_renamed_into_place_leaves_the_old_one(bundle, monkeypatch):
    real = os.replace

    def replace(source, target):
        if Path(target) == bundle and Path(source).name.endswith("new"):
            raise OSError("no")
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(OSError, match="no"), replace_folder(bundle) as new:
        (new / "card.json").write_text("new")
    assert contents(bundle) == {"card.json": "old", "predictions.csv": "old"}
    assert os.listdir(bundle.parent) == ["cnn"]


# The script wraps the file operations; the one numbered ``fatal`` ends the process at once.
_KILLED = """
import os, sys
from core import files

fatal, done = int(sys.argv[2]), 0

def deadly(function):
    def wrapper(*args, **options):
        global done
        done += 1
        if done == fatal:
            os._exit(9)
        return function(*args, **options)
    return wrapper

for name in ("mkdir", "replace", "fsync", "unlink", "rmdir"):
    setattr(os, name, deadly(getattr(os, name)))
with files.replace_folder(files.Path(sys.argv[1])) as new:
    for name in ("card.json", "history.csv"):
        with files.replace_file(new / name) as temporary:
            temporary.write_text("new")
"""


def test_a_folder_whose_replacing_is_killed_at_any_moment_is_never_one_with_files_of_both(tmp_path):
    folder = tmp_path / "cnn"
    old, new = ({name: state for name in ("card.json", "history.csv")} for state in ("old", "new"))
    states = []
    for fatal in range(1, 100):
        folder.mkdir(exist_ok=True)
        for name in old:
            (folder / name).write_text("old")
        done = subprocess.run([sys.executable, "-c", _KILLED, str(folder), str(fatal)], cwd=ROOT, check=False)
        states.append("none" if not folder.exists() else "old" if contents(folder) == old else "new")
        assert states[-1] != "new" or contents(folder) == new
        if not done.returncode:
            break
        assert done.returncode == 9
        # What the kill left does not disturb the next call.
        with replace_folder(folder) as again:
            (again / "card.json").write_text("newer")
        assert contents(folder) == {"card.json": "newer"}
        assert os.listdir(tmp_path) == ["cnn"]
        (folder / "card.json").unlink()
    assert done.returncode == 0 and len(states) > 8
    assert states == sorted(states, key=["old", "none", "new"].index)
    assert states.count("none") <= 1


def test_a_cell_that_a_spreadsheet_takes_for_a_formula_is_text() -> None:
    table = pd.DataFrame({"name": ["=HYPERLINK(1)", "+1", "-1", "@a", "\ta", "a=b", ""], "dice": [-0.5] * 7})
    kept = inert_cells(table)
    assert kept["name"].tolist() == ["'=HYPERLINK(1)", "'+1", "'-1", "'@a", "'\ta", "a=b", ""]
    assert kept["dice"].tolist() == [-0.5] * 7
