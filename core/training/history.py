"""Training histories: the history.csv of bundles and of runs, and the epochs to mark in it.

A history is a table with a row an epoch: ``epoch`` (from 1); ``loss``, ``accuracy`` and, for masks, ``dice`` and
``iou`` of the training part; the same as ``val_...`` of the validation part; the ``learning_rate`` at its
start; and its ``seconds``.
"""

import io
import json
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.bundles.bundle import HISTORY, REPORT_CLASSIFIER, REPORT_SEGMENTER, Bundle
from core.bundles.contents import refused_content
from core.bundles.listing import list_bundles
from core.config import CLASSIFICATION, SEGMENTATION, tasks_of
from core.dataset.store import default_store
from core.errors import SliceScopeError, TrainingError
from core.text import join_words
from core.training.checkpoint import STATE_NAME
from core.training.recipe import Training, load_recipe, parse_training
from core.translation.messages import Message

SETTLED_WITHIN = 0.02
"""A validation loss this near to its last value counts as settled."""
_DEFAULT_KEEP = "val_loss"
"""What the kept epoch is best by where the recipe is not known."""
_REQUIRED_COLUMNS = ("epoch", "loss", "val_loss", "learning_rate", "seconds")
RUN_SUFFIX = " (run)"
"""Appended to the name of a run that has a bundle's name, though the bundle is of another training."""
RECENT_EPOCHS = 5
"""The last epochs, from which the seconds of the next ones are estimated."""


@dataclass(frozen=True, eq=False)
class History:
    """A training that is finished or goes on.

    Attributes:
        name: the bundle's or the run's; unique in ``find_histories``.
        tasks: classification, segmentation, or both for a network that does both.
        table: a row an epoch, at least one.
        plan: how it is trained; None where the recipe is not known.
        kept: the epoch whose weights are kept, for a run those so far; None where no value is a number.
        finished: whether training is over.
        written: when the last epoch ended, in seconds since 1970; None for a bundle.
        split: of its slices; None where the recipe is not known.
    """

    name: str
    tasks: tuple[str, ...]
    table: pd.DataFrame
    plan: Training | None
    kept: int | None
    finished: bool
    written: float | None = None
    split: str | None = None

    @property
    def keep(self) -> str:
        """What the kept epoch is best by: a column, or "last"."""
        return self.plan.keep if self.plan else _DEFAULT_KEEP

    @property
    def epochs_run(self) -> int:
        """Epochs done."""
        return int(self.table["epoch"].iloc[-1])

    @property
    def epochs_planned(self) -> int | None:
        """The most epochs the recipe allows, where it is known."""
        return self.plan.epochs if self.plan else None


def default_runs() -> Path:
    """Return the folder of runs, which is beside the store."""
    return default_store().parent / "runs"


def find_histories(models: Path | None = None, runs: Path | None = None) -> tuple[list[History], list[str]]:
    """Find every history: the report's networks first, then other bundles, then runs that no bundle ships.

    Args:
        models: the folder of bundles; ``core.config.models_folder()`` if None.
        runs: the folder of runs; ``default_runs()`` if None.

    Returns:
        The histories, and a sentence for each usable bundle whose history cannot be read. A run's file that cannot be
        read is left out silently, since it may be half written.
    """
    shipped: list[History] = []
    problems: list[str] = []
    bundles = list_bundles(models).bundles.values()
    for bundle in sorted(bundles, key=lambda bundle: bundle.name not in (REPORT_CLASSIFIER, REPORT_SEGMENTER)):
        try:
            shipped.append(bundle_history(bundle))
        except SliceScopeError as error:
            problems.append(str(error))
    folder = default_runs() if runs is None else runs
    return shipped + _run_histories(folder, {history.name: history for history in shipped}), problems


def bundle_history(bundle: Bundle) -> History:
    """Return a bundle's history; its file is checked.

    Raises:
        BundleError: the file is missing, not what the card says, or no history.
        TrainingError: the card's training recipe does not make sense.
    """
    training = bundle.card.training
    path = bundle.path(HISTORY)
    with refused_content(bundle, HISTORY):
        table = _parse_history(path.read_bytes())
        if training.epoch_kept not in table["epoch"].tolist():
            raise ValueError(f"it lacks the epoch {training.epoch_kept}, whose weights are kept")
    return History(
        name=bundle.name,
        tasks=bundle.tasks,
        table=table,
        plan=parse_training(
            training.recipe, title=Message("The training recipe of the bundle '{bundle}'", bundle=bundle.name)
        ),
        kept=training.epoch_kept,
        finished=True,
        split=bundle.card.data.split,
    )


def _run_histories(folder: Path, shipped: dict[str, History]) -> list[History]:
    """Return the histories of runs, without those of finished runs that a bundle ships."""
    histories = []
    for path in sorted(folder.glob(f"*/{HISTORY}")):
        try:
            history = _run_history(path)
        except (TrainingError, OSError):
            continue
        bundle = shipped.get(history.name)
        if bundle is None:
            histories.append(history)
        elif not (history.finished and history.table.equals(bundle.table)):
            histories.append(replace(history, name=f"{history.name}{RUN_SUFFIX}"))
    return histories


def _run_history(path: Path) -> History:
    """Return the history of a run from its history.csv, its state and, where the state is missing, its recipe."""
    name = path.parent.name
    table = read_history(path)
    state = _read_state_summary(path.parent)
    recipe = state.get("recipe") or _recipe_table(name)
    plan = _known_plan(recipe)
    if "finished" in state:
        # The state is written just before the history.
        finished = state["finished"] and len(state["history"]) <= len(table)
    else:
        finished = plan is None or len(table) >= plan.epochs
    return History(
        name=name,
        tasks=tasks_of(recipe.get("task") or (SEGMENTATION if "dice" in table else CLASSIFICATION)),
        table=table,
        plan=plan,
        kept=best_epoch(table, plan.keep if plan else _DEFAULT_KEEP),
        finished=finished,
        written=path.stat().st_mtime,
        split=recipe.get("split"),
    )


def _known_plan(recipe: dict[str, Any]) -> Training | None:
    """Return how a recipe trains; None where it is missing, or of another version of the project."""
    try:
        return parse_training(recipe.get("training", {}), title=Message("The recipe"))
    except TrainingError:
        return None


def _read_state_summary(folder: Path) -> dict[str, Any]:
    """Return a run's state without its arrays, which are megabytes of weights; empty if it cannot be read."""
    try:
        with np.load(folder / STATE_NAME) as file:
            return dict(json.loads(str(file["rest"])))
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        return {}


def _recipe_table(name: str) -> dict[str, Any]:
    """Return the content of a recipe's file; empty if there is none."""
    try:
        return load_recipe(name).table
    except TrainingError:
        return {}


def read_history(path: Path) -> pd.DataFrame:
    """Read a history's rows; a last line that is half written is left out.

    Raises:
        TrainingError: not one whole row, or no history at all.
        OSError: no such file.
    """
    try:
        return _parse_history(path.read_bytes())
    except ValueError as error:
        raise TrainingError("'{path}' is no training history: {error}.", path=path, error=error) from error


def _parse_history(content: bytes) -> pd.DataFrame:
    """Return the whole rows of a history.

    Raises:
        ValueError: there are none, or they are no history; the text says why, as a clause about "it".
    """
    text = content.decode(errors="replace")
    try:
        table = pd.read_csv(io.StringIO(text[: text.rfind("\n") + 1]), dtype=float)
    except ValueError as error:
        raise ValueError("it is no table of numbers") from error
    missing = [column for column in _REQUIRED_COLUMNS if column not in table]
    if missing or table.empty:
        raise ValueError(f"it lacks {join_words(missing) if missing else 'epochs'}")
    if table["epoch"].tolist() != list(range(1, len(table) + 1)):
        raise ValueError("its epochs are not numbered from 1 on")
    return table.astype({"epoch": int})


def best_epoch(table: pd.DataFrame, keep: str) -> int | None:
    """Return the epoch to keep: the first that is best by the column ``keep``, lowest for a loss, highest for others.

    Args:
        table: a history.
        keep: a column, or "last".

    Returns:
        The epoch, or None where the column is missing or holds no number.
    """
    if keep == "last":
        return int(table["epoch"].iloc[-1])
    if keep not in table or table[keep].isna().all():
        return None
    best = np.nanargmin if keep.endswith("loss") else np.nanargmax
    return int(table["epoch"].iloc[best(table[keep])])


def rate_drops(table: pd.DataFrame) -> list[int]:
    """Return the first epochs with a lower learning rate than before, where it falls in steps.

    A rate that falls from most epochs to the next follows a smooth schedule, such as a cosine: it has no steps.
    """
    fell = table["learning_rate"].diff() < 0
    if fell.sum() > (len(table) - 1) / 2:
        return []
    return [int(epoch) for epoch in table["epoch"][fell]]


def early_stop(history: History) -> int | None:
    """Return the last epoch if training ended before the recipe's last, else None."""
    planned = history.epochs_planned
    return history.epochs_run if history.finished and planned and history.epochs_run < planned else None


def marked_epochs(history: History) -> dict[str, list[int]]:
    """Return the epochs to mark: validation loss "settled", rate "lowered", training "stopped" early, weights "kept".

    Marks that depend on the last epoch are left out until training is finished.
    """
    marks: dict[str, list[int] | list[int | None]] = {
        "settled": [settled_epoch(history.table) if history.finished else None],
        "lowered": rate_drops(history.table),
        "stopped": [early_stop(history)],
        "kept": [history.kept],
    }
    return {name: [epoch for epoch in epochs if epoch is not None] for name, epochs in marks.items()}


def joined_histories(histories: list[History]) -> pd.DataFrame:
    """Join the tables of histories, one below the other, with their name in a first column ``run``."""
    table = pd.concat([history.table.assign(run=history.name) for history in histories], ignore_index=True)
    return table[["run", *table.columns.drop("run")]]


def settled_epoch(table: pd.DataFrame, *, within: float = SETTLED_WITHIN) -> int | None:
    """Return the first epoch whose validation loss is within ``within`` of the last epoch's; None if that is NaN."""
    # Histories are written with six digits; beyond them binary rounding would decide.
    distance = (table["val_loss"] - table["val_loss"].iloc[-1]).abs().round(6)
    near = table["epoch"][distance <= within]
    return None if near.empty else int(near.iloc[0])


def divergence_epoch(table: pd.DataFrame) -> int | None:
    """Return the first epoch from which training loss stays below validation loss; None if it ends no lower."""
    above = table["epoch"][~(table["loss"] < table["val_loss"])]
    if above.empty:
        return int(table["epoch"].iloc[0])
    after = table["epoch"][table["epoch"] > above.iloc[-1]]
    return None if after.empty else int(after.iloc[0])


def seconds_left(history: History) -> float | None:
    """Estimate the seconds of the epochs to come from the median of the last few; None where their number is unknown.

    It is the median, since an epoch with a pause in it says nothing about the next.
    """
    planned = history.epochs_planned
    if planned is None:
        return None
    return (planned - history.epochs_run) * float(history.table["seconds"].tail(RECENT_EPOCHS).median())


def is_stalled(history: History, now: float) -> bool:
    """Tell whether an unfinished run has ended no epoch for three times the longest of its last few.

    Args:
        history: of a run.
        now: seconds since 1970.
    """
    if history.finished or history.written is None:
        return False
    return now - history.written > 3 * float(history.table["seconds"].tail(RECENT_EPOCHS).max())
