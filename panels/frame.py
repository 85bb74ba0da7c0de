"""The frame around every page: navigation, the notice, errors in one sentence.

Until app.py has run once, Streamlit treats pages/ in its old way: a deep link that is a fresh server's
first request opens the page's file bare. A page therefore begins with ``frame.require()``, which in that
case sets up the navigation and reruns, this time through app.py.
"""

from pathlib import Path
from typing import Any

import streamlit as st
from starlette.formparsers import MultiPartParser

from core import searches
from core.errors import SliceScopeError
from core.matfile import MAX_FILE_BYTES
from core.results import NOTICE
from core.strangers import any_screen
from panels.text import plain

_PAGES = Path(__file__).resolve().parent.parent / "pages"
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
        st.error(plain(str(error)), icon=":material/error:")
    finally:
        del st.session_state[_FLAG]


def require() -> None:
    """Make sure the frame is around the page that calls this first."""
    if not st.session_state.get(_FLAG):
        _navigation()
        st.rerun()


def _navigation() -> Any:
    analyse = _PAGES / "analyse.py"
    return st.navigation(
        [
            st.Page(analyse, title="Analyse", icon=":material/search:", url_path="start", default=True),
            # The first page is served at "/", whatever its name: this keeps "/analyse" a good address.
            st.Page(analyse, title="Analyse", url_path="analyse", visibility="hidden"),
            st.Page(_PAGES / "errors.py", title="Errors", icon=":material/grid_on:"),
            st.Page(_PAGES / "masks.py", title="Masks", icon=":material/gesture:"),
            st.Page(_PAGES / "explain.py", title="Explain", icon=":material/visibility:"),
            _page_of_results("strangers", "Strangers", ":material/person_search:", there=any_screen()),
            st.Page(_PAGES / "curves.py", title="Curves", icon=":material/show_chart:"),
            _page_of_results("search", "Search", ":material/tune:", there=bool(searches.names())),
            st.Page(_PAGES / "models.py", title="Models", icon=":material/hub:"),
            st.Page(_PAGES / "data.py", title="Data", icon=":material/database:"),
        ],
        position="top",
    )


def _page_of_results(name: str, title: str, icon: str, *, there: bool) -> Any:
    """A page that has nothing to show before there are results: until then it is not offered."""
    return st.Page(_PAGES / f"{name}.py", title=title, icon=icon, visibility="visible" if there else "hidden")
