"""A screen on what it must not stop and on what it must: the bundle's own test slices, and pictures that are no brain.

No threshold is computed from either. An earlier measure of strangeness was given up for what it did with pictures that
are no brain; the card's ``screen.tried`` says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from core.bundles.bundle import EXTERNAL, OOD_ANSWERS, Bundle, bundle_names, open_bundle, write_card
from core.dataset import splits
from core.dataset.slices import slice_from_store
from core.dataset.store import Store
from core.errors import BundleError
from core.evaluation.external import DEV, TEST, ExternalPredictor, outcome_shares
from core.files import write_table
from core.inference.gate import NO_TUMOUR, OUT_OF_DISTRIBUTION, has_gate
from core.metrics.definitions import DEFINITIONS
from core.ood.non_brain import non_brain_images
from core.progress import ProgressWrapper
from core.readers.slices import Slice

OWN, NOT_BRAIN, ELSEWHERE = "own test slice", "no brain", "elsewhere"


@dataclass(frozen=True)
class Aim:
    """What a share in ``metrics.external`` is to be: at most or at least ``limit``."""

    limit: float
    at_most: bool

    @property
    def words(self) -> str:
        """Such as "at most 10 %"."""
        return f"at {'most' if self.at_most else 'least'} {100 * self.limit:.0f} %"

    def short_by(self, reached: float) -> float:
        """How far what was reached is on the wrong side of the limit; 0 where the aim is met."""
        return max(0.0, reached - self.limit if self.at_most else self.limit - reached)


AIMS = {
    "no_tumour_called_tumour": Aim(0.10, at_most=True),
    "tumour_called_no_tumour": Aim(0.10, at_most=True),
    "class_accuracy_answered": Aim(0.80, at_most=False),
    "answered_tumour": Aim(0.60, at_most=False),
    "answered_no_tumour": Aim(0.60, at_most=False),
    "non_brain_flagged": Aim(0.95, at_most=False),
    "figshare_flagged": Aim(0.03, at_most=True),
}
"""By figure of ``metrics.external``; set before anything was measured."""


def gate_answers(bundle: Bundle, split: str) -> pd.DataFrame:
    """What a bundle with a screen said of everything it was asked about that it did not learn from.

    Args:
        bundle: with a screen, measured; see ``core.evaluation.external.measure_external`` and ``measure_strangers``.
        split: of the slices from elsewhere.

    Returns:
        group (``ELSEWHERE``, ``OWN`` or ``NOT_BRAIN``), kind (the true class, "no_tumour", or what the picture is),
        name, predicted, tumour_score, strangeness and sure, from which ``core.inference.gate.decide_answers`` makes
        the answers.

    Raises:
        BundleError: it is not measured.
    """
    outside = pd.read_csv(bundle.path(EXTERNAL))
    outside = outside[outside["split"] == split].rename(columns={"true": "kind", "file": "name"})
    table = pd.concat([outside.assign(group=ELSEWHERE), pd.read_csv(bundle.path(OOD_ANSWERS))], ignore_index=True)
    return table[["group", "kind", "name", "predicted", "tumour_score", "strangeness", "sure"]]


def measured_split(bundle: Bundle) -> str | None:
    """Which slices from elsewhere a bundle's screen was measured on: test, else dev, or None where it was on none."""
    found = bundle.card.get("metrics", {}).get("external", {})
    if not has_gate(bundle) or "non_brain_flagged" not in found:
        return None
    return TEST if "answers" in found else DEV if "answers" in found.get(DEV, {}) else None


def any_gate_measured() -> bool:
    """Whether any bundle's screen is measured."""
    for name in bundle_names():
        try:
            if measured_split(open_bundle(name)):
                return True
        except BundleError:
            continue  # one broken folder does not take the others with it
    return False


def measure_ood(bundle: Bundle, store: Store, *, progress: ProgressWrapper = iter) -> dict[str, Any]:
    """Ask a bundle with a screen about both groups; write ``strangers.csv`` and its figures into its card.

    Args:
        bundle: with a screen.
        store: the prepared data set.
        progress: wraps the slices, to show a bar.

    Returns:
        The new card; see ``write_figures``.

    Raises:
        BundleError: it has no screen.
    """
    if not has_gate(bundle):
        raise BundleError(f"The bundle '{bundle.name}' has no screen; 'python -m core screen {bundle.name}' fits one.")
    answer = ExternalPredictor(bundle)
    table = pd.DataFrame(
        [
            {"group": group, "kind": kind, "name": slice_.name, **answer(slice_)}
            for group, kind, slice_ in progress(_pictures(bundle, store))
        ]
    )
    write_table(bundle.folder / OOD_ANSWERS, table)
    return write_ood_metrics(bundle)


def write_ood_metrics(bundle: Bundle) -> dict[str, Any]:
    """Work out the figures of the answers in ``strangers.csv``, and which aims are met; nothing is asked.

    Returns:
        The new card, with the metrics of ``DEFINITIONS["ood"]`` in ``metrics.external``.
    """
    found = {
        **bundle.card["metrics"].get("external", {}),
        **ood_metrics(pd.read_csv(bundle.folder / OOD_ANSWERS)),
    }
    if "answers" in found:
        found["aims"] = {
            name: {"aim": aim.words, "reached": found[name], "short_by": aim.short_by(found[name])}
            for name, aim in AIMS.items()
        }
    found["definitions"] = {**found.get("definitions", {}), **DEFINITIONS["ood"]}
    card = {**bundle.card, "metrics": {**bundle.card["metrics"], "external": found}}
    write_card(bundle.folder, card)
    return card


def ood_metrics(table: pd.DataFrame) -> dict[str, Any]:
    """Figures of ``strangers.csv``; see ``DEFINITIONS["ood"]``."""
    own, others = table[table["group"] == OWN], table[table["group"] == NOT_BRAIN]
    free = own["answer"] == NO_TUMOUR
    return {
        "non_brain_flagged": float((others["answer"] == OUT_OF_DISTRIBUTION).mean()),
        "non_brain_flagged_by_kind": _shares(others["answer"] == OUT_OF_DISTRIBUTION, others["kind"]),
        "figshare_flagged": float((own["answer"] == OUT_OF_DISTRIBUTION).mean()),
        "figshare_called_no_tumour": float(free.mean()),
        "figshare_called_no_tumour_by_class": _shares(free, own["kind"]),
        "figshare_all": outcome_shares(own.rename(columns={"kind": "true"})),
    }


def _shares(hits: pd.Series, kinds: pd.Series) -> dict[str, float]:
    return {str(kind): float(share) for kind, share in hits.groupby(kinds, sort=False).mean().items()}


def _pictures(bundle: Bundle, store: Store) -> Iterator[tuple[str, str, Slice]]:
    """Group, kind (of the bundle's own slices their class) and picture."""
    part = splits.split_parts(bundle.card["data"]["split"])
    for number in (int(one) for one in part.index[part == "test"]):
        yield OWN, splits.class_of_slice(number), slice_from_store(store, number)
    for kind, slice_ in non_brain_images():
        yield NOT_BRAIN, kind, slice_
