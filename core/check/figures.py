"""The figures of a card that its bundle's files decide, computed again by the functions that wrote them.

No network runs. What only the network or the images decide is not computed: losses of masks, figures at network size,
inference times, and how the gate was fitted.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from core.bundles.bundle import (
    ALONE,
    CROSS_VALIDATION,
    CROSS_VALIDATION_HISTORY,
    EXPLANATIONS,
    EXTERNAL,
    FOLD_VALIDATION,
    HISTORY,
    LAYERS,
    MASK_THRESHOLDS,
    OOD_ANSWERS,
    PREDICTIONS,
    ROBUSTNESS,
    Bundle,
    open_bundle,
)
from core.bundles.layers import read_layers
from core.bundles.mask_thresholds import at_threshold, read_thresholds
from core.bundles.measured_gate import TEST, measured_split
from core.bundles.predictions import read_predictions, select_predictions
from core.config import CLASSES, CLASSIFICATION
from core.dataset import splits
from core.evaluation.comparison.bundles import comparison
from core.evaluation.cross_validation import summarise_folds
from core.evaluation.evaluate import stored_figures, stored_figures_alone
from core.evaluation.explanations.heat_maps import summarise_heat_maps
from core.evaluation.external import stored_external_metrics
from core.evaluation.figures import class_indices, mask_figures
from core.evaluation.fold_calibration import calibrate_folds
from core.evaluation.robustness import robustness_figures
from core.metrics import classification
from core.ood.evaluate import aims_reached, gate_answers, metric_hits, stored_ood_metrics, with_outcomes

_SIGNIFICANT = 1e-5
"""Share of two figures from which they differ: the files store six significant digits."""
_SMALLEST = 1e-6
"""Difference from which two figures differ, however small they are."""
_SECONDS = 0.06
"""Difference from which two durations differ: the card rounds them to a tenth of a second."""


@dataclass(frozen=True)
class Source:
    """Figures of a card that a file decides.

    Attributes:
        file: of the bundle.
        place: of the figures in the card, its keys joined by points.
        compute: computes the figures of a bundle that has the file; raises BundleError, or what a file with other
            columns or values raises.
        command: of ``python -m core``, with the bundle's name for ``{}``; it writes file and figures.
        stated_by: a place in the card that states figures of this file; empty where the file may be missing.
        smallest: difference from which two figures differ.
    """

    file: str
    place: str
    compute: Callable[[Bundle], dict[str, Any]]
    command: str
    stated_by: str = ""
    smallest: float = _SMALLEST


@dataclass(frozen=True)
class Difference:
    """A figure of the card that is not the computed one; ``stated`` is None where the card lacks it."""

    place: str
    stated: Any
    computed: Any


def stated_at(card: dict[str, Any], place: str) -> Any:
    """Return what a card, as it stands in card.json, states at a place; None where it states nothing."""
    found: Any = card
    for key in place.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found


def compare_figures(place: str, stated: Any, computed: Any, smallest: float) -> Iterator[Difference | None]:
    """Compare every computed figure with the stated one; yield None for an equal one, and the difference of another.

    Args:
        place: of both in the card.
        stated: what the card states; more than was computed is left alone.
        computed: figures, in dicts and lists.
        smallest: difference from which two figures differ.
    """
    if isinstance(computed, dict) and isinstance(stated, dict):
        for key, value in computed.items():
            yield from compare_figures(f"{place}.{key}", stated.get(key), value, smallest)
    elif isinstance(computed, list) and isinstance(stated, list) and len(computed) == len(stated):
        for number, (value, inner) in enumerate(zip(computed, stated, strict=True)):
            yield from compare_figures(f"{place}.{number}", inner, value, smallest)
    elif isinstance(computed, float) and isinstance(stated, float | int):
        equal = math.isclose(computed, stated, rel_tol=_SIGNIFICANT, abs_tol=smallest)
        yield None if equal else Difference(place, stated, computed)
    else:
        yield None if computed == stated else Difference(place, stated, computed)


def _split(bundle: Bundle) -> dict[str, Any]:
    split = bundle.card.data.split
    counts = pd.read_csv(bundle.path(PREDICTIONS))["part"].value_counts()
    return {
        "by_patient": split in splits.FOLD_SPLITS,
        "counts": {part: int(counts.get(part, 0)) for part in splits.PARTS},
    }


def _class_loss(bundle: Bundle) -> dict[str, Any]:
    if CLASSIFICATION not in bundle.tasks:
        return {}
    test = select_predictions(read_predictions(bundle), part="test")
    probabilities = test[[f"p_{name}" for name in CLASSES]].to_numpy()
    return {"loss": classification.log_loss(class_indices(test["true"]), probabilities)}


def _threshold_figures(bundle: Bundle) -> dict[str, Any]:
    """Return the mask figures at the card's threshold."""
    threshold = bundle.mask_threshold
    return {"threshold": threshold, **mask_figures(at_threshold(read_thresholds(bundle), threshold))}


def _run(bundle: Bundle) -> dict[str, Any]:
    history = pd.read_csv(bundle.path(HISTORY))
    return {"epochs_run": len(history), "seconds": float(history["seconds"].sum())}


def _parameters(bundle: Bundle) -> dict[str, Any]:
    return {"total": sum(layer.parameters for layer in read_layers(bundle))}


def _folds(bundle: Bundle) -> dict[str, Any]:
    table = pd.read_csv(bundle.path(CROSS_VALIDATION))
    return {"folds_done": sorted(map(int, table["fold"].unique())), **summarise_folds(table, bundle.tasks)}


def _fold_calibration(bundle: Bundle) -> dict[str, Any]:
    validation, test = (pd.read_csv(bundle.path(file)) for file in (FOLD_VALIDATION, CROSS_VALIDATION))
    return calibrate_folds(validation, test, bundle.card.classes)


def _fold_seconds(bundle: Bundle) -> dict[str, Any]:
    history = pd.read_csv(bundle.path(CROSS_VALIDATION_HISTORY))
    return {str(fold): float(seconds) for fold, seconds in history.groupby("fold")["seconds"].sum().items()}


def _heat_maps(bundle: Bundle) -> dict[str, Any]:
    return summarise_heat_maps(pd.read_csv(bundle.path(EXPLANATIONS)))


def _robustness(bundle: Bundle) -> dict[str, Any]:
    return robustness_figures(pd.read_csv(bundle.path(ROBUSTNESS)))


def _external(bundle: Bundle) -> dict[str, Any]:
    bundle.path(EXTERNAL)
    return stored_external_metrics(bundle)


def _ood(bundle: Bundle) -> dict[str, Any]:
    bundle.path(OOD_ANSWERS)
    return stored_ood_metrics(bundle)


def _gate(bundle: Bundle) -> dict[str, Any]:
    """Return what the gate's thresholds make of the stored scores, and the aims."""
    if measured_split(bundle) != TEST:
        return {}
    thresholds = bundle.gate.thresholds
    hits = metric_hits(with_outcomes(gate_answers(bundle, TEST), thresholds))
    metrics = {name: float(rows.mean()) for name, rows in hits.items()}
    return {**metrics, "aims": aims_reached(metrics)}


def _comparison(bundle: Bundle) -> dict[str, Any]:
    stated = bundle.card.metrics.comparison
    return comparison(bundle, open_bundle(stated.other, bundle.folder.parent)) if stated else {}


_ALONE = "metrics.without_neighbours"
_FOLDS = "metrics.cross_validation"
SOURCES = (
    Source(PREDICTIONS, "data", _split, "evaluate {}"),
    Source(PREDICTIONS, "metrics.test", stored_figures, "evaluate {}", "metrics.test"),
    Source(PREDICTIONS, "metrics.test", _class_loss, "evaluate {}"),
    Source(ALONE, _ALONE, stored_figures_alone, "evaluate {}", _ALONE),
    Source(MASK_THRESHOLDS, "metrics.test", _threshold_figures, "evaluate {}", "metrics.test.threshold"),
    Source(PREDICTIONS, "metrics.comparison", _comparison, "compare {} OTHER", "metrics.comparison"),
    Source(HISTORY, "training", _run, "train {}", "training", _SECONDS),
    Source(LAYERS, "parameters", _parameters, "card {}", "parameters"),
    Source(CROSS_VALIDATION, _FOLDS, _folds, "cross-validate {} --collect", _FOLDS),
    Source(
        FOLD_VALIDATION,
        f"{_FOLDS}.calibration",
        _fold_calibration,
        "cross-validate {} --collect",
        f"{_FOLDS}.calibration",
    ),
    Source(
        CROSS_VALIDATION_HISTORY,
        f"{_FOLDS}.training_seconds",
        _fold_seconds,
        "cross-validate {} --collect",
        _FOLDS,
        _SECONDS,
    ),
    Source(EXPLANATIONS, "metrics.explanation.methods", _heat_maps, "evaluate {} --explain", "metrics.explanation"),
    Source(ROBUSTNESS, "metrics.robustness", _robustness, "evaluate {} --robustness", "metrics.robustness"),
    Source(EXTERNAL, "metrics.external", _external, "external {} --stored", "metrics.external"),
    Source(OOD_ANSWERS, "metrics.external", _ood, "external {} --stored", "metrics.external.non_brain_flagged"),
    Source(OOD_ANSWERS, "metrics.external", _gate, "external {} --stored", "metrics.external.aims"),
)
"""Every figure that a file decides, in the order of reports."""
