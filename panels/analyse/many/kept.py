"""The session's answers of many slices: what is answered stays, a thread answers the rest."""

import zlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import streamlit as st

from core.api.series import KEPT_BYTES, Row, Task, answer_series
from core.bundles.bundle import Bundle
from core.inference.background import Background
from panels.shared.predictions import cached_predictor
from panels.shared.slices.adjusting import changes_by_hand
from panels.shared.slices.held import HeldSlice
from panels.shared.slices.uploads import SliceIdentity

UPLOADS = "series"
"""Session key of the uploads' answers."""


@dataclass
class Series:
    """Rows of slices, and what makes further ones.

    Attributes:
        of: whose slices they are, where the session has several such.
        rows: by the key of their task.
        job: the last one, or None.
        asked: keys of its tasks.
        is_stopped: whether the visitor wants no further rows for now.
    """

    of: Hashable = None
    rows: dict[Hashable, Row] = field(default_factory=dict)
    job: Background[Row] | None = None
    asked: frozenset[Hashable] = frozenset()
    is_stopped: bool = False

    @property
    def is_running(self) -> bool:
        """Whether further rows are being made."""
        return self.job is not None and self.job.is_running

    def look(self) -> None:
        """Take over the rows that the job has made."""
        if self.job is not None:
            self.rows |= {row.key: row for row in self.job.look()}

    def stop(self) -> None:
        """End the job after the slices at hand."""
        self.is_stopped = True
        if self.job is not None:
            self.job.stop()

    def go_on(self) -> None:
        """Want further rows again."""
        self.is_stopped, self.job = False, None


def task_of(identity: SliceIdentity, held: HeldSlice, networks: tuple[Bundle, Bundle]) -> Task:
    """Return the task that answers an upload as it is adjusted now."""
    adjustment, mask = changes_by_hand(identity)
    given = None if mask is None else zlib.crc32(mask.tobytes())
    key = identity, adjustment, given, *(bundle.fingerprint for bundle in networks)
    return Task(key, held.name, held.read, adjustment, mask)


def follow(
    tasks: Sequence[Task], networks: tuple[Bundle, Bundle], *, name: str = UPLOADS, of: Hashable = None
) -> Series:
    """Return the session's series with the rows of these tasks so far; those that are missing are being made.

    Args:
        tasks: of all slices.
        networks: the classifier and the segmenter.
        name: session key of the series.
        of: whose slices they are; those of another are forgotten.

    Raises:
        BundleError: a network cannot be loaded.
    """
    series: Series = st.session_state.setdefault(name, Series(of))
    if series.of != of:
        series.stop()
        series = st.session_state[name] = Series(of)
    series.look()
    keys = {task.key for task in tasks}
    series.rows = {key: row for key, row in series.rows.items() if key in keys}
    missing = [task for task in tasks if task.key not in series.rows]
    if series.job is not None and series.job.is_running:
        if not any(task.key in series.asked for task in missing):  # the networks are others, or the uploads are gone
            series.job.stop()
    elif missing and not series.is_stopped and not (series.job and series.job.error):
        predictor = cached_predictor(*networks)
        series.asked = frozenset(task.key for task in missing)
        room = KEPT_BYTES - sum(row.kept.size for row in series.rows.values() if row.kept)
        series.job = Background(lambda: answer_series(missing, predictor, room=room), len(missing))
    return series
