"""A volume's planes: their orientation, their square pixels, and the way back to the file's voxels."""

import nibabel
import numpy as np
import pytest

from core.errors import SliceError
from core.readers.volumes.nifti import read_nifti
from core.readers.volumes.volume import PLANES, require_volume_size, to_source
from tests.volumes import ORIENTATIONS, a_head, head_affine, nifti

CUBE = (1.0, 1.0, 1.0)
VALUES, MASK = a_head((40, 44, 36), CUBE)


def head(values=VALUES, spacing=CUBE):
    return read_nifti(nifti(values, affine=head_affine(spacing)), "head")


def test_planes_are_oriented_as_the_data_set_s_slices():
    """Axial and coronal: the patient's right on the left, nose or crown up; sagittal: the nose on the left."""
    volume = head()
    for plane, number, expected in (
        ("axial", 12, VALUES[11]),
        ("coronal", 20, VALUES[:, 19]),
        ("sagittal", 30, VALUES[:, :, 29]),
    ):
        slice_ = volume.slice(plane, number)
        np.testing.assert_array_equal(slice_.pixels, expected)
        assert slice_.pixels.dtype == np.float32 and slice_.spacing_mm == 1
        assert f"{plane} {number} of {volume.count(plane)}" in slice_.name
    assert [volume.count(plane) for plane in PLANES] == [40, 44, 36]


def test_pixels_are_made_square():
    values, _ = a_head((20, 60, 44), (3.0, 1.0, 1.0))
    volume = head(values, (3.0, 1.0, 1.0))
    assert volume.best_plane == "axial"
    assert volume.slice("axial", 5).pixels.shape == (60, 44)
    coronal = volume.slice("coronal", 30)
    assert coronal.pixels.shape == (60, 44) and coronal.spacing_mm == 1
    assert volume.on_voxels("coronal", coronal.pixels).shape == (20, 44)


@pytest.mark.parametrize(
    ("spacing", "plane"),
    [((1, 1, 1), "axial"), ((1, 5, 1), "coronal"), ((1, 1, 2), "sagittal"), ((1, 1.05, 1), "axial")],
)
def test_thick_slices_decide_the_plane(spacing, plane):
    assert head(spacing=spacing).best_plane == plane


def test_a_spacing_beyond_belief_is_unknown():
    volume = head(spacing=(1.0, 1.0, 500.0))
    assert volume.spacing_mm is None and volume.voxel_ml is None
    assert volume.slice("axial", 3).spacing_mm is None
    assert volume.best_plane == "sagittal", "the fewest slices"


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_mask_goes_back_to_the_file_s_own_voxels(orientation):
    data = nifti(VALUES, orientation=orientation)
    own = np.asarray(nibabel.Nifti1Image.from_bytes(data).dataobj)
    volume = read_nifti(data, "head")
    np.testing.assert_array_equal(to_source(volume, volume.values), own)


def test_bounds_of_a_volume():
    require_volume_size((512, 512, 256), 2)
    require_volume_size((1, 300, 300), 4)
    require_volume_size((600, 600, 30), 2)
    for shape, reason in (
        ((513, 512, 256), "128 MB"),
        ((15, 15, 300), "at least 16"),
        ((600, 1, 15), "at least 16"),
        ((10**6, 16, 1), "at most 512"),
        ((600, 600, 600), "128 MB"),
        ((520, 520, 520), "128 MB"),
    ):
        with pytest.raises(SliceError, match=reason):
            require_volume_size(shape, 2)
