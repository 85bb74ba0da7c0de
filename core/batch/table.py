"""The table of a batch: a row a slice, a volume and a fault; parts on disk, merged at the end."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core.files import inert_cells, replace_file, table_csv
from core.translation.stored import stored_messages, stored_remarks, with_messages

SLICE, VOLUME, SERIES_ROW, ERROR = "slice", "volume", "series", "error"
"""What a row is of."""
RESULTS, RESULTS_CSV = "results.parquet", "results.csv"
ERRORS, ERRORS_CSV = "errors.parquet", "errors.csv"
OVERLAY_FILE = "overlay_file"
_PARTS = "parts"
RESULT, MESSAGES, REMARK_MESSAGES, _PICTURES = "result", "messages", "remark_messages", "pictures"
"""Columns of Parquet alone: the whole result as JSON, what makes messages of its texts and of ``remarks`` or ``error``
(``core.translation.stored``), and what begins the names of a report's pictures."""
_PARQUET_ALONE = (RESULT, MESSAGES, REMARK_MESSAGES, _PICTURES)
_OF_ERRORS = ["source", "error", REMARK_MESSAGES]


def table_schema(classes: Sequence[str]) -> pa.Schema:
    """Return the columns: those of ``core.inference.result.slice_row`` and ``volume_row``, and what is added here."""
    texts, counts, numbers = pa.string(), pa.int64(), pa.float64()
    return pa.schema(
        [
            *((name, texts) for name in ("source", "sha256", "of", "name", "plane")),
            *((name, counts) for name in ("slice", "slices", "width", "height")),
            *((name, texts) for name in ("outcome", "reason", "class", "likeliest_class")),
            *((f"p_{name}", numbers) for name in classes),
            *((name, counts) for name in ("area_px", "components")),
            *((name, numbers) for name in ("area_mm2", "longest_diameter_mm", "spacing_mm")),
            ("voxels", counts),
            ("volume_ml", numbers),
            ("true_class", texts),
            *((name, numbers) for name in ("dice", "iou")),
            *((name, texts) for name in ("remarks", "mask_file", OVERLAY_FILE, _PICTURES, "error", RESULT)),
            *((name, texts) for name in (MESSAGES, REMARK_MESSAGES)),
        ]
    )


def error_row(name: str, error: str) -> dict[str, Any]:
    """Return the row of an input that failed: its name, and the sentence that says why."""
    return {"of": ERROR, "name": name, "error": str(error), REMARK_MESSAGES: stored_remarks([error])}


def result_cells(result: dict[str, Any], remarks: Sequence[str]) -> dict[str, Any]:
    """Return what a row holds of a whole result, and of its remarks, for ``read_result`` and the table."""
    return {
        RESULT: json.dumps(result, allow_nan=False),
        MESSAGES: stored_messages(result),
        "remarks": " ".join(remarks) or None,
        REMARK_MESSAGES: stored_remarks(remarks),
    }


def read_result(row: dict[str, Any]) -> dict[str, Any]:
    """Return the whole result of a row, its texts as messages in the reader's language."""
    result: dict[str, Any] = with_messages(json.loads(row[RESULT]), row[MESSAGES])
    return result


class Parts:
    """The parts of a table: Parquet files that are written whole, one after the other.

    A source's rows stand in one part; a later part's take the place of an earlier one's.

    Args:
        folder: of the batch.
        schema: of the table.
    """

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        self._folder = folder / _PARTS
        self._schema = schema
        self._latest: dict[str, tuple[int, str | None]] = {}
        self._paths = sorted(self._folder.glob("part-*.parquet"))
        for number, path in enumerate(self._paths):
            self._note(number, pq.read_table(path, columns=["source", "sha256", "of"]).to_pylist())

    def digest(self, source: str) -> str | None:
        """Return the SHA-256 of a source whose answer is stored; None where none is, or reading it failed."""
        return self._latest.get(source, (0, None))[1]

    def append(self, rows: Sequence[dict[str, Any]]) -> None:
        """Write rows as a further part.

        Raises:
            OSError: the disk does not take it; the parts before stay.
        """
        last = int(self._paths[-1].stem.partition("-")[2]) if self._paths else 0
        path = self._folder / f"part-{last + 1:07}.parquet"
        with replace_file(path) as temporary:
            pq.write_table(pa.Table.from_pylist(list(rows), schema=self._schema), temporary)
        self._paths.append(path)
        self._note(len(self._paths) - 1, rows)

    def _note(self, number: int, rows: Sequence[dict[str, Any]]) -> None:
        for row in rows:
            self._latest[row["source"]] = number, None if row["of"] == ERROR else row["sha256"]

    def tables(self) -> Iterator[pa.Table]:
        """Yield the parts in order, with the latest rows of each source alone."""
        for number, path in enumerate(self._paths):
            table = pq.read_table(path, schema=self._schema)
            yield table.filter([self._latest[source][0] == number for source in table["source"].to_pylist()])

    def merge(self, folder: Path, further: Sequence[dict[str, Any]] = ()) -> None:
        """Write the results and the errors, as Parquet and as CSV each, a part at a time.

        Args:
            folder: they are written into.
            further: rows that follow those of the parts.

        Raises:
            OSError: the disk does not take them; the parts stay.
        """
        shown = [name for name in self._schema.names if name not in (*_PARQUET_ALONE, "error")]
        with (
            replace_file(folder / RESULTS) as parquet,
            replace_file(folder / RESULTS_CSV) as results,
            replace_file(folder / ERRORS) as failures,
            replace_file(folder / ERRORS_CSV) as errors,
        ):
            _write_csv(results, pa.table({name: [] for name in shown}), begin=True)
            _write_csv(errors, pa.table({name: [] for name in ("source", "error")}), begin=True)
            with (
                pq.ParquetWriter(parquet, self._schema) as writer,
                pq.ParquetWriter(
                    failures, pa.schema([self._schema.field(name) for name in _OF_ERRORS])
                ) as failed_writer,
            ):
                last = pa.Table.from_pylist(list(further), schema=self._schema)
                for table in (*self.tables(), last):
                    failed = pa.array([of == ERROR for of in table["of"].to_pylist()], pa.bool_())
                    good = table.filter(_opposite(failed))
                    if good.num_rows:
                        writer.write_table(good)
                        _write_csv(results, good.select(shown))
                    bad = table.filter(failed).select(_OF_ERRORS)
                    failed_writer.write_table(bad)
                    _write_csv(errors, bad.drop_columns([REMARK_MESSAGES]))


def _opposite(mask: pa.Array) -> pa.Array:
    return pa.array([not one for one in mask.to_pylist()], pa.bool_())


def _write_csv(path: Path, table: pa.Table, *, begin: bool = False) -> None:
    """Append a table to a CSV, or begin one with its header."""
    # As objects: a column with gaps keeps its whole numbers.
    text = table_csv(inert_cells(pd.DataFrame(table.to_pydict(), columns=table.column_names, dtype=object)))
    with path.open("w" if begin else "a", encoding="utf-8", newline="") as file:
        file.write(text if begin else text.partition("\n")[2])


def count_pictured(folder: Path) -> int:
    """Return the number of merged rows that have pictures for a report."""
    column = pq.read_table(folder / RESULTS, columns=[_PICTURES])[_PICTURES]
    return len(column) - int(column.null_count)


def read_pictured(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the merged rows that have pictures for a report, ``result`` by ``read_result``."""
    with pq.ParquetFile(folder / RESULTS) as file:
        for batch in file.iter_batches(batch_size=256, columns=[_PICTURES, RESULT, MESSAGES]):
            for row in batch.to_pylist():
                if row[_PICTURES]:
                    yield {**row, RESULT: read_result(row)}
