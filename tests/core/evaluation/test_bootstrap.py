"""Patient-level bootstrap intervals."""

import numpy as np
import pandas as pd
import pytest

from core.bundles.bundle import bundle_names, open_bundle
from core.evaluation.bootstrap import bootstrap_differences, bootstrap_intervals, headline_metrics

CLASSES = ["a", "b"]


def predictions(right: list[list[bool]]) -> pd.DataFrame:
    """Rows of patients, from whether each slice is right; even patients are of class a, odd ones of b."""
    rows = []
    for patient, slices in enumerate(right):
        true, other = CLASSES if patient % 2 == 0 else CLASSES[::-1]
        for is_right in slices:
            predicted = true if is_right else other
            probabilities = {f"p_{name}": float(name == predicted) for name in CLASSES}
            rows.append({"patient": patient, "true": true, "predicted": predicted, **probabilities})
    return pd.DataFrame(rows)


@pytest.mark.parametrize("bundle_name", bundle_names())
def test_the_values_are_the_cards_and_lie_inside_their_intervals(bundle_name: str) -> None:
    bundle = open_bundle(bundle_name)
    metrics = headline_metrics(bundle)
    assert metrics
    for name, interval in metrics.items():
        assert interval.low <= interval.value <= interval.high, name
        if name.startswith("recall_"):
            stated = bundle.test_metrics.per_class[name.removeprefix("recall_")].recall
        else:
            stated = getattr(bundle.test_metrics, name)
        assert interval.value == pytest.approx(stated, abs=1e-6), name


def test_metrics_of_a_table_by_hand() -> None:
    metrics = bootstrap_intervals(predictions([[True, True, False], [False, True, False]]), CLASSES)
    assert metrics["accuracy"].value == pytest.approx(3 / 6)
    assert metrics["recall_a"].value == pytest.approx(2 / 3)
    assert metrics["recall_b"].value == pytest.approx(1 / 3)
    # a: 2 hits of 3 true and 4 predicted; b: 1 of 3 and 2
    assert metrics["macro_f1"].value == pytest.approx((2 * 2 / 7 + 2 * 1 / 5) / 2)
    assert metrics["patient_accuracy"].value == pytest.approx(1 / 2)


def test_slices_of_one_patient_do_not_count_as_independent() -> None:
    random = np.random.default_rng(0)
    together = predictions([[bool(right)] * 20 for right in random.random(40) < 0.8])
    alone = together.assign(patient=np.arange(len(together)))
    wide, narrow = (bootstrap_intervals(table, CLASSES)["accuracy"] for table in (together, alone))
    assert wide.value == narrow.value
    # 20 equal slices are worth one slice: the interval is about sqrt(20) = 4.5 times as wide.
    assert (wide.high - wide.low) / (narrow.high - narrow.low) == pytest.approx(20**0.5, rel=0.15)


def test_the_interval_of_a_share_is_that_of_the_normal_approximation() -> None:
    table = predictions([[i < 280] for i in range(400)])
    interval = bootstrap_intervals(table, CLASSES)["accuracy"]
    half = 1.96 * (0.7 * 0.3 / 400) ** 0.5
    assert (interval.high - interval.low) / 2 == pytest.approx(half, rel=0.06)


def test_a_class_that_some_draws_lack_does_not_spoil_its_interval() -> None:
    interval = bootstrap_intervals(predictions([[True], [True], [False]]), CLASSES)["recall_b"]
    assert (interval.value, interval.low, interval.high) == (1, 1, 1)


def test_masks_are_pooled_over_the_drawn_patients() -> None:
    table = pd.DataFrame(
        {
            "patient": [1, 1, 2],
            "true": ["a", "b", "b"],
            "dice": [1.0, 0.0, 0.5],
            "iou": [1.0, 0.0, 1 / 3],
            "true_px": [10, 20, 30],
            "predicted_px": [10, 0, 10],
        }
    )
    metrics = bootstrap_intervals(table, CLASSES)
    assert metrics["dice_mean"].value == pytest.approx(0.5)
    assert metrics["dice_class_mean"].value == pytest.approx((1.0 + 0.25) / 2)
    assert metrics["dice_pooled"].value == pytest.approx(2 * 20 / 80)
    assert metrics["iou_pooled"].value == pytest.approx(20 / 60)
    assert metrics["missed"].value == pytest.approx(1 / 3)
    # Two patients: a draw holds one of them twice, or both.
    assert (metrics["missed"].low, metrics["missed"].high) == (0, 0.5)


def test_the_same_table_gives_the_same_interval() -> None:
    table = predictions([[True, False], [True], [False], [True]])
    assert bootstrap_intervals(table, CLASSES) == bootstrap_intervals(table, CLASSES)


def test_a_difference_is_drawn_with_the_same_patients_on_both_sides() -> None:
    random = np.random.default_rng(1)
    right = [[bool(is_right)] * 8 for is_right in random.random(60) < 0.7]
    better = [[True, *patient[1:]] for patient in right]
    one, other = (predictions(rows).assign(slice=np.arange(480)) for rows in (better, right))
    gained = bootstrap_differences(one, other, CLASSES)["accuracy"]
    assert gained.value == pytest.approx(
        bootstrap_intervals(one, CLASSES)["accuracy"].value - bootstrap_intervals(other, CLASSES)["accuracy"].value
    )
    # Each draw gains where a patient was wrong, and loses nowhere; drawn apart the two would overlap widely.
    assert 0 <= gained.low < gained.value < gained.high < 0.08


def test_a_table_does_not_differ_from_itself_whatever_its_order() -> None:
    table = predictions([[True, True, False], [False, True, False]]).assign(slice=range(6))
    for difference in bootstrap_differences(table, table.iloc[::-1], CLASSES).values():
        assert difference.value == difference.low == difference.high == 0
