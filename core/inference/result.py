"""The result for one slice, the same on the page, in its downloads and on the command line."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import pandas as pd

from core.bundles.bundle import Bundle
from core.bundles.calibrated import RAW
from core.config import NOTICE, RESULT_VERSION
from core.dataset import splits
from core.files import inert_cells, table_csv
from core.inference.gate import GateDecision
from core.inference.measurements import measure_mask
from core.inference.predictor import Prediction
from core.inference.render import SHOW_TRUTH, DisplayOptions, compose_overlay, default_window, encode_png
from core.labels import OUTCOME_LABELS
from core.metrics import overlap
from core.outcome import LOW_CONFIDENCE, NO_GATE_REASON, NO_TUMOUR, REFUSED, WITHHELD
from core.readers.slices import Slice
from core.translation.messages import Message, tr
from core.translation.numbers import number_text


class Drawn(Protocol):
    """What pictures need of a prediction, or of what is kept of it."""

    @property
    def gate(self) -> GateDecision | None:
        """The decision of the classifier's gate; None where it has none."""

    @property
    def mask(self) -> np.ndarray:
        """(H, W) bool, tumour or not."""

    @property
    def heat(self) -> np.ndarray:
        """(H, W) float32 in [0, 1], the heat map."""


def slice_result(slice_: Slice, prediction: Prediction, bundles: tuple[Bundle, ...]) -> dict[str, Any]:
    """Return everything known about a slice and its prediction, ready for JSON.

    ``outcome`` is one of ``core.outcome.OUTCOMES``, None without a gate, and ``reason`` a sentence on it; ``gate`` has
    the figures behind it. ``class`` is None with the outcomes that withhold it; ``likeliest_class`` is always the
    network's most probable one. ``probabilities`` are the network's own; with a gate, those to print are
    ``gate.calibrated_probabilities``, see ``shown_probabilities``. The mask's measurements are the network's too;
    ``mask.withheld`` says whether the outcome is one with which the mask is not shown.

    Args:
        slice_: the slice.
        prediction: of the slice.
        bundles: those that made the prediction.
    """
    measurements = measure_mask(prediction.mask, slice_.spacing_mm)
    height, width = slice_.pixels.shape
    return {
        "schema_version": RESULT_VERSION,
        "name": slice_.name,
        "width": width,
        "height": height,
        "bundles": [{"name": bundle.name, "version": bundle.card.version} for bundle in bundles],
        "outcome": prediction.gate.outcome if prediction.gate else None,
        "reason": prediction.gate.reason if prediction.gate else Message(NO_GATE_REASON),
        "class": None if is_withheld(prediction) else prediction.class_name,
        "likeliest_class": prediction.class_name,
        "probabilities": {
            name: round(float(p), 6) for name, p in zip(prediction.classes, prediction.probabilities, strict=True)
        },
        "gate": _gate_fields(prediction),
        "mask": {
            "withheld": is_withheld(prediction),
            "threshold": prediction.threshold,
            "area_px": measurements.area_px,
            "components": measurements.components,
            "spacing_mm": slice_.spacing_mm,
            "spacing_source": slice_.spacing_source if slice_.spacing_mm is not None else None,
            "area_mm2": _rounded(measurements.area_mm2),
            "longest_diameter_mm": _rounded(measurements.diameter_mm),
        },
        "truth": compare_with_truth(slice_, prediction),
        "trained_on_by": [bundle.name for bundle in bundles if split_part(bundle, slice_) == "train"],
        "warnings": list(slice_.warnings),
        "notes": list(slice_.notes),
        "notice": NOTICE,
    }


def is_withheld(prediction: Drawn) -> bool:
    """Return whether the outcome is one with which class, mask and heat map are shown only on request."""
    return prediction.gate is not None and prediction.gate.outcome in WITHHELD


def shown_probabilities(result: dict[str, Any]) -> dict[str, float]:
    """Return the probabilities as page, table and command line print them: calibrated where there is a gate.

    Args:
        result: of a slice, or of a volume, whose probabilities are pooled from calibrated ones.
    """
    return (result.get("gate") or {}).get("calibrated_probabilities", result["probabilities"])


def _gate_fields(prediction: Prediction) -> dict[str, Any] | None:
    """Return the figures of the classifier's gate, or None where it has none."""
    gate = prediction.gate
    if gate is None:
        return None
    return {
        "figures": gate.figures,
        "tumour_score": _rounded(gate.tumour_score),
        "ood_score": _rounded(gate.ood_score),
        "calibrated_probabilities": {
            name: round(float(p), 6) for name, p in zip(prediction.classes, gate.probabilities, strict=True)
        },
    }


def compare_with_truth(slice_: Slice, prediction: Prediction) -> dict[str, Any] | None:
    """Compare a prediction with the slice's true class and mask; return None where neither is known.

    ``class_agrees`` is None where the image is refused: neither right nor wrong. No tumour is wrong for a slice with a
    class.
    """
    if slice_.mask is None and slice_.class_name is None:
        return None
    comparison: dict[str, Any] = {}
    if slice_.class_name is not None:
        comparison["class"] = slice_.class_name
        agrees: dict[str | None, bool | None] = {NO_TUMOUR: False, **dict.fromkeys(REFUSED)}
        outcome = prediction.gate.outcome if prediction.gate else None
        comparison["class_agrees"] = agrees.get(outcome, slice_.class_name == prediction.class_name)
    if slice_.mask is not None:
        if not slice_.mask.any() and prediction.gate is not None:
            comparison["answer_agrees"] = prediction.gate.outcome == NO_TUMOUR
        comparison["area_px"] = int(np.count_nonzero(slice_.mask))
        comparison["dice"] = round(overlap.dice(prediction.mask, slice_.mask), 4)
        comparison["iou"] = round(overlap.iou(prediction.mask, slice_.mask), 4)
    return comparison


def split_part(bundle: Bundle, slice_: Slice) -> str | None:
    """Return the slice's part in the bundle's split, train, validation or test; None if it is not of the data set."""
    if slice_.number is None:
        return None
    return str(splits.split_parts(bundle.card.data.split)[slice_.number])


def overlay_png(slice_: Slice, prediction: Drawn, options: DisplayOptions | None = None) -> bytes:
    """Draw slice, heat map and outlines, as PNG at the slice's own size.

    Without ``options`` all layers are drawn at default strengths; where the outcome withholds them, the true mask
    alone.
    """
    if options is None:
        options = DisplayOptions(*default_window(slice_.pixels))
        options = replace(options, layers=(SHOW_TRUTH,)) if is_withheld(prediction) else options
    return encode_png(
        compose_overlay(slice_.pixels, options, mask=prediction.mask, heat=prediction.heat, truth=slice_.mask),
        slice_.notes,
    )


def results_csv(results: list[dict[str, Any]]) -> str:
    """Return a table with a row a result: ``slice_row``, the pixel size, remarks, and why there is none.

    Args:
        results: by ``slice_result``; of a slice that failed its ``name`` and its ``error``.
    """
    rows = [
        result
        if "error" in result
        else slice_row(result)
        | {"spacing_mm": result["mask"]["spacing_mm"], "remarks": told(remarks(result)), "error": None}
        for result in results
    ]
    # As objects: a column with gaps keeps its whole numbers.
    table = pd.DataFrame(rows, dtype=object)
    return table_csv(inert_cells(table[[*table.columns.drop("error"), "error"]]))


def slice_row(result: dict[str, Any]) -> dict[str, Any]:
    """Return a result as a row; a withheld mask has no size.

    ``p_…`` are ``shown_probabilities``; where those are calibrated, ``p_…_raw`` are the network's own.
    """
    return {
        "name": result["name"],
        "outcome": result["outcome"],
        "reason": result["reason"],
        "class": result["class"],
        "likeliest_class": result["likeliest_class"],
        **{f"p_{name}": p for name, p in shown_probabilities(result).items()},
        **{f"p_{name}{RAW}": p for name, p in result["probabilities"].items() if result["gate"]},
        **{
            key: None if result["mask"]["withheld"] else result["mask"][key]
            for key in ("area_px", "components", "area_mm2", "longest_diameter_mm")
        },
        "true_class": (result["truth"] or {}).get("class"),
        "dice": (result["truth"] or {}).get("dice"),
        "iou": (result["truth"] or {}).get("iou"),
    }


def remarks(result: dict[str, Any]) -> list[str]:
    """Return what a result warns and notes, messages and texts."""
    return [*result["warnings"], *result["notes"]]


def told(said: Iterable[str]) -> str | None:
    """Return remarks as one text in the current language; None where there is none."""
    return " ".join(map(tr, said)) or None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def summary_line(result: dict[str, Any]) -> str:
    """Say a result in a line: "glioma (0.912), confident, 3578 px tumour", or the outcome and its reason."""
    outcome = result["outcome"]
    words = OUTCOME_LABELS[outcome].in_text if outcome else ""
    if result["class"] is None:
        return f"{words}: {tr(result['reason'])}"
    named = class_with_probability(result["class"], shown_probabilities(result))
    line = ", ".join(filter(None, [named, words, tr("{area} px tumour", area=result["mask"]["area_px"])]))
    return f"{line}: {tr(result['reason'])}" if outcome == LOW_CONFIDENCE else line


def class_with_probability(name: str, probabilities: dict[str, float]) -> str:
    """Write a class with its probability for a line: "glioma (0.912)"."""
    return f"{tr(name)} ({number_text(probabilities[name], '.3f')})"
