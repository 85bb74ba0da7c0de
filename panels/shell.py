"""The frame around every page: navigation, the notice, errors in one sentence.

Until frame.py has run once, Streamlit serves pages/ in its old way: a deep link that is a fresh server's first request
runs the page's file without frame.py. Every page therefore begins with ``shell.require()``, which in that case sets up
the navigation and reruns the page through frame.py.
"""

from pathlib import Path
from typing import Any, Literal

import streamlit as st

from core.bundles.measured_gate import measured_split
from core.config import NOTICE, PAGES
from core.search.names import search_names
from panels.shared.address import unknown_values_told
from panels.shared.controls import errors_in_one_sentence
from panels.shared.model_choice import draw_broken_bundles, listed_bundles
from panels.shared.slices.uploads import bound_uploads
from panels.shared.web_server import keep_uploads_in_memory, release_ended_sessions, send_without_delay

_ICON = Path(__file__).with_name("icon.svg")
"""Streamlit's own icons come from a font host, which a visitor's browser would ask."""
_INSIDE_FRAME = "_inside_frame"

keep_uploads_in_memory()
send_without_delay()
release_ended_sessions()
bound_uploads()


def run() -> None:
    """Draw the frame and in it the page that the address names."""
    st.set_page_config(page_title="SliceScope", page_icon=str(_ICON), layout="wide")
    page = _navigation()
    st.caption(f":material/info: **SliceScope.** {NOTICE}")
    draw_broken_bundles()
    st.session_state[_INSIDE_FRAME] = True
    try:
        with unknown_values_told(), errors_in_one_sentence():
            page.run()
    finally:
        del st.session_state[_INSIDE_FRAME]


def require() -> None:
    """Put the frame around the page that calls this, where it has none."""
    if not st.session_state.get(_INSIDE_FRAME):
        _navigation()
        st.rerun()


def _navigation() -> Any:
    analyse, external, training, tuning = (
        PAGES / f"{name}.py" for name in ("analyse", "external", "training", "tuning")
    )
    # A page that needs results is in the menu only once there are some.
    with_external = _visibility(any(map(measured_split, listed_bundles().bundles.values())))
    with_searches = _visibility(bool(search_names()))
    return st.navigation(
        [
            st.Page(analyse, title="Analyse", icon=":material/search:", url_path="start", default=True),
            st.Page(PAGES / "errors.py", title="Errors", icon=":material/grid_on:"),
            st.Page(PAGES / "masks.py", title="Masks", icon=":material/gesture:"),
            st.Page(PAGES / "explain.py", title="Explain", icon=":material/visibility:"),
            st.Page(external, title="External data", icon=":material/person_search:", visibility=with_external),
            st.Page(training, title="Training", icon=":material/show_chart:"),
            st.Page(tuning, title="Hyperparameters", icon=":material/tune:", visibility=with_searches),
            st.Page(PAGES / "models.py", title="Models", icon=":material/hub:"),
            st.Page(PAGES / "data.py", title="Data", icon=":material/database:"),
            # The default page is served at "/"; this one keeps "/analyse". The others keep the pages' former addresses.
            st.Page(analyse, title="Analyse", url_path="analyse", visibility="hidden"),
            st.Page(external, title="External data", url_path="strangers", visibility="hidden"),
            st.Page(training, title="Training", url_path="curves", visibility="hidden"),
            st.Page(tuning, title="Hyperparameters", url_path="search", visibility="hidden"),
        ],
        position="top",
    )


def _visibility(shown: bool) -> Literal["visible", "hidden"]:
    return "visible" if shown else "hidden"
