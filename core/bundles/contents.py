"""The content of a bundle's files: a file that its card describes but that holds something else is refused."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd

from core.bundles.bundle import DRAWINGS, EXPLANATIONS, HEAT_MAPS, LAYERS, MASK_THRESHOLDS, MASKS, PREDICTIONS, Bundle
from core.checked_files import Columns, read_arrays, read_table
from core.errors import BundleError
from core.translation.messages import mark

_COMMANDS = {
    LAYERS: "card",
    DRAWINGS: "draw",
    **dict.fromkeys((PREDICTIONS, MASK_THRESHOLDS, MASKS), "evaluate"),
    **dict.fromkeys((EXPLANATIONS, HEAT_MAPS), "evaluate --explain"),
}
"""Commands that write a file anew from the bundle's network."""


@contextmanager
def refused_content(bundle: Bundle, file: str) -> Iterator[None]:
    """Turn a ValueError, whose text is a clause about the file, into the sentence that refuses the file.

    Raises:
        BundleError: in place of a ValueError.
    """
    try:
        yield
    except ValueError as error:
        sentence = (
            mark(
                "{file} of the bundle '{bundle}' cannot be used: {error}; take the whole folder models/{bundle} from "
                "the project again, or write it anew with 'python -m core {command} {bundle}'."
            )
            if file in _COMMANDS
            else mark(
                "{file} of the bundle '{bundle}' cannot be used: {error}; take the whole folder models/{bundle} from "
                "the project again."
            )
        )
        raise BundleError(sentence, file=file, bundle=bundle.name, error=error, command=_COMMANDS.get(file)) from error


def read_bundle_table(bundle: Bundle, file: str, columns: Columns, **options: Any) -> pd.DataFrame:
    """Read one of a bundle's CSV files; see ``core.checked_files.read_table``.

    Raises:
        BundleError: the file is missing or altered, or is no such table.
    """
    path = bundle.path(file)
    with refused_content(bundle, file):
        return read_table(path, columns, **options)


def read_bundle_arrays(bundle: Bundle, file: str, dimensions: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Read one of a bundle's NPZ files; see ``core.checked_files.read_arrays``.

    Raises:
        BundleError: the file is missing or altered, or has no such arrays.
    """
    path = bundle.path(file)
    with refused_content(bundle, file):
        return read_arrays(path, dimensions)
