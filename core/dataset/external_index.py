"""The index of a folder of external slices: file, class and split."""

from pathlib import Path

import pandas as pd

from core.errors import DatasetError

EXTERNAL_INDEX = "index.csv"


def read_external_index(folder: Path, split: str) -> pd.DataFrame:
    """Read the images of one split.

    Args:
        folder: with an index.csv of the columns file, class and split.
        split: train, dev or test.

    Returns:
        file and class, one row an image.

    Raises:
        DatasetError: no such file, or one without these columns or this split.
    """
    path = folder / EXTERNAL_INDEX
    if not path.is_file():
        raise DatasetError(
            "There is no {file} in '{folder}'; it lists the images with their class and split.",
            file=EXTERNAL_INDEX,
            folder=folder,
        )
    table = pd.read_csv(path)
    if not {"file", "class", "split"} <= set(table):
        raise DatasetError("'{path}' lacks one of the columns file, class and split.", path=path)
    rows = table[table["split"] == split]
    if rows.empty:
        raise DatasetError(
            "'{path}' has no split '{split}'; it has {accepted}.",
            path=path,
            split=split,
            accepted=", ".join(sorted(table["split"].unique())),
        )
    return rows[["file", "class"]].reset_index(drop=True)
