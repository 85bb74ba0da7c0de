"""Read MATLAB's v5 and v7 files as SciPy writes them, and refuse damaged and hostile ones."""

import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from scipy.io import savemat

from core.errors import SliceError
from core.readers.mat import read_mat
from core.readers.mat5 import MAX_INFLATED
from core.readers.slices import read_slice
from tests.published import a_slice, assert_whole

PIXELS, MASK, BORDER = a_slice(1, side=48, height=32)
FIELDS = {
    "PID": "ZZ000001B",
    "image": PIXELS,
    "label": 2.0,
    "tumorBorder": np.array([BORDER]),
    "tumorMask": MASK.astype(np.uint8),
}


def mat5(fields=FIELDS, *, compressed=True, **others):
    file = io.BytesIO()
    savemat(file, {**others, "cjdata": fields}, do_compression=compressed)
    return file.getvalue()


def refusal(data):
    with pytest.raises(SliceError) as caught:
        read_mat(data)
    return str(caught.value)


def element(kind, content):
    return struct.pack("<II", kind, len(content)) + content.ljust(-(-len(content) // 8) * 8, b"\0")


def a_file(*elements):
    return mat5()[:128] + b"".join(elements)


@pytest.mark.parametrize("compressed", [False, True], ids=["v5", "v7"])
def test_versions_5_and_7_give_what_7_3_gives(compressed):
    mat = read_mat(mat5(compressed=compressed, first=np.arange(9), last="words"))
    assert_whole(mat, PIXELS, MASK, BORDER)


@pytest.mark.parametrize("name", ["u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
def test_every_type_of_number_is_read(name):
    values = PIXELS.astype(name)
    mat = read_mat(mat5({"image": values}))
    assert mat.pixels.dtype == values.dtype
    np.testing.assert_array_equal(mat.pixels, values)


def test_big_endian_files_are_read():
    data = mat5({"image": PIXELS}, compressed=False)
    assert data[126:128] == b"IM"
    turned = _turned(data)
    np.testing.assert_array_equal(read_mat(turned).pixels, PIXELS)


def _turned(data):
    """The same file of one int16 image in big-endian order, by hand."""

    def big(kind, content):
        return struct.pack(">II", kind, len(content)) + content.ljust(-(-len(content) // 8) * 8, b"\0")

    def matrix(array_class, sides, name, *parts):
        head = big(6, struct.pack(">II", array_class, 0)) + big(5, struct.pack(f">{len(sides)}i", *sides))
        return big(14, head + big(1, name) + b"".join(parts))

    image = matrix(10, PIXELS.shape, b"", big(3, PIXELS.astype(">i2").tobytes(order="F")))
    names = struct.pack(">HHi", 4, 5, 8) + big(1, b"image".ljust(8, b"\0"))
    return data[:124] + b"\x01\x00MI" + matrix(2, (1, 1), b"cjdata", names, image)


def test_a_file_without_the_struct_or_its_image_is_refused():
    file = io.BytesIO()
    savemat(file, {"other": PIXELS})
    assert "cjdata" in refusal(file.getvalue())
    assert "image" in refusal(mat5({"label": 1.0}))


@pytest.mark.parametrize(
    "image",
    [np.array([[1, "a"]], dtype=object), PIXELS * 1j, np.zeros((4, 4, 4)), {"inner": PIXELS}],
    ids=["cells", "complex", "volume", "struct in a struct"],
)
def test_an_image_of_anything_but_plain_numbers_in_a_plane_is_refused(image):
    refusal(mat5({"image": image}))


def test_a_variable_of_the_structs_name_that_is_none_is_refused():
    file = io.BytesIO()
    savemat(file, {"cjdata": PIXELS})
    assert "struct" in refusal(file.getvalue())


def test_a_file_cut_short_anywhere_is_refused():
    for data in (mat5(compressed=False), mat5()):
        for length in [*range(129, 400, 7), len(data) // 2, len(data) - 9]:
            refusal(data[:length])


def test_a_size_that_the_file_does_not_hold_is_not_believed():
    data = bytearray(mat5({"image": PIXELS}, compressed=False))
    at = data.index(struct.pack("<II", 5, 8) + struct.pack("<ii", *PIXELS.shape))
    data[at + 8 : at + 16] = struct.pack("<ii", 4096, 4096)
    assert "damaged" in refusal(bytes(data))
    data[at + 8 : at + 16] = struct.pack("<ii", 2**30, 2**30)
    assert "shape" in refusal(bytes(data))


def test_a_struct_that_inflates_without_end_is_refused():
    inner = element(6, struct.pack("<II", 2, 0)) + element(5, struct.pack("<ii", 1, 1)) + element(1, b"cjdata")
    huge = struct.pack("<II", 14, 2**32 - 1) + inner
    deflate = zlib.compressobj()
    packed = deflate.compress(huge)
    for _ in range(MAX_INFLATED // 2**24 + 2):
        packed += deflate.compress(bytes(2**24))
    packed += deflate.flush()
    assert len(packed) < 2**20
    tracemalloc.start()
    assert "inflates" in refusal(a_file(struct.pack("<II", 15, len(packed)) + packed))
    assert tracemalloc.get_traced_memory()[1] < 2.5 * MAX_INFLATED
    tracemalloc.stop()


def test_thousands_of_variables_and_fields_are_refused():
    empty = element(14, element(6, bytes(8)) + element(5, bytes(8)) + element(1, b""))
    assert "variables" in refusal(a_file(empty * 1001))
    names = struct.pack("<HHi", 5, 4, 1) + element(1, b"a" * 5000)
    head = element(6, struct.pack("<II", 2, 0)) + element(5, struct.pack("<ii", 1, 1)) + element(1, b"cjdata")
    assert "damaged" in refusal(a_file(element(14, head + names)))


def test_flipped_bytes_give_a_refusal_or_a_slice_and_nothing_else():
    random = np.random.default_rng(3)
    whole = [mat5(compressed=False), mat5()]
    for i in range(300):
        data = bytearray(whole[i % 2])
        for at in random.integers(120, len(data) if i % 3 else 500, random.integers(1, 5)):
            data[at] = random.choice([0, 255, data[at] ^ (1 << random.integers(0, 8))])
        try:
            assert np.isfinite(read_slice(bytes(data), "1.mat").pixels).all()
        except SliceError as error:
            assert str(error).endswith(".")
