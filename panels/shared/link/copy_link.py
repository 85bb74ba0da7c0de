"""The button that copies the page's address, and what keeps the address and the language as the page shows them.

Streamlit can only add entries to the browser's history. What the address should say beside an act, the chosen model on
a page just opened for one, replaces the entry that is there; so do the steps of a row after the first. Nor can it name
the document's language, by which a screen reader chooses its voice.
"""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.translation.language import current_language
from core.translation.messages import tr
from panels.shared.link.address import shown_query

_SCRIPT = Path(__file__).with_name("link.js").read_text(encoding="utf-8")
_HTML = '<input hidden readonly><span role="status"></span>'  # the script adds the button when it can name it
_STYLE = """
:host { display: block; position: relative; text-align: right; }
button {
  font: inherit; font-size: 0.875rem; color: var(--st-link-color); background: none; border: 0; padding: 0.25rem 0;
  cursor: pointer; white-space: nowrap;
}
button:hover { text-decoration: underline; }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; border-radius: 2px; }
input, span:not(:empty) {
  position: absolute; right: 0; top: 1.9rem; z-index: 10; font-size: 0.875rem; padding: 0.25rem 0.5rem;
  background: var(--st-secondary-background-color); color: var(--st-text-color);
  border: 1px solid var(--st-border-color); border-radius: 0.375rem; white-space: nowrap;
}
input { width: 18rem; max-width: 80vw; }
"""
_RUNS = "frame_runs"


def draw_copy_link(paths: Sequence[str], place: DeltaGenerator, *, steps: Sequence[str]) -> None:
    """Draw the button, and let the browser put the address right.

    Args:
        paths: last parts of the addresses that show the page.
        place: where the button stands; the page is drawn before.
        steps: names in the address whose changes, one after the other, are one entry of the browser's history.
    """
    run = st.session_state[_RUNS] = st.session_state.get(_RUNS, 0) + 1
    component = st.components.v2.component("slicescope_link", html=_HTML, css=_STYLE, js=_SCRIPT)
    data = {
        "run": run,
        "query": shown_query(),
        "paths": list(paths),
        "steps": list(steps),
        "language": current_language(),
        "texts": {
            "copy": tr("Copy link"),
            "link": tr("Link to this page"),
            "copied": tr("Link copied"),
            "selected": tr("Copy the selected link"),
        },
    }
    with place:
        component(data=data, key="copy_link", height=32)
