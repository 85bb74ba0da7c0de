"""Augmentation: what it may change, and that a mask goes where its slice goes."""

import numpy as np
import pytest

from core.training.data.augmentation import augment

SIZE = 32
EVERYTHING = {"flip": 0.5, "rotation": 15.0, "scale": 0.1, "shift": 0.1, "gamma": 0.3, "contrast": 0.2}


def batch(count: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Noise, and 3x3 masks whose pixels are brighter than everything else; no two at one place."""
    random = np.random.default_rng(0)
    planes = random.uniform(0, 0.4, (count, SIZE, SIZE, 1)).astype(np.float16)
    masks = np.zeros((count, SIZE, SIZE, 1), np.uint8)
    for i in range(count):
        masks[i, 5 + i : 8 + i, 9:12] = 1
    planes[masks > 0] = 1.0
    return planes, masks


def middle(plane: np.ndarray) -> np.ndarray:
    """Row and column of the middle of what is above a half."""
    return np.argwhere(plane[:, :, 0] > 0.5).mean(axis=0)


def test_all_zeros_change_nothing() -> None:
    planes, masks = batch()
    changed, (changed_masks,) = augment(planes, (masks,), np.random.default_rng(1))
    np.testing.assert_array_equal(changed, planes)
    np.testing.assert_array_equal(changed_masks, masks)


@pytest.mark.parametrize("options", [{"rotation": 15.0}, {"scale": 0.2}, {"shift": 0.1}, {"flip": 1.0}, EVERYTHING])
def test_a_mask_moves_with_its_slice(options: dict[str, float]) -> None:
    planes, masks = batch()
    changed, (changed_masks,) = augment(planes, (masks,), np.random.default_rng(1), **options)
    moved = 0.0
    for plane, mask, before in zip(changed, changed_masks, masks, strict=True):
        assert mask.any()
        np.testing.assert_allclose(middle(plane), middle(mask), atol=0.75)
        moved = max(moved, float(np.abs(middle(mask) - middle(before)).max()))
    assert moved >= 1, "a mask left where it was would be no proof"
    assert set(np.unique(changed_masks)) == {0, 1}


def test_the_same_generator_gives_the_same_changes() -> None:
    planes, masks = batch()
    first, second, other = (augment(planes, (masks,), np.random.default_rng(seed), **EVERYTHING) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1][0], second[1][0])
    assert (first[0] != other[0]).any()


def test_each_slice_of_a_batch_is_changed_in_its_own_way() -> None:
    planes, masks = batch()
    planes[:], masks[:] = planes[0], masks[0]
    changed, _ = augment(planes, (masks,), np.random.default_rng(1), **EVERYTHING)
    assert (changed[0] != changed[1]).any()


def test_a_flip_mirrors_left_and_right_only() -> None:
    planes, masks = batch()
    changed, (changed_masks,) = augment(planes, (masks,), np.random.default_rng(1), flip=1.0)
    np.testing.assert_array_equal(changed, planes[:, :, ::-1])
    np.testing.assert_array_equal(changed_masks, masks[:, :, ::-1])


def test_values_stay_between_0_and_1_and_their_type() -> None:
    planes, _ = batch()
    targets = np.array([0, 1, 2, 0], np.uint8)
    changed, (same,) = augment(planes, (targets,), np.random.default_rng(1), **EVERYTHING)
    assert changed.min() >= 0
    assert changed.max() <= 1
    assert changed.dtype == planes.dtype
    assert changed.shape == planes.shape
    np.testing.assert_array_equal(same, targets)


def test_gamma_changes_brightness_and_no_place() -> None:
    planes, masks = batch()
    changed, (changed_masks,) = augment(planes, (masks,), np.random.default_rng(1), gamma=0.5)
    np.testing.assert_array_equal(changed_masks, masks)
    assert (changed != planes).any()
    for before, after in zip(planes, changed, strict=True):
        ranks = np.argsort(before.ravel(), kind="stable")
        assert (np.diff(after.ravel()[ranks]) >= 0).all(), "darker stays darker"


def test_contrast_spreads_values_about_their_mean() -> None:
    planes, masks = batch()
    planes = 0.4 + planes / 5
    changed, (changed_masks,) = augment(planes, (masks,), np.random.default_rng(1), contrast=0.4)
    np.testing.assert_array_equal(changed_masks, masks)
    spreads = []
    for before, after in zip(planes.astype(np.float32), changed.astype(np.float32), strict=True):
        assert after.mean() == pytest.approx(before.mean(), abs=1e-3)
        spreads.append(after.std() / before.std())
    assert min(spreads) < 0.95
    assert max(spreads) > 1.05
    assert all(0.59 < spread < 1.41 for spread in spreads)


def test_a_class_and_a_mask_of_its_number_are_both_kept() -> None:
    planes, masks = batch()
    classes = np.array([0, 1, 2, 0], np.uint8)
    numbered = masks * (classes[:, None, None, None] + 1)
    _, (same, changed) = augment(planes, (classes, numbered), np.random.default_rng(1), **EVERYTHING)
    np.testing.assert_array_equal(same, classes)
    for mask, index in zip(changed, classes, strict=True):
        assert set(np.unique(mask)) == {0, index + 1}


def test_the_given_arrays_stay_as_they_are() -> None:
    planes, masks = batch()
    before = planes.copy(), masks.copy()
    augment(planes, (masks,), np.random.default_rng(1), **EVERYTHING)
    np.testing.assert_array_equal(planes, before[0])
    np.testing.assert_array_equal(masks, before[1])


def test_a_slice_is_interpolated_once_from_the_side_it_is_kept_at() -> None:
    planes, masks = batch()
    changed, (changed_masks,) = augment(planes, (masks,), np.random.default_rng(1), size=SIZE // 2)
    assert changed.shape == (4, SIZE // 2, SIZE // 2, 1) and changed_masks.shape == changed.shape
    for plane, before in zip(changed, planes, strict=True):
        np.testing.assert_allclose(middle(plane), (middle(before) + 0.5) / 2 - 0.5, atol=0.5)


@pytest.mark.parametrize("size", [SIZE, SIZE // 2])
def test_a_quarter_turn_turns_slice_and_mask_alike(size: int) -> None:
    planes, masks = batch()
    changed, (changed_masks,) = augment(planes, (masks,), np.random.default_rng(1), size=size, quarter_turn=1.0)
    for plane, mask in zip(changed, changed_masks, strict=True):
        np.testing.assert_allclose(middle(plane), middle(mask), atol=0.75)
    if size == SIZE:
        for plane, before in zip(changed, planes, strict=True):
            turns = [np.rot90(before, count) for count in (1, 2, 3)]
            assert min(float(np.abs(plane - turned).max()) for turned in turns) < 1e-2


INTENSITIES = {"curve": 0.15, "invert": 0.5, "bias": 0.4, "blur": 1.0, "noise": 0.06, "jpeg": 0.5, "caption": 0.5}


@pytest.mark.parametrize("name", INTENSITIES)
def test_a_change_of_intensities_moves_no_mask(name: str) -> None:
    planes, masks = batch()
    changed, (changed_masks,) = augment(planes, (masks,), np.random.default_rng(1), **{name: INTENSITIES[name]})
    np.testing.assert_array_equal(changed_masks, masks)
    assert (changed != planes).any()
    assert changed.min() >= 0 and changed.max() <= 1


def between_neighbours() -> np.ndarray:
    """Slices whose neighbours are darker copies."""
    planes, _ = batch()
    return np.concatenate([planes / 2, planes, planes / 4], axis=-1).astype(np.float16)


def test_neighbours_move_with_their_slice() -> None:
    options = {"flip": 0.5, "rotation": 15.0, "scale": 0.1, "shift": 0.1}
    changed, _ = augment(between_neighbours(), (), np.random.default_rng(1), **options)
    for channel, share in ((0, 2), (2, 4)):
        np.testing.assert_allclose(changed[..., channel], changed[..., 1] / share, atol=2e-3)


def test_neighbours_get_the_changes_of_their_slice() -> None:
    planes = np.repeat(batch()[0], 3, axis=-1)
    changed, _ = augment(planes, (), np.random.default_rng(1), **EVERYTHING, noise=0.1, bias=0.2, invert=0.5)
    assert (changed == changed[..., :1]).all()


def test_dropped_neighbours_give_way_to_the_slice() -> None:
    planes = between_neighbours()
    alone, _ = augment(planes, (), np.random.default_rng(1), neighbour_dropout=1.0)
    np.testing.assert_array_equal(alone, np.repeat(planes[..., 1:2], 3, axis=-1))
    kept, _ = augment(planes, (), np.random.default_rng(1), neighbour_dropout=0.0)
    np.testing.assert_array_equal(kept, planes)
