"""A volume slice by slice: the same mask in every orientation, the pooled answer, and the mask as files."""

import gzip
import io
import threading
from pathlib import Path

import nibabel
import numpy as np
import pytest
from nibabel.orientations import axcodes2ornt, io_orientation, ornt_transform
from PIL import Image

from core.hardware import usable_cores
from core.inference.predictor import Prediction, Predictor
from core.inference.volumes.analysis import SliceFinding, analyse_volume, pool, volume_mask
from core.inference.volumes.files import mask_nifti, mask_pngs
from core.inference.volumes.result import volume_result, volume_summary_line
from core.outcome import CONFIDENT, LOW_CONFIDENCE, NO_TUMOUR, NOT_A_HEAD, UNUSUAL
from core.readers.slices import Slice
from core.readers.volumes.files import read_volume
from core.readers.volumes.volume import PLANES
from tests.core import tiny
from tests.volumes import ORIENTATIONS, SPACING, a_head, dicom_series, head_affine, nifti

VALUES, MASK = a_head()


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    """Its mask is what is brighter than half of a slice's range; it has no gate."""
    folder = tmp_path_factory.mktemp("models")
    return Predictor(tiny.lite(tiny.classifier(folder)), tiny.lite(tiny.brightness_segmenter(folder)))


def head(*, orientation: str = "RAS", values: np.ndarray = VALUES):
    return read_volume([nifti(values, orientation=orientation)], "head", labels=nifti(MASK.astype(np.uint8)))


def findings_of(predictor: Predictor, volume, plane: str) -> list[SliceFinding]:
    return [finding for _, _, finding in analyse_volume(predictor, volume, plane)]


@pytest.mark.parametrize("plane", PLANES)
def test_every_orientation_and_format_gives_the_same_mask(predictor: Predictor, plane: str) -> None:
    volumes = [head(orientation=orientation) for orientation in ORIENTATIONS]
    volumes += [read_volume(dicom_series(VALUES, plane=acquired), "head") for acquired in PLANES]
    first, *others = [pool(volume, plane, findings_of(predictor, volume, plane)) for volume in volumes]
    assert first.volume_ml and first.diameter_mm and first.probabilities is not None
    for other in others:
        assert other.volume_ml == pytest.approx(first.volume_ml, rel=0.01)
        assert other.counted == first.counted
        np.testing.assert_allclose(other.probabilities, first.probabilities, atol=1e-5)


def test_the_mask_s_volume_is_that_of_its_voxels(predictor: Predictor) -> None:
    volume = head()
    findings = findings_of(predictor, volume, "axial")
    answer = pool(volume, "axial", findings)
    mask = volume_mask(volume, "axial", findings)
    assert answer.volume_ml == pytest.approx(mask.sum() * np.prod(SPACING) / 1000)
    with_lesion = MASK.any(axis=(1, 2))
    overlap = 2 * (mask & MASK)[with_lesion].sum() / (mask[with_lesion].sum() + MASK.sum())
    assert overlap > 0.7, "the network is 32 pixels wide"


def test_whoever_stops_iterating_stops_it(predictor: Predictor) -> None:
    calls: list[int] = []
    before = set(threading.enumerate())

    class Counting(Predictor):
        def __call__(self, slice_: Slice) -> Prediction:
            calls.append(1)
            return super().__call__(slice_)

    analysis = analyse_volume(Counting(predictor.classifier, predictor.segmenter), head(), "axial")
    for _ in range(3):
        next(analysis)
    analysis.close()
    assert 3 <= len(calls) <= 3 + usable_cores() + 1
    assert set(threading.enumerate()) <= before


def test_as_many_slices_at_once_as_it_is_told(predictor: Predictor) -> None:
    at_once: list[int] = []
    running = threading.Semaphore(1)

    class Counting(Predictor):
        def __call__(self, slice_: Slice) -> Prediction:
            is_alone = running.acquire(blocking=False)
            at_once.append(1 if is_alone else 2)
            try:
                return super().__call__(slice_)
            finally:
                if is_alone:
                    running.release()

    counting = Counting(predictor.classifier, predictor.segmenter)
    assert len(list(analyse_volume(counting, head(), "axial", cores=1))) == len(VALUES)
    assert set(at_once) == {1}


def test_slices_come_in_their_order_as_the_predictor_answers_them(predictor: Predictor) -> None:
    volume = head()
    for number, (slice_, prediction, finding) in enumerate(analyse_volume(predictor, volume, "axial"), 1):
        assert finding.number == number
        if prediction:
            alone = predictor(slice_)
            np.testing.assert_allclose(prediction.probabilities, alone.probabilities, atol=1e-6)
            np.testing.assert_allclose(prediction.tumour_plane[0], alone.tumour_plane[0], atol=1e-5)


def test_a_slice_of_plain_background_is_not_predicted(predictor: Predictor) -> None:
    values = VALUES.copy()
    values[:4] = 7
    findings = list(analyse_volume(predictor, head(values=values), "axial"))
    assert [prediction is None for _, prediction, _ in findings[:5]] == [True] * 4 + [False]
    assert findings[0][2].outcome == NO_TUMOUR and findings[0][2].area == 0


def finding(number: int, area: int, probabilities=(0.2, 0.5, 0.3), answer: str = CONFIDENT) -> SliceFinding:
    mask = np.zeros(VALUES.shape[1:], bool)
    mask.ravel()[:area] = True
    bits = np.packbits(mask)
    return SliceFinding(number, answer, 0.5, np.array(probabilities), mask.shape, bits, float(area) or None)


def test_probabilities_are_the_mean_over_slices_with_a_mask() -> None:
    volume = head()
    one, two = np.array([0.7, 0.2, 0.1]), np.array([0.1, 0.6, 0.3])
    answer = pool(volume, "axial", [finding(1, 30, one), finding(2, 10, two), finding(3, 0, (0, 0, 1))])
    np.testing.assert_allclose(answer.probabilities, (one + two) / 2)
    assert answer.counted == (1, 2) and answer.largest == 1 and answer.diameter_mm == 30
    assert answer.volume_ml == pytest.approx(40 * np.prod(SPACING) / 1000)


@pytest.mark.parametrize(
    ("findings", "sure", "answer"),
    [
        ([finding(1, 0, answer=NO_TUMOUR), finding(2, 0, answer=NO_TUMOUR)], 0.8, NO_TUMOUR),
        ([finding(1, 0, answer=UNUSUAL), finding(2, 0, answer=NO_TUMOUR)], 0.8, NO_TUMOUR),
        ([finding(number, 0, answer=UNUSUAL) for number in (1, 2)], 0.8, UNUSUAL),
        ([finding(1, 0, answer=UNUSUAL), *(finding(n, 0, answer=NOT_A_HEAD) for n in (2, 3))], 0.8, NOT_A_HEAD),
        ([finding(1, 5, (0.9, 0.1, 0)), finding(2, 0, answer=NO_TUMOUR)], 0.8, CONFIDENT),
        ([finding(1, 5, (0.7, 0.3, 0))], 0.8, LOW_CONFIDENCE),
        ([finding(1, 5, (0.9, 0.1, 0), LOW_CONFIDENCE)], 0.8, LOW_CONFIDENCE),
        ([finding(1, 5)], 0.0, CONFIDENT),
    ],
)
def test_the_volume_s_answer(findings: list[SliceFinding], sure: float, answer: str) -> None:
    assert pool(head(), "axial", findings, sure=sure).outcome == answer


@pytest.mark.parametrize("tilt", [0, 20])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_mask_as_nifti_has_the_file_s_own_voxels(orientation: str, tilt: float) -> None:
    affine = head_affine(tilt=tilt)
    data = nifti(VALUES, orientation=orientation, affine=affine)
    written = nibabel.Nifti1Image.from_bytes(gzip.decompress(mask_nifti(read_volume([data], "x"), MASK)))
    own = nibabel.Nifti1Image.from_bytes(data)
    np.testing.assert_allclose(written.affine, own.affine, atol=1e-5)
    turned = nibabel.Nifti1Image(MASK.astype(np.uint8), affine)
    turned = turned.as_reoriented(ornt_transform(io_orientation(affine), axcodes2ornt(orientation)))
    np.testing.assert_array_equal(np.asarray(written.dataobj), np.asarray(turned.dataobj))
    assert written.header.get_data_dtype() == np.uint8


def test_the_mask_as_png_lies_on_the_plane_s_voxels(predictor: Predictor) -> None:
    volume = head()
    findings = findings_of(predictor, volume, "coronal")
    files = mask_pngs(volume, "coronal", findings)
    assert len(files) == sum(finding.area > 0 for finding in findings) > 3
    for found in findings:
        if found.area:
            with Image.open(io.BytesIO(files[f"coronal-{found.number:03d}"])) as image:
                np.testing.assert_array_equal(np.asarray(image) > 0, found.mask)


def test_the_result_of_a_volume(predictor: Predictor, tmp_path: Path) -> None:
    volume = head()
    findings = findings_of(predictor, volume, "axial")
    answer = pool(volume, "axial", findings)
    bundles = predictor.classifier, predictor.segmenter
    result = volume_result(volume, "axial", findings, answer, bundles)
    assert result["slices"] == len(result["tumour_probabilities"]) == 40
    assert sum(result["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert result["mask"]["volume_ml"] == round(answer.volume_ml, 2)
    assert result["truth"]["voxels"] == MASK.sum() and 0 < result["truth"]["dice"] < 1
    line = volume_summary_line(result)
    assert result["class"] in line and f"of {len(findings)} slices" in line
    nothing = pool(volume, "axial", [finding(1, 0, answer=NO_TUMOUR)])
    empty = volume_result(volume, "axial", [finding(1, 0, answer=NO_TUMOUR)], nothing, bundles)
    assert empty["class"] is empty["probabilities"] is None and empty["mask"]["withheld"]
    assert empty["outcome"] == NO_TUMOUR and volume_summary_line(empty) == f"no tumour found: {empty['reason']}"
