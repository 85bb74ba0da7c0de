"""The mask as DICOM SEG: the same voxels, in the same space, and nothing of the patient."""

import io

import numpy as np
import pydicom
import pytest

from core.errors import SliceError
from core.inference.volumes.dicom_seg import mask_dicom_seg
from core.readers.decoder_pool import DECODER
from core.readers.volumes.files import read_volume
from core.readers.volumes.volume import PLANES
from tests.core import tiny
from tests.volumes import FRAME_OF_REFERENCE, PLANTED, a_head, dicom_series, head_affine, nifti

VALUES, MASK = a_head()


@pytest.fixture(scope="module")
def segmenter(tmp_path_factory: pytest.TempPathFactory):
    return tiny.segmenter(tmp_path_factory.mktemp("models"))


def read_back(data: bytes, shape: tuple[int, ...], affine: np.ndarray) -> np.ndarray:
    """Place each frame's pixels in the head by its stated position alone."""
    dataset = pydicom.dcmread(io.BytesIO(data))
    to_head = np.linalg.inv(np.diag([-1, -1, 1, 1]) @ affine)
    shared = dataset.SharedFunctionalGroupsSequence[0]
    rows, columns = np.split(np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float), 2)
    down, across = map(float, shared.PixelMeasuresSequence[0].PixelSpacing)
    found = np.zeros(shape, bool)
    frames = np.atleast_3d(dataset.pixel_array).reshape(-1, dataset.Rows, dataset.Columns)
    for frame, pixels in zip(dataset.PerFrameFunctionalGroupsSequence, frames, strict=True):
        start = np.array(frame.PlanePositionSequence[0].ImagePositionPatient, float)
        for row, column in np.argwhere(pixels):
            place = to_head @ [*(start + columns * down * row + rows * across * column), 1]
            found[tuple(np.rint(place[:3]).astype(int))] = True
    return found


@pytest.mark.parametrize("tilt", [0, 15])
@pytest.mark.parametrize("plane", PLANES)
def test_the_voxels_are_the_same_to_the_last(plane, tilt, segmenter) -> None:
    affine = head_affine(tilt=tilt)
    volume = read_volume(dicom_series(VALUES, plane=plane, affine=affine), "head")
    np.testing.assert_array_equal(read_back(mask_dicom_seg(volume, MASK, segmenter), VALUES.shape, affine), MASK)


def test_it_says_nothing_of_the_patient(segmenter) -> None:
    files = dicom_series(VALUES)
    data = mask_dicom_seg(read_volume(files, "head"), MASK, segmenter)
    written, source = pydicom.dcmread(io.BytesIO(data)), pydicom.dcmread(io.BytesIO(files[0]))
    assert PLANTED.encode() not in data
    assert str(written.PatientName) == "" and written.PatientID and PLANTED not in written.PatientID
    assert written.FrameOfReferenceUID == FRAME_OF_REFERENCE
    assert written.SeriesInstanceUID != source.SeriesInstanceUID
    own = {pydicom.dcmread(io.BytesIO(file)).SOPInstanceUID.encode() for file in files}
    assert not [uid for uid in own if uid in data]
    assert "not for diagnosis" in written.SeriesDescription and "not for diagnosis" in written.ContentDescription
    assert written.Modality == "SEG" and written.SegmentSequence[0].SegmentAlgorithmName == segmenter.name


def test_it_keeps_patient_and_study_where_it_is_told(segmenter) -> None:
    kept = {"PatientName": "Zoë^Zebedee", "PatientID": "4711", "StudyDate": "20260102", "StudyInstanceUID": "1.2.3.4"}

    def change(dataset, number: int) -> None:
        dataset.SpecificCharacterSet = "ISO_IR 192"
        for name, value in kept.items():
            setattr(dataset, name, value)

    files = dicom_series(VALUES, change=change)
    identity = DECODER.read_identity(files, FRAME_OF_REFERENCE)
    assert {name: identity[name] for name in kept} == kept
    assert not {"StudyTime", "PatientBirthDate"} & identity.keys(), "they are no time and no date"
    data = mask_dicom_seg(read_volume(files, "head"), MASK, segmenter, identity)
    written = pydicom.dcmread(io.BytesIO(data))
    assert {name: str(written[name].value) for name in kept} == kept
    assert not [name for name in ("InstitutionName", "OperatorsName", "StudyDescription") if name in written]


def test_the_identity_is_that_of_the_volume_s_files() -> None:
    with pytest.raises(SliceError, match="frame of reference"):
        DECODER.read_identity(dicom_series(VALUES[:3]), "1.2")


def test_an_empty_mask_is_written(segmenter) -> None:
    volume = read_volume(dicom_series(VALUES), "head")
    written = pydicom.dcmread(io.BytesIO(mask_dicom_seg(volume, np.zeros_like(MASK), segmenter)))
    assert not written.pixel_array.any()


def test_a_volume_of_no_dicom_files_is_refused(segmenter) -> None:
    volume = read_volume([nifti(VALUES)], "head")
    with pytest.raises(SliceError, match="as NIfTI"):
        mask_dicom_seg(volume, MASK, segmenter)
