"""Masks at any threshold, on tables worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from core.bundles.bundle import open_bundle
from core.bundles.mask_thresholds import at_threshold, read_thresholds, typical_slice_numbers
from core.inference.render import FALSE_NEGATIVE_COLOUR, FALSE_POSITIVE_COLOUR, TRUE_POSITIVE_COLOUR, mask_difference
from core.metrics.overlap import THRESHOLDS

TABLE = pd.DataFrame(
    {
        "slice": [4, 5, 6, 7],
        "true": ["glioma", "glioma", "meningioma", "glioma"],
        "overlap_px": [10, 0, 5, 0],
        "true_px": [10, 10, 10, 10],
        "predicted_px": [10, 4, 10, 0],
        "dice": [1.0, 0.0, 0.5, 0.0],
        "iou": [1.0, 0.0, 1 / 3, 0.0],
    }
)


def test_the_bundles_own_threshold_gives_the_cards_figures() -> None:
    bundle = open_bundle("report-unet")
    table = read_thresholds(bundle)
    assert len(table) == bundle.test_metrics.slices * len(THRESHOLDS)
    own = at_threshold(table, bundle.card.output.threshold)
    assert own["dice"].mean() == pytest.approx(bundle.test_metrics.dice_mean, abs=1e-6)
    assert own["iou"].mean() == pytest.approx(bundle.test_metrics.iou_mean, abs=1e-6)
    assert set(own["part"]) == {"test"}


def test_every_threshold_has_every_test_slice_once() -> None:
    table = read_thresholds(open_bundle("report-unet"))
    for threshold in THRESHOLDS:
        assert at_threshold(table, threshold)["slice"].is_unique and len(at_threshold(table, threshold)) == 123


def test_best_median_and_worst_with_ties_to_the_lowest_number() -> None:
    assert typical_slice_numbers(TABLE) == {"Best": 4, "Median": 5, "Worst": 5}
    assert typical_slice_numbers(TABLE.iloc[:3]) == {"Best": 4, "Median": 6, "Worst": 5}


def test_the_difference_shows_true_positive_false_negative_and_false_positive_pixels() -> None:
    predicted, true = np.array([[True, True], [False, False]]), np.array([[True, False], [True, False]])
    expected = [[TRUE_POSITIVE_COLOUR, FALSE_POSITIVE_COLOUR], [FALSE_NEGATIVE_COLOUR, (0, 0, 0)]]
    assert mask_difference(predicted, true).tolist() == np.array(expected).tolist()
