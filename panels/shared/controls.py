"""What several pages share: errors in one sentence, parts of a page that run alone, downloads."""

import functools
import mimetypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, ParamSpec

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.errors import SliceScopeError
from core.files import inert_cells, table_csv
from panels.shared.theme import error_text

if TYPE_CHECKING:
    import pandas as pd

_Parameters = ParamSpec("_Parameters")


@contextmanager
def errors_in_one_sentence() -> Iterator[None]:
    """Draw the sentence of an error of the project in place of what raises it."""
    try:
        yield
    except SliceScopeError as error:
        st.error(error_text(error), icon=":material/error:")


def fragment(draw: Callable[_Parameters, None], *, every: float | None = None) -> Callable[_Parameters, None]:
    """Return a function that draws a part of a page by itself, as ``st.fragment``, its errors in one sentence each.

    The page's own net does not catch what a fragment raises when it runs alone.

    Args:
        draw: draws the part.
        every: seconds after which it is drawn again, and again.
    """

    @functools.wraps(draw)
    def drawn(*arguments: _Parameters.args, **options: _Parameters.kwargs) -> None:
        with errors_in_one_sentence():
            draw(*arguments, **options)

    return st.fragment(drawn, run_every=every)


def run_whole_page() -> None:
    """Have the page run as a whole, though the widget of this callback stands in a fragment."""
    if _runs_alone():
        st.rerun()


def _runs_alone() -> bool:
    """Return whether a fragment runs without the rest of its page."""
    context = get_script_run_ctx()
    return bool(context and context.fragment_ids_this_run)


def csv_button(table: "pd.DataFrame", label: str, file_name: str, *, key: str | None = None) -> None:
    """Draw a button that downloads a table as CSV; arguments as for ``file_button``."""
    file_button(lambda: table_csv(inert_cells(table)).encode(), label, file_name, key=key)


def file_button(
    make: Callable[[], bytes],
    label: str,
    file_name: str,
    *,
    key: str | None = None,
    icon: str | None = ":material/download:",
) -> None:
    """Draw a button that downloads a file, which is made only when it is pressed.

    Args:
        make: returns the file's content.
        label: of the button.
        file_name: under which the browser saves it; its ending names its type.
        key: tells the button from others of its label on the page.
        icon: before the label.
    """
    st.download_button(
        label, make, file_name, mimetypes.guess_type(file_name)[0], on_click="ignore", icon=icon, key=key
    )
