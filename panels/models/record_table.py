"""A table of texts whose rows become cards where the window is narrow: no column is cut, nothing scrolls sideways."""

from html import escape

import pandas as pd
import streamlit as st

from core.translation.messages import tr
from panels.shared.labels import NOT_AVAILABLE


def draw_records(table: pd.DataFrame, *, alt: str) -> None:
    """Draw a table; the first column names the rows.

    A card leaves out what is not available.

    Args:
        table: of texts; the columns' titles are marked for translation.
        alt: what a screen reader calls the table.
    """
    columns = [tr(str(name)) for name in table.columns]
    head = "".join(f'<th role="columnheader" scope="col">{escape(name)}</th>' for name in columns)
    # The roles are a table's own, which it loses in some browsers where its rows are cards.
    body = "".join(
        f'<tr role="row">{_row(columns, list(map(str, values)))}</tr>'
        for values in table.itertuples(name=None, index=False)
    )
    st.html(
        f'<table class="records" role="table" aria-label="{escape(alt)}"><thead role="rowgroup">'
        f'<tr role="row">{head}</tr></thead><tbody role="rowgroup">{body}</tbody></table>'
    )


def _row(columns: list[str], texts: list[str]) -> str:
    first = f'<th role="rowheader" scope="row">{escape(texts[0])}</th>'
    return first + "".join(_cell(*each) for each in zip(columns[1:], texts[1:], strict=True))


def _cell(column: str, text: str) -> str:
    kind = ' class="none"' if text == NOT_AVAILABLE else ""
    return f'<td role="cell"{kind}><span aria-hidden="true">{escape(column)}</span><b>{escape(text)}</b></td>'
