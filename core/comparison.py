"""Two bundles on the same test slices: what one gains over the other, with intervals."""

from typing import Any

import numpy as np

from core.bundles import Bundle, write_card
from core.errors import BundleError
from core.evidence import evidence, select
from core.intervals import DRAWS, LEVEL, differences, intervals

_DEFINITIONS = {
    "value": "the bundle's figure on its test slices",
    "other": "the other bundle's on the same slices",
    "difference": "value - other",
    "low": f"lower end of the difference's {LEVEL * 100:g} % interval over {DRAWS} draws of the test patients, the "
    "same for both",
    "high": "its upper end",
}


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
        tables.append(select(evidence(one), part="test").sort_values("slice"))
    ours, theirs = tables
    if not np.array_equal(ours["slice"], theirs["slice"]):
        raise BundleError(f"'{bundle.name}' and '{other.name}' have different test slices and cannot be compared.")
    classes = bundle.card["classes"]
    gained = differences(ours, theirs, classes)
    if not gained:
        raise BundleError(f"'{bundle.name}' and '{other.name}' have no figure in common.")
    own, others = intervals(ours, classes), intervals(theirs, classes)
    figures = {
        name: {
            "value": own[name].value,
            "other": others[name].value,
            "difference": one.value,
            "low": one.low,
            "high": one.high,
        }
        for name, one in gained.items()
    }
    found = {"with": other.name, "slices": len(ours), "figures": figures, "definitions": _DEFINITIONS}
    card = {**bundle.card, "metrics": {**bundle.card["metrics"], "comparison": found}}
    write_card(bundle.folder, card)
    return card
