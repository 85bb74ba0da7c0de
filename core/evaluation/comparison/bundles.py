"""Compare bundles: two on the same test slices, and one with the same network on the other kind of split."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from core.bundles.bundle import Bundle
from core.bundles.card.metrics import Table5Figures, TestMetrics
from core.bundles.card.schema import Card
from core.bundles.card_update import update_card
from core.bundles.predictions import read_predictions, select_predictions
from core.dataset.splits import TABLE_5
from core.errors import BundleError
from core.evaluation.bootstrap import bootstrap_differences, bootstrap_intervals
from core.evaluation.cross_validation import has_similar_id
from core.metrics.definitions import DEFINITIONS
from core.training.card_from_recipe import same_recipe


def compare_bundles(bundle: Bundle, other: Bundle) -> Card:
    """Write ``metrics.comparison`` into a bundle's card; see ``comparison``.

    Returns:
        The new card.

    Raises:
        BundleError: one of them is not evaluated, or they have different test slices or no metric in common.
    """
    section = {**comparison(bundle, other), "definitions": DEFINITIONS["comparison"]}
    return update_card(bundle.folder, {"metrics.comparison": section}, f"Compared with {other.name}.")


def comparison(bundle: Bundle, other: Bundle) -> dict[str, Any]:
    """Return a bundle's metrics beside another's, with differences and their intervals; without definitions.

    Raises:
        BundleError: one of them is not evaluated, or they have different test slices or no metric in common.
    """
    table, other_table = _test_predictions(bundle), _test_predictions(other)
    if not np.array_equal(table["slice"], other_table["slice"]):
        raise BundleError(
            "'{bundle}' and '{other}' have different test slices and cannot be compared.",
            bundle=bundle.name,
            other=other.name,
        )
    classes = bundle.card.classes
    metrics = _compare_metrics(table, other_table, classes)
    if not metrics:
        raise BundleError("'{bundle}' and '{other}' have no metric in common.", bundle=bundle.name, other=other.name)
    distinct = (~has_similar_id(table)).to_numpy()
    return {
        "with": other.name,
        "slices": len(table),
        "figures": metrics,
        "without_letter_twins": {
            "slices": int(distinct.sum()),
            "figures": _compare_metrics(table[distinct], other_table[distinct], classes),
        },
        "recipe_differences": recipe_differences(bundle, other),
    }


def _test_predictions(bundle: Bundle) -> pd.DataFrame:
    """Return the predictions for a bundle's test slices, in the order of the slices.

    Raises:
        BundleError: it is not evaluated.
    """
    _ = bundle.test_metrics  # refuses a bundle that is not evaluated
    return select_predictions(read_predictions(bundle), part="test").sort_values("slice")


def _compare_metrics(table: pd.DataFrame, other: pd.DataFrame, classes: list[str]) -> dict[str, dict[str, float]]:
    """Return the metrics that both tables have, each with the keys of ``DEFINITIONS["comparison"]``."""
    own, others = bootstrap_intervals(table, classes), bootstrap_intervals(other, classes)
    return {
        name: {
            "value": own[name].value,
            "other": others[name].value,
            "difference": difference.value,
            "low": difference.low,
            "high": difference.high,
        }
        for name, difference in bootstrap_differences(table, other, classes).items()
    }


def patient_level_counterparts(bundles: Sequence[Bundle]) -> list[tuple[Bundle, list[Bundle]]]:
    """Pair each bundle with a slice-level split with the same network on patient-level splits, where there is one.

    A counterpart is the bundle that the card names, or one of the same recipe (``same_recipe``); there are several
    where several folds were trained.

    Args:
        bundles: those to choose from.
    """
    patient_level = [bundle for bundle in bundles if bundle.card.data.by_patient]
    pairs = []
    for bundle in bundles:
        if not bundle.card.data.by_patient:
            named = bundle.card.data.by_patient_bundle
            counterparts = [
                candidate for candidate in patient_level if candidate.name == named or same_recipe(candidate, bundle)
            ]
            if counterparts:
                pairs.append((bundle, counterparts))
    return pairs


def recipe_differences(bundle: Bundle, other: Bundle) -> list[str]:
    """Return the names of the training recipe's settings in which two bundles differ, in alphabetical order."""
    first, second = (each.card.training.recipe for each in (bundle, other))
    return sorted(key for key in first.keys() | second.keys() if first.get(key) != second.get(key))


def metrics_on_table_5(bundle: Bundle) -> TestMetrics | Table5Figures | None:
    """Return the mask figures on Table 5's test slices; None for a bundle tested neither on them nor on Table 1's.

    Table 5's test slices are among Table 1's.
    """
    test = bundle.card.metrics.test
    return test if test is None or bundle.card.data.split == TABLE_5 else test.table_5
