"""The largest region of a volume's slices is kept; what touches neither it nor its neighbours is left out."""

import numpy as np
import pytest

from core.inference.volumes.analysis import SliceFinding, volume_mask
from core.inference.volumes.regions import keep_largest_region
from core.outcome import CONFIDENT
from core.readers.volumes.files import read_volume
from core.readers.volumes.volume import PLANES, Volume
from tests.volumes import SPACING, a_head, nifti

VALUES, LESION = a_head()


def head() -> Volume:
    return read_volume([nifti(VALUES)], "head")


def findings_of(mask: np.ndarray, plane: str = "axial") -> list[SliceFinding]:
    cuts = np.moveaxis(mask, PLANES.index(plane), 0)
    nothing = np.full(3, 1 / 3)
    return [
        SliceFinding(number, CONFIDENT, 0.5, nothing, (cut.shape[0], cut.shape[1]), np.packbits(cut), 99.0)
        for number, cut in enumerate(cuts, 1)
    ]


@pytest.mark.parametrize("plane", PLANES)
def test_what_no_neighbour_confirms_is_left_out(plane: str) -> None:
    mask = LESION.copy()
    mask[2:4, 40:46, 8:12] = True
    kept = keep_largest_region(head(), plane, findings_of(mask, plane))
    np.testing.assert_array_equal(volume_mask(head(), plane, kept), LESION)
    assert sum(finding.left_out for finding in kept) == 2 * 6 * 4


def test_two_parts_of_a_slice_that_meet_in_the_next_are_one_region() -> None:
    mask = np.zeros(VALUES.shape, bool)
    mask[10, 20:24, 10:14] = mask[10, 20:24, 20:24] = True
    mask[11, 20:24, 10:24] = True
    mask[13, 20:24, 10:24] = True
    kept = volume_mask(head(), "axial", keep_largest_region(head(), "axial", findings_of(mask)))
    np.testing.assert_array_equal(kept[:12], mask[:12])
    assert not kept[12:].any()


def test_the_diameter_is_that_of_what_is_kept() -> None:
    mask = np.zeros(VALUES.shape, bool)
    mask[10, 20:24, 10:14] = mask[11, 20:24, 10:14] = True
    mask[10, 40, 10:20] = True
    kept = keep_largest_region(head(), "axial", findings_of(mask))
    _, down, across = SPACING
    assert kept[10].diameter_mm == pytest.approx(np.hypot(4 * down, 4 * across), abs=1.0)
    assert kept[11].diameter_mm == 99, "its mask is as it was"


def test_nothing_and_one_region_stay_as_they_are() -> None:
    empty = findings_of(np.zeros(VALUES.shape, bool))
    assert keep_largest_region(head(), "axial", empty) == empty
    whole = keep_largest_region(head(), "axial", findings_of(LESION))
    assert not sum(finding.left_out for finding in whole)
    assert keep_largest_region(head(), "axial", []) == []
