"""Several uploads as a table that fills while the visitor reads on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.api.series import PICTURE_SIDE, Task
from core.bundles.bundle import Bundle
from core.inference.render import encode_jpeg, thumbnail
from core.inference.result import remarks, shown_probabilities
from core.labels import CLASS_LABELS
from core.translation.messages import tr
from panels.analyse.many.downloads import draw_series_downloads
from panels.analyse.many.kept import Series, follow, task_of
from panels.analyse.many.together import draw_switch, draw_together
from panels.analyse.running import WATCH_SECONDS, draw_progress
from panels.shared.controls import fragment, run_whole_page
from panels.shared.model_choice import chosen_model
from panels.shared.results_table import (
    CLASS,
    FAILED,
    NAME,
    OUTCOME,
    PICTURE,
    PROBABILITY,
    REMARKS,
    VOLUME,
    WAITING,
    draw_results,
    outcome_word,
    picture_address,
)
from panels.shared.slices.held import HeldSlice
from panels.shared.slices.selection import select
from panels.shared.slices.uploads import Refused, SliceIdentity, Uploads
from panels.shared.theme import error_text
from panels.shared.volumes.held import HeldVolume, middle_slice

_MANY = 50
"""Uploads from which the table is drawn less often while it fills: it goes to the browser as a whole."""


@dataclass(frozen=True)
class _Entry:
    """A line of the table: an upload, and the task that answers it where it is a slice."""

    identity: SliceIdentity
    upload: HeldSlice | HeldVolume | Refused
    task: Task | None


def draw_many(uploads: Uploads, chosen: SliceIdentity | None, *, key: str) -> None:
    """Draw a row for each upload, what is going on, and the downloads.

    Args:
        uploads: of the session.
        chosen: the one that is open, or None.
        key: of the page.
    """
    networks = chosen_model().classifier, chosen_model().segmenter
    entries = [
        _Entry(identity, upload, task_of(identity, upload, networks) if isinstance(upload, HeldSlice) else None)
        for identity, upload in (uploads.held | uploads.refused).items()
    ]
    series = follow([entry.task for entry in entries if entry.task], networks)
    every, is_running = None, series.is_running
    if is_running:
        every = WATCH_SECONDS if len(entries) < _MANY else 3 * WATCH_SECONDS
    fragment(_draw, every=every)(entries, networks, chosen, was_running=is_running, key=key)


def _draw(
    entries: Sequence[_Entry],
    networks: tuple[Bundle, Bundle],
    chosen: SliceIdentity | None,
    *,
    was_running: bool,
    key: str,
) -> None:
    tasks = [entry.task for entry in entries if entry.task]
    series = follow(tasks, networks)
    is_running = series.is_running  # it may end while the table is drawn
    if was_running and not is_running:
        st.rerun()
    _draw_state(series, len(tasks), is_running=is_running, key=f"{key}_many")
    together = None
    if len(tasks) > 1 and draw_switch(key=f"{key}_many"):
        rows = [series.rows[task.key] for task in tasks if task.key in series.rows]
        together = draw_together([row.result for row in rows if row.result], networks[0], key=f"{key}_many")

    def open_row(place: int) -> None:
        if not isinstance(entries[place].upload, Refused):
            select(key, entries[place].identity)
            run_whole_page()

    identities = [entry.identity for entry in entries]
    draw_results(
        [_row(entry, series) for entry in entries],
        key=f"{key}_many",
        at=identities.index(chosen) if chosen in identities else None,
        on_open=open_row,
        label=tr("{count} uploads and their answers", count=len(entries)),
    )
    if not is_running:
        draw_series_downloads(tasks, series, networks, together, key=f"{key}_many")


def _draw_state(series: Series, total: int, *, is_running: bool, key: str) -> None:
    """Draw how far the answers are, and what stops them or goes on."""
    done = len(series.rows)
    if is_running and series.job is not None:
        draw_progress(series.job, done=done, total=total, stop=series.stop, key=key)
    elif done < total:
        with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
            if series.job is not None and series.job.error is not None:
                st.error(error_text(series.job.error), icon=":material/error:")
            else:
                st.caption(
                    tr("Stopped: {done} of {total} slices are analysed.", done=done, total=total), width="content"
                )
            st.button(tr("Go on"), key=f"{key}_go_on", icon=":material/play_arrow:", on_click=_go_on, args=(series,))


def _go_on(series: Series) -> None:
    series.go_on()
    run_whole_page()


def _result_row(result: dict[str, Any]) -> dict[str, Any]:
    """Return a ``core.inference.result.slice_result`` as a row of ``draw_results``, without a picture."""
    class_name = result["class"]
    mask = {} if result["mask"]["withheld"] else result["mask"]
    return {
        NAME: result["name"],
        CLASS: CLASS_LABELS[class_name].short if class_name else None,
        PROBABILITY: 100 * shown_probabilities(result)[class_name] if class_name else None,
        OUTCOME: outcome_word(result["outcome"]),
        "Area, px": mask.get("area_px"),
        "Area, mm²": mask.get("area_mm2"),
        "Diameter, mm": mask.get("longest_diameter_mm"),
        "Pixel, mm": result["mask"]["spacing_mm"],
        "Dice": (result["truth"] or {}).get("dice") if mask else None,
        REMARKS: remarks(result),
    }


def _row(entry: _Entry, series: Series) -> dict[str, Any]:
    row = series.rows.get(entry.task.key) if entry.task else None
    # In this order: on a telephone the class is the last column in sight.
    shown = {PICTURE: None, NAME: entry.upload.name, CLASS: None, OUTCOME: tr(WAITING)}
    if isinstance(entry.upload, Refused):
        return shown | {OUTCOME: tr(FAILED), REMARKS: entry.upload.sentence.translated()}
    if isinstance(entry.upload, HeldVolume):
        picture = encode_jpeg(thumbnail(middle_slice(entry.upload.volume).pixels, PICTURE_SIDE))
        return shown | {
            PICTURE: picture_address(picture),
            OUTCOME: tr(VOLUME),
            REMARKS: tr("Open it to analyse its slices."),
        }
    if row is None:
        return shown
    if row.result is None:
        return shown | {OUTCOME: tr(FAILED), REMARKS: row.error}
    return shown | {PICTURE: picture_address(row.picture)} | _result_row(row.result)
