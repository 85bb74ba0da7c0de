"""Figures that are built once: Plotly checks every part of a figure, which takes most of a page's run."""

import functools
import hashlib
import pickle
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec

import streamlit as st

from core.translation.language import current_language

if TYPE_CHECKING:
    import plotly.graph_objects as go

P = ParamSpec("P")
KEPT = 64
"""Figures kept in the process, those drawn last."""
_figures: "OrderedDict[bytes, go.Figure]" = OrderedDict()
_lock = threading.Lock()


def kept_figure(build: "Callable[P, go.Figure]") -> "Callable[P, go.Figure]":
    """Decorate a function that builds a figure of its arguments, the theme and the language alone.

    Do not change what it returns. The same arguments, by their pickled bytes, under the same theme and in the same
    language give the same figure again.
    """

    @functools.wraps(build)
    def keep(*args: P.args, **kwargs: P.kwargs) -> "go.Figure":
        drawn_for = st.context.theme.type, current_language()
        described = pickle.dumps((build.__module__, build.__qualname__, drawn_for, args, kwargs))
        digest = hashlib.sha256(described).digest()
        with _lock:
            figure = _figures.get(digest)
        if figure is None:
            figure = build(*args, **kwargs)
        with _lock:
            _figures[digest] = figure
            _figures.move_to_end(digest)
            while len(_figures) > KEPT:
                _figures.popitem(last=False)
        return figure

    return keep


def forget_figures() -> None:
    """Build every figure anew from here on."""
    with _lock:
        _figures.clear()
