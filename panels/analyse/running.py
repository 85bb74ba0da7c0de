"""How far an analysis in the background is, and what stops it."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.inference.background import Background
from core.translation.messages import tr
from panels.shared.labels import duration_text

WATCH_SECONDS = 0.7
"""A part of a page that watches an analysis runs again so often."""


def draw_progress(job: Background[Any], *, done: int, total: int, stop: Callable[[], None], key: str) -> None:
    """Draw a bar with the pace and the time left, and a button that stops.

    Args:
        job: that runs.
        done: slices that are answered, also by other jobs.
        total: slices that are to be answered.
        stop: called where the visitor stops it.
        key: of the button, without its ending.
    """
    text = (
        tr(
            "{done} of {total} slices analysed, {pace:.2g} a second, {left} left",
            done=done,
            total=total,
            pace=job.pace,
            left=duration_text((total - done) / job.pace),
        )
        if job.pace
        else tr("{done} of {total} slices analysed", done=done, total=total)
    )
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        st.progress(done / total, text, width="stretch")
        st.button(tr("Stop"), key=f"{key}_stop", icon=":material/stop_circle:", on_click=stop)
