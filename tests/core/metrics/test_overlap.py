"""Metrics of masks on 3x3 masks worked out by hand; the mean IoU of scores against Keras."""

from typing import Any

import numpy as np
import pytest

from core.errors import MetricError
from core.metrics import overlap
from core.metrics.averages import Draws


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
    assert overlap.dice(EMPTY, TRUE, empty=0.5) == 0


def test_overlap_counts_both_true_and_predicted_in_this_order() -> None:
    assert overlap.overlap_counts(mask("110 110 000"), TRUE) == (2, 3, 4)


def test_counts_give_what_masks_give() -> None:
    intersection, true, predicted = np.array([2, 0, 0]), np.array([3, 3, 0]), np.array([3, 0, 0])
    np.testing.assert_allclose(overlap.dice_from_counts(intersection, true, predicted), [4 / 6, 0, 1])
    np.testing.assert_allclose(overlap.iou_from_counts(intersection, true, predicted), [2 / 4, 0, 1])


def test_mask_summary_by_hand() -> None:
    # Three 3x3 slices and a 6x6 one: 2 of 3 and one too many; missed; both empty; 2 of 8.
    intersection, true, predicted = np.array([2, 0, 0, 2]), np.array([3, 3, 0, 8]), np.array([3, 1, 0, 2])
    pixels = np.array([9, 9, 9, 36])
    summary = overlap.mask_summary(intersection, true, predicted, pixels=pixels)
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
    grouped = overlap.mask_summary(
        intersection,
        true,
        predicted,
        pixels=pixels,
        classes=np.array(["a", "b", "b", "b"]),
        patients=np.array([7, 7, 7, 9]),
    )
    assert grouped["dice_class_mean"] == pytest.approx((4 / 6 + (0 + 1 + 4 / 10) / 3) / 2)
    assert grouped["dice_patient_mean"] == pytest.approx(((4 / 6 + 0 + 1) / 3 + 4 / 10) / 2)
    assert {name: grouped[name] for name in summary} == summary


def test_scores_are_cut_at_the_threshold_which_counts_as_tumour() -> None:
    scores = np.array([[0.4, 0.5, 0.6], [0, 0, 0], [0, 0.5, 0]], np.float32)
    assert overlap.overlap_counts(scores, TRUE, threshold=0.5) == (2, 3, 3)
    assert overlap.overlap_counts(scores, TRUE, threshold=0.6) == (1, 3, 1)
    assert overlap.dice(scores, TRUE, threshold=0.5) == pytest.approx(4 / 6)
    assert overlap.iou(scores, TRUE, threshold=0.5) == pytest.approx(2 / 4)


def test_many_masks_are_counted_at_once() -> None:
    both, true, predicted = overlap.overlap_counts(np.stack([PART, EMPTY, FULL]), np.stack([TRUE, TRUE, EMPTY]))
    assert (both.tolist(), true.tolist(), predicted.tolist()) == ([2, 0, 0], [3, 3, 0], [3, 0, 9])


def test_smoothing_adds_to_numerator_and_denominator() -> None:
    assert overlap.dice(PART, TRUE, smooth=1) == pytest.approx((4 + 1) / (6 + 1))
    assert overlap.iou(PART, TRUE, smooth=1) == pytest.approx((2 + 1) / (4 + 1))
    assert overlap.dice(EMPTY, EMPTY, smooth=1, empty=0) == 1


COUNTS = np.array([2, 0, 3]), np.array([3, 3, 3]), np.array([3, 1, 3])
"""2 of 3 and one too many; missed; all."""


@pytest.mark.parametrize(
    ("averaging", "dice", "iou"),
    [
        ("none", [4 / 6, 0, 1], [2 / 4, 0, 1]),
        ("mean", 10 / 18, 1.5 / 3),
        ("median", 4 / 6, 2 / 4),
        ("pooled", 10 / 16, 5 / 11),
    ],
)
def test_averages_by_hand(averaging: str, dice: Any, iou: Any) -> None:
    np.testing.assert_allclose(overlap.dice_from_counts(*COUNTS, averaging=averaging), dice)
    np.testing.assert_allclose(overlap.iou_from_counts(*COUNTS, averaging=averaging), iou)


def test_draws_average_as_their_masks_written_out() -> None:
    # Masks 0 and 1 are one patient's, mask 2 another's; the second draw takes the first patient twice.
    draws = Draws(np.array([[1.0, 1.0], [2.0, 0.0]]), np.array([0, 0, 1]))
    twice = [np.array([*counts[:2], *counts[:2]]) for counts in COUNTS]
    for averaging in ("mean", "pooled"):
        for measure in (overlap.dice_from_counts, overlap.iou_from_counts):
            expected = [measure(*counts, averaging=averaging) for counts in (COUNTS, twice)]
            np.testing.assert_allclose(measure(*COUNTS, averaging=averaging, draws=draws), expected)
    np.testing.assert_allclose(overlap.missed_tumours(COUNTS[0], COUNTS[1], draws), [1 / 3, 1 / 2])
    classes = np.array(["a", "b", "b"])
    drawn = overlap.dice_from_counts(*COUNTS, averaging="groups", groups=classes, draws=draws)
    np.testing.assert_allclose(drawn, [(4 / 6 + 1 / 2) / 2, (4 / 6 + 0) / 2])


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ({"averaging": "weighted"}, "'weighted'"),
        ({"averaging": "groups"}, "'groups'"),
        ({"averaging": "mean", "groups": np.zeros(3)}, "'mean'"),
        ({"averaging": "median", "draws": Draws(np.ones((1, 3)), np.arange(3))}, "'median'"),
        ({"smooth": -1}, "-1"),
    ],
)
def test_a_bad_option_is_refused_with_its_value(options: dict[str, Any], value: str) -> None:
    for measure in (overlap.dice_from_counts, overlap.iou_from_counts):
        with pytest.raises(MetricError, match=value):
            measure(*COUNTS, **options)


@pytest.mark.parametrize(
    ("predicted", "threshold", "value"),
    [(TRUE, 0.0, "0.0"), (TRUE, 1.5, "1.5"), (TRUE.astype(float), None, "float64"), (TRUE[:2], None, r"\(2, 3\)")],
)
def test_masks_that_cannot_be_compared_are_refused(predicted: np.ndarray, threshold: float | None, value: str) -> None:
    with pytest.raises(MetricError, match=value):
        overlap.overlap_counts(predicted, TRUE, threshold=threshold)


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
