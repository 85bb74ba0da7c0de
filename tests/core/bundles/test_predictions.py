"""Predictions joined with the index, and filters on them."""

import pandas as pd
import pytest

from core.bundles.bundle import bundle_names, open_bundle
from core.bundles.predictions import SORTS, disagreements, order_predictions, read_predictions, select_predictions
from core.dataset.splits import index_table
from core.evaluation.figures import confusion_counts

TABLE = pd.DataFrame(
    {
        "slice": [1, 2, 3, 4],
        "patient": [1, 1, 2, 2],
        "part": ["test", "test", "test", "train"],
        "true": ["glioma", "glioma", "meningioma", "glioma"],
        "predicted": ["glioma", "meningioma", "meningioma", "meningioma"],
        "confidence": [0.9, 0.5, 0.7, 0.5],
        "margin": [0.85, 0.1, 0.4, 0.2],
        "tumour_px": [100, 300, 200, 300],
        "right": [True, False, True, False],
    }
)


@pytest.mark.parametrize("name", bundle_names())
def test_every_shipped_bundle_has_a_prediction_of_every_slice(name: str) -> None:
    bundle = open_bundle(name)
    table = read_predictions(bundle)
    assert table["slice"].tolist() == index_table()["slice"].tolist()
    assert table["tumour_px"].tolist() == index_table()["tumour_px"].tolist()
    tested = select_predictions(table, part="test")
    assert len(tested) == bundle.test_metrics.slices
    if "predicted" in table:
        assert tested["right"].mean() == pytest.approx(bundle.test_metrics.accuracy)
        assert (table["margin"] <= table["confidence"]).all() and (table["confidence"] >= 1 / 3).all()
        counts = confusion_counts(tested, bundle.card.classes)
        assert counts.to_numpy().tolist() == bundle.test_metrics.confusion_matrix


@pytest.mark.parametrize(
    ("conditions", "expected"),
    (
        ({}, [1, 2, 3, 4]),
        ({"part": "test"}, [1, 2, 3]),
        ({"true": "glioma", "predicted": "meningioma"}, [2, 4]),
        ({"only_wrong": True, "part": "train"}, [4]),
        ({"confidence": (0.5, 0.7)}, [2, 3, 4]),
        ({"tumour_px": (100, 200)}, [1, 3]),
        ({"patient": 2}, [3, 4]),
        ({"patient": 7}, []),
    ),
)
def test_filters_keep_what_meets_every_condition(conditions: dict[str, object], expected: list[int]) -> None:
    assert select_predictions(TABLE, **conditions)["slice"].tolist() == expected  # type: ignore[arg-type]


def test_orders_break_ties_by_slice_number() -> None:
    assert order_predictions(TABLE, "least sure first")["slice"].tolist() == [2, 4, 3, 1]
    assert order_predictions(TABLE, "largest tumour first")["slice"].tolist() == [2, 4, 3, 1]
    assert order_predictions(TABLE, "surest first")["slice"].tolist() == [1, 3, 2, 4]
    assert {column for columns in SORTS.values() for column in columns} <= set(TABLE.columns)


def test_the_most_confident_errors_come_before_what_is_right() -> None:
    table = TABLE.assign(right=[True, False, True, False], confidence=[0.99, 0.5, 0.6, 0.7])
    assert order_predictions(table, "most confident errors first")["slice"].tolist() == [4, 2, 1, 3]


def test_disagreements_are_the_slices_in_both_with_different_predicted_classes() -> None:
    other = TABLE[TABLE["slice"] != 1].assign(predicted=["glioma", "meningioma", "glioma"], right=[True, True, True])
    differing = disagreements(TABLE, other)
    assert differing["slice"].tolist() == [2, 4]
    assert differing["other_predicted"].tolist() == ["glioma", "glioma"]
    assert differing["other_right"].tolist() == [True, True]
