"""A screen on what it must not stop and on what it must: the bundle's own test slices, and pictures that are no brain.

None of either had a part in choosing its thresholds.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pandas as pd

from core import splits
from core.bundles import Bundle, names, open_bundle, write_card
from core.errors import BundleError
from core.external import DEV, EXTERNAL, TEST, Answerer
from core.figshare import Store
from core.files import write_table
from core.not_brains import not_brains
from core.screen import NO_TUMOUR, STRANGER, has_screen
from core.slices import Slice, store_slice

STRANGERS = "strangers.csv"
OWN, NOT_BRAIN, ELSEWHERE = "own test slice", "no brain", "elsewhere"

Wrap = Callable[[Iterable[Any]], Iterable[Any]]


def answers(bundle: Bundle, split: str) -> pd.DataFrame:
    """What a bundle with a screen said of everything it was asked about that it did not learn from.

    Args:
        bundle: with a screen, measured; see ``core.external.measure`` and ``measure_strangers``.
        split: of the slices from elsewhere.

    Returns:
        group (``ELSEWHERE``, ``OWN`` or ``NOT_BRAIN``), kind (the true class, "no_tumour", or what the picture is),
        name, predicted, tumour_score, strangeness and sure, from which ``core.screen.decide`` makes the answers.

    Raises:
        BundleError: it is not measured.
    """
    outside = pd.read_csv(bundle.path(EXTERNAL))
    outside = outside[outside["split"] == split].rename(columns={"true": "kind", "file": "name"})
    table = pd.concat([outside.assign(group=ELSEWHERE), pd.read_csv(bundle.path(STRANGERS))], ignore_index=True)
    return table[["group", "kind", "name", "predicted", "tumour_score", "strangeness", "sure"]]


def measured_split(bundle: Bundle) -> str | None:
    """Which slices from elsewhere a bundle's screen was measured on: test, else dev, or None where it was on none."""
    found = bundle.card.get("metrics", {}).get("external", {})
    if not has_screen(bundle) or "non_brain_flagged" not in found:
        return None
    return TEST if "answers" in found else DEV if "answers" in found.get(DEV, {}) else None


def any_screen() -> bool:
    """Whether any bundle's screen is measured."""
    for name in names():
        try:
            if measured_split(open_bundle(name)):
                return True
        except BundleError:
            continue  # one broken folder does not take the others with it
    return False


def measure_strangers(bundle: Bundle, store: Store, *, progress: Wrap = iter) -> dict[str, Any]:
    """Ask a bundle with a screen about both groups; write ``strangers.csv`` and three figures into its card.

    Args:
        bundle: with a screen.
        store: the prepared data set.
        progress: wraps the slices, to show a bar.

    Returns:
        The new card, with ``metrics.external.non_brain_flagged``, ``figshare_flagged`` and
        ``figshare_called_no_tumour``.

    Raises:
        BundleError: it has no screen.
    """
    if not has_screen(bundle):
        raise BundleError(f"The bundle '{bundle.name}' has no screen; 'python -m core screen {bundle.name}' fits one.")
    answer = Answerer(bundle)
    table = pd.DataFrame(
        [
            {"group": group, "kind": kind, "name": slice_.name, **answer(slice_)}
            for group, kind, slice_ in progress(_pictures(bundle, store))
        ]
    )
    write_table(bundle.folder / STRANGERS, table)
    flagged, free = ((table["answer"] == one).groupby(table["group"]).mean() for one in (STRANGER, NO_TUMOUR))
    found = {
        **bundle.card["metrics"].get("external", {}),
        "non_brain_flagged": float(flagged[NOT_BRAIN]),
        "figshare_flagged": float(flagged[OWN]),
        "figshare_called_no_tumour": float(free[OWN]),
    }
    card = {**bundle.card, "metrics": {**bundle.card["metrics"], "external": found}}
    write_card(bundle.folder, card)
    return card


def _pictures(bundle: Bundle, store: Store) -> Iterator[tuple[str, str, Slice]]:
    """Group, kind (of the bundle's own slices their class) and picture."""
    part = splits.parts(bundle.card["data"]["split"])
    for number in (int(one) for one in part.index[part == "test"]):
        yield OWN, splits.class_of(number), store_slice(store, number)
    for kind, slice_ in not_brains():
        yield NOT_BRAIN, kind, slice_
