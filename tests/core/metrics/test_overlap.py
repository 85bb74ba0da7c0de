"""Metrics of masks on 3x3 masks worked out by hand; the mean IoU of scores against Keras."""

import numpy as np
import pytest

from core.metrics import overlap


def mask(text: str) -> np.ndarray:
    """Rows of 0 and 1 between blanks, as bool."""
    return np.array([[character == "1" for character in row] for row in text.split()])


TRUE = mask("111 000 000")
PART = mask("110 100 000")  # two of TRUE's three pixels, and one more
EMPTY = mask("000 000 000")
FULL = mask("111 111 111")


def test_thresholds_are_written_as_they_are_meant() -> None:
    assert overlap.THRESHOLDS[:3] == (0.05, 0.1, 0.15)
    assert overlap.THRESHOLDS[-1] == 0.95
    assert len(overlap.THRESHOLDS) == 19


@pytest.mark.parametrize(
    ("predicted", "true", "dice", "iou"),
    [
        (PART, TRUE, 4 / 6, 2 / 4),
        (TRUE, PART, 4 / 6, 2 / 4),
        (TRUE, TRUE, 1, 1),
        (FULL, TRUE, 6 / 12, 3 / 9),
        (mask("000 111 000"), TRUE, 0, 0),
        (EMPTY, TRUE, 0, 0),
        (TRUE, EMPTY, 0, 0),
        (EMPTY, EMPTY, 1, 1),
    ],
)
def test_dice_and_iou_by_hand(predicted: np.ndarray, true: np.ndarray, dice: float, iou: float) -> None:
    assert overlap.dice(predicted, true) == pytest.approx(dice)
    assert overlap.iou(predicted, true) == pytest.approx(iou)


def test_two_empty_masks_count_as_the_caller_chooses() -> None:
    assert overlap.dice(EMPTY, EMPTY, empty=0.0) == 0
    assert overlap.iou(EMPTY, EMPTY, empty=0.0) == 0
    assert overlap.dice(EMPTY, TRUE, empty=0.5) == 0, "only where both are empty"


def test_overlap_counts_both_true_and_predicted_in_this_order() -> None:
    assert overlap.overlap_counts(mask("110 110 000"), TRUE) == (2, 3, 4)


def test_counts_give_what_masks_give() -> None:
    intersection, true, predicted = np.array([2, 0, 0]), np.array([3, 3, 0]), np.array([3, 0, 0])
    np.testing.assert_allclose(overlap.dice_from_counts(intersection, true, predicted), [4 / 6, 0, 1])
    np.testing.assert_allclose(overlap.iou_from_counts(intersection, true, predicted), [2 / 4, 0, 1])


def test_mask_summary_by_hand() -> None:
    # Three 3x3 slices and a 6x6 one: 2 of 3 and one too many; missed; both empty; 2 of 8.
    intersection, true, predicted = np.array([2, 0, 0, 2]), np.array([3, 3, 0, 8]), np.array([3, 1, 0, 2])
    summary = overlap.mask_summary(intersection, true, predicted, np.array([9, 9, 9, 36]))
    assert summary == pytest.approx(
        {
            "dice_mean": (4 / 6 + 0 + 1 + 4 / 10) / 4,
            "dice_median": (4 / 6 + 4 / 10) / 2,
            "dice_pooled": 8 / 20,
            "iou_mean": (2 / 4 + 0 + 1 + 2 / 8) / 4,
            "iou_median": (2 / 4 + 2 / 8) / 2,
            "iou_pooled": 4 / 16,
            "pixel_accuracy": 1 - (2 + 4 + 0 + 6) / 63,
            "missed": 1 / 3,
        }
    )


def keras_mean_iou(scores: np.ndarray, true: np.ndarray) -> float:
    import keras

    metric = keras.metrics.MeanIoU(num_classes=2)
    metric.update_state(true, scores)
    return float(metric.result())


@pytest.mark.parametrize("ones", [0.0, 0.001, 0.3, 1.0])
@pytest.mark.parametrize("tumour", [0.0, 0.02, 0.5, 1.0])
def test_keras_mean_iou_of_scores_is_keras(tumour: float, ones: float) -> None:
    random = np.random.default_rng(3)
    true = (random.random((3, 16, 16)) < tumour).astype(np.uint8)
    scores = random.random((3, 16, 16), np.float32)
    scores[random.random(scores.shape) < ones] = 1.0
    result = overlap.keras_mean_iou_of_scores(scores, true)
    assert result["value"] == pytest.approx(keras_mean_iou(scores, true), abs=1e-6)
    assert result["share_of_ones"] == pytest.approx((scores == 1).mean())


def test_keras_mean_iou_gives_half_the_backgrounds_share_to_a_perfect_mask_of_scores_below_one() -> None:
    true = np.zeros((10, 10), np.uint8)
    true[:1, :2] = 1
    scores = np.where(true, np.float32(0.999999), np.float32(0))
    assert overlap.keras_mean_iou_of_scores(scores, true) == pytest.approx({"value": 0.98 / 2, "share_of_ones": 0})
    assert keras_mean_iou(scores, true) == pytest.approx(0.98 / 2)
    # With the same scores raised to 1 the very same mask is perfect.
    assert overlap.keras_mean_iou_of_scores(np.round(scores), true)["value"] == 1
