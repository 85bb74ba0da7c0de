"""The start's three doors: what a person who opens the app for the first time can do."""

import streamlit as st

_SAMPLE = "glioma-axial-1"


def doors() -> None:
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
        st.markdown(
            "**Why splits by slice flatter.** The same network, tested on patients it has not seen, does much worse."
        )
        st.page_link("pages/models.py", label="Compare both", icon=":material/hub:")
    with grid.container(border=True, height="stretch"):
        st.markdown(
            "**Why IoU says 0.49.** A metric that stays at one half however good the mask is. Change a mask and watch."
        )
        st.page_link(
            "pages/masks.py",
            label="Try it",
            icon=":material/gesture:",
            query_params={"view": "Why IoU says 0.49"},
        )
