"""Whatever comes, reading a volume gives finite voxels or one sentence, in time and within bounded memory."""

import gzip
import io
import re
import struct
import zipfile

import numpy as np
from hypothesis import event, given
from hypothesis import strategies as st
from pydicom.tag import Tag

from core.config import MAX_VOLUME_BYTES
from core.errors import SliceError
from core.readers.decoder import UNEXPECTED_VOLUME, Decoder
from core.readers.volumes.files import VolumeChoice
from tests.fuzz.mutations import damaged
from tests.volumes import PLANTED, SYNTAXES, a_head, dicom_series, nifti

DECODER = Decoder(volume_seconds=20)
VALUES, _ = a_head((17, 20, 18))
NIFTIS = [
    nifti(VALUES.astype(dtype), orientation=orientation, version=version)
    for dtype, orientation, version in (("i2", "RAS", 1), (">f4", "LPS", 2), ("f8", "PIR", 1), ("u1", "IPL", 2))
]
SLICE = np.tile(VALUES[8:9], (1, 2, 2))
DICOMS = [dicom_series(SLICE.astype(dtype), syntax=syntax)[0] for syntax in SYNTAXES.values() for dtype in ("i2", "u2")]


def packed(data):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("1", data)
    return file.getvalue()


ZIPS = [packed(DICOMS[0])]


FIELDS = [
    "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "RescaleSlope", "EchoTime",
    "RescaleIntercept", "WindowCenter", "WindowWidth", "NumberOfFrames", "BitsStored", "Modality", "InstanceNumber",
    "SeriesNumber", "PhotometricInterpretation", "BitsAllocated", "PixelRepresentation", "Rows", "Columns",
]  # fmt: skip


def _with_all_fields(dataset, number):
    dataset.NumberOfFrames = dataset.RescaleSlope = dataset.SeriesNumber = 1
    dataset.RescaleIntercept, dataset.WindowCenter, dataset.WindowWidth, dataset.EchoTime = 100, 500, 1000, 20


WHOLE_SERIES = dicom_series(VALUES[:3], change=_with_all_fields)


def holds(files, choice=VolumeChoice(allow_other_modality=True)):  # noqa: B008
    """Read files; require a volume, or one sentence that is no cover for an error of ours."""
    try:
        volume = DECODER.read_volume(files, "head", choice)
    except SliceError as error:
        event("refused")
        text = str(error)
        assert text.endswith(".") and "\n" not in text and not re.search(r"\. [A-Z]", text), text
        assert len(text) < 400 and PLANTED not in text, text
        assert text != UNEXPECTED_VOLUME
        assert " s to read" not in text, "these files are small"
        return
    event("read")
    values = volume.values
    assert values.ndim == 3 and values.nbytes <= MAX_VOLUME_BYTES and np.isfinite(values).all()
    assert volume.spacing_mm is None or (min(volume.spacing_mm) > 0 and np.isfinite(volume.spacing_mm).all())
    assert PLANTED not in repr(volume)
    for plane in volume.planes:
        pixels = volume.slice(plane, volume.count(plane)).pixels
        assert np.isfinite(pixels).all() and min(pixels.shape) >= 1
        assert volume.on_voxels(plane, pixels).size == values.size // volume.count(plane)
    assert volume.best_plane in volume.planes


@given(damaged(NIFTIS))
def test_nifti(data):
    holds([data])


@given(damaged([gzip.compress(data, mtime=0) for data in NIFTIS]))
def test_gzipped_nifti(data):
    holds([data])


@given(st.data())
def test_nifti_of_odd_fields(data):
    """Header fields of any value, in files that are otherwise whole."""
    file = bytearray(data.draw(st.sampled_from(NIFTIS)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(4, 340))
        fields = st.sampled_from([b"\0\0", b"\xff\x7f", b"\xff\xff", b"\x00\x80", b"\x01\x00", b"\0\0\xc0\x7f"])
        change = data.draw(fields | st.binary(min_size=1, max_size=8))
        file[at : at + len(change)] = change
    holds([bytes(file)], VolumeChoice(number=data.draw(st.sampled_from([None, 1, 2]))))


@given(damaged(DICOMS))
def test_dicom(data):
    holds([data])


@given(st.data())
def test_dicom_of_odd_values(data):
    """Values of any kind under the tags that are read, in a file that is otherwise whole."""
    values = [
        b"0",
        b"-1",
        b"1e30 ",
        b"nan ",
        b"",
        b"x ",
        b"1\\0\\0\\0\\1\\0 ",
        b"4096",
        b"\xff\xff",
        b"\1\0",
        b"\0\0\xc0\x7f",
    ]
    changes = data.draw(st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(values), max_size=4))
    files = [bytearray(file) for file in WHOLE_SERIES]
    for name, value in changes.items():
        for file in files[data.draw(st.integers(0, 2)) :]:
            at = file.index(struct.pack("<HH", Tag(name).group, Tag(name).elem)) + 8
            length = int.from_bytes(file[at - 2 : at], "little")
            file[at : at + length] = value.ljust(length)[:length]
    holds([bytes(file) for file in files])


@given(damaged(ZIPS))
def test_zip(data):
    holds([data])
