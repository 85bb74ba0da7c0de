"""Errors: which slices a classifier gets wrong, how confident it was, and how sure its figures are."""

import streamlit as st

from core.translation.messages import mark, tr
from panels import shell
from panels.errors.compare import draw_comparison
from panels.errors.confidence import draw_confidence
from panels.errors.matrix_view import draw_matrix_and_slices, tile_label
from panels.errors.report_tables import draw_report_tables
from panels.errors.two_cells import draw_two_cells
from panels.shared.cache import cached_predictions
from panels.shared.labels import describe_test_set, term
from panels.shared.link.address import bound
from panels.shared.model_choice import chosen_model
from panels.shared.slices.dialog import draw_slice_dialog

shell.require()

VIEWS = {
    mark("Matrix and slices"): draw_matrix_and_slices,
    mark("Report's tables"): draw_report_tables,
    mark("Confidence"): draw_confidence,
    mark("Two cells"): draw_two_cells,
    mark("Compare"): draw_comparison,
}

classifier = chosen_model().classifier
st.markdown(
    tr(
        "Which slices a network classifies wrongly, at which {confidence}, and how far its figures can "
        "be trusted. {test_set}",
        confidence=term("confidence", tr("confidence")),
        test_set=describe_test_set(classifier),
    )
)
view = bound(
    st.segmented_control,
    tr("View"),
    list(VIEWS),
    default=next(iter(VIEWS)),
    required=True,
    wrap=True,
    format_func=tr,
    key="view",
)
VIEWS[view](classifier)
draw_slice_dialog(cached_predictions(classifier), caption=tile_label, model=chosen_model())
