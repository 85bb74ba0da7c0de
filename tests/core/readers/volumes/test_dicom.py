"""DICOM files: series of any plane and syntax, enhanced files, what is refused; nothing of a header is told."""

import copy
import io
import logging
import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from core.errors import SliceError
from core.readers.volumes.dicom import read_dicom
from tests.pictures import encode
from tests.volumes import (
    EXPLICIT,
    PLANTED,
    RLE,
    SPACING,
    SYNTAXES,
    a_head,
    dicom_bytes,
    dicom_series,
    head_affine,
)

VALUES, _ = a_head()
FEW = VALUES[:20, :40, :36]
THREE = FEW[:3]
FOLDER = Path(pydicom.__file__).parent / "data" / "test_files"


def refusal(files, **options):
    with pytest.raises(SliceError) as caught:
        read_dicom(files, "head", **options)
    text = str(caught.value)
    assert text.endswith(".") and "\n" not in text and PLANTED not in text
    return text


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_a_series_of_any_plane_gives_the_same_voxels(plane):
    volume = read_dicom(dicom_series(VALUES, plane=plane), "head")
    np.testing.assert_array_equal(volume.values, VALUES)
    assert volume.values.dtype == np.int16
    assert volume.spacing_mm == pytest.approx(SPACING)
    np.testing.assert_allclose(volume.affine, head_affine(), atol=1e-4)
    assert volume.notes == volume.warnings == ()


@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=list(SYNTAXES))
@pytest.mark.parametrize("dtype", ["i2", "u2", "u1"])
def test_every_syntax_gives_the_same_voxels(syntax, dtype):
    values = (THREE // 4 if dtype == "u1" else THREE).astype(dtype)
    volume = read_dicom(dicom_series(values, syntax=syntax), "head")
    np.testing.assert_array_equal(volume.values, values)
    assert volume.values.dtype == np.dtype(dtype)


@pytest.mark.parametrize("name", ["RLE", "jp2klossless", "jpeg_ls_lossless", "bigendian", "implicit", "expb", "padded"])
def test_pydicom_s_own_files(name):
    plain = read_dicom([(FOLDER / "MR_small.dcm").read_bytes()], "head")
    assert plain.values.shape == (1, 64, 64)
    assert plain.slice("axial", 1).spacing_mm == pytest.approx(0.3125)
    other = read_dicom([(FOLDER / f"MR_small_{name}.dcm").read_bytes()], "head")
    np.testing.assert_array_equal(other.values, plain.values)


def test_an_oblique_series():
    volume = read_dicom(dicom_series(FEW, affine=head_affine(tilt=20)), "head")
    np.testing.assert_array_equal(volume.values, FEW)
    np.testing.assert_allclose(volume.affine, head_affine(tilt=20), atol=1e-4)


def test_rescale_gives_the_scanner_s_terms_slice_by_slice():
    def change(dataset, number):
        dataset.RescaleSlope, dataset.RescaleIntercept = number + 1, -5

    volume = read_dicom(dicom_series(THREE, change=change), "head")
    expected = THREE * np.array([1, 2, 3]).reshape(3, 1, 1) - 5
    np.testing.assert_allclose(volume.values, expected)
    assert volume.values.dtype == np.float32


@pytest.mark.parametrize("dtype", ["u2", "i2", "u1"])
def test_monochrome1_is_turned_round_with_its_window(dtype):
    values = (THREE // 4).astype(dtype)
    white = np.iinfo(dtype).max if dtype != "i2" else -1

    def change(dataset, number):
        dataset.PhotometricInterpretation = "MONOCHROME1"
        dataset.WindowCenter, dataset.WindowWidth = [int(white) - 100, 7], [50, 8]

    volume = read_dicom(dicom_series((white - values.astype(int)).astype(dtype), change=change), "head")
    np.testing.assert_array_equal(volume.values, values)
    assert volume.window == (75, 125)
    assert any("MONOCHROME1" in note for note in volume.notes)


def test_bits_beyond_those_stored_do_not_count():
    values = THREE.astype(np.uint16)

    def change(dataset, number):
        dataset.BitsStored, dataset.HighBit = 12, 11

    volume = read_dicom(dicom_series(values | 0xF000, change=change), "head")
    np.testing.assert_array_equal(volume.values, values)


def enhanced(values, *, change=lambda dataset: None):
    """One enhanced file of several frames, in an order that is not that of their positions."""
    singles = [pydicom.dcmread(io.BytesIO(data)) for data in dicom_series(values)]
    order = np.random.default_rng(1).permutation(len(singles))
    dataset = copy.deepcopy(singles[0])
    for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"):
        del dataset[name]
    dataset.NumberOfFrames = len(singles)
    dataset.PixelData = b"".join(singles[place].PixelData for place in order)

    def item(**fields):
        inner = Dataset()
        for name, value in fields.items():
            setattr(inner, name, value)
        return Sequence([inner])

    first = singles[0]
    shared, frames = Dataset(), []
    shared.PlaneOrientationSequence = item(ImageOrientationPatient=first.ImageOrientationPatient)
    shared.PixelMeasuresSequence = item(PixelSpacing=first.PixelSpacing, SliceThickness=first.SliceThickness)
    shared.PixelValueTransformationSequence = item(RescaleSlope=2, RescaleIntercept=1)
    for place in order:
        frame = Dataset()
        frame.PlanePositionSequence = item(ImagePositionPatient=singles[place].ImagePositionPatient)
        frames.append(frame)
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    dataset.PerFrameFunctionalGroupsSequence = Sequence(frames)
    change(dataset)
    return dataset


@pytest.mark.parametrize("syntax", [EXPLICIT, RLE])
def test_an_enhanced_file_of_several_frames(syntax):
    volume = read_dicom([dicom_bytes(enhanced(FEW), syntax)], "head")
    np.testing.assert_array_equal(volume.values, FEW * 2.0 + 1)
    assert volume.spacing_mm == pytest.approx(SPACING)


def test_several_frames_without_positions_stay_in_their_order():
    values = FEW.astype(np.uint16)
    (data,) = dicom_series(values[:1])
    dataset = pydicom.dcmread(io.BytesIO(data))
    for name in ("ImagePositionPatient", "ImageOrientationPatient"):
        del dataset[name]
    dataset.NumberOfFrames, dataset.PixelData = len(values), values.tobytes()
    volume = read_dicom([dicom_bytes(dataset)], "head")
    np.testing.assert_array_equal(volume.values[::-1], values)
    assert any("orientation" in note for note in volume.notes)


def test_an_enhanced_file_with_fewer_frames_than_it_states():
    def change(dataset):
        dataset.NumberOfFrames = 60

    assert "cut short" in refusal([dicom_bytes(enhanced(FEW, change=change))])


def test_series_are_told_apart_and_chosen_by_number():
    def second(dataset, number):
        dataset.SeriesNumber = 2

    files = [*dicom_series(THREE + 7, uid="9.9", change=second), *dicom_series(FEW, uid="1.1")]
    text = refusal(files)
    assert "2 series" in text and "20, 3" in text and "1 to 2" in text
    np.testing.assert_array_equal(read_dicom(files, "head", series=1).values, FEW)
    np.testing.assert_array_equal(read_dicom(files, "head", series=2).values, THREE + 7)
    assert "1 to 2" in refusal(files, series=3)


def test_a_series_of_several_planes_echoes_or_repetitions_is_taken_apart():
    cube = VALUES[:20, :20, :20]
    localiser = [*dicom_series(cube[:3]), *dicom_series(cube[:, :, :3], plane="sagittal")]
    assert "2 series" in refusal(localiser)

    def echo(time):
        return lambda dataset, number: setattr(dataset, "EchoTime", time)

    echoes = [*dicom_series(THREE, change=echo(10)), *dicom_series(THREE + 5, change=echo(90))]
    assert "2 series" in refusal(echoes)
    np.testing.assert_array_equal(read_dicom(echoes, "head", series=2).values, THREE + 5)

    def later(dataset, number):
        dataset.InstanceNumber += 100

    repeated = [*dicom_series(THREE), *dicom_series(THREE + 5, change=later)]
    np.testing.assert_array_equal(read_dicom(repeated, "head", series=1).values, THREE)
    np.testing.assert_array_equal(read_dicom(repeated, "head", series=2).values, THREE + 5)
    assert "at one place" in refusal(repeated[1:])


def test_a_missing_slice_is_noted():
    files = dicom_series(FEW)
    volume = read_dicom([*files[:5], *files[6:]], "head")
    assert any("missing" in note for note in volume.notes)
    assert volume.spacing_mm == pytest.approx(SPACING, rel=1e-4)


def test_files_without_position_are_ordered_by_their_number():
    def change(dataset, number):
        for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
            del dataset[name]
        dataset.InstanceNumber = number

    volume = read_dicom(dicom_series(THREE, change=change), "head")
    np.testing.assert_array_equal(volume.values[::-1], THREE)
    assert volume.spacing_mm is None
    assert any("orientation" in note for note in volume.notes) and any("size" in note for note in volume.notes)


@pytest.mark.parametrize(
    ("value", "told"), [("CT", "(CT)"), ("US", "(ultrasound)"), (PLANTED.upper(), "another modality than MR;")]
)
def test_another_modality_is_refused_or_flagged(value, told):
    def change(dataset, number):
        dataset.Modality = value

    files = dicom_series(THREE, change=change)
    assert told in refusal(files)
    volume = read_dicom(files, "head", allow_other_modality=True)
    assert any("another modality" in warning for warning in volume.warnings)
    assert volume.slice("axial", 1).warnings == volume.warnings


def test_burnt_in_text_is_warned_of():
    def change(dataset, number):
        dataset.BurnedInAnnotation = "YES"

    assert any("burnt" in warning for warning in read_dicom(dicom_series(THREE, change=change), "head").warnings)


def test_files_that_hold_no_image_are_left_out():
    files = dicom_series(THREE)
    report = (FOLDER / "test-SR.dcm").read_bytes()
    volume = read_dicom([report, *files, b"x" * 500], "head")
    assert any("2 of 5" in note for note in volume.notes)
    assert "no image" in refusal([report])
    assert "no DICOM" in refusal([b"x" * 500])


def test_a_mosaic_is_refused():
    def change(dataset, number):
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "M", "MOSAIC"]

    assert "mosaic" in refusal(dicom_series(THREE[:1], change=change))


def compressed(code: bytes, uid: str, values=THREE[:1]) -> bytes:
    """A file of one slice whose pixels are a code of another program's."""
    (data,) = dicom_series(values)
    dataset = pydicom.dcmread(io.BytesIO(data))
    dataset.PixelData = pydicom.encaps.encapsulate([code])
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.UID(uid)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    file = io.BytesIO()
    dataset.save_as(file, implicit_vr=False, little_endian=True, enforce_file_format=True)
    return file.getvalue()


def test_jpeg_baseline_is_read():
    values = (THREE[:1] // 4).astype(np.uint8)
    code = encode(Image.fromarray(values[0]), "JPEG", quality=95)
    volume = read_dicom([compressed(code, "1.2.840.10008.1.2.4.50", values)], "head")
    assert np.abs(volume.values.astype(int) - values).mean() < 3


def test_what_cannot_be_decoded_is_refused_by_its_true_name():
    lossless, mpeg = "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.100"
    for uid, told in ((lossless, "JPEG Lossless"), (mpeg, "MPEG2"), ("1.2.3.4.5.6.7.8", "unknown transfer syntax")):
        assert told in refusal([compressed(b"\xff\xd8\xff\xd9", uid)])
    assert "12 bits" in refusal([(FOLDER / "JPGExtended.dcm").read_bytes()], allow_other_modality=True)
    assert "deflated" in refusal([(FOLDER / "image_dfl.dcm").read_bytes()])
    assert "colour" in refusal([(FOLDER / "SC_rgb_rle.dcm").read_bytes()])
    assert "cut short" in refusal([(FOLDER / "MR_truncated.dcm").read_bytes()])


def test_a_file_without_pixels_or_cut_short_is_refused():
    (data,) = dicom_series(THREE[:1])
    at = data.index(b"\xe0\x7f\x10\x00")
    assert "no pixels" in refusal([data[:at]])
    for length in (132, 200, at // 2, at + 4, at + 100, len(data) - 1):
        refusal([data[:length]])


def test_a_code_of_another_size_than_the_header_s_is_refused():
    for syntax in ("JPEG 2000", "JPEG-LS"):
        (data,) = dicom_series(THREE[:1], syntax=SYNTAXES[syntax])
        rows, wrong = np.array([40, 60000], "<u2")
        tag = b"\x28\x00\x10\x00US\x02\x00"
        assert tag + rows.tobytes() in data
        assert "cut short" in refusal([data.replace(tag + rows.tobytes(), tag + np.uint16(41).tobytes())])
        assert "pixels a side" in refusal([data.replace(tag + rows.tobytes(), tag + wrong.tobytes())])


def test_too_many_slices_are_refused():
    tall = np.resize(VALUES[:, :16, :16], (513, 16, 16))
    assert "513 slices" in refusal(dicom_series(tall))


def test_nothing_of_a_header_is_told(caplog, capfd):
    files = dicom_series(THREE)
    assert all(data.count(PLANTED.encode()) > 20 for data in files)
    caplog.set_level(logging.DEBUG)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        volume = read_dicom(files, "head")
        told = [repr(volume), repr(volume.slice("axial", 1)), *volume.notes, *volume.warnings]
        for length in range(300, len(files[0]), 97):
            told.append(refusal([files[0][:length]]))
    out = capfd.readouterr()
    texts = (*told, caplog.text, *map(str, warned), out.out, out.err)
    assert not [text for text in texts if PLANTED in text]


def test_a_file_is_let_go_once_it_is_decoded() -> None:
    files = dicom_series(THREE)
    read_dicom(files, "head", consume=True)
    assert files == [b""] * len(THREE)
