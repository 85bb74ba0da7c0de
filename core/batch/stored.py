"""The results of a batch, for reading them: the table at once, the whole result of a row when it is asked for."""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from core.batch.table import ERROR, ERRORS, MESSAGES, OVERLAY_FILE, REMARK_MESSAGES, RESULT, RESULTS, read_result
from core.errors import BatchError
from core.translation.stored import told_remarks

_LEFT_OUT = ("sha256", RESULT, MESSAGES)
"""Columns that are not read with the table: the first tells a person nothing, the others are most of the file."""


class StoredBatch:
    """The results that ``core batch`` wrote into a folder.

    Args:
        folder: of the batch.

    Attributes:
        table: a row a slice and a volume, in their order, with the columns of results.csv; then one for each input that
            failed, whose column ``of`` is "error".

    Raises:
        BatchError: the folder holds no results, or none that can be read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder / RESULTS
        try:
            with pq.ParquetFile(self._path) as file:
                columns = [name for name in file.schema_arrow.names if name not in _LEFT_OUT]
                good = file.read(columns=columns).to_pandas()
            if "outcome" not in good or not (folder / ERRORS).exists():
                raise BatchError(
                    "'{folder}' was written by an earlier version; run 'core batch' into a new folder.", folder=folder
                )
            failed = pq.read_table(folder / ERRORS).to_pandas()
        except FileNotFoundError as error:
            raise BatchError(
                "'{folder}' holds no {file}; the folder of a 'python -m core batch' that has ended is needed.",
                folder=folder,
                file=RESULTS,
            ) from error
        except (OSError, ValueError) as error:
            raise BatchError(
                "{file} in '{folder}' is damaged; run the same 'core batch' again.", file=RESULTS, folder=folder
            ) from error
        failed = failed.assign(of=ERROR, name=[Path(source).name for source in failed["source"]])
        self._count = len(good)
        table = pd.concat([good, failed], ignore_index=True) if len(failed) else good
        self._remarks = table[REMARK_MESSAGES]
        self.table = table.drop(columns=REMARK_MESSAGES)

    def remarks(self) -> pd.Series:
        """Return what there is to say of each row in the current language, or why the input failed; missing where
        nothing is."""
        codes, values = pd.factorize(self._remarks)
        told = pd.array([told_remarks(value) for value in values], dtype="str")
        return pd.Series(told.take(codes, allow_fill=True), self._remarks.index)

    def result(self, row: int) -> dict[str, Any] | None:
        """Return the whole result of a row, as ``core predict --json`` prints it and its texts messages; None where the
        input failed."""
        if row >= self._count:
            return None
        with pq.ParquetFile(self._path) as file:
            for group in range(file.num_row_groups):
                rows = file.metadata.row_group(group).num_rows
                if row < rows:
                    cells = file.read_row_group(group, columns=[RESULT, MESSAGES]).slice(row, 1)
                    return read_result(cells.to_pylist()[0])
                row -= rows
        return None

    def overlay(self, row: int) -> bytes | None:
        """Return the overlay that was written for a row, as PNG; None where there is none."""
        name = self.table[OVERLAY_FILE][row]
        if not isinstance(name, str):
            return None
        path = (self._folder / name).resolve()
        is_inside = path.is_relative_to(self._folder.resolve())
        return path.read_bytes() if is_inside and path.is_file() else None
