"""Studies whose runs are fixed beforehand, and their results.

``recipes/studies/NAME.csv`` has a run a line: recipe NAME with some settings changed, trained at full size.
``core.search.fixed.training`` writes the results into ``searches/NAME/fixed_runs.csv``.
"""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import pandas as pd

from core.config import recipes_folder, searches_folder
from core.errors import NONE, TrainingError

RESULTS = "fixed_runs.csv"
MOST_RUNS = 12
TRAINING_COLUMNS = ("batch", "micro_batch", "learning_rate")
NETWORK_COLUMNS = ("dropout", "dropout_flat", "byte_range")
SETTINGS = (*TRAINING_COLUMNS, *NETWORK_COLUMNS)
"""Columns of a study beside ``run``: settings of a recipe's training, and options of its network."""
_RESULT_COLUMNS = ("updates_per_epoch", "epochs", "val_loss", "val_accuracy", "seconds")


Run = dict[Hashable, Any]
"""A row of a study or of its results by column."""


def read_runs(name: str, folder: Path | None = None) -> list[Run]:
    """Read the runs of a study: for each its number by ``run``, from 1 on, and its ``SETTINGS``.

    Args:
        name: the study's and its recipe's.
        folder: of recipes; ``core.config.recipes_folder()`` if None.

    Raises:
        TrainingError: no such study, or one that does not make sense.
    """
    path = (folder or recipes_folder()) / "studies" / f"{name}.csv"
    if not path.is_file():
        raise TrainingError(
            "There is no study '{name}'; there are {accepted}.",
            name=name,
            accepted=", ".join(study_names(folder)) or NONE,
        )
    runs = _read(path)
    if list(runs) != ["run", *SETTINGS] or list(runs["run"]) != list(range(1, len(runs) + 1)) or len(runs) > MOST_RUNS:
        raise TrainingError(
            "The study '{name}' is not as it should be: at most {limit} runs, numbered from 1 by the column run, "
            "with the columns {accepted}.",
            name=name,
            limit=MOST_RUNS,
            accepted=", ".join(SETTINGS),
        )
    return runs.to_dict("records")


def study_names(folder: Path | None = None) -> list[str]:
    """Return the names of all studies; ``folder`` as in ``read_runs``."""
    return sorted(path.stem for path in ((folder or recipes_folder()) / "studies").glob("*.csv"))


def read_fixed_runs(name: str, folder: Path | None = None) -> pd.DataFrame | None:
    """Read the results of a study so far, a row a finished run; None where there are none.

    Args:
        name: the study's.
        folder: of searches; ``core.config.searches_folder()`` if None.

    Returns:
        The columns of the study; ``updates_per_epoch``; ``epochs``; ``val_loss`` and ``val_accuracy`` at the last
        epoch; ``seconds``.

    Raises:
        TrainingError: the file is no such table.
    """
    path = (folder or searches_folder()) / name / RESULTS
    if not path.is_file():
        return None
    results = _read(path)
    if list(results) != ["run", *SETTINGS, *_RESULT_COLUMNS]:
        raise TrainingError(
            "The results of the study '{name}' have other columns; remove searches/{name}/{file}.",
            name=name,
            file=RESULTS,
        )
    return results


def finished_runs(name: str) -> pd.DataFrame | None:
    """Read the results of a study as ``read_fixed_runs`` does; None until all its runs are done."""
    results = read_fixed_runs(name)
    return results if results is not None and len(results) == len(read_runs(name)) else None


def best_of_batch(results: pd.DataFrame, batch: int) -> Run:
    """Return the run with the lowest validation loss of those at a batch; there is at least one."""
    return results[results["batch"] == batch].sort_values(["val_loss", "run"]).to_dict("records")[0]


def _read(path: Path) -> pd.DataFrame:
    """Read a table.

    Raises:
        TrainingError: it is none.
    """
    try:
        return pd.read_csv(path)
    except ValueError as error:
        raise TrainingError("'{path}' is no table.", path=path) from error
