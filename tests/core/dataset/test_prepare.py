import dataclasses
import io
import shutil
import tracemalloc
import zipfile
from functools import partial

import h5py
import numpy as np
import pytest

from core.config import MAX_FILE_BYTES
from core.dataset import prepare as preparing
from core.dataset.prepare import require_written
from core.dataset.raw_files import open_raw_files
from core.dataset.splits import index_table
from core.dataset.store import CLASS_COUNTS, PATIENT_COUNT, SLICE_COUNT, STORE_NAME, Store
from core.errors import DatasetError
from core.readers.mat import read_folds
from core.translation.language import speaking
from core.translation.messages import tr
from tests.conftest import TinySet
from tests.published import a_slice, cvind_bytes, mat_bytes

ZIPS = ((1, 3), (4, 6), (7, 9), (10, 12))


prepare = partial(preparing.prepare, whole=TinySet().whole)


@pytest.fixture
def folder(published_folder, tmp_path):
    """The published files, to be broken at will."""
    return shutil.copytree(published_folder, tmp_path / "published")


@pytest.fixture
def store(tmp_path):
    return tmp_path / "made" / STORE_NAME


@pytest.fixture
def read(monkeypatch):
    """The numbers of the slices that are read out of the source, in order."""
    numbers = []
    real = preparing.open_raw_files

    def counted(folder, slice_count):
        source = real(folder, slice_count)

        def reader(number, function):
            def read_one():
                numbers.append(number)
                return function()

            return read_one

        return dataclasses.replace(source, files={n: reader(n, f) for n, f in source.files.items()})

    monkeypatch.setattr(preparing, "open_raw_files", counted)
    return numbers


def zip_up(folder, target):
    """The four published zip files, as they are, and cvind.mat beside them."""
    target.mkdir()
    shutil.copy(folder / "cvind.mat", target)
    for first, last in ZIPS:
        with zipfile.ZipFile(target / f"brainTumorDataPublic_{first}-{last}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(first, last + 1):
                archive.write(folder / f"{number}.mat", f"{number}.mat")
    return target


def content(path):
    """Everything a store holds, comparable."""
    with h5py.File(path) as file:
        arrays = {name: [values.tolist() for values in file[name]] for name in sorted(file)}
        return arrays, dict(file.attrs)


def raising(at):
    """A progress wrapper that dies after ``at`` parts, as a kill does."""

    def wrapper(parts, done):
        for i, part in enumerate(parts):
            if i == at:
                raise KeyboardInterrupt
            yield part

    return wrapper


# A whole data set


def test_a_store_holds_every_slice_as_published(tiny_set, tiny_store):
    assert tiny_store.whole
    assert list(tiny_store.numbers()) == list(range(1, 13))
    for number in range(1, 13):
        side = 32 if number == 5 else 64
        pixels, mask, border = a_slice(number, side=side)
        np.testing.assert_array_equal(tiny_store.pixels(number), pixels)
        np.testing.assert_array_equal(tiny_store.mask(number), mask)
        np.testing.assert_allclose(tiny_store.border(number), np.reshape(border, (-1, 2)), atol=0.01)
        assert tiny_store.pixels(number).dtype == np.int16
        assert tiny_store.mask(number).dtype == bool
        assert tiny_store.index.size[tiny_store.row(number)] == side
    assert tiny_store.index.label.tolist() == list(tiny_set.labels)
    assert tiny_store.index.fold.tolist() == list(tiny_set.folds)
    assert tiny_store.class_name(12) == "pituitary"


def test_patients_are_numbered_by_first_appearance(tiny_store):
    assert tiny_store.index.patient.tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 1, 6, 6]


def test_patients_whose_ids_differ_by_a_final_letter_share_a_group(tiny_store):
    assert tiny_store.index.patient_group.tolist() == [1, 1, 2, 2, 3, 3, 3, 3, 5, 1, 6, 6]


def test_slices_are_stored_one_a_chunk(tiny_store_path):
    with h5py.File(tiny_store_path) as file:
        assert file["slices"].chunks == (1, 64, 64)
        assert file["masks"].chunks == (1, 64, 64)


def test_a_folder_and_the_four_zip_files_give_the_same_store(published_folder, tiny_store_path, tmp_path, store):
    zips = zip_up(published_folder, tmp_path / "zips")
    assert prepare(zips, store).written
    assert content(store) == content(tiny_store_path)
    # Naming one of the zip files means the folder they are in.
    assert len(open_raw_files(zips / "brainTumorDataPublic_1-3.zip").files) == 12


def test_files_in_folders_within_the_folder_or_the_zip_file_are_found(
    published_folder, tiny_store_path, tmp_path, store
):
    inner = shutil.copytree(published_folder, tmp_path / "outer" / "inner")
    with zipfile.ZipFile(tmp_path / "outer" / "some.zip", "w") as archive:
        for number in (2, 11):
            archive.write(inner / f"{number}.mat", f"data/{number}.mat")
            archive.writestr(f"__MACOSX/data/._{number}.mat", b"what a Mac leaves in a zip file")
            (inner / f"{number}.mat").unlink()
    assert prepare(tmp_path / "outer", store).written
    assert content(store) == content(tiny_store_path)


def test_an_old_store_is_replaced_whole(published_folder, tiny_store_path, store):
    store.parent.mkdir()
    store.write_bytes(b"the store of another time")
    assert prepare(published_folder, store).written
    assert content(store) == content(tiny_store_path)


def test_nothing_is_left_beside_the_store(published_folder, store):
    prepare(published_folder, store)
    assert [path.name for path in store.parent.iterdir()] == [STORE_NAME]


def test_the_lowest_iou_of_outline_and_mask_is_reported(published_folder, store):
    assert preparing.MIN_BORDER_IOU <= prepare(published_folder, store).border_iou < 1


def test_values_below_zero_and_above_255_are_kept(tiny_set, folder, store):
    pixels, mask, border = a_slice(3)
    pixels = pixels * np.int16(100) - np.int16(9000)
    (folder / "3.mat").write_bytes(mat_bytes(pixels, mask, pid=tiny_set.pids[2], border=border))
    assert prepare(folder, store).written
    with Store(store) as opened:
        np.testing.assert_array_equal(opened.pixels(3), pixels)


# No patient id outside the source


def spellings(pid):
    return [pid.encode("ascii"), pid.encode("utf-16-le"), pid.encode("utf-16-be"), pid.encode("utf-32-le")]


def test_the_parts_of_a_killed_run_hold_no_patient_id(tiny_set, published_folder, store):
    with pytest.raises(KeyboardInterrupt):
        prepare(published_folder, store, progress=raising(2))
    files = [path for path in store.parent.rglob("*") if path.is_file()]
    assert sorted(path.name for path in files) == ["0001.npz", "0005.npz", "source.txt"]
    data = b"".join(path.read_bytes() for path in files)
    assert b"stem" in data  # nothing is compressed, so an id would lie open
    for pid in set(tiny_set.pids):
        assert not [spelling for spelling in spellings(pid) if spelling in data]


def test_the_store_holds_no_patient_id(tiny_set, tiny_store_path):
    data = tiny_store_path.read_bytes()
    with h5py.File(tiny_store_path) as file:
        for name in file:
            data += name.encode()
            if name != "borders":
                data += file[name][()].tobytes()
        data += repr(dict(file.attrs)).encode()
    assert b"patient_group" in data
    for pid in set(tiny_set.pids):
        assert not [spelling for spelling in spellings(pid) if spelling in data]


def test_no_problem_names_a_patient_id(tiny_set, folder, store):
    pixels, mask, border = a_slice(3)
    (folder / "3.mat").write_bytes(mat_bytes(pixels, mask.T, pid="PATNT12", border=border))
    (folder / "4.mat").write_bytes(mat_bytes(pixels, mask, pid="PATNT12", label=7, border=border))
    problems = " ".join(prepare(folder, store).problems)
    assert "3.mat" in problems
    assert "PATNT" not in problems


# Missing, truncated and odd files


def odd(**changes):
    pixels, mask, border = a_slice(3)
    fields = {"pixels": pixels, "mask": mask, "border": border, "pid": "PATNT12", "label": 1} | changes
    return mat_bytes(fields.pop("pixels"), fields.pop("mask"), **fields)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "is missing"),
        (b"", "empty"),
        (odd()[:-1], "cut short"),
        (odd()[:3000], "cut short"),
        (b"MATLAB 5.0 MAT-file".ljust(2000), "v7.3"),
        (bytes(MAX_FILE_BYTES + 1), "20 MB"),
        (odd(mask=None), "lacks a mask"),
        (odd(label=None), "lacks a mask, a label"),
        (odd(pid=None), "a patient id"),
        (odd(border=None), "an outline"),
        (odd(label=7), "label"),
        (odd(mask=a_slice(3)[1].T), "IoU of 0."),
        (odd(border=a_slice(3, side=32)[2]), "IoU of 0."),
        (odd(mask=np.zeros((64, 64), bool)), "mask is empty"),
        (odd(pixels=np.full((64, 64), 7, np.int16)), "same value"),
        (odd(pixels=a_slice(3)[0].astype(float)), "16-bit integers"),
        (odd(pixels=a_slice(3)[0].astype(np.uint16) + np.uint16(40_000)), "16-bit integers"),
        (mat_bytes(*a_slice(3, side=48)[:2], border=a_slice(3, side=48)[2]), "(48, 48)"),
        (mat_bytes(*a_slice(3, height=32)[:2], border=a_slice(3, height=32)[2]), "(32, 64)"),
    ],
    ids=[
        "missing", "empty", "last byte", "cut short", "old format", "over 20 MB", "no mask", "no label", "no id",
        "no outline", "label 7", "transposed mask", "outline elsewhere", "empty mask", "constant", "float", "17 bits",
        "wrong size", "not square",
    ],
)  # fmt: skip
def test_a_damaged_file_is_reported_and_the_store_is_incomplete(folder, store, data, message):
    (folder / "3.mat").unlink()
    if data is not None:
        (folder / "3.mat").write_bytes(data)
    outcome = prepare(folder, store)
    (problem,) = outcome.problems
    assert problem.startswith("3.mat")
    assert message in problem
    assert (outcome.written, outcome.slices) == (False, 11)
    assert not store.exists()
    with pytest.raises(DatasetError, match="11 of 12"):
        require_written(outcome)

    outcome = prepare(folder, store, allow_missing=True)
    assert outcome.problems == [problem]
    require_written(outcome)
    with Store(store) as opened:
        assert not opened.whole
        assert list(opened.numbers()) == [1, 2, *range(4, 13)]
        np.testing.assert_array_equal(opened.pixels(4), a_slice(4)[0])
        assert opened.index.fold.tolist() == [1, 1, 2, 3, 3, 4, 4, 5, 1, 5, 5]
        assert opened.index.patient.tolist() == [1, 1, 2, 3, 3, 4, 4, 5, 1, 6, 6]
        assert 3 not in opened
        with pytest.raises(DatasetError, match="no slice 3"):
            opened.pixels(3)


def test_every_problem_is_named_not_the_first_only(folder, store):
    for number in (1, 6, 7, 12):
        (folder / f"{number}.mat").unlink()
    (folder / "cvind.mat").write_bytes(b"no folds")
    outcome = prepare(folder, store)
    named = sorted(problem.split(".mat")[0] for problem in outcome.problems)
    assert named == ["1", "12", "6", "7", "cvind"]


@pytest.mark.parametrize(
    ("data", "message"),
    [(None, "missing"), (b"junk", "cvind.mat"), (cvind_bytes([1, 2, 3]), "3 folds instead of 12")],
    ids=["missing", "junk", "short"],
)
def test_damaged_folds_are_reported_and_stored_as_zero(folder, store, data, message):
    (folder / "cvind.mat").unlink()
    if data is not None:
        (folder / "cvind.mat").write_bytes(data)
    outcome = prepare(folder, store)
    assert len(outcome.problems) == 1
    assert message in outcome.problems[0]
    assert not store.exists()
    assert prepare(folder, store, allow_missing=True).written
    with Store(store) as opened:
        assert not opened.whole
        assert not opened.index.fold.any()


def test_wrong_class_counts_are_named(tiny_set, folder, store):
    pixels, mask, border = a_slice(3)
    (folder / "3.mat").write_bytes(mat_bytes(pixels, mask, label=3, pid="PATNT12", border=border))
    (problem,) = prepare(folder, store).problems
    assert "meningioma 3" in problem
    assert not store.exists()


def test_files_that_have_no_place_in_the_set_are_named(folder, store):
    shutil.copy(folder / "3.mat", folder / "13.mat")
    shutil.copy(folder / "3.mat", folder / "0.mat")
    (folder / "again").mkdir()
    shutil.copy(folder / "3.mat", folder / "again" / "3.mat")
    (folder / "notes.txt").write_text("of no concern")
    problems = prepare(folder, store).problems
    assert len(problems) == 3
    assert all(any(name in problem for problem in problems) for name in ("13.mat", "0.mat", "again/3.mat"))


def test_problems_that_an_earlier_run_found_are_told_in_another_language(folder, store):
    (folder / "3.mat").unlink()
    (folder / "4.mat").write_bytes(b"")
    earlier, later = prepare(folder, store).problems, prepare(folder, store).problems
    assert later == earlier
    with speaking("es"):
        missing, empty = map(tr, later)
    assert missing == "Falta 3.mat." and empty.startswith("4.mat: ") and empty != later[1]


def test_a_link_to_nowhere_is_named(folder, store):
    (folder / "3.mat").unlink()
    (folder / "3.mat").symlink_to("not fetched")
    link, missing = prepare(folder, store).problems
    assert "3.mat" in link and "link" in link
    assert "3.mat" in missing and "missing" in missing


def test_broken_zip_files_are_named(published_folder, tmp_path, store):
    zips = zip_up(published_folder, tmp_path / "zips")
    cut = zips / "brainTumorDataPublic_1-3.zip"
    cut.write_bytes(cut.read_bytes()[:-10])
    damaged = zips / "brainTumorDataPublic_4-6.zip"
    with zipfile.ZipFile(damaged) as archive:
        header = {number: archive.getinfo(f"{number}.mat").header_offset for number in (5, 6)}
    data = bytearray(damaged.read_bytes())
    # Behind a header of 30 bytes and the name: no deflate stream begins with 0xFF.
    data[header[5] + 30 + len("5.mat")] = 0xFF
    data[header[6]] ^= 0xFF
    damaged.write_bytes(data)
    problems = prepare(zips, store).problems
    assert [problem.split()[0] for problem in problems] == [cut.name, "1.mat", "2.mat", "3.mat", "5.mat:", "6.mat:"]
    assert "download" in problems[0]
    assert all(damaged.name in problem for problem in problems[-2:])


def test_a_zip_members_claimed_size_is_checked_before_it_is_unpacked(published_folder, tmp_path, store):
    folder = shutil.copytree(published_folder, tmp_path / "published")
    (folder / "3.mat").unlink()
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("3.mat", bytes(MAX_FILE_BYTES + 1))
    (folder / "bomb.zip").write_bytes(bomb.getvalue())
    (problem,) = prepare(folder, store).problems
    assert "claims" in problem


def test_a_zip_member_that_inflates_to_more_than_it_claims_is_not_unpacked_whole(published_folder, tmp_path, store):
    folder = shutil.copytree(published_folder, tmp_path / "published")
    (folder / "3.mat").unlink()
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("3.mat", bytes(2**28))
    data, size = bytearray(bomb.getvalue()), (2**28).to_bytes(4, "little")
    at = data.rindex(size)  # in the directory, which zipfile believes
    data[at : at + 4] = (1000).to_bytes(4, "little")
    (folder / "bomb.zip").write_bytes(data)
    tracemalloc.start()
    (problem,) = prepare(folder, store).problems
    assert problem.startswith("3.mat: ")
    assert tracemalloc.get_traced_memory()[1] < 2**27
    tracemalloc.stop()


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir(), lambda path: path.write_text("x")])
def test_a_source_without_slices_is_refused(tmp_path, store, make):
    make(tmp_path / "nothing")
    with pytest.raises(DatasetError, match="nothing"):
        prepare(tmp_path / "nothing", store)
    assert not store.parent.exists()


def test_a_set_without_one_sound_slice_is_not_written_even_if_allowed(folder, store):
    for path in folder.glob("[0-9]*.mat"):
        path.write_bytes(b"not fetched")
    outcome = prepare(folder, store, allow_missing=True)
    assert len(outcome.problems) == 12
    assert not outcome.written
    assert not store.exists()


# Going on after a kill


def test_a_killed_run_goes_on_from_its_last_whole_part(published_folder, tiny_store_path, store, read):
    with pytest.raises(KeyboardInterrupt):
        prepare(published_folder, store, progress=raising(2))
    assert read == [1, 2, 3, 4, 5, 6, 7, 8]
    assert not store.exists()
    read.clear()
    done = []

    def progress(parts, already):
        done.append(already)
        return parts

    assert prepare(published_folder, store, progress=progress).written
    assert read == [9, 10, 11, 12]
    assert done == [8]
    assert content(store) == content(tiny_store_path)


def test_a_kill_within_a_part_costs_that_part_only(published_folder, tiny_store_path, store, read, monkeypatch):
    real = preparing.read_mat

    def dying(data):
        if read[-1] == 7:
            raise KeyboardInterrupt
        return real(data)

    monkeypatch.setattr(preparing, "read_mat", dying)
    with pytest.raises(KeyboardInterrupt):
        prepare(published_folder, store)
    monkeypatch.setattr(preparing, "read_mat", real)
    read.clear()
    assert prepare(published_folder, store).written
    assert read == [5, 6, 7, 8, 9, 10, 11, 12]
    assert content(store) == content(tiny_store_path)


def test_a_kill_while_the_store_is_written_leaves_the_old_one_and_costs_no_reading(
    published_folder, tiny_store_path, store, read, monkeypatch
):
    def dying(paths, target, *others):
        target.write_bytes(b"half a store")
        raise KeyboardInterrupt

    store.parent.mkdir()
    store.write_bytes(b"the old store")
    real = preparing._assemble
    monkeypatch.setattr(preparing, "_assemble", dying)
    with pytest.raises(KeyboardInterrupt):
        prepare(published_folder, store)
    assert store.read_bytes() == b"the old store"
    monkeypatch.setattr(preparing, "_assemble", real)
    read.clear()
    assert prepare(published_folder, store).written
    assert read == []
    assert content(store) == content(tiny_store_path)


def test_a_mended_source_gives_the_whole_store(folder, published_folder, tiny_store_path, store):
    (folder / "6.mat").write_bytes((published_folder / "6.mat").read_bytes()[:-1])
    assert not prepare(folder, store).written
    shutil.copy(published_folder / "6.mat", folder)
    assert prepare(folder, store).written
    assert content(store) == content(tiny_store_path)


def test_a_refused_source_that_stays_as_it_is_is_not_read_whole_again(folder, store, read):
    (folder / "6.mat").write_bytes(b"not fetched")
    assert not prepare(folder, store).written
    read.clear()
    assert not prepare(folder, store).written
    assert read == []


@pytest.mark.parametrize("same_size", [False, True])
def test_a_changed_source_starts_over(tiny_set, folder, store, read, same_size):
    with pytest.raises(KeyboardInterrupt):
        prepare(folder, store, progress=raising(2))
    pixels, mask, border = a_slice(2)
    pixels[0, 0] += 1
    path = folder / "2.mat"
    before = path.stat()
    data = mat_bytes(pixels, mask, pid=tiny_set.pids[1], border=border, compression="gzip" if same_size else None)
    path.write_bytes(data.ljust(before.st_size, b"\0") if same_size else data)
    read.clear()
    outcome = prepare(folder, store)
    assert read == list(range(1, 13))
    assert outcome.written
    with Store(store) as opened:
        np.testing.assert_array_equal(opened.pixels(2), pixels)


def test_zip_files_that_were_unpacked_beside_themselves_are_whole(published_folder, tmp_path, store):
    both = zip_up(published_folder, tmp_path / "both")
    for path in published_folder.glob("*.mat"):
        shutil.copy(path, both)
    outcome = prepare(both, store)
    assert outcome.written and not outcome.problems


def test_another_source_starts_over(published_folder, tmp_path, store, read):
    with pytest.raises(KeyboardInterrupt):
        prepare(zip_up(published_folder, tmp_path / "zips"), store, progress=raising(1))
    read.clear()
    assert prepare(published_folder, store).written
    assert read == list(range(1, 13))


def test_progress_gets_every_part(published_folder, store):
    seen = []

    def progress(parts, done):
        for part in parts:
            seen.append(part)
            yield part

    prepare(published_folder, store, progress=progress)
    assert seen == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]


# The store as others open it


def test_a_store_that_is_missing_or_of_another_kind_is_refused(tmp_path, tiny_store_path):
    with pytest.raises(DatasetError, match="prepare"):
        Store(tmp_path / "none.h5")
    other = tmp_path / "other.h5"
    other.write_bytes(b"no store")
    with pytest.raises(DatasetError, match="make it again"):
        Store(other)
    shutil.copy(tiny_store_path, other)
    with h5py.File(other, "a") as file:
        file.attrs["version"] += 1
    with pytest.raises(DatasetError, match="another version"):
        Store(other)


@pytest.mark.parametrize("number", [0, 13, -1])
def test_a_slice_number_that_does_not_exist_is_refused(tiny_store, number):
    assert number not in tiny_store
    with pytest.raises(DatasetError, match=f"no slice {number} "):
        tiny_store.mask(number)


# The real data set


@pytest.mark.dataset
def test_the_real_store_is_the_whole_data_set(data_store):
    index = data_store.index
    assert data_store.whole
    assert index.number.tolist() == list(range(1, SLICE_COUNT + 1))
    classes = dict(zip(CLASS_COUNTS, np.bincount(index.label)[1:].tolist(), strict=True))
    assert classes == CLASS_COUNTS == {"meningioma": 708, "glioma": 1426, "pituitary": 930}
    assert sorted(set(index.patient.tolist())) == list(range(1, PATIENT_COUNT + 1))
    small = [*range(955, 958), *range(1070, 1077), *range(1203, 1208)]
    assert index.number[index.size == 256].tolist() == small
    assert set(index.size.tolist()) == {256, 512}


@pytest.mark.dataset
def test_the_real_store_and_the_shipped_table_agree(data_store):
    table = index_table()
    for name in ("patient", "patient_group", "fold", "size"):
        assert getattr(data_store.index, name).tolist() == table[name].tolist()


@pytest.mark.dataset
def test_the_real_folds_are_cvind_mats(data_folder, data_store):
    if not (data_folder / "mats").is_dir():
        pytest.skip("no mats/ beside the store")
    folds = read_folds((data_folder / "mats" / "cvind.mat").read_bytes())
    assert data_store.index.fold.tolist() == folds.tolist()


@pytest.mark.dataset
def test_a_slice_is_a_chunk_of_its_own_and_reading_one_reads_no_other(data_folder):
    with h5py.File(data_folder / STORE_NAME) as file:
        for name in ("slices", "masks"):
            assert file[name].chunks == (1, *file[name].shape[1:])


@pytest.mark.dataset
def test_the_published_zip_files_give_the_slices_of_the_real_store(data_folder, data_store, tmp_path):
    mats = data_folder / "mats"
    if not mats.is_dir():
        pytest.skip("no mats/ beside the store")
    numbers = []
    for first, last, some in (
        (1, 766, [*range(1, 31), *range(740, 761)]),
        (767, 1532, range(950, 960)),
        (1533, 2298, range(1533, 1541)),
        (2299, 3064, range(3060, 3065)),
    ):
        with zipfile.ZipFile(tmp_path / f"brainTumorDataPublic_{first}-{last}.zip", "w") as archive:
            for number in some:
                archive.write(mats / f"{number}.mat", f"{number}.mat")
        numbers += some
    shutil.copy(mats / "cvind.mat", tmp_path)
    store = tmp_path / "made" / STORE_NAME
    outcome = preparing.prepare(tmp_path, store, allow_missing=True)
    assert outcome.problems == [f"{n}.mat is missing." for n in range(1, SLICE_COUNT + 1) if n not in set(numbers)]
    assert outcome.border_iou >= preparing.MIN_BORDER_IOU
    with Store(store) as opened:
        assert list(opened.numbers()) == numbers
        assert not opened.whole
        for number in numbers[::7]:
            np.testing.assert_array_equal(opened.pixels(number), data_store.pixels(number))
            np.testing.assert_array_equal(opened.mask(number), data_store.mask(number))
            np.testing.assert_array_equal(opened.border(number), data_store.border(number))
        rows = [data_store.row(number) for number in numbers]
        assert opened.index.fold.tolist() == data_store.index.fold[rows].tolist()
        assert opened.index.size.tolist() == data_store.index.size[rows].tolist()
