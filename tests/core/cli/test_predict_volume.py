"""The command predict on volumes: a row a slice and one for the volume, masks written, nothing of a header told."""

import gzip
import json
import logging
import zipfile
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image

from core.cli.main import main
from core.cli.predict_volume import MASK_FORMATS
from tests.core.cli.support import REPORT_BUNDLES, sentence, write_picture
from tests.volumes import PLANTED, SPACING, a_head, dicom_series, nifti

VALUES, MASK = a_head()
FEW = VALUES[12:20]


def write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.fixture
def series(tmp_path: Path) -> list[Path]:
    """A DICOM series of eight files in the folder "series"."""
    return [write(tmp_path / "series" / f"{i}.dcm", data) for i, data in enumerate(dicom_series(FEW))]


def predict(capsys: pytest.CaptureFixture[str], *arguments: object, status: int = 0) -> list[dict]:
    assert main(["predict", *map(str, arguments), *REPORT_BUNDLES, "--json"]) == status
    return json.loads(capsys.readouterr().out)


def test_a_volume_gives_a_row_a_slice_and_one_of_its_own(
    commands: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], series: list[Path]
) -> None:
    path = write(tmp_path / "head.nii.gz", nifti(FEW, compressed=True))
    with zipfile.ZipFile(tmp_path / "series.zip", "w") as archive:
        for file in series:
            archive.write(file)
    answers = []
    for given in ([path], [tmp_path / "series.zip"], [tmp_path / "series"], series):
        *slices, volume = predict(capsys, *given)
        assert [(result["plane"], result["slice"]) for result in slices] == [("axial", i) for i in range(1, 9)]
        assert volume["slices"] == 8 and volume["spacing_mm"] == pytest.approx(SPACING)
        assert volume["mask"]["voxels"] > 0
        assert slices[2]["mask"]["spacing_mm"] == pytest.approx(1, rel=0.3)
        answers.append((volume["class"], volume["mask"], volume["probabilities"]))
    assert all(answer == answers[0] for answer in answers)


def test_lines_name_slices_and_the_volume(commands: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "head.nii", nifti(FEW))
    picture = write_picture(tmp_path / "one.png", 1)
    assert main(["predict", str(path), str(picture), *REPORT_BUNDLES]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 10
    assert lines[0].startswith(f"{path}: axial 1: ") and lines[8].startswith(f"{path}: volume: ")
    assert " ml tumour in " in lines[8] and lines[9].startswith(f"{picture}: ")


def test_the_mask_is_written_in_the_file_s_own_space(
    commands: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "head.nii.gz", nifti(VALUES, orientation="PIR", compressed=True))
    labels = write(tmp_path / "labels.nii", nifti(MASK.astype(np.uint8)))
    out = tmp_path / "out"
    volume = predict(capsys, path, "--labels", labels, "--out", out)[-1]
    assert sorted(file.name for file in out.iterdir()) == ["head-mask.nii.gz", "head-overlay.png"]
    written, own = nibabel.load(out / "head-mask.nii.gz"), nibabel.load(path)
    assert written.shape == own.shape
    np.testing.assert_allclose(written.affine, own.affine, atol=1e-5)
    assert np.count_nonzero(written.dataobj) == volume["mask"]["voxels"]
    assert volume["truth"]["voxels"] == MASK.sum()
    assert b"not for diagnosis" in gzip.decompress((out / "head-mask.nii.gz").read_bytes())[:348]


def test_the_mask_is_written_as_a_png_a_slice(
    commands: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "head.nii.gz", nifti(FEW, compressed=True))
    out = tmp_path / "out"
    volume = predict(capsys, path, "--mask-format", "png", "--out", out)[-1]
    masks = sorted(out.glob("head-axial-*-mask.png"))
    assert len(masks) == len(volume["slices_with_mask"]) == 8
    area = 0
    for mask in masks:
        with Image.open(mask) as image:
            area += np.count_nonzero(np.asarray(image))
    assert area == volume["mask"]["voxels"]


def test_the_mask_is_written_as_dicom_seg_of_dicom_files_alone(
    commands: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], series: list[Path]
) -> None:
    out = tmp_path / "out"
    volume = predict(capsys, tmp_path / "series", "--mask-format", "dicom-seg", "--out", out)[-1]
    written = pydicom.dcmread(out / "series-mask.dcm")
    assert np.count_nonzero(written.pixel_array) == volume["mask"]["voxels"]
    path = write(tmp_path / "head.nii", nifti(FEW))
    options = ["--mask-format", "dicom-seg", "--out", str(out), *REPORT_BUNDLES]
    assert main(["predict", str(path), *options]) == 1
    output = capsys.readouterr()
    assert "as NIfTI" in sentence(output.err) and not output.out


def test_the_dicom_seg_names_the_patient_only_where_it_is_told_to(
    commands: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], series: list[Path]
) -> None:
    for options, name in (((), ""), (("--keep-identity",), "ZebedeePatientNa")):
        predict(capsys, tmp_path / "series", "--mask-format", "dicom-seg", "--out", tmp_path / "out", *options)
        assert str(pydicom.dcmread(tmp_path / "out" / "series-mask.dcm").PatientName) == name
    assert main(["predict", str(tmp_path / "series"), "--keep-identity", *REPORT_BUNDLES]) == 1
    assert "dicom-seg" in sentence(capsys.readouterr().err)


def test_plane_series_and_volume_are_chosen(
    commands: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], series: list[Path]
) -> None:
    four = write(tmp_path / "four.nii", nifti(np.stack([VALUES, VALUES * 2], -1)))
    *slices, _ = predict(capsys, four, "--plane", "coronal", "--volume", 2)
    assert len(slices) == VALUES.shape[1] and slices[0]["plane"] == "coronal"
    assert any("volume 2" in note for note in slices[0]["notes"])
    other = [write(tmp_path / "b" / f"{i}.dcm", data) for i, data in enumerate(dicom_series(FEW[:3], uid="9"))]
    assert len(predict(capsys, *series, *other, "--series", 2)) == 4
    assert main(["predict", *map(str, [*series, *other]), *REPORT_BUNDLES]) == 1
    assert "2 series" in sentence(capsys.readouterr().err)
    assert main(["predict", str(series[0]), "--plane", "coronal", *REPORT_BUNDLES]) == 1
    assert "no coronal slices" in sentence(capsys.readouterr().err)


def test_a_volume_that_cannot_be_read_does_not_stop_the_others(
    commands: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = write(tmp_path / "bad.nii", nifti(FEW)[:5000])
    good = write_picture(tmp_path / "one.png", 1)
    assert main(["predict", str(bad), str(good), str(tmp_path / "gone.nii"), *REPORT_BUNDLES, "--json"]) == 1
    output = capsys.readouterr()
    assert len(json.loads(output.out)) == 1
    assert [line.split(":")[0] for line in output.err.splitlines()] == [str(bad), str(tmp_path / "gone.nii")]


def test_a_label_map_needs_one_volume(commands: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture, labels = write_picture(tmp_path / "one.png", 1), write(tmp_path / "labels.nii", nifti(FEW))
    assert main(["predict", str(picture), "--labels", str(labels), *REPORT_BUNDLES]) == 1
    assert "one volume" in sentence(capsys.readouterr().err)


def test_another_modality_needs_a_flag(commands: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = dicom_series(FEW[:2], change=lambda dataset, number: setattr(dataset, "Modality", "CT"))
    paths = [write(tmp_path / f"{i}.dcm", data) for i, data in enumerate(files)]
    assert main(["predict", *map(str, paths), *REPORT_BUNDLES]) == 1
    assert "(CT)" in sentence(capsys.readouterr().err)
    for result in predict(capsys, *paths, "--allow-other-modality"):
        assert any("CT" in warning for warning in result["warnings"])


def test_nothing_of_a_header_is_printed_or_written(
    commands: None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    series: list[Path],
) -> None:
    caplog.set_level(logging.DEBUG)
    assert series[0].read_bytes().count(PLANTED.encode()) > 20
    damaged = write(tmp_path / "damaged" / "1.dcm", series[0].read_bytes()[:1500])
    for mask_format in MASK_FORMATS:
        out = tmp_path / mask_format
        arguments = [str(tmp_path / "series"), str(damaged), "--mask-format", mask_format, "--out", str(out)]
        assert main(["predict", *arguments, *REPORT_BUNDLES, "--json"]) == 1
    output = capsys.readouterr()
    assert output.out and output.err
    texts = output.out + output.err + caplog.text
    assert PLANTED not in texts
    written = [file for folder in MASK_FORMATS for file in (tmp_path / folder).iterdir()]
    assert len(written) > 5
    for file in written:
        data = file.read_bytes()
        assert PLANTED.encode() not in (gzip.decompress(data) if file.suffix == ".gz" else data)
