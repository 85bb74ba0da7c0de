"""What a batch reads: names, order, groups, and what is refused."""

import csv
import zipfile
from pathlib import Path

import pytest

from core.batch.inputs import Input, group_files
from core.batch.sources import count_files, leaves, list_files
from core.errors import BatchError, SliceError
from tests.volumes import a_head, dicom_series, nifti

VALUES, _ = a_head()
FEW = VALUES[12:16]


def touch(path: Path, data: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def write_csv(path: Path, *names: str, column: str = "path") -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerows([["id", column], *enumerate(names)])
    return path


def listed(*sources: object, out: Path = Path("nowhere")) -> list[str]:
    return [member.source for member in list_files(tuple(map(str, sources)), out)]


def grouped(*sources: object) -> list[Input]:
    return list(group_files(list_files(tuple(map(str, sources)), Path("nowhere"))))


def test_a_folder_is_read_by_name_without_hidden_files_and_its_own_results(tmp_path: Path) -> None:
    for name in ("b.png", "a/2.png", "a/1.png", ".hidden.png", ".git/x.png", "out/masks/m.png"):
        touch(tmp_path / name)
    found = listed(tmp_path, out=tmp_path / "out")
    assert found == [str(tmp_path / name) for name in ("b.png", "a/1.png", "a/2.png")]


def test_patterns_and_overlapping_sources_give_each_file_once(tmp_path: Path) -> None:
    names = [str(touch(tmp_path / name)) for name in ("1.png", "2.png", "sub/3.png")]
    assert listed(tmp_path / "*.png", tmp_path) == names
    assert listed(tmp_path / "**" / "*.png") == names


def test_a_zip_gives_its_files(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for name in ("one.png", "sub/two.png", "__MACOSX/._one.png", ".hidden"):
            archive.writestr(name, name)
    assert listed(tmp_path / "many.zip") == [f"{tmp_path / 'many.zip'}!{name}" for name in ("one.png", "sub/two.png")]
    one, two = list_files((str(tmp_path / "many.zip"),), Path("nowhere"))
    assert (one.read(99), two.read(4)) == (b"one.png", b"sub/")
    assert (one.name, two.name, one.folder_name, two.folder_name) == ("one.png", "two.png", "many.zip", "sub")


def test_a_name_that_leaves_a_zip_is_not_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "odd.zip", "w") as archive:
        for name in ("../a.png", "/etc/b.png", "c.png"):
            archive.writestr(name, b"x")
    members = list(list_files((str(tmp_path / "odd.zip"),), Path("nowhere")))
    assert [member.fault is None for member in members] == [False, False, True]
    with pytest.raises(SliceError, match="leaves"):
        members[0].read(1)


def test_a_damaged_zip_is_a_fault_of_its_own(tmp_path: Path) -> None:
    (member,) = list_files((str(touch(tmp_path / "bad.zip", b"PK\x03\x04 nothing")),), Path("nowhere"))
    with pytest.raises(SliceError, match="damaged"):
        member.read(1)


def test_a_csv_names_files_relative_to_itself(tmp_path: Path) -> None:
    for name in ("a.png", "sub/b.png"):
        touch(tmp_path / name)
    table = write_csv(tmp_path / "list.csv", "sub/b.png", "a.png", "gone.png")
    assert listed(table) == [str(tmp_path / name) for name in ("sub/b.png", "a.png", "gone.png")]


@pytest.mark.parametrize(
    "name", ["../a.png", "sub/../../a.png", "/etc/passwd", "C:\\a.png", "..\\a.png", "", "link.png"]
)
def test_a_csv_s_name_that_leaves_its_folder_is_refused(name: str, tmp_path: Path) -> None:
    touch(tmp_path / "a.png")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link.png").symlink_to(tmp_path / "a.png")
    table = write_csv(tmp_path / "in" / "list.csv", name)
    with pytest.raises(BatchError, match=r"^Line 2 [^\n]+ are accepted, [^\n]+\.$"):
        count_files((str(table),), tmp_path / "out")


def test_a_csv_without_paths_and_a_file_that_is_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match="no column 'path'"):
        count_files((str(write_csv(tmp_path / "list.csv", "a.png", column="file")),), tmp_path / "out")
    with pytest.raises(BatchError, match="no CSV"):
        count_files((str(touch(tmp_path / "odd.csv", b"path\n\xff\xfe\n")),), tmp_path / "out")


def test_an_empty_or_missing_source_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for source in ("empty", "gone", "*.png"):
        with pytest.raises(BatchError, match=r"^[^\n]+\.$"):
            count_files((str(tmp_path / source),), tmp_path / "out")


@pytest.mark.parametrize(("name", "out"), [("a/b.png", False), ("a..b.png", False), ("a/../b", True), ("\\b", True)])
def test_names_that_leave(name: str, out: bool) -> None:
    assert leaves(name) == out


def test_dicom_files_of_a_folder_are_grouped_by_series(tmp_path: Path) -> None:
    one, two = dicom_series(FEW, uid="1.2.3"), dicom_series(FEW, uid="1.2.4", plane="coronal")[:5]
    for number, data in enumerate(one):
        touch(tmp_path / "one" / f"{number}", data)
    for number, data in enumerate(x for pair in zip(one, two, strict=False) for x in pair):
        touch(tmp_path / "two" / f"{number}.dcm", data)
    touch(tmp_path / "two" / "picture.png")
    touch(tmp_path / "head.nii", nifti(FEW))
    head, folder, picture, *series = grouped(tmp_path)
    assert (head.name, head.is_volume, len(head.members)) == ("head.nii", True, 1)
    assert (folder.source, folder.name, folder.is_volume) == (str(tmp_path / "one"), "one", True)
    assert len(folder.members) == len(one) and not picture.is_volume
    assert [(each.name, len(each.members)) for each in series] == [("0.dcm", 4), ("1.dcm", 4)]


def test_a_zip_of_one_series_is_a_volume_named_after_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "series.zip", "w") as archive:
        for number, data in enumerate(dicom_series(FEW)):
            archive.writestr(f"{number}", data)
    (volume,) = grouped(tmp_path / "series.zip")
    assert (volume.source, volume.name, len(volume.members)) == (str(tmp_path / "series.zip"), "series.zip", 4)
