"""Inpainted and inserted tumours: where the changed slices differ, and when none can be made."""

import numpy as np
import pytest

from core.training.data.inpainting import inpaint_beside_tumour, insert_tumour, remove_tumour

SIZE = 192


def head(*, lesion: tuple[int, int] | None = None, radius: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """A grey disc in the dark, darker on the left, with a bright disc at (row, column) and its mask."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    inside = np.hypot(rows - 96, columns - 96) < 80
    plane = np.where(inside, 0.4 + 0.1 * (columns > 96), 0).astype(np.float32)
    mask = np.zeros((SIZE, SIZE), bool)
    if lesion:
        mask = np.hypot(rows - lesion[0], columns - lesion[1]) < radius
        plane[mask] = 0.95
    return plane, mask


def test_an_inpainted_tumour_leaves_its_surroundings_brightness_and_all_else_alone() -> None:
    plane, mask = head(lesion=(80, 60))
    changed_plane = remove_tumour(plane, mask)
    assert changed_plane is not None
    assert changed_plane[mask].max() < 0.5
    assert changed_plane[mask].mean() == pytest.approx(0.4, abs=0.04), "not the brighter side's brightness"
    far = np.hypot(*(np.mgrid[:SIZE, :SIZE] - np.array([80, 60])[:, None, None])) > 30
    np.testing.assert_array_equal(changed_plane[far], plane[far])
    assert plane[mask].min() == np.float32(0.95), "the plane itself stays"


def test_a_tumour_that_crosses_the_midline_is_not_inpainted() -> None:
    assert remove_tumour(*head(lesion=(96, 98))) is None
    assert remove_tumour(*head()) is None
    assert remove_tumour(np.zeros((SIZE, SIZE), np.float32), head(lesion=(80, 60))[1]) is None


def test_inpainting_beside_the_tumour_leaves_it_and_changes_as_much() -> None:
    plane, mask = head(lesion=(80, 60))
    plane += np.random.default_rng(0).normal(scale=0.02, size=plane.shape).astype(np.float32) * (plane > 0)
    changed_plane = inpaint_beside_tumour(plane, mask)
    assert changed_plane is not None
    np.testing.assert_allclose(changed_plane[mask], plane[mask], atol=0.01)
    changed = np.abs(changed_plane - plane) > 0.01
    assert changed.sum() > mask.sum() / 2
    assert changed_plane[changed].max() < 0.7, "no second tumour"
    assert inpaint_beside_tumour(*head(lesion=(80, 60), radius=70)) is None
    assert inpaint_beside_tumour(*head()) is None


def test_an_inserted_tumour_is_as_much_brighter_as_it_was_and_lies_inside_the_head() -> None:
    source, mask = head(lesion=(80, 60))
    healthy = head()[0] * np.float32(0.5)
    changed_plane = insert_tumour(healthy, source, mask, np.random.default_rng(1))
    assert changed_plane is not None
    changed = changed_plane > healthy + 0.05
    assert changed.sum() == pytest.approx(mask.sum(), rel=0.5)
    assert (healthy[changed] > 0.1).all()
    # Half as bright a head, half as bright a tumour.
    assert changed_plane[changed].max() == pytest.approx(0.95 / 2, abs=0.13)


def test_the_same_draw_puts_it_at_the_same_place() -> None:
    source, mask = head(lesion=(80, 60))
    first, second = (insert_tumour(head()[0], source, mask, np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_tumour_that_does_not_fit_is_not_inserted() -> None:
    source, mask = head(lesion=(96, 96), radius=75)
    assert insert_tumour(head()[0], source, mask, np.random.default_rng(0)) is None
    assert insert_tumour(np.zeros((SIZE, SIZE), np.float32), source, mask, np.random.default_rng(0)) is None
    assert insert_tumour(head()[0], *head(), np.random.default_rng(0)) is None
