"""The results of a search, read from the files that ship: ``searches/NAME/`` beside the plan.

- ``trials.csv``: a row a trial: ``sampler``, ``trial`` (its number in the study), ``generation`` (of the genetic
  sampler), ``state`` ("complete" or "stopped early"), ``value`` (the plan's figure at the best epoch; of a stopped
  trial the best until then), ``epochs_run``, ``best_so_far`` (after each epoch or, where the learning rate follows a
  schedule, after each quarter of the training; separated by spaces), ``seconds``, and a column a setting.
- ``importance.json``: by sampler, and over the trials of all but the grid together, the share of each setting in what
  distinguishes the best quarter of the trials from all.
- ``full_size.csv``: some settings trained again as the recipe would be: ``sampler``, ``trial``, ``value`` of the trial,
  ``full_value``, ``seconds``.

``core.search.trials_file`` writes the first two, and ``core.search.full_size`` the third.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import FiniteFloat, TypeAdapter, ValidationError

from core.checked_files import Columns, Content, read_table
from core.config import searches_folder
from core.errors import TrainingError
from core.search.names import TRIALS
from core.search.plan import SAMPLERS, Plan, load_plan
from core.translation.messages import mark

IMPORTANCE, FULL_SIZE = "importance.json", "full_size.csv"
ALL_SAMPLERS = "all"
"""Key of the importance over all samplers' trials but the grid's, which varies less."""
COMPLETE, STOPPED = mark("complete"), mark("stopped early")
TRIAL_KEY = ["sampler", "trial", "value"]
"""Columns that identify a trial; the value shows that it is not another one of a new study."""
_IMPORTANCE_SHARES = TypeAdapter(dict[str, dict[str, FiniteFloat]])


@dataclass(frozen=True, eq=False)
class SearchResults:
    """The results of a search.

    Attributes:
        plan: what was searched.
        trials: the rows of ``trials.csv``; at least one.
        importance: by sampler and ``ALL_SAMPLERS``, setting -> share; empty where trials are too few.
        full_size: the rows of ``full_size.csv``; None before any setting was trained at full size.
    """

    plan: Plan
    trials: pd.DataFrame
    importance: dict[str, dict[str, float]]
    full_size: pd.DataFrame | None

    @property
    def settings(self) -> list[str]:
        """The settings that were varied, in the plan's order."""
        return [name for name in self.plan.space if name in self.trials]

    @property
    def samplers(self) -> list[str]:
        """The samplers that have trials."""
        return [name for name in SAMPLERS if (self.trials["sampler"] == name).any()]

    @property
    def own(self) -> "pd.Series[bool]":
        """By trial whether its setting is the recipe's own; a grid leaves settings empty that it does not name."""
        return self.trials[self.settings].apply(lambda row: self.plan.is_own(row.dropna()), axis=1)

    @property
    def current_full_size(self) -> pd.DataFrame:
        """The rows of ``full_size.csv`` whose trials are among ``trials``; empty where there is no such file."""
        if self.full_size is None:
            return pd.DataFrame(columns=TRIAL_KEY)
        return self.full_size.merge(self.trials[TRIAL_KEY], on=TRIAL_KEY)

    def best(self, sampler: str | None = None) -> pd.Series:
        """Return the best trial, of one sampler or of all; of equal ones the earliest."""
        rows = self.trials if sampler is None else self.trials[self.trials["sampler"] == sampler]
        return rows.iloc[int(rows["value"].to_numpy().argmax())]


def best_at_full_size(results: SearchResults) -> pd.Series | None:
    """Return the trial that is best at full size, None where none was trained.

    The row has ``full_value`` and ``own``, whether its setting is the recipe's own.
    """
    full = results.current_full_size
    if full.empty:
        return None
    rows = full[[*TRIAL_KEY, "full_value"]].merge(results.trials.assign(own=results.own), on=TRIAL_KEY)
    return rows.iloc[int(rows["full_value"].to_numpy().argmax())]


def read_search(name: str, folder: Path | None = None) -> SearchResults:
    """Read the results of a search.

    Args:
        name: the search's.
        folder: of searches; ``core.config.searches_folder()`` if None.

    Raises:
        TrainingError: it has no trials, or files that cannot be read.
    """
    plan, place = load_plan(name, folder), (folder or searches_folder()) / name
    if not (place / TRIALS).is_file():
        raise TrainingError(
            "The search '{name}' has no trials yet; 'python -m core search {name}' makes them.", name=name
        )
    columns: Columns = {
        "sampler": SAMPLERS,
        "trial": Content.COUNT,
        "state": (COMPLETE, STOPPED),
        "value": Content.NUMBER,
        "epochs_run": Content.NUMBER,
    }
    trials = _read_results(place / TRIALS, columns, dtype={"best_so_far": str})
    with _refused(place / TRIALS):
        for setting in plan.space:
            if setting in trials and not pd.api.types.is_numeric_dtype(trials[setting]):
                raise ValueError(f"{setting} must be {Content.NUMBER_OR_EMPTY.value} in every row")
    full_size: Columns = {**dict.fromkeys(TRIAL_KEY, Content.NUMBER), "sampler": SAMPLERS, "full_value": Content.NUMBER}
    return SearchResults(
        plan,
        trials,
        _read_importance(place / IMPORTANCE),
        _read_results(place / FULL_SIZE, full_size) if (place / FULL_SIZE).is_file() else None,
    )


@contextmanager
def _refused(path: Path) -> Iterator[None]:
    """Turn an error in reading a file of a search's results into the sentence that refuses the file.

    Raises:
        TrainingError: in place of a ValueError, whose text is a clause about the file, or of an OSError.
    """
    try:
        yield
    except (OSError, ValueError) as error:
        reason = "it is missing" if isinstance(error, OSError) else error
        raise TrainingError(
            "{file} of the search '{search}' cannot be used: {reason}; take searches/{search} from the project again.",
            file=path.name,
            search=path.parent.name,
            reason=reason,
        ) from error


def _read_results(path: Path, columns: Columns, **options: Any) -> pd.DataFrame:
    with _refused(path):
        return read_table(path, columns, **options)


def _read_importance(path: Path) -> dict[str, dict[str, float]]:
    with _refused(path):
        try:
            return _IMPORTANCE_SHARES.validate_json(path.read_bytes())
        except ValidationError as error:
            raise ValueError("it must give by sampler the share of each setting, in JSON") from error
