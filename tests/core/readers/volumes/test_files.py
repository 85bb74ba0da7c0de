"""A volume of whatever files people have: NIfTI, DICOM, a .zip; bounded, and read in the decoder's process."""

import io
import subprocess
import sys
import tracemalloc
import zipfile

import numpy as np
import pytest

from core.config import MAX_VOLUME_BYTES, ROOT
from core.errors import SliceError
from core.readers.decoder import Decoder
from core.readers.decoder_pool import DECODER
from core.readers.volumes.archive import MAX_ENTRIES, unpack
from core.readers.volumes.files import VolumeChoice, is_volume, read_volume
from tests.pictures import PICTURE, encode
from tests.volumes import PLANTED, a_head, dicom_series, nifti

VALUES, MASK = a_head()
FEW = VALUES[:6]
SERIES = dicom_series(FEW)


def zipped(entries, *, method=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return file.getvalue()


def refusal(*files, **options):
    with pytest.raises(SliceError) as caught:
        read_volume(files, "head", **options)
    text = str(caught.value)
    assert text.endswith(".") and "\n" not in text and PLANTED not in text
    return text


def test_files_of_every_kind_are_read():
    archive = zipped({f"a/{place}": data for place, data in enumerate(SERIES)} | {"a/notes.txt": b"x", "b/": b""})
    for files in (SERIES, [archive], [nifti(FEW)], [nifti(FEW, compressed=True)]):
        assert is_volume(files[0])
        np.testing.assert_array_equal(read_volume(files, "head").values, FEW)
    assert not is_volume(encode(PICTURE, "PNG")) and not is_volume(b"")


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ([b""], "empty"),
        ([b"x" * 600], "no NIfTI"),
        ([nifti(FEW)] * 2, "one volume at a time"),
        ([zipped({"one.nii": nifti(FEW)})], "no DICOM"),
        ([zipped({"inner.zip": zipped({"1": SERIES[0]})})], "no DICOM"),
        ([zipped({"1": SERIES[0]})[:-30]], "damaged"),
        ([zipped({"1": SERIES[0]}, method=zipfile.ZIP_BZIP2)], "unusual"),
        ([zipped({str(place): b"" for place in range(MAX_ENTRIES + 1)})], "2,048"),
    ],
    ids=["empty", "other", "two", "zipped NIfTI", "nested", "cut", "bzip2", "many"],
)
def test_what_is_no_volume_is_refused(files, told):
    assert told in refusal(*files)


def test_names_in_a_zip_are_not_used():
    assert unpack(zipped({"../../up": b"1", "/etc/passwd": b"2", "C:\\x": b"3"})) == [b"1", b"2", b"3"]
    damaged = zipped({PLANTED: SERIES[0]}).replace(PLANTED.encode(), PLANTED.encode()[::-1], 1)
    assert "damaged" in refusal(damaged)


def test_a_password_is_refused():
    data = bytearray(zipped({"1": SERIES[0]}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert "password" in refusal(bytes(data))


def test_a_zip_that_inflates_without_end_is_refused_in_bounded_memory():
    bomb = zipped({"1": bytes(2**28)})
    many = zipped({str(place): np.random.default_rng(0).bytes(2**10) * 200 for place in range(700)})
    tracemalloc.start()
    assert "far larger" in refusal(bomb)
    assert tracemalloc.get_traced_memory()[1] < 2**25
    tracemalloc.stop()
    assert "128 MB" in refusal(many)
    # What the entry says of its size does not count.
    lying = bytearray(bomb)
    at = lying.index(b"PK\x01\x02")
    lying[at + 24 : at + 28] = (1000).to_bytes(4, "little")
    refusal(bytes(lying))


def test_files_beyond_the_bound_are_refused():
    assert "128 MB" in refusal(bytes(MAX_VOLUME_BYTES), b"x")


def test_the_process_gives_what_reading_gives():
    choice, labels = VolumeChoice(number=2), nifti(MASK.astype(np.uint8))
    data = nifti(np.stack([VALUES, VALUES + 1], -1))
    ours, its = read_volume([data], "head", choice, labels), DECODER.read_volume([data], "head", choice, labels=labels)
    np.testing.assert_array_equal(its.values, ours.values)
    np.testing.assert_array_equal(its.mask, MASK)
    np.testing.assert_array_equal(its.source.affine, ours.source.affine)
    assert (its.spacing_mm, its.notes, its.source.shape) == (ours.spacing_mm, ours.notes, ours.source.shape)
    with pytest.raises(SliceError, match="same voxels"):
        DECODER.read_volume(SERIES, "head", labels=labels)


def test_a_volume_that_takes_too_long_is_refused_and_the_next_one_read():
    code = (
        "import core.readers.decoder as d; whole = d.read_volume; "
        "d.read_volume = lambda files, name, *rest, **how: whole(files, name, *rest, **how) if name == 'head' "
        "else [None for _ in iter(int, 1)]; d._serve()"
    )
    slow = Decoder(volume_seconds=0.5, command=("-c", code))
    with pytest.raises(SliceError, match=r"0\.5 s"):
        slow.read_volume(SERIES, "odd")
    np.testing.assert_array_equal(Decoder(command=("-c", code)).read_volume(SERIES, "head").values, FEW)


def test_reading_a_picture_loads_neither_pydicom_nor_nibabel():
    code = """
import sys
from core.readers.slices import read_slice
import core.readers.decoder, core.readers.decoder_pool
read_slice(sys.stdin.buffer.read(), "slice.png")
print(*sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, input=encode(PICTURE, "PNG"), capture_output=True)
    assert not {b"pydicom", b"nibabel", b"scipy", b"zipfile"} & set(done.stdout.split()) and b"numpy" in done.stdout
