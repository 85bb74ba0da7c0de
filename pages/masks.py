"""Masks: how good a segmenter's outlines are, where they fail, and why an IoU can say 0.49."""

import pandas as pd
import streamlit as st

from core.bundles.bundle import open_bundle
from core.bundles.mask_thresholds import at_threshold
from core.bundles.predictions import select_predictions
from core.metrics.overlap import THRESHOLDS
from panels import shell
from panels.masks.iou import why_half
from panels.masks.overview import how_good
from panels.masks.slices import rows
from panels.shared.answer import describe_test_set
from panels.shared.cache import cached_mask_thresholds, cached_predictions, evaluated_bundle_names
from panels.shared.slice_dialog import draw_slice_dialog

shell.require()

GOOD, SLICES, HALF = VIEWS = ("How good", "Slices", "Why IoU says 0.49")


st.title("Masks", anchor=False)
st.markdown("How well a network outlines tumours it has not trained on: overall, slice by slice, and at any threshold.")
bundle_column, view_column = st.columns([2, 5], gap="medium", vertical_alignment="bottom")
with bundle_column:
    bundle = open_bundle(
        st.selectbox("Segmenter", evaluated_bundle_names("segmentation"), key="segmenter", bind="query-params")
    )
with view_column:
    view = st.segmented_control("View", VIEWS, default=GOOD, required=True, wrap=True, key="view", bind="query-params")
st.caption(describe_test_set(bundle))
neighbours = evidence = cached_predictions(bundle)
threshold = own = float(bundle.card["output"]["threshold"])
if view == HALF:
    why_half(bundle, select_predictions(evidence, part="test"))
else:
    threshold = st.select_slider(
        f"Threshold: probability from which a pixel counts as tumour (the network's own: {own:.2f})",
        THRESHOLDS,
        own,
        format_func="{:g}".format,  # the label is the address's spelling: 0.9, as one would type it
        key="threshold",
        bind="query-params",
    )
    st.caption(
        "For looking only: a threshold chosen here, on test slices, would make the figures too good. The network's own "
        "was fixed beforehand."
    )
    table = at_threshold(cached_mask_thresholds(bundle), threshold)
    at_threshold = evidence["slice"].map(table.set_index("slice")["dice"])
    neighbours = evidence.assign(dice=at_threshold.fillna(evidence["dice"]))
    if view == GOOD:
        how_good(bundle, table, threshold)
    else:
        rows(bundle, table, threshold)


def words(row: pd.Series) -> str:
    """What stands below a neighbour's tile: only test slices' figures are kept at every threshold."""
    elsewhere = "" if threshold == own or row["part"] == "test" else f" at {own:g}"
    return f"{row['slice']} · Dice {row['dice']:.2f}{elsewhere}"


draw_slice_dialog(
    neighbours,
    caption=words,
    classifier=open_bundle(evaluated_bundle_names("classification")[0]),
    segmenter=bundle,
    threshold=threshold,
)
