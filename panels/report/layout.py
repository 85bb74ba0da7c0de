"""What the parts of the page The report are made of: a title with a link, a table of the report's values and ours."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import streamlit as st

from core.config import PAGES
from core.text import markdown_table
from core.translation.messages import shown

_STYLE = Path(__file__).with_name("report.css")


def draw_style() -> None:
    """Make tables fit a telephone; print without what only a screen needs, each table or picture on one sheet."""
    st.html(_STYLE)


def draw_title(title: str, page: str | None = None, label: str = "", **address: str) -> None:
    """Draw the title of one of the report's figures or tables, with a link to the page that goes deeper.

    Args:
        title: such as "Table 1".
        page: file in pages/ without its ending; no link if None.
        label: of the link.
        address: query parameters that open the right view.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{title}**", width="content")
        if page:
            st.page_link(PAGES / f"{page}.py", label=f"{label} →", query_params=address)


def draw_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Draw a table whose first column is of words; messages are translated."""
    st.markdown(markdown_table(header, [list(map(shown, row)) for row in rows], words=header[:1]))
