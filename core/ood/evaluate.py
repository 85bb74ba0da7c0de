"""Measure a gate on the bundle's own test slices and on non-brain images; no threshold is chosen on either."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.bundles.bundle import EXTERNAL, OOD_ANSWERS, Bundle
from core.bundles.card.schema import Card
from core.bundles.card_update import update_card
from core.bundles.contents import read_bundle_table, refused_content
from core.bundles.measured_gate import has_gate
from core.checked_files import Columns, Content
from core.config import CLASSES, SEED
from core.dataset import splits
from core.dataset.slices import slice_from_store
from core.dataset.store import Store
from core.errors import BundleError
from core.evaluation.external import ExternalPredictor
from core.evaluation.figures import WRONG, counts_by_outcome, gate_hits, outcome_shares, outcomes
from core.evaluation.robustness import changed_slice, with_white_frame
from core.evaluation.series_after_gate import series_after_gate
from core.files import write_table
from core.metrics.definitions import DEFINITIONS
from core.ood.made_images import MADE_KINDS, MADE_SLICES
from core.ood.non_brain import read_non_brain_images, read_non_brain_index
from core.outcome import CONFIDENT, NO_TUMOUR, NOT_A_HEAD, REFUSED, WITHHELD, GateThresholds, decide_outcomes
from core.progress import ProgressWrapper
from core.readers.slices import Slice
from core.text import join_words

INTERNAL_GROUP, NON_BRAIN_GROUP, EXTERNAL_GROUP = "own test slice", "no brain", "elsewhere"
"""Values of the column ``group``: the bundle's own test slices, non-brain images, the external test set."""
FRAMED_GROUP, NOISY_GROUP = "own test slice with a frame", "own test slice with noise"
MADE_GROUP = "made of own test slices"
"""Further values: own test slices changed in two ways, and pictures made of several of them; pages do not show them."""
FRAME_PIXELS = 6
"""Width of the white frame."""
MADE_PICTURES = 36
"""Number of pictures made of own test slices, of each kind."""
AFTER_GATE_GROUPS = {"unaltered": INTERNAL_GROUP, "frame": FRAMED_GROUP, "noise": NOISY_GROUP}
"""By key of ``figshare_after_gate``, the group it is measured on."""

_SCORES: Columns = {
    "predicted": CLASSES,
    "tumour_score": Content.NUMBER,
    "strangeness": Content.NUMBER,
    "sure": Content.SHARE,
}


@dataclass(frozen=True)
class Aim:
    """The value that a share in ``metrics.external`` should reach: at most or at least ``limit``."""

    limit: float
    at_most: bool

    @property
    def words(self) -> str:
        """The aim in words, such as "at most 10 %"."""
        return f"at {'most' if self.at_most else 'least'} {100 * self.limit:.0f} %"

    def short_by(self, reached: float) -> float:
        """Return by how much a share misses the limit; 0 where the aim is met."""
        return max(0.0, reached - self.limit if self.at_most else self.limit - reached)


AIMS = {
    "no_tumour_called_tumour": Aim(0.06, at_most=True),
    "tumour_called_no_tumour": Aim(0.05, at_most=True),
    "class_accuracy_answered": Aim(0.80, at_most=False),
    "answered_tumour": Aim(0.75, at_most=False),
    "answered_no_tumour": Aim(0.75, at_most=False),
    "non_brain_flagged": Aim(0.97, at_most=False),
    "figshare_flagged": Aim(0.01, at_most=True),
    "figshare_called_no_tumour": Aim(0.04, at_most=True),
}
"""By key of ``metrics.external``; set before this gate was measured."""


def gate_answers(bundle: Bundle, split: str) -> pd.DataFrame:
    """Read what a gated bundle predicted for all slices and images that the gate was not fitted on.

    Args:
        bundle: with a measured gate; see ``core.evaluation.external.measure_external`` and ``measure_ood``.
        split: of the external slices.

    Returns:
        group (``EXTERNAL_GROUP``, ``INTERNAL_GROUP`` or ``NON_BRAIN_GROUP``), kind (the true class, "no_tumour", or the
        kind of image), name, predicted, tumour_score, strangeness (the OOD score) and sure (the calibrated probability
        of the likeliest class), from which ``core.outcome.decide_outcomes`` derives the answers.

    Raises:
        BundleError: the gate is not measured, or a file is altered or holds something else.
    """
    columns: Columns = {"split": Content.TEXT, "true": (*CLASSES, NO_TUMOUR), "file": Content.TEXT, **_SCORES}
    external = read_bundle_table(bundle, EXTERNAL, columns)
    with refused_content(bundle, EXTERNAL):
        if not (external["split"] == split).any():
            raise ValueError(f"it has no slice of the split {split}")
    external = external[external["split"] == split].rename(columns={"true": "kind", "file": "name"})
    groups = (INTERNAL_GROUP, NON_BRAIN_GROUP)
    known = (*groups, FRAMED_GROUP, NOISY_GROUP, MADE_GROUP)
    columns = {"group": known, "kind": Content.TEXT, "name": Content.TEXT, **_SCORES}
    others = read_bundle_table(bundle, OOD_ANSWERS, columns)
    others = others[others["group"].isin(groups)]
    with refused_content(bundle, OOD_ANSWERS):
        if set(others["group"]) != set(groups):
            raise ValueError(f"it must have rows of the groups {join_words(groups)}")
    table = pd.concat([external.assign(group=EXTERNAL_GROUP), others], ignore_index=True)
    return table[["group", "kind", "name", *_SCORES]]


def with_outcomes(table: pd.DataFrame, thresholds: GateThresholds) -> pd.DataFrame:
    """Add what the gate decides at thresholds, and whether that is correct.

    Args:
        table: of ``gate_answers``.
        thresholds: of the gate, or others.

    Returns:
        The table with true (its ``kind``), decision (one of ``core.outcome.OUTCOMES``), answer (the class where it is
        confident) and outcome (see ``core.evaluation.figures.outcomes``; a non-brain image that is flagged OOD
        is correct).
    """
    decision = pd.Series(
        decide_outcomes(table["tumour_score"], table["strangeness"], table["sure"], thresholds), table.index
    )
    is_slice = table["group"] != NON_BRAIN_GROUP
    outcome = outcomes(table.assign(true=table["kind"].where(is_slice, NOT_A_HEAD), answer=decision))
    answer = table["predicted"].where(decision == CONFIDENT, decision)
    return table.assign(true=table["kind"], decision=decision, answer=answer, outcome=outcome)


def metric_hits(table: pd.DataFrame) -> dict[str, pd.Series]:
    """Return, by key of ``metrics.external``, the slices or images it is a share of, and whether each is a hit.

    Args:
        table: of ``with_outcomes``.
    """
    decided = table.assign(answer=table["decision"])
    return {**gate_hits(decided[decided["group"] == EXTERNAL_GROUP]), **_ood_hits(decided)}


def _ood_hits(table: pd.DataFrame) -> dict[str, pd.Series]:
    """Return, as ``metric_hits``, those of non-brain images and own test slices, from the columns group and answer."""
    internal, non_brain = (table["answer"][table["group"] == group] for group in (INTERNAL_GROUP, NON_BRAIN_GROUP))
    return {
        "non_brain_flagged": non_brain.isin(REFUSED),
        "figshare_flagged": internal.isin(REFUSED),
        "figshare_called_no_tumour": internal == NO_TUMOUR,
    }


def disputed_labels(table: pd.DataFrame) -> pd.Series:
    """Return whether each slice is a tumour with a confident prediction of another class than its label.

    Args:
        table: external slices of ``with_outcomes``.
    """
    return (table["outcome"] == WRONG) & (table["true"] != NO_TUMOUR) & (table["answer"] != NO_TUMOUR)


def measure_ood(bundle: Bundle, store: Store, non_brain: Sequence[Path], *, progress: ProgressWrapper = iter) -> Card:
    """Run a gated bundle on its own test slices and on non-brain images; write ``strangers.csv`` and the metrics.

    The test slices are run unaltered, with a white frame and with noise; figures of panels, screenshots and negatives
    are made of them.

    Args:
        bundle: with a gate.
        store: the prepared data set.
        non_brain: folders of non-brain images, whose part test is read; see ``core.ood.non_brain``.
        progress: wraps the slices, to show a bar.

    Returns:
        The new card; see ``write_ood_metrics``.

    Raises:
        BundleError: the bundle has no gate.
        DatasetError: a folder of non-brain images has no index.
        SliceError: an image cannot be read.
    """
    if not has_gate(bundle):
        raise BundleError(
            "The bundle '{bundle}' has no gate; 'python -m core screen {bundle}' fits one.", bundle=bundle.name
        )
    for folder in non_brain:
        read_non_brain_index(folder)  # a missing folder is refused before the first prediction
    predictor = ExternalPredictor(bundle)
    rows = [
        {"group": group, "kind": kind, "name": slice_.name, **predictor(slice_)}
        for group, kind, slice_ in progress(_test_images(bundle, store, non_brain))
    ]
    write_table(bundle.folder / OOD_ANSWERS, pd.DataFrame(rows))
    return write_ood_metrics(bundle)


def write_ood_metrics(bundle: Bundle) -> Card:
    """Compute the metrics of ``strangers.csv`` and which aims are met; write them into the card. No network runs.

    Returns:
        The new card, with the metrics of ``DEFINITIONS["ood"]`` in ``metrics.external``.
    """
    stored = bundle.card.metrics.external
    metrics = {
        **(stored.as_dict() if stored else {}),
        **stored_ood_metrics(bundle),
    }
    if "answers" in metrics:
        metrics["aims"] = aims_reached(metrics)
    metrics["definitions"] = {**metrics.get("definitions", {}), **DEFINITIONS["ood"]}
    return update_card(bundle.folder, {"metrics.external": metrics}, "Gate measured.")


def aims_reached(metrics: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return each of ``AIMS`` with the value reached and by how much it falls short.

    Args:
        metrics: ``metrics.external`` of a gate that was measured on the split test.
    """
    return {
        name: {"aim": aim.words, "reached": metrics[name], "short_by": aim.short_by(metrics[name])}
        for name, aim in AIMS.items()
    }


def stored_ood_metrics(bundle: Bundle) -> dict[str, Any]:
    """Compute the metrics of ``DEFINITIONS["ood"]`` (without aims) of a bundle that has ``strangers.csv``.

    Series are answered where the bundle's split is patient-level: elsewhere other slices of theirs are in training.
    """
    table = pd.read_csv(bundle.folder / OOD_ANSWERS)
    metrics = ood_metrics(table)
    if bundle.card.data.by_patient:
        own = table[table["group"] == INTERNAL_GROUP].rename(columns={"kind": "true"})
        metrics["figshare_series_after_gate"] = series_after_gate(own, bundle.gate.thresholds)
    return metrics


def ood_metrics(table: pd.DataFrame) -> dict[str, Any]:
    """Compute the metrics of slices and images by themselves from the rows of ``strangers.csv``."""
    hits, kinds = _ood_hits(table), table["kind"]
    internal = table[table["group"] == INTERNAL_GROUP].rename(columns={"kind": "true"})
    non_brain = table[table["group"] == NON_BRAIN_GROUP].assign(true=NOT_A_HEAD)
    return {
        **{name: float(hit.mean()) for name, hit in hits.items()},
        "non_brain_flagged_by_kind": _shares_by_kind(hits["non_brain_flagged"], kinds),
        "figshare_called_no_tumour_by_class": _shares_by_kind(hits["figshare_called_no_tumour"], kinds),
        "figshare_all": outcome_shares(internal),
        "figshare_by_outcome": counts_by_outcome(internal),
        "non_brain_by_outcome": counts_by_outcome(non_brain),
        "figshare_after_gate": {
            key: after_gate(table[table["group"] == group].rename(columns={"kind": "true"}))
            for key, group in AFTER_GATE_GROUPS.items()
            if (table["group"] == group).any()
        },
        "pictures_without_class": _without_class(table[table["group"].isin((NON_BRAIN_GROUP, MADE_GROUP))]),
    }


def after_gate(table: pd.DataFrame) -> dict[str, Any]:
    """Return the number of slices with a tumour and the shares that get their class, no tumour found, and a refusal.

    Args:
        table: true, predicted and answer; the class is shown where the answer is not one of ``core.outcome.WITHHELD``.
    """
    answer = table["answer"]
    return {
        "slices": len(table),
        "correct": float(((table["true"] == table["predicted"]) & ~answer.isin(WITHHELD)).mean()),
        "no_tumour": float((answer == NO_TUMOUR).mean()),
        "refused": float(answer.isin(REFUSED).mean()),
    }


def _without_class(table: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Return, by kind of picture, how many there are and how many get no class."""
    withheld = table["answer"].isin(WITHHELD)
    return {
        str(kind): {"pictures": len(rows), "without_class": int(withheld.loc[rows.index].sum())}
        for kind, rows in table.groupby("kind", sort=False)
    }


def _shares_by_kind(hits: pd.Series, kinds: pd.Series) -> dict[str, float]:
    return {str(kind): float(share) for kind, share in hits.groupby(kinds.loc[hits.index], sort=False).mean().items()}


def _test_images(bundle: Bundle, store: Store, non_brain: Sequence[Path]) -> Iterator[tuple[str, str, Slice]]:
    """Yield group, kind (of the bundle's own slices their class) and slice."""
    part = splits.split_parts(bundle.card.data.split)
    numbers = [int(number) for number in part.index[part == "test"]]
    for number in numbers:
        kind, slice_ = splits.class_of_slice(number), slice_from_store(store, number)
        yield INTERNAL_GROUP, kind, slice_
        yield FRAMED_GROUP, kind, replace(slice_, pixels=with_white_frame(slice_.pixels, FRAME_PIXELS))
        yield NOISY_GROUP, kind, changed_slice(slice_, "noise")
    for folder in non_brain:
        for kind, slice_ in read_non_brain_images(folder):
            yield NON_BRAIN_GROUP, kind, slice_
    random = np.random.default_rng(SEED)
    for kind, make in MADE_KINDS.items():
        for place in range(MADE_PICTURES):
            drawn = random.choice(numbers, min(MADE_SLICES, len(numbers)), replace=False)
            picture = make([store.pixels(int(number)) for number in drawn], random)
            yield MADE_GROUP, kind, Slice(pixels=picture, name=f"{kind} {place + 1}")
