"""Metrics of a classifier on small tables worked out by hand; the log loss against Keras."""

import math

import numpy as np
import pytest

from core.errors import MetricError
from core.metrics import classification
from core.metrics.averages import Draws

CLASSES = ("a", "b", "c")


def test_confusion_matrix_has_true_classes_in_rows() -> None:
    true, predicted = np.array([0, 0, 0, 1, 2]), np.array([0, 1, 1, 1, 0])
    assert classification.confusion_matrix(true, predicted, classes=3).tolist() == [[1, 2, 0], [0, 1, 0], [1, 0, 0]]


def test_confusion_matrix_counts_classes_that_do_not_occur() -> None:
    assert classification.confusion_matrix(np.array([1]), np.array([1]), classes=3).tolist() == [
        [0] * 3,
        [0, 1, 0],
        [0] * 3,
    ]


def test_figures_of_a_matrix_by_hand() -> None:
    matrix = np.array([[3, 1, 0], [2, 4, 0], [0, 1, 5]])
    assert classification.accuracy(matrix) == pytest.approx(12 / 16)
    np.testing.assert_allclose(classification.precision(matrix), [3 / 5, 4 / 6, 1])
    np.testing.assert_allclose(classification.recall(matrix), [3 / 4, 4 / 6, 5 / 6])
    np.testing.assert_allclose(classification.f1(matrix), [6 / 9, 8 / 12, 10 / 11])
    for measure in (classification.precision, classification.recall, classification.f1):
        assert measure(matrix, averaging="macro") == pytest.approx(measure(matrix).mean())


def test_what_there_is_none_of_is_as_the_caller_chooses() -> None:
    matrix = np.array([[2, 0], [0, 0]])
    assert classification.recall(matrix, empty=0.5).tolist() == [1, 0.5]
    assert np.isnan(classification.accuracy(np.zeros((2, 2)), empty=np.nan))


def test_many_matrices_at_once_are_each_by_itself() -> None:
    true, predicted = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0])
    # Slices 0 and 1 are one patient's; the second draw takes that patient twice and leaves slice 3 out.
    draws = Draws(np.array([[1.0, 1, 1], [2, 1, 0]]), np.array([0, 0, 1, 2]))
    matrices = classification.confusion_matrix(true, predicted, classes=3, draws=draws)
    assert matrices.tolist() == [[[1, 1, 0], [0, 1, 0], [1, 0, 0]], [[2, 2, 0], [0, 1, 0], [0, 0, 0]]]
    assert classification.accuracy(matrices).tolist() == [2 / 4, 3 / 5]
    np.testing.assert_allclose(classification.recall(matrices), [[1 / 2, 1, 0], [1 / 2, 1, 0]])
    probabilities = np.eye(3)[predicted] + [[0.1, 0, 0]] * 4
    patients = np.array([5, 5, 6, 7])
    # Patient 5's probabilities are right in the mean, 6 is right, 7 is wrong.
    drawn = classification.patient_accuracy(true, probabilities, patients, draws=draws)
    np.testing.assert_allclose(drawn, [2 / 3, 1])
    # By slice patient 5 counts twice.
    drawn = classification.series_accuracy(true, probabilities, patients, draws=draws)
    np.testing.assert_allclose(drawn, [3 / 4, 1])


def test_a_bad_option_is_refused_with_its_value() -> None:
    for measure in (classification.precision, classification.recall, classification.f1):
        with pytest.raises(MetricError, match="'micro'"):
            measure(np.eye(2), averaging="micro")


@pytest.mark.parametrize("index", [-1, 3])
def test_an_index_that_is_no_classs_is_refused(index: int) -> None:
    with pytest.raises(MetricError, match=rf"{index}.* 3 "):
        classification.confusion_matrix(np.array([0, index]), np.array([0, 1]), classes=3)


def test_classification_report_by_hand() -> None:
    report = classification.classification_report(np.array([[3, 1, 0], [2, 4, 0], [0, 1, 5]]), CLASSES)
    assert report["accuracy"] == pytest.approx(12 / 16)
    assert report["per_class"]["a"] == pytest.approx({"precision": 3 / 5, "recall": 3 / 4, "f1": 6 / 9, "support": 4})
    assert report["per_class"]["b"] == pytest.approx({"precision": 4 / 6, "recall": 4 / 6, "f1": 4 / 6, "support": 6})
    assert report["per_class"]["c"] == pytest.approx({"precision": 1, "recall": 5 / 6, "f1": 10 / 11, "support": 6})
    assert report["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 10 / 11) / 3)
    assert report["confusion_matrix"] == [[3, 1, 0], [2, 4, 0], [0, 1, 5]]


def test_a_class_without_slices_or_without_predictions_counts_zero_not_nan() -> None:
    report = classification.classification_report(np.array([[2, 0, 0], [3, 0, 0], [0, 0, 0]]), CLASSES)
    assert report["per_class"]["a"] == pytest.approx({"precision": 2 / 5, "recall": 1, "f1": 4 / 7, "support": 2})
    assert report["per_class"]["b"] == {"precision": 0, "recall": 0, "f1": 0, "support": 3}  # never predicted
    assert report["per_class"]["c"] == {"precision": 0, "recall": 0, "f1": 0, "support": 0}  # not there at all
    assert report["macro_f1"] == pytest.approx(4 / 7 / 3)
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


def test_cross_entropy_of_one_class_against_its_absence_by_hand() -> None:
    true, scores = np.array([[True, False]]), np.array([[0.8, 0.4]], np.float32)
    expected = -(math.log(0.8) + math.log(0.6)) / 2
    assert classification.binary_log_loss(true, scores) == pytest.approx(expected)
    assert classification.binary_log_loss(true, np.zeros((1, 2)), smallest=0.1) == pytest.approx(math.log(10) / 2)


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
            [0.45, 0.55],  # 7: wrong, as below,
            [0.9, 0.1],  # 3: wrong with confidence,
            [0.45, 0.55],
            [0.4, 0.6],  # 3: right with low confidence: wrong in the mean
            [0.2, 0.8],  # 9: right
            [0.9, 0.1],  # 7: but right in the mean
        ]
    )
    assert classification.patient_accuracy(true, probabilities, patients) == pytest.approx(2 / 3)
    # Unified by slice: the three slices of 7 and the one of 9 are right, the two of 3 are wrong.
    assert classification.series_accuracy(true, probabilities, patients) == pytest.approx(4 / 6)
    means = classification.series_probabilities(probabilities, patients)
    np.testing.assert_allclose(means[[0, 1, 4]], [[0.6, 0.4], [0.65, 0.35], [0.2, 0.8]])
    np.testing.assert_array_equal(means[[0, 2, 5]], means[[0, 0, 0]])
