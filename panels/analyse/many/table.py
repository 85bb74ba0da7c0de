"""Several slices as a table that fills while the visitor reads on."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.api.series import PICTURE_SIDE, Task
from core.bundles.bundle import Bundle
from core.inference.render import encode_jpeg, thumbnail
from core.inference.result import remarks, shown_probabilities, told
from core.labels import CLASS_LABELS
from core.translation.messages import shown, tr
from panels.analyse.many.downloads import draw_series_downloads
from panels.analyse.many.kept import UPLOADS, Series, follow, task_of
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
"""Slices from which the table is drawn less often while it fills: it goes to the browser as a whole."""


@dataclass(frozen=True)
class Entry:
    """A line of the table.

    Attributes:
        identity: what is chosen as the line is pressed.
        name: the title on a page.
        task: answers the slice; None for another upload.
        other: an upload that is no slice.
    """

    identity: SliceIdentity
    name: str
    task: Task | None
    other: HeldVolume | Refused | None = None


@dataclass(frozen=True)
class Table:
    """What a table shows.

    Attributes:
        entries: its lines.
        networks: the classifier and the segmenter that answer.
        chosen: the line that is open, or None.
        label: what a screen reader calls it.
        name, of: of the answers in the session, see ``follow``.
        of_one_patient: whether the slices are known to be; else the visitor says so.
    """

    entries: Sequence[Entry]
    networks: tuple[Bundle, Bundle]
    chosen: SliceIdentity | None
    label: str
    name: str = UPLOADS
    of: Hashable = None
    of_one_patient: bool = False

    @property
    def tasks(self) -> list[Task]:
        """Of the slices among its lines."""
        return [entry.task for entry in self.entries if entry.task]

    def follow(self) -> Series:
        """Return the answers so far; see ``follow``."""
        return follow(self.tasks, self.networks, name=self.name, of=self.of)


def draw_many(uploads: Uploads, chosen: SliceIdentity | None, *, key: str) -> None:
    """Draw a row for each upload, what is going on, and the downloads.

    Args:
        uploads: of the session.
        chosen: the one that is open, or None.
        key: of the page.
    """
    networks = chosen_model().classifier, chosen_model().segmenter
    entries = [
        Entry(identity, upload.name, task_of(identity, upload, networks))
        if isinstance(upload, HeldSlice)
        else Entry(identity, upload.name, None, upload)
        for identity, upload in (uploads.held | uploads.refused).items()
    ]
    label = tr("{count} uploads and their answers", count=len(entries))
    draw_table(Table(entries, networks, chosen, label), key=f"{key}_many")


def draw_table(table: Table, *, key: str) -> None:
    """Draw a table, what is going on, and the downloads."""
    every, is_running = None, table.follow().is_running
    if is_running:
        every = WATCH_SECONDS if len(table.entries) < _MANY else 3 * WATCH_SECONDS
    fragment(_draw, every=every)(table, was_running=is_running, key=key)


def _draw(table: Table, *, was_running: bool, key: str) -> None:
    tasks, series = table.tasks, table.follow()
    is_running = series.is_running  # it may end while the table is drawn
    if was_running and not is_running:
        st.rerun()
    _draw_state(series, len(tasks), is_running=is_running, key=key)
    together = None
    if table.of_one_patient or (len(tasks) > 1 and draw_switch(key=key)):
        rows = [series.rows[task.key] for task in tasks if task.key in series.rows]
        together = draw_together([row.result for row in rows if row.result], table.networks[0], key=key)

    def open_row(place: int) -> None:
        entry = table.entries[place]
        if not isinstance(entry.other, Refused):
            select(key, entry.identity)
            run_whole_page()

    identities = [entry.identity for entry in table.entries]
    draw_results(
        [_row(entry, series) for entry in table.entries],
        key=key,
        at=identities.index(table.chosen) if table.chosen in identities else None,
        on_open=open_row,
        label=table.label,
    )
    if not is_running:
        draw_series_downloads(tasks, series, table.networks, together, key=key)


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
        NAME: shown(result["name"]),
        CLASS: CLASS_LABELS[class_name].short if class_name else None,
        PROBABILITY: 100 * shown_probabilities(result)[class_name] if class_name else None,
        OUTCOME: outcome_word(result["outcome"]),
        "Area, px": mask.get("area_px"),
        "Area, mm²": mask.get("area_mm2"),
        "Diameter, mm": mask.get("longest_diameter_mm"),
        "Pixel, mm": result["mask"]["spacing_mm"],
        "Dice": (result["truth"] or {}).get("dice") if mask else None,
        REMARKS: told(remarks(result)),
    }


def _row(entry: Entry, series: Series) -> dict[str, Any]:
    row = series.rows.get(entry.task.key) if entry.task else None
    # In this order: on a telephone the class is the last column in sight.
    line = {PICTURE: None, NAME: shown(entry.name), CLASS: None, OUTCOME: tr(WAITING)}
    if isinstance(entry.other, Refused):
        return line | {OUTCOME: tr(FAILED), REMARKS: entry.other.sentence.translated()}
    if isinstance(entry.other, HeldVolume):
        picture = encode_jpeg(thumbnail(middle_slice(entry.other.volume).pixels, PICTURE_SIDE))
        return line | {
            PICTURE: picture_address(picture),
            OUTCOME: tr(VOLUME),
            REMARKS: tr("Open it to analyse its slices."),
        }
    if row is None:
        return line
    if row.result is None:
        return line | {OUTCOME: tr(FAILED), REMARKS: row.error and row.error.translated()}
    return line | {PICTURE: picture_address(row.picture)} | _result_row(row.result)
