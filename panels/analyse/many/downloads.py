"""The files of many uploads' answers."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.api.series import Row, Task, series_csv, series_json, series_pictures
from core.bundles.bundle import Bundle
from core.inference.predictor import Predictor
from core.translation.messages import tr
from panels.analyse.many.kept import Series
from panels.shared.controls import file_button
from panels.shared.predictions import cached_predictor


def draw_series_downloads(
    tasks: Sequence[Task],
    series: Series,
    networks: tuple[Bundle, Bundle],
    together: dict[str, Any] | None,
    *,
    key: str,
) -> None:
    """Draw the downloads of the slices that are answered, each made on demand.

    Args:
        tasks: of all slices.
        series: with their rows.
        networks: the classifier and the segmenter.
        together: ``core.inference.volumes.series.series_result`` where the slices are of one patient.
        key: of the buttons.
    """
    answered = [(task, series.rows[task.key]) for task in tasks if task.key in series.rows]
    rows = [row for _, row in answered]
    if not any(row.result for row in rows):
        return
    predictor = cached_predictor(*networks)
    with st.expander(tr("Download the table"), icon=":material/download:", key=f"{key}_download"):
        with st.container(horizontal=True):
            for label, ending, make in (
                ("CSV", "csv", lambda: series_csv(rows, together).encode()),
                ("JSON", "json", lambda: series_json(rows, together).encode()),
                (tr("Overlays and masks"), "zip", lambda: series_pictures(answered, predictor)),
                ("PDF", "pdf", lambda: _report(answered, predictor, together)),
            ):
                file_button(make, label, f"slices.{ending}", icon=None, key=f"{key}_{ending}")
        st.caption(tr("Overlays, masks and PDF are drawn when asked for: some seconds for a hundred slices."))


def _report(answered: Sequence[tuple[Task, Row]], predictor: Predictor, together: dict[str, Any] | None) -> bytes:
    # Only now: what writes a PDF would make the table slow.
    from core.batch.reports import series_report

    return series_report(answered, predictor, series=[together] if together else [])
