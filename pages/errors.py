"""Errors: which slices a classifier gets wrong, how confident it was, and how sure its figures are."""

import streamlit as st

from core.bundles.bundle import REPORT_CLASSIFIER
from core.config import CLASSIFICATION
from panels import shell
from panels.errors.compare import draw_comparison
from panels.errors.confidence import draw_confidence
from panels.errors.matrix_view import draw_matrix_and_slices, tile_label
from panels.errors.report_tables import draw_report_tables
from panels.shared.cache import cached_predictions
from panels.shared.labels import describe_test_set
from panels.shared.model_choice import choose_bundle, evaluated_bundle_names, listed_bundles
from panels.shared.slices.dialog import draw_slice_dialog

shell.require()

VIEWS = {
    "Matrix and slices": draw_matrix_and_slices,
    "Report's tables": draw_report_tables,
    "Confidence": draw_confidence,
    "Compare": draw_comparison,
}

st.title("Errors", anchor=False)
st.markdown("Which slices a network classifies wrongly, how confident it was, and how far its figures can be trusted.")
classifier_column, view_column = st.columns([2, 5], gap="medium", vertical_alignment="bottom")
with classifier_column:
    name = choose_bundle("Classifier", evaluated_bundle_names(CLASSIFICATION), key="bundle", default=REPORT_CLASSIFIER)
with view_column:
    view = st.segmented_control(
        "View", list(VIEWS), default="Matrix and slices", required=True, wrap=True, key="view", bind="query-params"
    )
classifier = listed_bundles().find(name)
st.caption(describe_test_set(classifier))
VIEWS[view](classifier)
draw_slice_dialog(cached_predictions(classifier), caption=tile_label, classifier=classifier)
