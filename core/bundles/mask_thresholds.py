"""A segmenter's masks at any threshold, and why Keras' IoU of scores stays near one half: no network needed."""

import numpy as np
import pandas as pd

from core.bundles.bundle import MASK_THRESHOLDS, Bundle
from core.bundles.predictions import read_predictions
from core.config import CLASSES
from core.metrics.overlap import dice_from_counts, iou, iou_from_counts, keras_mean_iou_of_scores

DEMONSTRATION_SIDE = 128
"""Side of the demonstration's slice in pixels: the report's U-Net's input."""
_RADIUS = 9
"""Radius of its tumour: 1.5 % of the pixels, about what the data set's tumours take."""
TUMOUR_SCORE, BACKGROUND_SCORE = 0.98, 0.02
"""Scores the demonstration gives to what it calls tumour and background: sure, but not exactly 1 and 0."""


def read_thresholds(bundle: Bundle) -> pd.DataFrame:
    """The test slices' masks at every threshold of ``core.metrics.overlap.THRESHOLDS``.

    Returns:
        Rows of ``core.bundles.predictions.read_predictions``, one a slice and threshold, with threshold, overlap_px,
        true_px, predicted_px, dice and iou at that threshold, at the slice's own size.

    Raises:
        BundleError: the bundle has no such file, or another than its card says.
    """
    cuts = pd.read_csv(bundle.path(MASK_THRESHOLDS))
    both, true, predicted = (cuts[name].to_numpy() for name in ("overlap_px", "true_px", "predicted_px"))
    cuts["dice"], cuts["iou"] = dice_from_counts(both, true, predicted), iou_from_counts(both, true, predicted)
    about = read_predictions(bundle).drop(columns=["dice", "iou", "true_px", "predicted_px"])
    return cuts.merge(about, on="slice", how="left", validate="many_to_one")


def at_threshold(table: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """The rows of ``thresholds`` at one threshold."""
    return table[np.isclose(table["threshold"], threshold)]


def overlap_by_class(table: pd.DataFrame) -> pd.DataFrame:
    """Slices, mean and median Dice, mean IoU and share missed altogether, by true class; a row a class that occurs.

    Args:
        table: of ``at``.
    """
    grouped = table.assign(missed=(table["true_px"] > 0) & (table["overlap_px"] == 0)).groupby("true")
    found = grouped.agg(
        slices=("slice", "size"),
        dice_mean=("dice", "mean"),
        dice_median=("dice", "median"),
        iou_mean=("iou", "mean"),
        missed=("missed", "mean"),
    )
    return found.reindex([name for name in CLASSES if name in found.index])


def typical_slice_numbers(table: pd.DataFrame) -> dict[str, int]:
    """Slice numbers of the best, the median and the worst Dice; of equal ones the lowest number.

    Args:
        table: of ``at``.
    """
    order = table.sort_values(["dice", "slice"], ascending=[False, True])["slice"].tolist()
    worst = table.sort_values(["dice", "slice"])["slice"].iloc[0]
    return {"Best": int(order[0]), "Median": int(order[len(order) // 2]), "Worst": int(worst)}


def iou_demonstration(coverage: float, ones: float) -> tuple[np.ndarray, np.ndarray]:
    """A made-up tumour and the scores of a mask that covers part of it.

    Args:
        coverage: share of the tumour the mask covers, from its centre outwards.
        ones: share of the mask whose score is exactly 1, from its centre outwards; the rest has ``SURE``.

    Returns:
        (SIDE, SIDE) bool, the tumour; (SIDE, SIDE) float32, the scores.
    """
    rows, columns = np.mgrid[:DEMONSTRATION_SIDE, :DEMONSTRATION_SIDE] - (DEMONSTRATION_SIDE - 1) / 2
    distance = rows**2 + columns**2
    tumour = distance <= _RADIUS**2
    inside = np.flatnonzero(tumour)
    outwards = inside[np.argsort(distance.ravel()[inside], kind="stable")]
    covered = outwards[: round(coverage * len(outwards))]
    scores = np.full(DEMONSTRATION_SIDE * DEMONSTRATION_SIDE, BACKGROUND_SCORE, np.float32)
    scores[covered] = TUMOUR_SCORE
    scores[covered[: round(ones * len(covered))]] = 1.0
    return tumour, scores.reshape(DEMONSTRATION_SIDE, DEMONSTRATION_SIDE)


def iou_demonstration_metrics(coverage: float, ones: float) -> dict[str, float]:
    """The figures of a ``demonstration``: the tumour's IoU at 0.5, and what Keras' MeanIoU makes of the scores."""
    tumour, scores = iou_demonstration(coverage, ones)
    return {
        "coverage": coverage,
        "tumour": iou(scores >= 0.5, tumour),
        "keras": keras_mean_iou_of_scores(scores, tumour)["value"],
        "half_of_background": float(1 - tumour.mean()) / 2,
    }
