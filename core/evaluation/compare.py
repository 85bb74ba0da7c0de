"""Two bundles on the same test slices: what one gains over the other, with intervals."""

from typing import Any

import numpy as np
import pandas as pd

from core.bundles.bundle import Bundle, write_card
from core.bundles.predictions import read_predictions, select_predictions
from core.errors import BundleError
from core.evaluation.bootstrap import bootstrap_differences, bootstrap_intervals
from core.evaluation.cross_validation import has_similar_id
from core.evaluation.twins import recipe_differences
from core.metrics.definitions import DEFINITIONS


def compare(bundle: Bundle, other: Bundle) -> dict[str, Any]:
    """Write ``metrics.comparison`` into a bundle's card: its figures beside another's, difference and interval.

    Returns:
        The new card.

    Raises:
        BundleError: one of them is not evaluated, or they have different test slices or no figure in common.
    """
    tables = []
    for one in (bundle, other):
        if not one.test_metrics:
            raise BundleError(
                f"The bundle '{one.name}' is not evaluated yet; run 'python -m core evaluate {one.name}'."
            )
        tables.append(select_predictions(read_predictions(one), part="test").sort_values("slice"))
    ours, theirs = tables
    if not np.array_equal(ours["slice"], theirs["slice"]):
        raise BundleError(f"'{bundle.name}' and '{other.name}' have different test slices and cannot be compared.")
    classes = bundle.card["classes"]
    figures = _beside(ours, theirs, classes)
    if not figures:
        raise BundleError(f"'{bundle.name}' and '{other.name}' have no figure in common.")
    alone = (~has_similar_id(ours)).to_numpy()
    found = {
        "with": other.name,
        "slices": len(ours),
        "figures": figures,
        "without_letter_twins": {
            "slices": int(alone.sum()),
            "figures": _beside(ours[alone], theirs[alone], classes),
        },
        "recipe_differences": recipe_differences(bundle, other),
        "definitions": DEFINITIONS["comparison"],
    }
    card = {**bundle.card, "metrics": {**bundle.card["metrics"], "comparison": found}}
    write_card(bundle.folder, card)
    return card


def _beside(ours: pd.DataFrame, theirs: pd.DataFrame, classes: list[str]) -> dict[str, dict[str, float]]:
    """The figures that both tables have, named as in ``DEFINITIONS``."""
    own, others = bootstrap_intervals(ours, classes), bootstrap_intervals(theirs, classes)
    return {
        name: {
            "value": own[name].value,
            "other": others[name].value,
            "difference": one.value,
            "low": one.low,
            "high": one.high,
        }
        for name, one in bootstrap_differences(ours, theirs, classes).items()
    }
