"""The language of a visitor's session: what the address says, else what was chosen before, else the browser's."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.translation.language import ENGLISH, OFFERED, ask_for_language, choose_language, speak
from core.translation.messages import tr
from panels.shared.link.address import change, show, take

NAME = "lang"
"""In the address."""
_CHOSEN, _SPOKEN, _CHOICE = "language_chosen", "language_spoken", "language_choice"


def settle_language() -> None:
    """Settle the session's language for this run, and for the fragments and callbacks that run alone after it."""
    session, asked = st.session_state, st.query_params.get(NAME, "")
    if asked and choose_language([asked], None) == asked:
        session[_CHOSEN] = asked
    session[_SPOKEN] = choose_language([session.get(_CHOSEN)], st.context.locale)
    speak(session[_SPOKEN])


def keep_language_in_address() -> None:
    """Have the address of every page say the language, once it was asked for or chosen."""
    take(NAME)
    chosen = st.session_state.get(_CHOSEN)
    show(NAME, [chosen] if chosen else [])


def draw_language_choice() -> None:
    """Draw the choice of a language, where there is one."""
    if len(OFFERED) < 2:
        return
    st.session_state[_CHOICE] = st.session_state[_SPOKEN] if st.session_state[_SPOKEN] in OFFERED else ENGLISH
    st.selectbox(
        tr("Language"),
        list(OFFERED),
        format_func=OFFERED.__getitem__,
        key=_CHOICE,
        on_change=_choose,
        label_visibility="collapsed",
        width=130,
    )


def _choose() -> None:
    st.session_state[_CHOSEN] = st.session_state[_CHOICE]
    change({NAME: [st.session_state[_CHOICE]]})


def _session_language() -> str | None:
    """Return the language of the session that this thread serves; None where it serves none, or a new one."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return None
    spoken: str | None = st.session_state.get(_SPOKEN)
    return spoken


ask_for_language(_session_language)
