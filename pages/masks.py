"""Masks: how good a segmenter's masks are, where they fail, and why an IoU can say 0.49."""

import pandas as pd
import streamlit as st

from core.bundles.bundle import Bundle
from core.bundles.mask_thresholds import at_threshold
from core.bundles.predictions import select_predictions
from core.metrics.overlap import THRESHOLDS
from core.translation.messages import mark, tr
from panels import shell
from panels.masks.iou_demonstration import draw_iou_demonstration
from panels.masks.overview import draw_overview
from panels.masks.slices import draw_slices
from panels.shared.cache import cached_mask_thresholds, cached_predictions
from panels.shared.labels import describe_test_set, term
from panels.shared.link.address import bound
from panels.shared.model_choice import chosen_model
from panels.shared.slices.dialog import draw_slice_dialog

shell.require()

OVERVIEW, SLICES, IOU = VIEWS = (mark("How good"), mark("Slices"), mark("Why IoU says 0.49"))


def threshold_slider(own: float) -> float:
    """Draw the slider of the threshold, which starts at the network's own."""
    threshold: float = bound(
        st.select_slider,
        tr("Threshold: probability from which a pixel counts as tumour (the network's own: {own:.2f})", own=own),
        THRESHOLDS,
        own,
        format_func="{:g}".format,  # the label is the address's spelling: 0.9, as one would type it
        key="threshold",
        help=tr(
            "For looking only: a threshold chosen here, on test slices, would make the figures too good. The "
            "network's own was fixed beforehand."
        ),
    )
    return threshold


def draw_at_threshold(bundle: Bundle, view: str, table: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Draw a view at a threshold; return all slices' predictions with the test slices' Dice at this threshold."""
    thresholded = at_threshold(cached_mask_thresholds(bundle), threshold)
    if view == OVERVIEW:
        draw_overview(bundle, thresholded, threshold)
    else:
        draw_slices(bundle, thresholded, threshold)
    dice = table["slice"].map(thresholded.set_index("slice")["dice"])
    return table.assign(dice=dice.fillna(table["dice"]))


segmenter = chosen_model().segmenter
st.markdown(
    tr(
        "How well a network segments tumours it has not trained on, by {dice} and {iou}. {describe_test_set}",
        dice=term("dice"),
        iou=term("iou", tr("IoU")),
        describe_test_set=describe_test_set(segmenter),
    )
)
views, thresholds = st.columns([2, 3], gap="medium")
with views:
    view = bound(
        st.segmented_control,
        tr("View"),
        VIEWS,
        default=OVERVIEW,
        required=True,
        wrap=True,
        format_func=tr,
        key="view",
    )
predictions = cached_predictions(segmenter)
own_threshold = threshold = segmenter.mask_threshold
if view == IOU:
    draw_iou_demonstration(segmenter, select_predictions(predictions, part="test"))
else:
    with thresholds:
        threshold = threshold_slider(own_threshold)
    predictions = draw_at_threshold(segmenter, view, predictions, threshold)


def dice_label(row: pd.Series) -> str:
    """Label a neighbour's tile with its Dice: test slices' at the chosen threshold, others' at the network's own."""
    if threshold == own_threshold or row["part"] == "test":
        return tr("{slice} · Dice {dice:.2f}", slice=row["slice"], dice=row["dice"])
    return tr(
        "{slice} · Dice {dice:.2f} at {threshold:g}", slice=row["slice"], dice=row["dice"], threshold=own_threshold
    )


draw_slice_dialog(predictions, caption=dice_label, model=chosen_model(), threshold=threshold)
