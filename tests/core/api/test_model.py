"""``core.load``: the answers of ``core predict``, typed, for files and arrays."""

import json
import subprocess
import sys
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

import core
from core.api.model import Model
from core.api.results import SCHEMA, Outcome, SliceResult, VolumeResult, result_schema
from core.cli.main import main
from core.config import RESULT_VERSION, ROOT, SAMPLES
from core.errors import BundleError, SliceError
from core.outcome import OUTCOMES
from tests.volumes import SPACING, a_head, dicom_series, nifti

VALUES, _ = a_head()
FEW = VALUES[12:20]
SAMPLE = SAMPLES / "glioma-axial-1.png"


@pytest.fixture(scope="module")
def model() -> Model:
    return core.load("unified-unet")


def predicted(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[dict]:
    assert main(["predict", *map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_slice_s_result_is_what_predict_prints(model: Model, capsys: pytest.CaptureFixture[str]) -> None:
    result = model(SAMPLE)
    assert isinstance(result, SliceResult)
    (printed,) = predicted(capsys, SAMPLE)
    assert result.as_dict() == printed and printed["schema_version"] == RESULT_VERSION
    assert result.likeliest_class == printed["likeliest_class"]
    assert np.count_nonzero(result.mask_pixels) == result.mask.area_px > 0
    assert result.heat_map.shape == (result.height, result.width)


def test_a_volume_s_result_is_what_predict_prints(
    model: Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "head.nii").write_bytes(nifti(FEW))
    result = model(str(tmp_path / "head.nii"))
    assert isinstance(result, VolumeResult)
    assert [*(one.as_dict() for one in result.slice_results), result.as_dict()] == predicted(
        capsys, tmp_path / "head.nii"
    )
    assert np.count_nonzero(result.mask_voxels) == result.mask.voxels


def test_dicom_files_are_a_volume_and_one_alone_is_a_slice(model: Model, tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.dcm" for number in range(len(FEW))]
    for path, data in zip(files, dicom_series(FEW), strict=True):
        path.write_bytes(data)
    folder, listed, one = model(tmp_path), model(files), model(files[3])
    assert isinstance(folder, VolumeResult) and isinstance(one, SliceResult)
    assert folder.slices == listed.slices == len(FEW)
    assert (one.plane, one.slice) == ("axial", 1)


def test_an_array_is_answered_as_its_file(model: Model) -> None:
    from PIL import Image

    pixels = np.asarray(Image.open(SAMPLE).convert("L"))
    file, array = model(SAMPLE), model(pixels)
    assert array.probabilities == file.probabilities and array.mask.area_px == file.mask.area_px
    assert model(pixels, spacing_mm=0.5).mask.area_mm2 == pytest.approx(file.mask.area_px / 4)
    volume = model(FEW, spacing_mm=SPACING)
    assert isinstance(volume, VolumeResult) and volume.spacing_mm == pytest.approx(SPACING)
    assert model(FEW).spacing_mm is None


@pytest.mark.parametrize(
    ("array", "options"),
    [
        (np.zeros((32, 32)), {}),
        (np.zeros((4, 4)), {}),
        (np.full((32, 32), "a"), {}),
        (np.zeros((2, 2, 32, 32)), {}),
        (np.eye(32), {"spacing_mm": (1, 1, 1)}),
        (np.zeros((3, 32, 32)), {"spacing_mm": 1.0}),
        (np.zeros((3, 32, 32)), {}),
    ],
)
def test_an_array_that_is_no_slice_is_one_sentence(model: Model, array: np.ndarray, options: dict) -> None:
    with pytest.raises(SliceError, match=r"^[^\n]+\.$"):
        model(array, **options)


def test_two_bundles_answer_together() -> None:
    pair = core.load("report-cnn", "report-unet")
    result = pair(SAMPLE)
    assert [bundle.name for bundle in result.bundles] == ["report-cnn", "report-unet"] and result.outcome is None


def test_no_other_network_answers_unasked() -> None:
    with pytest.raises(BundleError, match="for segmentation is needed"):
        core.load("report-cnn")


def test_no_tensorflow_is_loaded() -> None:
    code = (
        "import sys; from core import load; load()('samples/glioma-axial-1.png');"
        "assert not {'tensorflow', 'keras', 'streamlit'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_volume_s_slices_keep_no_pixels(model: Model) -> None:
    with pytest.raises(SliceError, match="mask_voxels"):
        _ = model(FEW).slice_results[0].mask_pixels


def test_the_outcomes_are_core_s() -> None:
    assert get_args(Outcome) == OUTCOMES


def test_the_shipped_schema_is_the_code_s() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == result_schema(), "python -m core schema writes it"


def test_what_predict_prints_fits_the_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    (tmp_path / "head.nii").write_bytes(nifti(FEW))
    files = [*sorted(SAMPLES.glob("*.png"))[:3], tmp_path / "head.nii"]
    for options in ((), ("--classifier", "report-cnn", "--segmenter", "report-unet")):
        results = predicted(capsys, *files, *options)
        jsonschema.validate(results, json.loads(SCHEMA.read_text(encoding="utf-8")))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(
            [{**results[0], "schema_version": RESULT_VERSION + 1}], json.loads(SCHEMA.read_text(encoding="utf-8"))
        )
