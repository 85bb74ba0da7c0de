"""NIfTI files of any orientation, version and type; what is refused, and that nothing of a header is told."""

import gzip
import tracemalloc

import numpy as np
import pytest

from core.errors import SliceError
from core.readers.volumes.nifti import is_nifti, read_label_map, read_nifti
from core.readers.volumes.volume import with_true_mask
from tests.volumes import ORIENTATIONS, SPACING, a_head, head_affine, nifti

VALUES, MASK = a_head()


def refusal(data, **options):
    with pytest.raises(SliceError) as caught:
        read_nifti(data, "head.nii", **options)
    text = str(caught.value)
    assert text.endswith(".") and "\n" not in text
    return text


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_every_orientation_gives_the_same_voxels(orientation, compressed, version):
    data = nifti(VALUES, orientation=orientation, compressed=compressed, version=version)
    assert is_nifti(data)
    volume = read_nifti(data, "head")
    np.testing.assert_array_equal(volume.values, VALUES)
    assert volume.values.dtype == np.int16
    assert volume.spacing_mm == pytest.approx(SPACING)
    np.testing.assert_allclose(volume.affine, head_affine(), atol=1e-4)
    assert volume.notes == volume.warnings == ()


@pytest.mark.parametrize("tilt", [-20, 30])
def test_an_oblique_volume_goes_to_the_nearest_orientation(tilt):
    volume = read_nifti(nifti(VALUES, affine=head_affine(tilt=tilt)), "head")
    np.testing.assert_array_equal(volume.values, VALUES)
    assert volume.spacing_mm == pytest.approx(SPACING, rel=1e-5)


@pytest.mark.parametrize("dtype", ["u1", "i1", ">i2", "u2", "i4", "u4", "i8", "u8", "f4", ">f4", "f8"])
def test_numbers_of_every_type_are_read(dtype):
    values = (VALUES // 8).astype(dtype)
    volume = read_nifti(nifti(values), "head")
    np.testing.assert_array_equal(volume.values, values)
    assert volume.values.dtype.itemsize <= 4


def test_slope_and_intercept_give_the_scanner_s_terms():
    def change(header):
        header["scl_slope"], header["scl_inter"] = 0.5, -3

    data = bytearray(nifti(VALUES))
    plain = read_nifti(bytes(data), "head").values
    data[112:120] = np.array([0.5, -3], "<f4").tobytes()
    scaled = read_nifti(bytes(data), "head").values
    np.testing.assert_allclose(scaled, plain * 0.5 - 3)
    assert scaled.dtype == np.float32


def test_a_chosen_volume_of_four_dimensions():
    series = np.stack([VALUES, VALUES * 2, VALUES * 3], axis=-1)
    data = nifti(series, compressed=True)
    first = read_nifti(data, "head")
    np.testing.assert_array_equal(first.values, VALUES)
    assert any("3 volumes" in note for note in first.notes)
    np.testing.assert_array_equal(read_nifti(data, "head", number=3).values, VALUES * 3)
    assert "1 to 3" in refusal(data, number=4)
    assert "1 to 3" in refusal(data, number=0)


def test_values_that_are_not_numbers_count_as_the_lowest():
    values = VALUES.astype(np.float32)
    values[0, 0, :3] = np.nan, np.inf, -np.inf
    volume = read_nifti(nifti(values), "head")
    assert np.isfinite(volume.values).all() and volume.values[0, 0, 0] == VALUES.min()
    assert any("not numbers" in note for note in volume.notes)
    assert "no numbers" in refusal(nifti(np.full_like(values, np.nan)))


def test_what_is_no_volume_of_numbers_is_refused():
    good = nifti(VALUES)
    assert "same value" in refusal(nifti(np.full_like(VALUES, 7)))
    assert "complex" in refusal(nifti(VALUES.astype(np.complex64)))
    assert "slices of at least 16" in refusal(nifti(VALUES[:10, :10]))
    assert "second file" in refusal(good[:344] + b"ni1\0" + good[348:])
    assert "more than four" in refusal(nifti(np.stack([np.stack([VALUES] * 2, -1)] * 2, -1)))
    assert "no NIfTI" in refusal(b"x" * 1000)
    for data in (good, gzip.compress(good)):
        for length in (100, 349, len(data) // 2, len(data) - 40):
            assert "damaged or cut short" in refusal(data[:length])


def test_no_direction_is_refused_and_no_orientation_noted():
    data = bytearray(nifti(VALUES))
    data[280:328] = np.zeros(12, "<f4").tobytes()
    assert "directions" in refusal(bytes(data))
    data[252:256] = bytes(4)  # both codes
    assert any("no orientation" in note for note in read_nifti(bytes(data), "head").notes)


def test_a_size_beyond_the_bound_is_refused_before_it_is_decoded():
    data = bytearray(nifti(VALUES))
    data[42:48] = np.array([600, 600, 600], "<i2").tobytes()
    tracemalloc.start()
    assert "128 MB" in refusal(bytes(data))
    assert "128 MB" in refusal(gzip.compress(bytes(data) + bytes(2**20)))
    assert tracemalloc.get_traced_memory()[1] < 2**24
    tracemalloc.stop()


def test_a_gzip_that_inflates_without_end_is_refused_in_bounded_memory():
    data = bytearray(nifti(VALUES))
    data[40:50] = np.array([4, 256, 256, 200, 9000], "<i2").tobytes()
    bomb = gzip.compress(bytes(data[:352]) + bytes(2**26), 9)
    tracemalloc.start()
    assert refusal(bomb, number=9000)
    assert "cut short" in refusal(bomb, number=4)
    assert tracemalloc.get_traced_memory()[1] < 2**25
    tracemalloc.stop()


def test_a_label_map_of_the_same_grid_becomes_the_true_mask():
    volume = read_nifti(nifti(VALUES), "head")
    labels = MASK.astype(np.uint8) * 4
    with_mask = with_true_mask(volume, read_label_map(nifti(labels, orientation="PIR"), "labels"))
    np.testing.assert_array_equal(with_mask.mask, MASK)
    assert with_mask.slice("axial", 15).mask is not None
    empty = with_true_mask(volume, read_label_map(nifti(labels * 0), "labels"))
    assert empty.mask is not None and not empty.mask.any()
    for other in (nifti(labels[1:]), nifti(labels, affine=head_affine((1.5, 1, 1.3)))):
        with pytest.raises(SliceError, match="another grid"):
            with_true_mask(volume, read_label_map(other, "labels"))


def test_nothing_of_a_header_is_told():
    def change(header):
        for name in ("descrip", "aux_file", "intent_name", "db_name"):
            if name in header:
                header[name] = "Jane"

    data = nifti(VALUES, change=change)
    assert b"Jane" in data
    assert "Jane" not in repr(read_nifti(data, "head"))
    assert "Jane" not in refusal(data[:5000])


def test_a_stated_number_of_volumes_takes_no_memory() -> None:
    def change(header) -> None:
        header["dim"][0], header["dim"][4] = 4, 2**40

    volume = read_nifti(nifti(VALUES, version=2, change=change), "head")
    assert len(volume.found) < 10**5 and volume.chosen == 1
