import struct
import subprocess
import sys
import tracemalloc
import zlib

import h5py
import numpy as np
import pytest

from core.config import MAX_FILE_BYTES, ROOT
from core.errors import SliceError
from core.readers.kinds import is_hdf5
from core.readers.mat import MatSlice, read_folds, read_mat
from core.readers.slices import read_slice
from tests.published import a_slice, assert_whole, cvind_bytes, hdf5_bytes, mat_bytes

PIXELS, MASK, BORDER = a_slice(1, side=48, height=32)
WHOLE = mat_bytes(PIXELS, MASK, label=2, pid="ZZ000001B", border=BORDER)
IMAGE = np.arange(400, dtype=np.int16).reshape(20, 20)


def with_image(**options):
    """A file whose 'image' is created with ``options`` and nothing else in it."""
    return hdf5_bytes(lambda file: file.create_group("cjdata").create_dataset("image", **options))


def with_field(name, **options):
    """A sound image, and one more field created with ``options``."""

    def fill(file):
        group = file.create_group("cjdata")
        group["image"] = IMAGE
        group.create_dataset(name, **options)

    return hdf5_bytes(fill)


def refusal(data):
    with pytest.raises(SliceError) as caught:
        read_mat(data)
    return str(caught.value)


# What is read


def test_a_slice_comes_out_upright_and_whole():
    mat = read_mat(WHOLE)
    assert_whole(mat, PIXELS, MASK, BORDER)


def test_vectors_written_the_other_way_round_are_the_same():
    def fill(file):
        group = file.create_group("cjdata")
        group["image"] = IMAGE
        group["tumorBorder"] = np.array([BORDER]).T
        group["PID"] = np.array([[ord(c) for c in "000000"]], np.uint16)

    mat = read_mat(hdf5_bytes(fill))
    np.testing.assert_array_equal(mat.border, np.reshape(BORDER, (-1, 2)))
    assert mat.pid == "000000"


def test_only_the_image_is_needed():
    mat = read_mat(mat_bytes(PIXELS, label=None, pid=None))
    np.testing.assert_array_equal(mat.pixels, PIXELS)
    assert (mat.mask, mat.label, mat.pid, mat.border) == (None, None, None, None)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float32", "float64", "bool"])
def test_any_plain_number_type_is_read(dtype):
    mat = read_mat(mat_bytes((PIXELS > 100).astype(dtype)))
    np.testing.assert_array_equal(mat.pixels, (PIXELS > 100).astype(dtype))


def test_every_filter_matlab_uses_is_read():
    data = with_image(data=IMAGE.T, chunks=(7, 6), compression="gzip", shuffle=True, fletcher32=True)
    np.testing.assert_array_equal(read_mat(data).pixels, IMAGE)


def test_a_chunk_stored_without_its_compression_is_read():
    def fill(file):
        dataset = file.create_group("cjdata").create_dataset(
            "image", (20, 20), np.int16, chunks=(20, 20), compression="gzip"
        )
        dataset.id.write_direct_chunk((0, 0), IMAGE.T.tobytes(), filter_mask=1)

    np.testing.assert_array_equal(read_mat(hdf5_bytes(fill)).pixels, IMAGE)


def test_a_patient_id_of_broken_characters_is_still_text():
    for codes in (np.array([0x41, 0xD800], np.uint16), np.array([0x110000], np.uint32)):
        pid = read_mat(with_field("PID", data=codes)).pid
        assert pid.encode()  # what is digested must be encodable


def test_hdf5_is_known_with_and_without_matlabs_header():
    assert is_hdf5(WHOLE)
    assert is_hdf5(WHOLE[512:])
    assert not is_hdf5(b"\x89PNG\r\n\x1a\n" + bytes(600))


def test_folds_are_read_in_either_direction():
    assert read_folds(cvind_bytes([1, 5, 3])).tolist() == [1, 5, 3]
    assert read_folds(hdf5_bytes(lambda file: file.create_dataset("cvind", data=[[2.0], [4.0]]))).tolist() == [2, 4]


@pytest.mark.parametrize(
    "data",
    [cvind_bytes([1, 6]), cvind_bytes([0, 1]), WHOLE, b"", cvind_bytes([1, 2])[:-1]],
    ids=["six", "zero", "another file", "empty", "cut short"],
)
def test_folds_outside_one_to_five_are_refused(data):
    with pytest.raises(SliceError):
        read_folds(data)


# What is refused: the file as a whole


def test_an_empty_file_is_refused():
    assert "empty" in refusal(b"")


def test_a_file_over_20_mb_is_refused():
    assert "20 MB" in refusal(WHOLE.ljust(MAX_FILE_BYTES + 1, b"\0"))
    assert isinstance(read_mat(WHOLE.ljust(MAX_FILE_BYTES, b"\0")), MatSlice)


def test_matlabs_version_4_is_refused():
    assert "v7.3" in refusal(struct.pack("<5i", 0, 20, 20, 0, 7) + b"cjdata\0" + bytes(20 * 20 * 8))


def test_a_file_without_cjdata_is_refused():
    assert "cjdata" in refusal(cvind_bytes([1, 2, 3]))


def test_cjdata_that_is_no_struct_is_refused():
    assert "cjdata" in refusal(hdf5_bytes(lambda file: file.create_dataset("cjdata", data=IMAGE)))


def test_cjdata_without_an_image_is_refused():
    assert "image" in refusal(mat_bytes(None, MASK))


@pytest.mark.parametrize("length", range(1, len(WHOLE), len(WHOLE) // 60))
def test_a_file_cut_short_anywhere_is_refused(length):
    refusal(WHOLE[:length])


def test_a_file_with_its_last_byte_missing_is_refused():
    refusal(WHOLE[:-1])


@pytest.mark.parametrize("compression", ["gzip", None])
def test_flipped_bytes_give_a_refusal_or_a_slice_and_nothing_else(compression):
    whole = mat_bytes(PIXELS, MASK, border=BORDER, compression=compression)
    random = np.random.default_rng(7)
    outcomes = set()
    for _ in range(100):
        data = bytearray(whole)
        # Most of the structure lies at the beginning.
        for at in random.integers(512, random.choice([5000, len(data)]), random.integers(1, 5)):
            data[at] = random.choice([0, 255, data[at] ^ (1 << random.integers(0, 8))])
        try:
            mat = read_mat(bytes(data))
        except SliceError:
            outcomes.add("refused")
        else:
            outcomes.add("read")
            assert mat.pixels.ndim == 2
            assert mat.mask is None or mat.mask.shape == mat.pixels.shape
            assert mat.label in (None, 1, 2, 3)
    assert outcomes == {"refused", "read"}


def test_an_address_no_file_can_have_is_refused():
    # The superblock's address of the driver information block; over it h5py itself stumbles, not HDF5.
    data = bytearray(WHOLE)
    data[512 + 55] = 0x7F
    assert "damaged" in refusal(bytes(data))


# What is refused: pointing elsewhere


def other_file(tmp_path):
    path = tmp_path / "other.h5"
    with h5py.File(path, "w") as file:
        file["image"] = IMAGE
        file.create_group("cjdata")["image"] = IMAGE
    return path


def test_an_external_link_is_not_followed(tmp_path):
    path = other_file(tmp_path)

    def image(file):
        file.create_group("cjdata")["image"] = h5py.ExternalLink(str(path), "/image")

    def group(file):
        file["cjdata"] = h5py.ExternalLink(str(path), "/cjdata")

    assert "link" in refusal(hdf5_bytes(image))
    assert "link" in refusal(hdf5_bytes(group))


def test_a_soft_link_is_not_followed():
    def image(file):
        file["elsewhere"] = IMAGE
        file.create_group("cjdata")["image"] = h5py.SoftLink("/elsewhere")

    def group(file):
        file.create_group("elsewhere")["image"] = IMAGE
        file["cjdata"] = h5py.SoftLink("/elsewhere")

    assert "link" in refusal(hdf5_bytes(image))
    assert "link" in refusal(hdf5_bytes(group))


@pytest.mark.parametrize("name", ["tumorMask", "label", "PID", "tumorBorder"])
def test_a_link_is_followed_in_no_field(name):
    def fill(file):
        group = file.create_group("cjdata")
        group["image"] = IMAGE
        group[name] = h5py.SoftLink("/cjdata/image")

    assert name in refusal(hdf5_bytes(fill))


def test_a_second_hard_link_is_data_of_the_file_itself():
    def fill(file):
        file["elsewhere"] = IMAGE.T
        file.create_group("cjdata")["image"] = file["elsewhere"]

    np.testing.assert_array_equal(read_mat(hdf5_bytes(fill)).pixels, IMAGE)


def test_external_storage_is_not_read(tmp_path):
    secret = tmp_path / "secret.bin"
    secret.write_bytes(bytes(range(200)) * 4)
    assert "another file" in refusal(with_image(shape=(20, 20), dtype="i2", external=[(str(secret), 0, 800)]))


def test_a_virtual_data_set_is_not_read(tmp_path):
    layout = h5py.VirtualLayout((20, 20), "i2")
    layout[:] = h5py.VirtualSource(str(other_file(tmp_path)), "image", shape=(20, 20))

    def fill(file):
        file.create_group("cjdata").create_virtual_dataset("image", layout)

    assert "another file" in refusal(hdf5_bytes(fill))


# What is refused: kinds, shapes and sizes


@pytest.mark.parametrize("options", [{"compression": "lzf"}, {"scaleoffset": 4}], ids=["lzf", "scale-offset"])
def test_a_filter_matlab_does_not_use_is_refused(options):
    assert "compressed" in refusal(with_image(data=IMAGE, chunks=(20, 20), **options))


def test_a_filter_nobody_knows_is_refused():
    def fill(file):
        layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        layout.set_chunk((20, 20))
        layout.set_filter(32_999, h5py.h5z.FLAG_OPTIONAL, ())
        space = h5py.h5s.create_simple((20, 20))
        h5py.h5d.create(file.create_group("cjdata").id, b"image", h5py.h5t.STD_I16LE, space, layout)

    assert "compressed" in refusal(hdf5_bytes(fill))


def test_deflate_within_deflate_is_refused():
    def fill(file):
        layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        layout.set_chunk((20, 20))
        layout.set_deflate(9)
        layout.set_deflate(9)
        space = h5py.h5s.create_simple((20, 20))
        h5py.h5d.create(file.create_group("cjdata").id, b"image", h5py.h5t.STD_I16LE, space, layout)

    assert "compressed" in refusal(hdf5_bytes(fill))


@pytest.mark.parametrize(
    "options",
    [
        {"shape": (20, 20), "dtype": h5py.ref_dtype},
        {"shape": (20, 20), "dtype": h5py.vlen_dtype(np.int16)},
        {"shape": (20, 20), "dtype": h5py.string_dtype()},
        {"shape": (20, 20), "dtype": "S8"},
        {"shape": (20, 20), "dtype": np.dtype([("x", "i2"), ("y", "i2")])},
        {"shape": (20, 20), "dtype": np.dtype(("i2", (3,)))},
        {"shape": (20, 20), "dtype": "c16"},
        {"shape": (20, 20), "dtype": np.longdouble},
        {"shape": (20, 20), "dtype": np.void(b"1234").dtype},
    ],
    ids=["reference", "vlen", "text", "bytes", "compound", "array", "complex", "long double", "opaque"],
)
def test_anything_but_plain_numbers_is_refused(options):
    refusal(with_image(**options))


@pytest.mark.parametrize(
    "shape", [(), (400,), (20, 20, 1), (3, 20, 20), (1, 20), (0, 20), (4097, 20), (20, 4097)], ids=str
)
def test_an_image_of_another_shape_than_one_slice_is_refused(shape):
    assert "shape" in refusal(with_image(data=np.zeros(shape, np.int16)))


def test_an_image_without_a_shape_is_refused():
    assert "shape" in refusal(with_image(dtype="i2"))


@pytest.mark.parametrize(
    "shape", [(10**6, 10**6), (2**32, 2**32), (2**62 + 1, 4), (4097, 4096)], ids=["10^12", "2^64", "wraps to 4", "over"]
)
@pytest.mark.parametrize("name", ["image", "tumorMask", "label", "PID", "tumorBorder"])
def test_a_huge_declared_array_is_refused_before_it_is_allocated(name, shape):
    data = (
        with_image(shape=shape, dtype="u2", chunks=(64, 4))
        if name == "image"
        else with_field(name, shape=shape, dtype="u2", chunks=(64, 4))
    )
    assert len(data) < 100_000
    tracemalloc.start()
    try:
        refusal(data)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_a_chunk_far_larger_than_its_array_is_refused():
    data = with_image(shape=(20, 20), maxshape=(None, None), dtype="u1", chunks=(30_000, 30_000))
    assert "chunks" in refusal(data)


def test_a_chunk_a_little_larger_than_its_array_is_read():
    data = with_image(data=IMAGE.T, maxshape=(None, None), chunks=(64, 64), compression="gzip")
    np.testing.assert_array_equal(read_mat(data).pixels, IMAGE)


def test_millions_of_declared_chunks_are_refused():
    # 3 KB of file; reading it takes HDF5 more than 11 GB.
    assert "chunks" in refusal(with_image(shape=(4096, 4096), dtype="i2", chunks=(1, 1)))


def test_a_chunk_that_inflates_to_more_than_it_declares_is_refused():
    def fill(file):
        dataset = file.create_group("cjdata").create_dataset(
            "image", (64, 64), np.int16, chunks=(64, 64), compression="gzip"
        )
        dataset.id.write_direct_chunk((0, 0), zlib.compress(bytes(64 * 64 * 2 + 5)))

    assert "inflates" in refusal(hdf5_bytes(fill))


def test_a_damaged_chunk_is_refused():
    def fill(file):
        dataset = file.create_group("cjdata").create_dataset(
            "image", (64, 64), np.int16, chunks=(64, 64), compression="gzip"
        )
        dataset.id.write_direct_chunk((0, 0), b"this is no deflate stream")

    assert "damaged" in refusal(hdf5_bytes(fill))


@pytest.mark.parametrize("shape", [(48, 48), (48, 32), (31, 48), (32,)], ids=str)
def test_a_mask_of_another_shape_is_refused(shape):
    # The image is 32 x 48; its transpose is another shape, too.
    def fill(file):
        group = file.create_group("cjdata")
        group["image"] = PIXELS.T
        group["tumorMask"] = np.ones(shape, np.uint8).T

    assert "mask" in refusal(hdf5_bytes(fill))


@pytest.mark.parametrize("label", [0, 4, 7, 1.5, -1, float("nan"), float("inf")])
def test_a_label_of_no_class_is_refused(label):
    assert "label" in refusal(mat_bytes(PIXELS, label=label))


def test_two_labels_are_refused():
    assert "label" in refusal(with_field("label", data=[[1.0, 2.0]]))


@pytest.mark.parametrize(
    "border",
    [[1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4], [1, 2, 3, 4, 5, float("nan")], [1, 2, 3, 4, 5, float("inf")]],
    ids=["odd", "two points", "nan", "infinity"],
)
def test_a_border_that_is_no_outline_is_refused(border):
    assert "tumorBorder" in refusal(mat_bytes(PIXELS, border=border))


@pytest.mark.parametrize("name", ["label", "tumorBorder"])
def test_a_field_of_three_dimensions_is_refused(name):
    shape = (1, 1, 1) if name == "label" else (1, 1, 6)
    assert name in refusal(with_field(name, data=np.ones(shape)))


def test_a_patient_id_of_other_than_characters_is_refused():
    assert "PID" in refusal(with_field("PID", data=[1.0, 2.0]))
    assert "PID" in refusal(with_field("PID", data=np.zeros((1000, 1), np.uint16)))


def test_files_read_in_several_threads_at_once_do_not_crash_the_process():
    # Two visitors' slices at once; in a process of its own, since HDF5 used without its lock takes the process along.
    code = """
import threading
from core.readers.mat import read_mat
from tests.published import a_slice, mat_bytes
files = [mat_bytes(*a_slice(number)[:2]) for number in range(8)]
threads = [threading.Thread(target=lambda: [read_mat(file) for _ in range(10) for file in files]) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr


def test_a_mask_of_nan_counts_as_none_and_says_so():
    for value in (np.nan, np.inf):
        mask = np.where(MASK, value, 0.0)
        mat = read_mat(with_mask(mask))
        assert mat.mask is None
        assert len(mat.notes) == 1
        slice_ = read_slice(with_mask(mask), "1.mat")
        assert (slice_.mask, slice_.notes) == (None, mat.notes)
    assert read_mat(with_mask(np.where(MASK, 1.0, 0.0))).notes == ()


def with_mask(mask):
    def fill(file):
        group = file.create_group("cjdata")
        group["image"], group["tumorMask"] = PIXELS.T, mask.T

    return hdf5_bytes(fill)
