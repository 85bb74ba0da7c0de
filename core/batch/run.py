"""Run a batch into a folder: what is there stays, what is missing is added, the tables are merged at the end."""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from core.batch.answering import BatchOptions, Outcome
from core.batch.inputs import group_files
from core.batch.manifest import MANIFEST, batch_bundles, batch_manifest, require_same
from core.batch.reports import write_batch_report
from core.batch.sources import count_files, list_files
from core.batch.table import ERROR, MESSAGES, RESULT, SERIES_ROW, SLICE, Parts, read_result, result_cells, table_schema
from core.batch.workers import Workers
from core.errors import BatchError, system_reason
from core.files import hold_lock, write_whole
from core.inference.volumes.analysis import sure_probability
from core.inference.volumes.series import series_remarks, series_result, series_row
from core.translation.language import ENGLISH, speaking

_LOCK = ".lock"
_PART_ROWS = 1000
PART_SECONDS = 10.0
"""A part is written after ``_PART_ROWS``, or so long after the one before: a kill loses no more."""

Advance = Callable[[Outcome], None]


@dataclass
class Summary:
    """What a run did.

    Attributes:
        slices: predicted.
        failed: inputs that failed.
    """

    slices: int = 0
    failed: int = 0


def run_batch(
    sources: tuple[str, ...],
    out: Path,
    options: BatchOptions,
    *,
    workers: int = 1,
    as_series: bool = False,
    begin: Callable[[int], Advance] = lambda files: lambda outcome: None,
    part_seconds: float = PART_SECONDS,
    report_language: str = ENGLISH,
) -> Summary:
    """Answer sources into a folder; one that holds a run of the same options goes on where that ended.

    Args:
        sources: files, folders, patterns, .zip files, CSVs of paths.
        out: the folder.
        options: of the answers.
        workers: number of processes.
        as_series: whether the pictures of a folder are one series, and have a row together.
        begin: is given the number of files, and returns what is given each outcome.
        part_seconds: see ``PART_SECONDS``.
        report_language: of the report; the tables are English.

    Raises:
        BatchError: a source is missing or empty, the folder is another run's or in use, or the disk is full.
        BundleError: a network is missing or altered.
    """
    manifest = batch_manifest(options)
    bundles = batch_bundles(options)
    files = count_files(sources, out)
    with _folder(out, manifest), _told_of_disk(out):
        advance = begin(files)
        parts = Parts(out, table_schema(bundles[0].card.classes))
        summary = Summary()
        with Workers(workers, options, out) as processes, _buffer(parts, part_seconds) as add:
            for outcome in processes.answer(group_files(list_files(sources, out)), parts.digest):
                add(outcome.rows)
                summary.slices += outcome.slices
                summary.failed += any(row["of"] == ERROR for row in outcome.rows)
                advance(outcome)
        together = series_rows(parts.tables(), sure=sure_probability(bundles[0])) if as_series else []
        parts.merge(out, together)
        if options.pdf:
            with speaking(report_language):
                write_batch_report(out, bundles, series=list(map(read_result, together)))
    return summary


def series_rows(tables: Iterable[pa.Table], *, sure: float) -> list[dict[str, Any]]:
    """Return a row for each folder with at least two pictures that were answered.

    Args:
        tables: parts of a batch's table; slices of volumes are left alone, since a volume has its own answer.
        sure: as of ``core.inference.volumes.series.series_result``.
    """
    folders: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for table in tables:
        for row in table.select(["source", "of", "plane", RESULT, MESSAGES]).to_pylist():
            if row["of"] == SLICE and row["plane"] is None:
                folders[row["source"].rpartition("/")[0] or "."].append(read_result(row))
    rows = []
    for folder, results in folders.items():
        if len(results) > 1:
            result = series_result(folder.rpartition("/")[2], results, sure=sure)
            cells = series_row(result) | result_cells(result, series_remarks(result))
            rows.append({"source": folder, "of": SERIES_ROW, **cells})
    return rows


@contextmanager
def _folder(out: Path, manifest: dict[str, Any]) -> Iterator[None]:
    """Hold the folder of a batch while the block runs.

    Raises:
        BatchError: another run holds it, or it holds something else.
    """
    if out.exists() and not out.is_dir():
        raise BatchError("{out} is no folder; --out names a new one, or one of a batch.", out=out)
    if out.is_dir() and not (out / MANIFEST).exists() and any(path.name != _LOCK for path in out.iterdir()):
        raise BatchError("{out} holds other files; --out names a new or empty folder, or one of a batch.", out=out)
    out.mkdir(parents=True, exist_ok=True)
    with hold_lock(out / _LOCK) as is_free:
        if not is_free:
            raise BatchError("Another run writes to {out}; wait for its end, or give another --out.", out=out)
        _check_manifest(out / MANIFEST, manifest)
        yield


def _check_manifest(path: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest where there is none, and compare it with the one that is there."""
    if not path.exists():
        write_whole(path, f"{json.dumps(manifest, indent=2)}\n".encode())
        return
    require_same(path.read_text(encoding="utf-8"), manifest, str(path.parent))


@contextmanager
def _told_of_disk(out: Path) -> Iterator[None]:
    """Tell in a sentence that the disk does not take a file."""
    try:
        yield
    except OSError as error:
        raise BatchError(
            "{out} takes no further file ({reason}); what was written stays, and the same command goes on once there "
            "is room.",
            out=out,
            reason=system_reason(error),
        ) from error


@contextmanager
def _buffer(parts: Parts, seconds: float) -> Iterator[Callable[[list[dict[str, Any]]], None]]:
    """Yield what keeps rows and writes them as parts now and then; the rest is written however the block ends."""
    rows: list[dict[str, Any]] = []
    written = time.monotonic()

    def write() -> None:
        nonlocal written
        parts.append(rows)
        rows.clear()
        written = time.monotonic()

    def add(more: list[dict[str, Any]]) -> None:
        rows.extend(more)
        if rows and (len(rows) >= _PART_ROWS or time.monotonic() - written >= seconds):
            write()

    try:
        yield add
    finally:
        if rows:
            write()
