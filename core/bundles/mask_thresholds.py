"""A segmenter's mask figures of its test slices at any threshold."""

import numpy as np
import pandas as pd

from core.bundles.bundle import MASK_THRESHOLDS, Bundle
from core.bundles.contents import read_bundle_table, refused_content
from core.bundles.predictions import read_predictions
from core.checked_files import Content
from core.metrics.overlap import THRESHOLDS, dice_from_counts, iou_from_counts
from core.translation.messages import mark


def read_thresholds(bundle: Bundle) -> pd.DataFrame:
    """Read the test slices' mask figures at every threshold of ``core.metrics.overlap.THRESHOLDS``.

    Returns:
        Rows of ``core.bundles.predictions.read_predictions``, one a slice and threshold, with threshold, overlap_px,
        true_px, predicted_px, dice and iou at that threshold, at the slice's own size.

    Raises:
        BundleError: the bundle has no such file, or it is altered or holds something else.
    """
    counts = dict.fromkeys(("slice", "overlap_px", "true_px", "predicted_px"), Content.COUNT)
    rows = read_bundle_table(bundle, MASK_THRESHOLDS, {**counts, "threshold": Content.SHARE})
    predictions = read_predictions(bundle)
    tested = predictions.loc[predictions["part"] == "test", "slice"]
    expected = {(number, threshold) for number in tested for threshold in THRESHOLDS}
    with refused_content(bundle, MASK_THRESHOLDS):
        if len(rows) != len(expected) or set(zip(rows["slice"], rows["threshold"].round(2), strict=True)) != expected:
            raise ValueError(f"it does not have one row for each of the {len(tested)} test slices at each threshold")
        if (rows["overlap_px"] > rows[["true_px", "predicted_px"]].min(axis=1)).any():
            raise ValueError("overlap_px must be at most true_px and predicted_px in every row")
    both, true, predicted = (rows[name].to_numpy() for name in ("overlap_px", "true_px", "predicted_px"))
    rows["dice"], rows["iou"] = dice_from_counts(both, true, predicted), iou_from_counts(both, true, predicted)
    slices = predictions.drop(columns=["dice", "iou", "true_px", "predicted_px"])
    return rows.merge(slices, on="slice", how="left", validate="many_to_one")


def at_threshold(table: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Return the rows of ``read_thresholds`` at one threshold."""
    return table[np.isclose(table["threshold"], threshold)]


def typical_slice_numbers(table: pd.DataFrame) -> dict[str, int]:
    """Return the slice numbers of the best, the median and the worst Dice; among equal ones the lowest number.

    Args:
        table: of ``at_threshold``.
    """
    order = table.sort_values(["dice", "slice"], ascending=[False, True])["slice"].tolist()
    worst = table.sort_values(["dice", "slice"])["slice"].iloc[0]
    return {mark("Best"): int(order[0]), mark("Median"): int(order[len(order) // 2]), mark("Worst"): int(worst)}
