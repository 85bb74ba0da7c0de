"""Metrics on 3x3 masks and small tables worked out by hand, and pinned to Keras where they stand for it."""

import math

import numpy as np
import pytest

from core.metrics import classification, overlap

CLASSES = ("a", "b", "c")


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


# Classes


def test_confusion_matrix_has_true_classes_in_rows() -> None:
    true, predicted = np.array([0, 0, 0, 1, 2]), np.array([0, 1, 1, 1, 0])
    assert classification.confusion_matrix(true, predicted, classes=3).tolist() == [[1, 2, 0], [0, 1, 0], [1, 0, 0]]


def test_confusion_matrix_counts_classes_that_do_not_occur() -> None:
    assert classification.confusion_matrix(np.array([1]), np.array([1]), classes=3).tolist() == [
        [0] * 3,
        [0, 1, 0],
        [0] * 3,
    ]


def test_classification_report_by_hand() -> None:
    found = classification.classification_report(np.array([[3, 1, 0], [2, 4, 0], [0, 1, 5]]), CLASSES)
    assert found["accuracy"] == pytest.approx(12 / 16)
    assert found["per_class"]["a"] == pytest.approx({"precision": 3 / 5, "recall": 3 / 4, "f1": 6 / 9, "support": 4})
    assert found["per_class"]["b"] == pytest.approx({"precision": 4 / 6, "recall": 4 / 6, "f1": 4 / 6, "support": 6})
    assert found["per_class"]["c"] == pytest.approx({"precision": 1, "recall": 5 / 6, "f1": 10 / 11, "support": 6})
    assert found["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 10 / 11) / 3)
    assert found["confusion_matrix"] == [[3, 1, 0], [2, 4, 0], [0, 1, 5]]


def test_a_class_without_slices_or_without_answers_counts_zero_not_nan() -> None:
    found = classification.classification_report(np.array([[2, 0, 0], [3, 0, 0], [0, 0, 0]]), CLASSES)
    assert found["per_class"]["a"] == pytest.approx({"precision": 2 / 5, "recall": 1, "f1": 4 / 7, "support": 2})
    assert found["per_class"]["b"] == {"precision": 0, "recall": 0, "f1": 0, "support": 3}  # never predicted
    assert found["per_class"]["c"] == {"precision": 0, "recall": 0, "f1": 0, "support": 0}  # not there at all
    assert found["macro_f1"] == pytest.approx(4 / 7 / 3)
    assert classification.classification_report(np.zeros((3, 3), int), CLASSES)["accuracy"] == 0


def test_cross_entropy_by_hand() -> None:
    probabilities = np.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]], np.float32)
    assert classification.log_loss(np.array([1, 2]), probabilities) == pytest.approx(
        (math.log(4) - math.log(0.8)) / 2, rel=1e-6
    )


def test_cross_entropy_of_a_certain_mistake_is_finite() -> None:
    assert classification.log_loss(np.array([1]), np.array([[1.0, 0.0]])) == pytest.approx(-math.log(1e-7))
    assert classification.log_loss(np.array([1]), np.array([[1.0, 0.0]]), smallest=0.1) == pytest.approx(math.log(10))
    assert classification.log_loss(np.array([0]), np.array([[1.0, 0.0]])) == 0


def test_cross_entropy_is_keras() -> None:
    import keras

    random = np.random.default_rng(0)
    probabilities = random.dirichlet([0.3] * 3, 200).astype(np.float32)
    probabilities[:4] = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]
    true = random.integers(0, 3, 200)
    expected = float(np.mean(keras.losses.sparse_categorical_crossentropy(true, probabilities)))
    assert classification.log_loss(true, probabilities) == pytest.approx(expected, rel=1e-4)


def test_patient_accuracy_takes_the_mean_over_a_patients_slices() -> None:
    patients = np.array([7, 3, 7, 3, 9, 7])
    true = np.array([0, 1, 0, 1, 1, 0])
    probabilities = np.array(
        [
            [0.45, 0.55],  # 7: wrong by itself, and again below,
            [0.9, 0.1],  # 3: wrong for sure,
            [0.45, 0.55],
            [0.4, 0.6],  # 3: and hardly right: wrong in the mean
            [0.2, 0.8],  # 9: right
            [0.9, 0.1],  # 7: but right in the mean
        ]
    )
    assert classification.patient_accuracy(true, probabilities, patients) == pytest.approx(2 / 3)


# Masks


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


def test_two_empty_masks_count_what_the_caller_says() -> None:
    assert overlap.dice(EMPTY, EMPTY, empty=0.0) == 0
    assert overlap.iou(EMPTY, EMPTY, empty=0.0) == 0
    assert overlap.dice(EMPTY, TRUE, empty=0.5) == 0, "only where both are empty"


def test_overlap_counts_both_true_and_predicted_in_this_order() -> None:
    assert overlap.overlap_counts(mask("110 110 000"), TRUE) == (2, 3, 4)


def test_counts_give_what_masks_give() -> None:
    both, true, predicted = np.array([2, 0, 0]), np.array([3, 3, 0]), np.array([3, 0, 0])
    np.testing.assert_allclose(overlap.dice_from_counts(both, true, predicted), [4 / 6, 0, 1])
    np.testing.assert_allclose(overlap.iou_from_counts(both, true, predicted), [2 / 4, 0, 1])


def test_mask_summary_by_hand() -> None:
    # Three 3x3 slices and a 6x6 one: 2 of 3 and one too many; missed; both empty; 2 of 8.
    both, true, predicted = np.array([2, 0, 0, 2]), np.array([3, 3, 0, 8]), np.array([3, 1, 0, 2])
    found = overlap.mask_summary(both, true, predicted, np.array([9, 9, 9, 36]))
    assert found == pytest.approx(
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
    found = overlap.keras_mean_iou_of_scores(scores, true)
    assert found["value"] == pytest.approx(keras_mean_iou(scores, true), abs=1e-6)
    assert found["share_of_ones"] == pytest.approx((scores == 1).mean())


def test_keras_mean_iou_gives_half_the_backgrounds_share_to_a_perfect_mask_of_scores_below_one() -> None:
    true = np.zeros((10, 10), np.uint8)
    true[:1, :2] = 1
    scores = np.where(true, np.float32(0.999999), np.float32(0))
    assert overlap.keras_mean_iou_of_scores(scores, true) == pytest.approx({"value": 0.98 / 2, "share_of_ones": 0})
    assert keras_mean_iou(scores, true) == pytest.approx(0.98 / 2)
    # With the same scores raised to 1 the very same mask is perfect.
    assert overlap.keras_mean_iou_of_scores(np.round(scores), true)["value"] == 1
