"""The temperature of a cross-validated recipe, fitted on the validation slices of all its folds together.

One fold's validation slices are of some twenty patients: a temperature fitted on them alone varies from fold to fold.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from core.config import CLASSES
from core.evaluation.figures import class_indices
from core.metrics.calibration import calibration_error
from core.metrics.temperature import apply_temperature, fit_temperature


def calibrate_folds(validation: pd.DataFrame, test: pd.DataFrame, classes: Sequence[str] = CLASSES) -> dict[str, Any]:
    """Fit a temperature on all folds' validation slices, and measure it on all folds' test slices.

    Args:
        validation, test: true and p_CLASS, a row for each slice of each fold.
        classes: in the card's order.

    Returns:
        ``temperature``; ``slices`` it was fitted on; the expected calibration error of the test slices ``before`` and
        ``after`` it.
    """
    temperature = fit_temperature(*_true_and_probabilities(validation, classes))
    true, probabilities = _true_and_probabilities(test, classes)
    return {
        "temperature": temperature,
        "slices": len(validation),
        "before": calibration_error(true, probabilities),
        "after": calibration_error(true, apply_temperature(probabilities, temperature)),
    }


def _true_and_probabilities(table: pd.DataFrame, classes: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    return class_indices(table["true"], classes), table[[f"p_{name}" for name in classes]].to_numpy()
