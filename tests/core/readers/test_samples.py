"""The shipped samples: volumes and their true masks are read whole, and what is missing is told."""

import json
from pathlib import Path

import numpy as np
import pytest

from core.config import CLASSES, SAMPLES
from core.errors import DatasetError
from core.readers import samples
from core.readers.samples import SampleVolume, find_sample, find_slice_or_volume, read_sample_volumes, read_samples


@pytest.mark.parametrize("sample", read_sample_volumes(), ids=lambda sample: sample.name)
def test_a_volume_is_an_axial_series_of_thick_slices_with_its_lesion(sample: SampleVolume) -> None:
    volume = sample.volume()
    assert volume.best_plane == "axial" and volume.spacing_mm is not None and volume.spacing_mm[0] == pytest.approx(7)
    assert sample.class_name in CLASSES and "Simulated" in volume.name and "Simulated" in volume.notes[0]
    assert volume.mask is not None and volume.mask.shape == volume.values.shape
    with_lesion = np.flatnonzero(volume.mask.any(axis=(1, 2)))
    assert len(with_lesion) >= 5 and (np.diff(with_lesion) == 1).all()
    assert with_lesion[0] > 0 and with_lesion[-1] < len(volume.values) - 1


def test_the_right_of_the_patient_is_on_the_left_of_a_volumes_slice() -> None:
    # The glioma lies in the right frontal lobe: above the middle of an axial slice, and left of it.
    volume = find_slice_or_volume("glioma-volume").volume()  # type: ignore[union-attr]
    assert volume.mask is not None
    _, rows, columns = (places.mean() for places in np.nonzero(volume.mask))
    assert columns < volume.values.shape[2] / 2 and rows < volume.values.shape[1] / 2
    crown, neck = volume.values[0] > 30, volume.values[-1] > 30
    assert crown.sum() < neck.sum() / 2, "the first slice is the crown's"


def test_names_tell_slices_and_volumes_apart() -> None:
    names = [sample.name for sample in (*read_samples(), *read_sample_volumes())]
    assert len(set(names)) == len(names)
    with pytest.raises(DatasetError, match="is a volume"):
        find_sample("glioma-volume")
    with pytest.raises(DatasetError, match=r"glioma-axial-1.*glioma-volume"):
        find_slice_or_volume("glioma-volume-9")


def test_a_missing_or_damaged_volume_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "SAMPLES", tmp_path)
    sample = read_sample_volumes.__wrapped__
    with pytest.raises(DatasetError, match=r"volumes\.json"):
        sample()
    (tmp_path / "volumes.json").write_text((SAMPLES / "volumes.json").read_text(encoding="utf-8"), encoding="utf-8")
    first = sample()[0]
    with pytest.raises(DatasetError, match="take samples/ from the project again"):
        first.volume()
    (tmp_path / "masks").mkdir()
    for path in (first.path, tmp_path / first.mask_file):
        path.write_bytes((SAMPLES / first.mask_file).read_bytes()[:200])
    with pytest.raises(DatasetError, match="take samples/ from the project again"):
        first.volume()
    (tmp_path / "volumes.json").write_text(json.dumps([{"file": 3}]), encoding="utf-8")
    with pytest.raises(DatasetError, match=r"volumes\.json"):
        sample()
