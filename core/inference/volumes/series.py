"""One answer for a series: the slices of one patient, classified together by their mean probability.

The rule, for uploads, volumes and slices of the data set alike:

- A slice counts where its outcome gives a class: confident or low confidence; without a gate every slice counts. Slices
  with no tumour found, unusual images and what is no slice of a head are left out of the mean, and are named.
- The probabilities are the plain mean over the slices that count (calibrated where there is a gate).
- Confident if one of these slices is and the highest mean reaches the gate's limit ``sure``, else low confidence. Where
  no slice counts: the more frequent refusal if more than half of the slices are refused, else no tumour found.

Over the five folds the mean classifies better than one weighted by the masks' areas (docs/formats.md).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.config import NOTICE, RESULT_VERSION
from core.inference.result import class_with_probability, shown_probabilities, told
from core.labels import OUTCOME_LABELS
from core.outcome import (
    CONFIDENT,
    LOW_CONFIDENCE,
    NO_GATE_REASON,
    NO_TUMOUR,
    NOT_A_HEAD,
    REFUSED,
    UNUSUAL,
    WITHHELD,
    volume_reason,
)
from core.text import joined, listed
from core.translation.messages import Message, mark, tr

SERIES = "series"
"""What a result of a series is of, in its field ``of``."""
_LEFT_OUT = {
    NO_TUMOUR: mark("{count} no tumour found"),
    UNUSUAL: mark("{count} unusual image"),
    NOT_A_HEAD: mark("{count} not a head slice"),
}
"""How many slices are left out, by their outcome."""


@dataclass(frozen=True, eq=False)
class Unified:
    """What slices amount to together.

    Attributes:
        outcome: one of ``core.outcome.OUTCOMES``.
        probabilities: (classes,) the mean; None where no slice counts.
    """

    outcome: str
    probabilities: np.ndarray | None


def unify(
    outcomes: Sequence[str], probabilities: Sequence[np.ndarray], counts: Sequence[bool], *, sure: float = 0.0
) -> Unified:
    """Unify slices by the rule of this module.

    Args:
        outcomes: of each slice; ``CONFIDENT`` where there is no gate.
        probabilities: (classes,) of each slice.
        counts: whether each slice counts.
        sure: lowest probability of a confident answer, from the gate.
    """
    counted = [place for place, does in enumerate(counts) if does]
    if not counted:
        odd = Counter(outcome for outcome in outcomes if outcome in REFUSED)
        return Unified(odd.most_common(1)[0][0] if 2 * odd.total() > len(outcomes) else NO_TUMOUR, None)
    mean = np.mean([probabilities[place] for place in counted], axis=0)
    is_confident = any(outcomes[place] == CONFIDENT for place in counted) and mean.max() >= sure
    return Unified(CONFIDENT if is_confident else LOW_CONFIDENCE, mean)


def series_result(name: str, results: Sequence[dict[str, Any]], *, sure: float = 0.0) -> dict[str, Any]:
    """Return one answer for slices that a person says are of one patient, ready for JSON.

    Args:
        name: of the series.
        results: ``core.inference.result.slice_result`` of each slice, of the same bundles; at least one.
        sure: lowest probability of a confident answer, from the gate
            (``core.inference.volumes.analysis.sure_probability``).

    Raises:
        ValueError: there is no slice.
    """
    if not results:
        raise ValueError("A series has at least one slice.")
    counts = [result["outcome"] not in WITHHELD for result in results]
    classes = list(results[0]["probabilities"])
    rows = [np.array([shown_probabilities(result)[one] for one in classes]) for result in results]
    unified = unify([result["outcome"] or CONFIDENT for result in results], rows, counts, sure=sure)
    has_gate = any(result["outcome"] for result in results)
    mean = unified.probabilities
    likeliest = None if mean is None else classes[int(mean.argmax())]
    left_out = [
        {"name": result["name"], "outcome": result["outcome"]}
        for result, does in zip(results, counts, strict=True)
        if not does
    ]
    return {
        "schema_version": RESULT_VERSION,
        "of": SERIES,
        "name": name,
        "slices": len(results),
        "slices_counted": [number for number, does in enumerate(counts, 1) if does],
        "left_out": left_out,
        "bundles": results[0]["bundles"],
        "outcome": unified.outcome if has_gate else None,
        "reason": volume_reason(unified.outcome) if has_gate else Message(NO_GATE_REASON),
        "class": likeliest,
        "likeliest_class": likeliest,
        "probabilities": None
        if mean is None
        else {one: round(float(p), 6) for one, p in zip(classes, mean, strict=True)},
        "truth": _truth(results, likeliest, unified.outcome),
        "trained_on_by": sorted({bundle for result in results for bundle in result["trained_on_by"]}),
        "warnings": _warnings(results),
        "notes": [],
        "notice": NOTICE,
    }


def _true_classes(results: Sequence[dict[str, Any]]) -> set[str]:
    return {result["truth"]["class"] for result in results if (result["truth"] or {}).get("class")}


def _truth(results: Sequence[dict[str, Any]], likeliest: str | None, outcome: str) -> dict[str, Any] | None:
    """Compare with the class of the slices where one is known and all that are known are the same."""
    known = _true_classes(results)
    if len(known) != 1:
        return None
    (true,) = known
    return {"class": true, "class_agrees": None if outcome in REFUSED else likeliest == true}


def _warnings(results: Sequence[dict[str, Any]]) -> list[str]:
    known = sorted(_true_classes(results))
    if len(known) < 2:
        return []
    return [
        Message("The slices show {classes} in truth: they are not of one patient.", classes=joined(map(Message, known)))
    ]


def left_out_message(result: dict[str, Any]) -> Message:
    """Say how many slices count and why the others do not: "3 of 5 slices count; left out: 2 no tumour found."."""
    total, counted = result["slices"], len(result["slices_counted"])
    reasons = Counter(one["outcome"] for one in result["left_out"])
    if not reasons:
        return Message("{counted} of {total} slices count.", counted=counted, total=total)
    named = listed(Message(_LEFT_OUT[outcome], count=count) for outcome, count in reasons.items())
    return Message("{counted} of {total} slices count; left out: {named}.", counted=counted, total=total, named=named)


def series_remarks(result: dict[str, Any]) -> list[str]:
    """Return what a table remarks on a series: which slices count, and its warnings."""
    return [left_out_message(result), *result["warnings"]]


def series_line(result: dict[str, Any]) -> str:
    """Return a series' result in a line: "glioma (0.912), confident: 3 of 5 slices count; left out: ..."."""
    outcome = OUTCOME_LABELS[result["outcome"]].in_text if result["outcome"] else ""
    named = class_with_probability(result["class"], result["probabilities"]) if result["class"] else ""
    return f"{', '.join(filter(None, [named, outcome]))}: {tr(left_out_message(result))}"


def series_row(result: dict[str, Any]) -> dict[str, Any]:
    """Return a series' result as a row of the table in which ``core.inference.result.slice_row`` makes a slice's."""
    return {
        "name": result["name"],
        **{key: result[key] for key in ("outcome", "reason", "class", "likeliest_class")},
        **{f"p_{name}": p for name, p in (result["probabilities"] or {}).items()},
        "slices": result["slices"],
        "true_class": (result["truth"] or {}).get("class"),
        "remarks": told(series_remarks(result)),
    }
