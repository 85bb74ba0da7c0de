"""What is stored of a result of ``core batch``: its answer, its overlay, the whole result."""

from typing import Any

import streamlit as st

from core.batch.stored import StoredBatch
from core.batch.table import SERIES_ROW, VOLUME
from core.inference.result import shown_probabilities, summary_line
from core.inference.volumes.result import volume_summary_line
from core.inference.volumes.series import series_line
from core.translation.messages import tr
from panels.shared.answer import draw_class_probabilities
from panels.shared.theme import escape_markdown


def draw_stored_row(batch: StoredBatch, place: int, *, key: str) -> None:
    """Draw what is stored of a row.

    Args:
        batch: that holds it.
        place: of the row in the batch's table.
        key: of the table.
    """
    row, result = batch.table.loc[place], batch.result(place)
    overlay = batch.overlay(place)
    with st.container(border=True, key=f"{key}_opened"):
        st.markdown(f"**{escape_markdown(str(row['source']))}**")
        if result is None:
            st.markdown(escape_markdown(batch.remarks()[place]))
            return
        left, right = st.columns([2, 3], gap="medium") if overlay else (None, st.container())
        if left is not None and overlay:
            left.image(overlay, alt=tr("The slice with the predicted mask and heat map"))
        with right:
            _draw_result(result, of=row["of"], key=f"{key}_bars")


def _draw_result(result: dict[str, Any], *, of: str, key: str) -> None:
    line = {VOLUME: volume_summary_line, SERIES_ROW: series_line}.get(of, summary_line)
    st.markdown(escape_markdown(line(result)))
    if result["class"]:
        draw_class_probabilities(result["class"], shown_probabilities(result), key=key, headline=False)
    for remark in (*result["warnings"], *result["notes"]):
        st.caption(escape_markdown(tr(remark)))
    with st.expander(tr("The whole result"), icon=":material/data_object:"):
        st.json(result)
