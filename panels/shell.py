"""The frame around every page: navigation, the notice, errors in one sentence.

Until app.py has run once, Streamlit treats pages/ in its old way: a deep link that is a fresh server's
first request opens the page's file bare. A page therefore begins with ``frame.require()``, which in that
case sets up the navigation and reruns, this time through app.py.
"""

from typing import Any, Literal

import streamlit as st
from starlette.formparsers import MultiPartParser

from core.config import PAGES
from core.errors import SliceScopeError
from core.inference.result import NOTICE
from core.ood.evaluate import any_gate_measured
from core.readers.mat import MAX_FILE_BYTES
from core.search.results import search_names
from panels.shared.theme import escape_markdown

_FLAG = "_inside_frame"

# The web server moves uploads above 1 MB to a temporary file unless it is told otherwise; here none may
# touch the disk.
MultiPartParser.spool_max_size = MAX_FILE_BYTES + 2**20


def run() -> None:
    """Draw the frame and, inside it, the page the address names."""
    st.set_page_config(page_title="SliceScope", page_icon=":material/neurology:", layout="wide")
    page = _navigation()
    st.caption(f":material/info: **SliceScope.** {NOTICE}")
    st.session_state[_FLAG] = True
    try:
        page.run()
    except SliceScopeError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
    finally:
        del st.session_state[_FLAG]


def require() -> None:
    """Make sure the frame is around the page that calls this first."""
    if not st.session_state.get(_FLAG):
        _navigation()
        st.rerun()


def _navigation() -> Any:
    analyse, external, training, tuning = (
        PAGES / f"{name}.py" for name in ("analyse", "external", "training", "tuning")
    )
    # A page that has nothing to show before there are results is not offered until then.
    with_external = _visibility(any_gate_measured())
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
            # The first page is served at "/", whatever its name: this keeps "/analyse" a good address. The others
            # are the addresses that pages had before.
            st.Page(analyse, title="Analyse", url_path="analyse", visibility="hidden"),
            st.Page(external, title="External data", url_path="strangers", visibility="hidden"),
            st.Page(training, title="Training", url_path="curves", visibility="hidden"),
            st.Page(tuning, title="Hyperparameters", url_path="search", visibility="hidden"),
        ],
        position="top",
    )


def _visibility(shown: bool) -> Literal["visible", "hidden"]:
    return "visible" if shown else "hidden"
