"""The state of a page that its address carries.

A widget takes its value from the address whenever that has changed otherwise than by an act on the page: by a link,
Back or Forward. An act writes the address once, which makes one entry of the browser's history.

Streamlit can only add entries. What else the address should say, such as the model that goes along to another page, or
should no longer say, panels/shared/link/copy_link.py puts right without one.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from core.translation.messages import tr
from panels.shared.link.bound_values import Unknown, values_of
from panels.shared.theme import escape_markdown

Address = dict[str, list[str]]
"""Values by name."""
_STATE = "address"


@dataclass
class _State:
    """What the session knows of its address.

    Attributes:
        page: that the address was read for.
        is_new_page: whether another page was open when the address changed.
        seen: the address as Streamlit has it.
        shown: as it should be: what the page shows. None where the page broke off.
        incoming: what a changed address asks for and no widget has taken yet.
        taken: names that have been taken since.
        drawn: what the parts of the page drawn so far show.
        defaults: of the widgets drawn so far.
        unknown: what the address asked for in vain.
    """

    page: str = ""
    is_new_page: bool = True
    seen: Address = field(default_factory=dict)
    shown: Address | None = None
    incoming: Address = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    drawn: Address = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    unknown: Address = field(default_factory=dict)


def _state() -> _State:
    return st.session_state.setdefault(_STATE, _State())


def _current() -> Address:
    return {name: st.query_params.get_all(name) for name in st.query_params}


@contextmanager
def page_address(page: str) -> Iterator[None]:
    """Draw a page; read its address before, and say above it what of it the page does not have.

    Args:
        page: tells it from the other pages.
    """
    state, address = _state(), _current()
    if page != state.page or address not in (state.seen, state.shown):
        state.is_new_page = page != state.page
        state.incoming, state.taken = dict(address), set()
    state.page, state.seen, state.shown = page, address, None
    state.drawn, state.unknown = {}, {}
    yield
    state.incoming = {}
    state.shown = {name: values for name, values in state.drawn.items() if values}


def draw_unknown_values() -> None:
    """Draw which values the address asked for in vain."""
    unknown = [f"{name} = {value}" for name, values in _state().unknown.items() for value in values]
    if unknown:
        st.warning(
            tr(
                "The address asks for what this page does not have: {values}. The page shows its own choice in its "
                "place.",
                values=escape_markdown(", ".join(unknown)),
            ),
            icon=":material/link_off:",
        )


def shown_query() -> str | None:
    """Return the query string that names what the page shows; None where the page broke off."""
    shown = _state().shown
    return None if shown is None else urlencode(shown, doseq=True)


def take(name: str, *, goes_along: bool = False) -> list[str] | None:
    """Return the values of a name in an address that has changed; None where it has not, since they were taken.

    Args:
        name: in the address.
        goes_along: whether what is chosen stays on another page, whose address does not name it: None then.
    """
    state = _state()
    if name in state.taken:
        return None
    state.taken.add(name)
    values = state.incoming.pop(name, [])
    return None if goes_along and not values and state.is_new_page else values


def asked(name: str) -> list[str]:
    """Return the values that a changed address has for a name, until they are taken."""
    return _state().incoming.get(name, [])


def translate(name: str, into: Callable[[str], Mapping[str, str] | None]) -> None:
    """Replace a former name in a changed address; call it before anything takes the present ones.

    Args:
        name: former name.
        into: returns present names and values for its value, or None if it is unknown.
    """
    state = _state()
    for value in state.incoming.pop(name, [])[-1:]:
        present = into(value)
        if present is None:
            refuse(name, [value])
        else:
            state.incoming = {key: [text] for key, text in present.items()} | state.incoming


def refuse(name: str, values: list[str]) -> None:
    """Have the page say that it does not have these values of its address."""
    if values:
        _state().unknown[name] = values


def show(name: str, values: list[str]) -> None:
    """Say what the page shows of a name; the address follows."""
    _state().drawn[name] = values


def change(changes: Mapping[str, list[str]]) -> None:
    """Write an act into the address: the values of some names; none takes the name out."""
    state = _state()
    address = (state.seen if state.shown is None else state.shown) | state.drawn | dict(changes)
    address = {name: values for name, values in address.items() if values}
    st.query_params.from_dict(address)
    state.seen, state.shown, state.drawn = address, address, dict(address)
    state.taken.update(changes)


def bound(
    widget: Callable[..., Any],
    *arguments: Any,
    key: str,
    goes_along: bool = False,
    former: Mapping[str, str] | None = None,
    on_change: Callable[[], None] | None = None,
    **options: Any,
) -> Any:
    """Draw a widget of Streamlit whose value stands in the address; return its value.

    The address names options by what ``format_func`` gives; it may also name them by themselves. A widget at its
    default is not in the address, and follows its default.

    Args:
        widget: such as ``st.selectbox``.
        arguments: of the widget.
        key: of the widget, and its name in the address.
        goes_along: see ``take``.
        former: present options by the texts that addresses had for them before.
        on_change: is called once the address is written.
        options: further arguments of the widget.
    """
    codec = values_of(widget, arguments, options)
    state, session = _state(), st.session_state
    is_new = goes_along and state.is_new_page and key not in state.taken
    texts = take(key, goes_along=goes_along)
    if texts:
        try:
            session[key] = codec.read([(former or {}).get(text, text) for text in texts])
        except Unknown as error:
            refuse(key, error.values)
            session[key] = error.value
    elif is_new and key in session and codec.has(session[key]):
        session[key] = session[key]  # a page's own widget would begin anew
    elif key in session:
        at_default = texts == [] or session[key] == state.defaults.get(key, codec.default)
        if session[key] != codec.default and (at_default or not codec.has(session[key])):
            session[key] = codec.default
    state.defaults[key] = codec.default

    def write() -> None:
        change({key: codec.write(session[key])})
        if on_change:
            on_change()

    value = widget(*arguments, key=key, on_change=write, **options)
    show(key, codec.write(value))
    return value
