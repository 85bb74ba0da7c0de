"""The result for a volume, ready for JSON or a line."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from core.bundles.bundle import Bundle
from core.bundles.measured_gate import has_gate
from core.config import NOTICE, RESULT_VERSION
from core.files import table_csv
from core.inference.result import class_with_probability
from core.inference.volumes.analysis import SliceFinding, VolumeAnswer, volume_mask
from core.labels import OUTCOME_LABELS
from core.metrics import overlap
from core.outcome import CONFIDENT, NO_GATE_REASON, WITHHELD, volume_reason
from core.readers.volumes.volume import Volume
from core.translation.messages import Message, mark, tr


def volume_result(
    volume: Volume, plane: str, findings: Sequence[SliceFinding], answer: VolumeAnswer, bundles: tuple[Bundle, ...]
) -> dict[str, Any]:
    """Return everything known about a volume and its answer, ready for JSON.

    Args:
        volume: that was analysed.
        plane: of its slices.
        findings: of its slices, which are stated in their order.
        answer: pooled from them.
        bundles: those that made the predictions, the classifier first.
    """
    classes = tuple(bundles[0].card.classes)
    pooled = answer.probabilities
    # Without a gate a class is given unasked; that no slice has a mask is seen without one, too.
    outcome = None if answer.outcome == CONFIDENT and not has_gate(bundles[0]) else answer.outcome
    likeliest = None if pooled is None else classes[int(pooled.argmax())]
    return {
        "schema_version": RESULT_VERSION,
        "name": volume.name,
        "plane": plane,
        "slices": len(findings),
        "voxels": list(volume.values.shape),
        "spacing_mm": None if volume.spacing_mm is None else [round(side, 4) for side in volume.spacing_mm],
        "bundles": [{"name": bundle.name, "version": bundle.card.version} for bundle in bundles],
        "outcome": outcome,
        "reason": volume_reason(answer.outcome) if outcome else Message(NO_GATE_REASON),
        "class": None if answer.outcome in WITHHELD else likeliest,
        "likeliest_class": likeliest,
        "probabilities": None
        if pooled is None
        else {name: round(float(p), 6) for name, p in zip(classes, pooled, strict=True)},
        "slices_with_mask": list(answer.counted),
        "tumour_probabilities": [round(finding.tumour_probability, 4) for finding in findings],
        "mask": {
            "withheld": answer.outcome in WITHHELD,
            "voxels": sum(finding.area for finding in findings),
            "left_out_voxels": sum(finding.left_out for finding in findings),
            "volume_ml": _rounded(answer.volume_ml),
            "largest_slice": answer.largest,
            "longest_diameter_mm": _rounded(answer.diameter_mm),
        },
        "truth": _compare_with_truth(volume, plane, findings),
        "warnings": list(volume.warnings),
        "notes": list(volume.notes),
        "notice": NOTICE,
    }


def _compare_with_truth(volume: Volume, plane: str, findings: Sequence[SliceFinding]) -> dict[str, Any] | None:
    if volume.mask is None:
        return None
    flat = (len(volume.mask), -1)
    predicted, true = volume_mask(volume, plane, findings).reshape(flat), volume.mask.reshape(flat)
    voxels = int(np.count_nonzero(true))
    return {
        "voxels": voxels,
        "volume_ml": None if volume.voxel_ml is None else _rounded(voxels * volume.voxel_ml),
        "dice": round(overlap.dice(predicted, true), 4),
        "iou": round(overlap.iou(predicted, true), 4),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def volume_summary_line(result: dict[str, Any]) -> str:
    """Return a result in a line: "glioma (0.912), confident, 12.3 ml tumour in 9 of 40 slices", or why not."""
    outcome, mask, counted = result["outcome"], result["mask"], len(result["slices_with_mask"])
    words = OUTCOME_LABELS[outcome].in_text if outcome else ""
    if result["class"] is None:
        return f"{words}: {tr(result['reason'])}"
    named = class_with_probability(result["class"], result["probabilities"])
    size = (
        mark("{voxels} voxels of tumour in {counted} of {total} slices")
        if mask["volume_ml"] is None
        else mark("{millilitres} ml tumour in {counted} of {total} slices")
    )
    found = tr(size, voxels=mask["voxels"], millilitres=mask["volume_ml"], counted=counted, total=result["slices"])
    return ", ".join(filter(None, [named, words, found]))


def findings_csv(findings: Sequence[SliceFinding], classes: Sequence[str]) -> str:
    """Return a table with a row a slice: its outcome, probabilities, and its mask's voxels and diameter."""
    rows = [
        {
            "slice": finding.number,
            "outcome": finding.outcome,
            "tumour_probability": round(finding.tumour_probability, 4),
            **{f"p_{name}": round(float(p), 6) for name, p in zip(classes, finding.probabilities, strict=True)},
            "voxels": finding.area,
            "left_out_voxels": finding.left_out,
            "longest_diameter_mm": _rounded(finding.diameter_mm),
        }
        for finding in findings
    ]
    return table_csv(pd.DataFrame(rows, dtype=object))


def volume_row(result: dict[str, Any]) -> dict[str, Any]:
    """Return a volume's result as a row of the table in which ``core.inference.result.slice_row`` makes a slice's."""
    return {
        "name": result["name"],
        "outcome": result["outcome"],
        "reason": result["reason"],
        "class": result["class"],
        "likeliest_class": result["likeliest_class"],
        **{f"p_{name}": p for name, p in (result["probabilities"] or {}).items()},
        **{key: result["mask"][key] for key in ("voxels", "volume_ml", "longest_diameter_mm")},
        **{key: (result["truth"] or {}).get(key) for key in ("dice", "iou")},
    }
