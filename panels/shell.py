"""The frame around every page: navigation, the choice of a model, the notice, errors in one sentence.

Where app.py does not start the server, as in tests, Streamlit serves pages/ in its old way until frame.py has run
once: a deep link runs the page's file without frame.py. Every page therefore begins with ``shell.require()``, which in
that case sets up the navigation and reruns the page through frame.py.
"""

from pathlib import Path
from typing import Any, Literal

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from core.bundles.measured_gate import measured_split
from core.config import NOTICE, PAGES
from core.search.names import search_names
from core.translation.messages import tr
from panels.shared.controls import errors_in_one_sentence
from panels.shared.link.address import draw_unknown_values, page_address
from panels.shared.link.copy_link import draw_copy_link
from panels.shared.link.language import draw_language_choice, keep_language_in_address, settle_language
from panels.shared.model_choice import choose_model, draw_broken_bundles, listed_bundles
from panels.shared.slices.chosen import AT
from panels.shared.slices.uploads import bound_uploads
from panels.shared.web_server import keep_uploads_in_memory, release_ended_sessions, send_without_delay

_ASSETS = Path(__file__).with_name("assets")
_ICON, _LOGO = str(_ASSETS / "icon.svg"), str(_ASSETS / "logo.svg")
"""Streamlit's own icons come from a font host, which a visitor's browser would ask."""
_FORMER_PATHS = {"analyse": "analyse", "external": "strangers", "training": "curves", "tuning": "search"}
"""Former addresses of pages by file; the default page is served at "/" and keeps "/analyse"."""
_FORMER_CHOICES = {"errors": ("bundle",), "explain": ("bundle",), "masks": ("segmenter",)}
"""Names by which addresses of these pages chose a bundle."""
_WITHOUT_MODEL = ("tuning", "report", "data")
"""Pages on which the choice of a model would change nothing, by file."""
_INSIDE_FRAME = "_inside_frame"

keep_uploads_in_memory()
send_without_delay()
release_ended_sessions()
bound_uploads()


def run() -> None:
    """Draw the frame and in it the page that the address names."""
    # Else the navigation shows the page's own icon for a moment, from a font host.
    st.set_page_config(page_icon=_ICON, layout="wide")
    settle_language()
    file, page = _navigation()
    st.set_page_config(page_title=f"{page.title} · SliceScope", page_icon=_ICON, layout="wide")
    st.logo(_LOGO, size="large")
    st.session_state[_INSIDE_FRAME] = True
    try:
        with errors_in_one_sentence(), page_address(file):
            keep_language_in_address()
            link = _draw_head(file, page.title)
            unknown = st.container()
            draw_broken_bundles()
            page.run()
        with unknown:
            draw_unknown_values()
        draw_copy_link([page.url_path, _FORMER_PATHS.get(file, "")], link, steps=[AT])
    finally:
        del st.session_state[_INSIDE_FRAME]


def _draw_head(file: str, title: str) -> Any:
    """Draw the line above a page: its title, the model, the notice; return the place of the link."""
    unused = "_unused" if file in _WITHOUT_MODEL else ""
    with st.container(horizontal=True, vertical_alignment="center", key="frame_head"):
        st.title(title, anchor=False, width="content")
        model = st.container(width=260, key=f"frame_model{unused}")
        st.caption(tr(NOTICE), width="stretch")
        draw_language_choice()
        link = st.container(width=110, key="frame_link")
    custom = st.container(horizontal=True, key=f"frame_custom{unused}")
    with model:
        choose_model(custom, former=_FORMER_CHOICES.get(file, ()))
    return link


def require() -> None:
    """Put the frame around the page that calls this, where it has none."""
    if not st.session_state.get(_INSIDE_FRAME):
        _navigation()
        st.rerun()


def _navigation() -> tuple[str, StreamlitPage]:
    """Draw the menu; return the page that the address names, with the name of its file."""
    # A page that needs results is in the menu only once there are some.
    with_external = _visibility(any(map(measured_split, listed_bundles().bundles.values())))
    with_searches = _visibility(bool(search_names()))
    sections = {
        tr("Analyse"): [
            *_page("analyse", tr("Analyse"), "search", url_path="start", default=True),
            *_page("explain", tr("Explain"), "visibility"),
        ],
        tr("Evaluate"): [
            *_page("errors", tr("Errors"), "grid_on"),
            *_page("masks", tr("Masks"), "gesture"),
            *_page("external", tr("External data"), "person_search", visibility=with_external),
        ],
        tr("Training"): [
            *_page("training", tr("Curves"), "show_chart"),
            *_page("tuning", tr("Hyperparameters"), "tune", visibility=with_searches),
        ],
        tr("About"): [
            *_page("report", tr("The report"), "menu_book"),
            *_page("models", tr("Models"), "hub"),
            *_page("data", tr("Data"), "database"),
        ],
    }
    shown = st.navigation(
        {title: [page for _, page in pages] for title, pages in sections.items()},
        position="top",
    )
    return next(found for pages in sections.values() for found in pages if found[1] == shown)


def _page(file: str, title: str, icon: str, **options: Any) -> list[tuple[str, StreamlitPage]]:
    """Return a page of the menu, and the same at its former address, which the menu leaves out; each with its file."""
    path = PAGES / f"{file}.py"
    pages = [(file, st.Page(path, title=title, icon=f":material/{icon}:", **options))]
    if file in _FORMER_PATHS:
        pages.append((file, st.Page(path, title=title, url_path=_FORMER_PATHS[file], visibility="hidden")))
    return pages


def _visibility(shown: bool) -> Literal["visible", "hidden"]:
    return "visible" if shown else "hidden"
