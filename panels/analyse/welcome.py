"""The start's three doors: what a person who opens the app for the first time can do."""

import streamlit as st

from core.bundles.bundle import REPORT_CLASSIFIER
from panels.shared.cache import evaluated_bundle
from panels.shared.labels import SPLITS_SECTION
from panels.shared.theme import percent

_SAMPLE = "glioma-axial-1"
IOU_VIEW = "Why IoU says 0.49"
"""The view in the address of Masks."""


def draw_welcome() -> None:
    """Draw the doors side by side; a narrow screen stacks them."""
    grid = st.grid(3, min_column_width=260)
    with grid.container(border=True, height="stretch"):
        st.markdown(
            "**Try a sample.** A slice with a simulated tumour: its class, its outline, where the network looked."
        )
        st.page_link(
            "pages/analyse.py", label="Analyse a sample", icon=":material/search:", query_params={"sample": _SAMPLE}
        )
    with grid.container(border=True, height="stretch"):
        st.markdown(f"**Why splits by slice flatter.** {_flattered()}")
        st.page_link(
            "pages/models.py",
            label="Compare both",
            icon=":material/hub:",
            query_params={"show": SPLITS_SECTION},
        )
    with grid.container(border=True, height="stretch"):
        st.markdown(
            "**Why IoU says 0.49.** A metric that stays at one half however good the mask is. Change a mask and watch."
        )
        st.page_link(
            "pages/masks.py",
            label="Try it",
            icon=":material/gesture:",
            query_params={"view": IOU_VIEW},
        )


def _flattered() -> str:
    """What the report's classifier reaches by slice and by patient, from the two cards."""
    by_slice = evaluated_bundle(REPORT_CLASSIFIER)
    by_patient = evaluated_bundle(by_slice.card["data"].get("by_patient_bundle")) if by_slice else None
    if not by_slice or not by_patient:
        return "Slices of one tumour stand in training and in test."
    first, second = (percent(one.test_metrics["accuracy"]) for one in (by_slice, by_patient))
    return f"The report's network names {first} of new slices rightly, but of new patients' slices {second}."
