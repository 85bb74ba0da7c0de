"""What an address asks for and its page does not have."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import streamlit as st

from panels.shared.theme import escape_markdown

_TAKEN = "address_taken"
"""Where the session keeps the address that its last run left."""


@contextmanager
def unknown_values_told() -> Iterator[None]:
    """Draw a page; say above it which values of its address its widgets did not take.

    Streamlit takes such a value out of the address without a word, and the widget keeps its own. A value that the
    address had at the end of the run before was a widget's: that another choice ends it is no news.
    """
    before = st.session_state.get(_TAKEN, {})
    asked = {name: [value for value in values if value not in before.get(name, ())] for name, values in _address()}
    place = st.empty()
    yield
    remember_address()
    lost = {name: _lost(name, values) for name, values in asked.items()}
    unknown = [f"{name} = {value}" for name, values in lost.items() for value in values]
    if unknown:
        place.warning(
            f"The address asks for what this page does not have: {escape_markdown(', '.join(unknown))}. "
            "The page shows its own choice in its place.",
            icon=":material/link_off:",
        )


def remember_address() -> None:
    """Keep what the address has: the widgets took it. A part of a page that runs alone calls it in the page's stead."""
    st.session_state[_TAKEN] = dict(_address())


def _address() -> list[tuple[str, list[str]]]:
    """Return the address's names, each with its values."""
    return [(name, st.query_params.get_all(name)) for name in st.query_params]


def _lost(name: str, asked: list[str]) -> list[str]:
    """Return the values of one name that have gone and are not what the widget shows anyway."""
    kept = {*st.query_params.get_all(name), *_texts(st.session_state.get(name))}
    return [value for value in asked if value not in kept and _plain(value) not in map(_plain, kept)]


def _texts(value: Any) -> list[str]:
    """Return a widget's value as the address has it, a text for each part."""
    if isinstance(value, Mapping):  # a selection of rows or points
        return []
    return [str(part) for part in value] if isinstance(value, list | tuple | set) else [str(value)]


def _plain(text: str) -> str:
    """Return letters and digits alone: the address has an option's title, the widget's value is its name."""
    return "".join(filter(str.isalnum, text.casefold()))
