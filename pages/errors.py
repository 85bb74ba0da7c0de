"""Errors: which slices a classifier names wrongly, how sure it was, and how sure its figures are."""

import streamlit as st

from core.bundles.bundle import REPORT_SEGMENTER, open_bundle
from panels import shell
from panels.errors.compare import compare
from panels.errors.confidence import confidence
from panels.errors.matrix_view import matrix_and_slices, words
from panels.errors.report_tables import reports_tables
from panels.shared.answer import describe_test_set
from panels.shared.cache import cached_predictions, evaluated_bundle_names
from panels.shared.slice_dialog import draw_slice_dialog

shell.require()

VIEWS = {
    "Matrix and slices": matrix_and_slices,
    "Report's tables": reports_tables,
    "Confidence": confidence,
    "Compare": compare,
}

st.title("Errors", anchor=False)
st.markdown("Which slices a network names wrongly, how sure it was, and how far its figures can be trusted.")
bundle_column, view_column = st.columns([2, 5], gap="medium", vertical_alignment="bottom")
with bundle_column:
    bundle = open_bundle(
        st.selectbox("Classifier", evaluated_bundle_names("classification"), key="bundle", bind="query-params")
    )
with view_column:
    view = st.segmented_control(
        "View", list(VIEWS), default="Matrix and slices", required=True, wrap=True, key="view", bind="query-params"
    )
st.caption(describe_test_set(bundle))
VIEWS[view](bundle)
segmenters = evaluated_bundle_names("segmentation")
draw_slice_dialog(
    cached_predictions(bundle),
    caption=words,
    classifier=bundle,
    segmenter=open_bundle(REPORT_SEGMENTER if REPORT_SEGMENTER in segmenters else segmenters[0]),
)
