"""Read CSV and NPZ files whose columns and arrays are known, and refuse others by what is wrong with them."""

from collections.abc import Collection, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.text import OR, join_words


class Content(Enum):
    """What a column holds; the value is its name in a sentence."""

    COUNT = "whole numbers from 0 on"
    NUMBER = "numbers"
    NUMBER_OR_EMPTY = "numbers or nothing"
    SHARE = "numbers from 0 to 1"
    TEXT = "text"
    FLAG = "True and False"


Columns = Mapping[str, Content | Collection[str]]
"""By name of a column its content, or the words that may stand in it."""


def read_table(path: Path, columns: Columns, **options: Any) -> pd.DataFrame:
    """Read a CSV file with at least one row and at least these columns.

    Args:
        path: the file.
        columns: those that are needed; others are read as they are.
        options: of ``pandas.read_csv``.

    Raises:
        ValueError: it is no such table; the text says why, as a clause about "it".
        OSError: no such file.
    """
    try:
        table = pd.read_csv(path, **options)
    except ValueError as error:  # pandas' own errors are ValueErrors
        raise ValueError("it is no table of comma-separated values") from error
    missing = [name for name in columns if name not in table]
    if missing:
        raise ValueError(f"it lacks {join_words(missing)}")
    if table.empty:
        raise ValueError("it has no rows")
    for name, content in columns.items():
        if not _fits(table[name], content):
            said = content.value if isinstance(content, Content) else join_words(content, OR)
            raise ValueError(f"{name} must be {said} in every row")
    return table


def _fits(values: pd.Series, content: Content | Collection[str]) -> bool:
    if not isinstance(content, Content):
        return bool(values.isin(content).all())
    if content is Content.FLAG:
        return pd.api.types.is_bool_dtype(values)
    if content is Content.TEXT:
        return bool(values.notna().all())
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return content is Content.NUMBER_OR_EMPTY and bool(values.isna().all())
    numbers = values.to_numpy(float)
    if content is Content.NUMBER_OR_EMPTY:
        return not bool(np.isinf(numbers).any())
    if content is Content.COUNT:
        return pd.api.types.is_integer_dtype(values) and bool((numbers >= 0).all())
    if content is Content.SHARE:
        return bool(((numbers >= 0) & (numbers <= 1)).all())
    return bool(np.isfinite(numbers).all())


def read_arrays(path: Path, dimensions: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Read an NPZ file's arrays of finite numbers.

    Args:
        path: the file.
        dimensions: by name of an array that is needed, its number of dimensions.

    Raises:
        ValueError: it has no such arrays; the text says why, as a clause about "it".
        OSError: no such file.
    """
    with path.open("rb") as opened:
        try:
            with np.load(opened, allow_pickle=False) as file:
                arrays = {name: file[name] for name in dimensions if name in file}
        except Exception as error:  # NumPy, zipfile and zlib raise errors of any type on a damaged file
            raise ValueError("it is no archive of arrays") from error
    missing = [name for name in dimensions if name not in arrays]
    if missing:
        raise ValueError(f"it lacks {join_words(missing)}")
    for name, count in dimensions.items():
        array = arrays[name]
        if array.ndim != count:
            raise ValueError(f"{name} has {array.ndim} dimensions, not {count}")
        if array.dtype.kind not in "iuf" or (array.dtype.kind == "f" and not np.isfinite(array).all()):
            raise ValueError(f"{name} holds something other than numbers")
    return arrays
