"""Three doors below the example on the front page: where a first-time visitor may go on."""

import streamlit as st

from core.bundles.bundle import REPORT_CLASSIFIER
from core.translation.messages import tr
from panels.shared.labels import SPLITS_SECTION, bundle_title
from panels.shared.model_choice import chosen_model, evaluated_bundle
from panels.shared.theme import percent

IOU_VIEW = "Why IoU says 0.49"
"""The view in the address of Masks."""


def draw_doors() -> None:
    """Draw a box a door side by side; a narrow screen stacks them."""
    grid = st.grid(3, min_column_width=260)
    with grid.container(border=True, height="stretch"):
        st.markdown(tr("**Where it is wrong.** {errors}", errors=_errors()))
        st.page_link("pages/errors.py", label=tr("See its errors"), icon=":material/grid_on:")
    with grid.container(border=True, height="stretch"):
        st.markdown(tr("**Why slice-level splits are optimistic.** {split_effect}", split_effect=_split_effect()))
        st.page_link(
            "pages/models.py",
            label=tr("Compare both"),
            icon=":material/hub:",
            query_params={"show": SPLITS_SECTION},
        )
    with grid.container(border=True, height="stretch"):
        st.markdown(
            tr(
                "**Why IoU says 0.49.** A metric that stays near one half however good the mask is. Change a mask "
                "and see."
            )
        )
        st.page_link(
            "pages/masks.py",
            label=tr("Try it"),
            icon=":material/gesture:",
            query_params={"view": IOU_VIEW},
        )


def _errors() -> str:
    """Return how many test slices the chosen network classifies wrongly, as the linked page shows them."""
    classifier = chosen_model().classifier
    if not classifier.is_evaluated:
        return tr("Every wrong test slice, from the confusion matrix to its picture.")
    metrics = classifier.test_metrics
    wrong = metrics.slices - sum(row[i] for i, row in enumerate(metrics.confusion_matrix))
    return tr(
        "{model} classifies {wrong} of {slices} test slices wrongly.",
        model=bundle_title(classifier),
        wrong=wrong,
        slices=metrics.slices,
    )


def _split_effect() -> str:
    """Return the report's classifier's accuracy on new slices and on new patients, as the linked section shows them.

    On new patients that is the mean over folds, where there are several.
    """
    by_slice = evaluated_bundle(REPORT_CLASSIFIER)
    by_patient = evaluated_bundle(by_slice.card.data.by_patient_bundle) if by_slice else None
    if not by_slice or not by_patient:
        return tr("Slices of one tumour are in training and in test.")
    over_folds = by_patient.card.metrics.over_folds
    patient_level = over_folds.figures["accuracy"].mean if over_folds else by_patient.test_metrics.accuracy
    return tr(
        "The report's network has accuracy {slice_level} on new slices, but {patient_level} on new patients.",
        slice_level=percent(by_slice.test_metrics.accuracy),
        patient_level=percent(patient_level),
    )
