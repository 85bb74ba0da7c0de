"""Losses and training metrics on 3x3 masks worked out by hand."""

import math

import numpy as np
import pytest

from core.config import TASKS
from core.errors import TrainingError
from core.networks.losses import (
    cross_entropy,
    cross_entropy_and_dice,
    loss_by_name,
    soft_dice_loss,
    training_metrics,
    tumour_class_loss,
)

# True: the first row. Tumour probability: 1, 1, 0 / 0.5, 0, 0 / 0, 0, 0.
TRUE = np.array([[1, 1, 1], [0, 0, 0], [0, 0, 0]], np.uint8)
TUMOUR = np.array([[1, 1, 0], [0.5, 0, 0], [0, 0, 0]], np.float32)
EMPTY = np.zeros((3, 3), np.uint8)


def batch(*masks: np.ndarray) -> np.ndarray:
    return np.stack(masks)[..., None]


def probabilities(*tumours: np.ndarray) -> np.ndarray:
    tumour = np.stack(tumours).astype(np.float32)
    return np.stack([1 - tumour, tumour], axis=-1)


def test_soft_dice_by_hand() -> None:
    # Overlap 2, areas 3 and 2.5: 1 - (2 * 2 + 1) / (5.5 + 1).
    loss = soft_dice_loss(batch(TRUE), probabilities(TUMOUR))
    np.testing.assert_allclose(loss, [3 / 13], rtol=1e-6)
    # Without smoothing 1 - 4 / 5.5.
    np.testing.assert_allclose(soft_dice_loss(batch(TRUE), probabilities(TUMOUR), smooth=0.0), [3 / 11], rtol=1e-6)


def test_soft_dice_is_one_value_a_slice_not_one_a_batch() -> None:
    loss = soft_dice_loss(batch(TRUE, TRUE), probabilities(TUMOUR, TRUE))
    np.testing.assert_allclose(loss, [3 / 13, 0], atol=1e-6)


def test_soft_dice_of_empty_masks() -> None:
    np.testing.assert_allclose(soft_dice_loss(batch(EMPTY), probabilities(EMPTY)), [0], atol=1e-6)
    # An empty true mask and two and a half predicted pixels: 1 - 1 / (2.5 + 1).
    np.testing.assert_allclose(soft_dice_loss(batch(EMPTY), probabilities(TUMOUR)), [5 / 7], rtol=1e-6)
    # Three true pixels and none predicted: 1 - 1 / (3 + 1).
    np.testing.assert_allclose(soft_dice_loss(batch(TRUE), probabilities(EMPTY)), [3 / 4], rtol=1e-6)


def test_cross_entropy_and_dice_is_their_sum() -> None:
    undecided = np.full((3, 3), 0.5)
    # Overlap 1.5, areas 3 and 4.5: Dice (3 + 1) / (7.5 + 1); every pixel costs ln 2.
    loss = cross_entropy_and_dice(batch(TRUE), probabilities(undecided))
    np.testing.assert_allclose(loss, [math.log(2) + 1 - 4 / 8.5], rtol=1e-6)


def test_the_class_inside_the_tumour_by_hand() -> None:
    # Background, then two classes; two tumour pixels of the second, one of which is given to the first.
    scores = np.array([[[[0.2, 0.2, 0.6], [0.0, 0.9, 0.1]], [[0.9, 0.1, 0.0], [1.0, 0.0, 0.0]]]], np.float32)
    true = np.array([[2, 2], [0, 0]], np.uint8)
    expected = -(0.8 * math.log(0.6 / 0.8) + math.log(0.1)) / 2
    np.testing.assert_allclose(tumour_class_loss(batch(true), scores), [expected], rtol=1e-5)
    np.testing.assert_allclose(tumour_class_loss(batch(np.zeros_like(true)), scores), [0])
    whole = loss_by_name("cross-entropy + dice + class")(batch(true), scores)
    np.testing.assert_allclose(whole, cross_entropy_and_dice(batch(true), scores) + expected / 4, rtol=1e-5)


def test_the_masks_channels_learn_the_class_although_tumour_pixels_are_few() -> None:
    import keras

    # Two pixels in a thousand are tumour, of a class that their brightness tells.
    random = np.random.default_rng(3)
    classes = random.integers(1, 4, 64)
    planes, masks = np.zeros((64, 32, 32, 1), np.float32), np.zeros((64, 32, 32, 1), np.uint8)
    planes[:, 15, 15:17, 0] = 0.4 + 0.2 * classes[:, None]
    masks[:, 15, 15:17, 0] = classes[:, None]
    keras.utils.set_random_seed(1)
    network = keras.Sequential(
        [
            keras.Input((32, 32, 1)),
            keras.layers.Conv2D(8, 1, activation="relu"),
            keras.layers.Conv2D(8, 1, activation="relu"),
            keras.layers.Conv2D(4, 1, activation="softmax"),
        ]
    )
    network.compile(optimizer=keras.optimizers.Adam(0.02), loss=loss_by_name("cross-entropy + dice + class"))
    # One long epoch: Keras takes longer to begin one than for its two steps.
    network.fit(*(np.tile(each, (150, 1, 1, 1)) for each in (planes, masks)), batch_size=32, verbose=0)
    predicted = network.predict(planes, verbose=0)[:, 15, 15, 1:].argmax(axis=-1) + 1
    assert (predicted == classes).mean() > 0.9


def test_cross_entropy_takes_the_true_class() -> None:
    loss = loss_by_name("cross-entropy")(np.array([[0], [2]]), np.array([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]], np.float32))
    np.testing.assert_allclose(loss, [-math.log(0.5), -math.log(0.2)], rtol=1e-5)


def test_soft_dice_takes_all_classes_of_tumour_together() -> None:
    several = np.stack([1 - TUMOUR, TUMOUR / 2, TUMOUR / 2, np.zeros_like(TUMOUR)], axis=-1)[None]
    np.testing.assert_allclose(soft_dice_loss(batch(TRUE * 3), several), [3 / 13], rtol=1e-6)


def test_label_smoothing_is_cross_entropy_with_a_smoothed_target() -> None:
    predicted = np.array([[0.5, 0.3, 0.2]], np.float32)
    loss = cross_entropy(np.array([[1]]), predicted, label_smoothing=0.3)
    target = np.array([0.1, 0.8, 0.1])
    np.testing.assert_allclose(loss, [-(target * np.log(predicted[0])).sum()], rtol=1e-5)


def training_values(task: str, true: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    (metrics,) = training_metrics((task,))
    for metric in metrics:
        metric.update_state(true, predicted)
    return {metric.name: float(metric.result()) for metric in metrics}


def test_training_dice_and_iou_by_hand() -> None:
    # Above a half are the first two pixels only, 0.5 is not: overlap 2, areas 3 and 2.
    values = training_values("segmentation", batch(TRUE), probabilities(TUMOUR))
    assert values == pytest.approx({"accuracy": 8 / 9, "dice": 4 / 5, "iou": 2 / 3}, rel=1e-6)


def test_training_dice_and_iou_are_means_over_slices() -> None:
    # 4/5; none of three pixels predicted: 0; both empty: 1.
    values = training_values("segmentation", batch(TRUE, TRUE, EMPTY), probabilities(TUMOUR, EMPTY, EMPTY))
    assert values["dice"] == pytest.approx((4 / 5 + 0 + 1) / 3, rel=1e-6)
    assert values["iou"] == pytest.approx((2 / 3 + 0 + 1) / 3, rel=1e-6)


def test_a_predicted_tumour_where_none_is_scores_zero() -> None:
    values = training_values("segmentation", batch(EMPTY), probabilities(TUMOUR))
    assert (values["dice"], values["iou"]) == (0, 0)


def test_a_classifier_has_accuracy_alone() -> None:
    predicted = np.array([[0.6, 0.3, 0.1], [0.2, 0.3, 0.5], [0.2, 0.3, 0.5], [0.1, 0.8, 0.1]], np.float32)
    assert training_values("classification", np.array([0, 2, 1, 1]), predicted) == {"accuracy": 0.75}


def test_of_two_tasks_each_has_its_own_metrics() -> None:
    assert [[metric.name for metric in metrics] for metrics in training_metrics(TASKS)] == [
        ["accuracy"],
        ["dice", "iou"],
    ]


def test_an_unknown_loss_is_refused_with_those_there_are() -> None:
    with pytest.raises(TrainingError, match=r"'dice'.*cross-entropy, "):
        loss_by_name("dice")
