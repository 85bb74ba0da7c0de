"""Reliability, coverage and ROC on arrays worked out by hand."""

import numpy as np
import pytest

from core.metrics.calibration import (
    area_under_roc,
    coverage_curve,
    expected_calibration_error,
    reliability_bins,
    roc_curve,
)


def test_reliability_counts_each_prediction_in_its_bin() -> None:
    bins = reliability_bins(np.array([0.5, 0.51, 0.6, 1.0]), np.array([True, False, True, True]), bins=10)
    assert bins["low"].tolist() == pytest.approx([0.4, 0.5, 0.9])
    assert bins["count"].tolist() == [1, 2, 1]
    assert bins["accuracy"].tolist() == [1, 0.5, 1]
    assert bins["confidence"].tolist() == pytest.approx([0.5, 0.555, 1.0])


def test_the_calibration_error_weighs_gaps_by_count() -> None:
    bins = reliability_bins(np.array([0.55, 0.55, 0.55, 0.95]), np.array([True, True, False, False]), bins=10)
    assert expected_calibration_error(bins) == pytest.approx((3 * abs(0.55 - 2 / 3) + 0.95) / 4)


def test_confidence_that_equals_accuracy_has_no_error() -> None:
    confidence = np.repeat([0.75, 0.5], [4, 2])
    correct = np.array([1, 1, 1, 0, 1, 0], bool)
    assert expected_calibration_error(reliability_bins(confidence, correct)) == pytest.approx(0)


def test_coverage_takes_the_highest_confidence_first_and_equal_ones_together() -> None:
    curve = coverage_curve(np.array([0.9, 0.6, 0.9, 0.4]), np.array([True, False, True, False]))
    assert curve["threshold"].tolist() == [0.9, 0.6, 0.4]
    assert curve["coverage"].tolist() == [0.5, 0.75, 1.0]
    assert curve["accuracy"].tolist() == pytest.approx([1, 2 / 3, 0.5])


def test_roc_of_scores_that_separate_the_classes_is_a_corner() -> None:
    curve = roc_curve(np.array([0.9, 0.8, 0.3]), np.array([True, True, False]))
    assert curve["true_positive_rate"].tolist() == [0, 0.5, 1, 1]
    assert curve["false_positive_rate"].tolist() == [0, 0, 0, 1]
    assert area_under_roc(curve) == 1


def test_the_area_is_the_chance_of_being_scored_above_with_ties_as_halves() -> None:
    random = np.random.default_rng(0)
    score, positive = np.round(random.random(200), 1), random.random(200) < 0.4
    above = score[positive][:, None] - score[~positive][None]
    expected = (above > 0).mean() + (above == 0).mean() / 2
    assert area_under_roc(roc_curve(score, positive)) == pytest.approx(expected)
