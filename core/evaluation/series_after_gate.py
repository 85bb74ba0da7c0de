"""The bundle's own test slices after the gate, all slices of a patient answered together."""

from typing import Any

import numpy as np
import pandas as pd

from core.config import CLASSES
from core.dataset.splits import index_table
from core.inference.volumes.series import unify
from core.metrics.temperature import apply_temperature
from core.outcome import NO_TUMOUR, REFUSED, WITHHELD, GateThresholds


def series_after_gate(table: pd.DataFrame, thresholds: GateThresholds) -> dict[str, Any]:
    """Answer each patient's slices together, by the rule of ``core.inference.volumes.series``.

    Args:
        table: slices of the data set with a tumour: true, name (its last word is the slice's number), answer (one of
            ``core.outcome.OUTCOMES``) and p_CLASS, not calibrated.
        thresholds: of the gate.

    Returns:
        slices; patients; correct, the share of slices whose series is answered with their class; patient_correct, the
        same share of patients; no_tumour and refused, shares of patients.
    """
    probabilities = apply_temperature(table[[f"p_{name}" for name in CLASSES]].to_numpy(), thresholds.temperature)
    patient_of = index_table().set_index("slice")["patient"]
    patients = patient_of[table["name"].str.split().str[-1].astype(int)].to_numpy()
    rows = []
    for patient in pd.unique(patients):
        places = np.flatnonzero(patients == patient)
        slices = table.iloc[places]
        unified = unify(
            list(slices["answer"]),
            list(probabilities[places]),
            list(~slices["answer"].isin(WITHHELD)),
            sure=thresholds.sure,
        )
        named = None if unified.probabilities is None else CLASSES[int(unified.probabilities.argmax())]
        rows.append({"slices": len(slices), "correct": named == slices["true"].iloc[0], "answer": unified.outcome})
    series = pd.DataFrame(rows)
    return {
        "slices": int(series["slices"].sum()),
        "patients": len(series),
        "correct": float(np.average(series["correct"], weights=series["slices"])),
        "patient_correct": float(series["correct"].mean()),
        "no_tumour": float((series["answer"] == NO_TUMOUR).mean()),
        "refused": float(series["answer"].isin(REFUSED).mean()),
    }
