"""Probabilities as a person is shown them: calibrated where the bundle has a gate, whose thresholds are for those."""

import numpy as np
import pandas as pd

from core.bundles.bundle import Bundle
from core.bundles.measured_gate import has_gate
from core.metrics.temperature import apply_temperature

RAW = "_raw"
"""Ends the name of a column of the network's own probabilities beside the calibrated ones."""


def calibrate(bundle: Bundle, probabilities: np.ndarray) -> np.ndarray:
    """Return (..., classes) probabilities by the gate's temperature; the network's own where there is no gate."""
    if not has_gate(bundle):
        return probabilities
    return apply_temperature(probabilities, bundle.gate.thresholds.temperature)


def with_calibrated(table: pd.DataFrame, bundle: Bundle) -> pd.DataFrame:
    """Return a classifier's predictions with calibrated probabilities, confidence and margin.

    Args:
        table: of ``core.bundles.predictions.read_predictions``.
        bundle: that made them.

    Returns:
        The table; with a gate also the network's own probabilities and confidence, their names ending in ``RAW``.
    """
    if "predicted" not in table or not has_gate(bundle):
        return table
    columns = [f"p_{name}" for name in bundle.card.classes]
    calibrated = calibrate(bundle, table[columns].to_numpy())
    ordered = np.sort(calibrated, axis=1)
    own = table[[*columns, "confidence"]].add_suffix(RAW)
    shown = pd.DataFrame(calibrated, columns=columns, index=table.index)
    return table.assign(**shown, confidence=ordered[:, -1], margin=ordered[:, -1] - ordered[:, -2]).join(own)
