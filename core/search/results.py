"""What searches found, as it ships: ``searches/NAME/`` beside the plan.

- ``trials.csv``: a row a trial: ``sampler``, ``trial`` (its number in the study), ``generation`` (of the genetic
  sampler), ``state`` ("complete" or "stopped early"), ``value`` (the plan's, best epoch; of a stopped trial as far as
  it came), ``epochs_run``, ``best_so_far`` (after each of them, or, where the recipe's rate follows a schedule, each
  quarter of the training; parted by spaces), ``seconds``, and a column a setting. A study can go on from it; see
  ``restore``.
- ``importance.json``: by sampler, and over the trials of all but the grid together, the share of each setting in what
  tells the best quarter of the trials from all.
- ``full_size.csv``: some trials trained again as the recipe would be: ``sampler``, ``trial``, ``value`` of the trial,
  ``full_value``, ``seconds``.

Nothing here needs Optuna but ``export`` and ``restore``.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from core.config import SEARCHES
from core.errors import TrainingError
from core.files import replace_file, write_table
from core.search.plan import SAMPLERS, SETTINGS, Plan, as_int, load_plan, round_setting, suggest_setting
from core.search.study import EPOCHS_RUN, STOPPED_EARLY, normalised_setting, open_study

if TYPE_CHECKING:
    import optuna

TRIALS, IMPORTANCE, FULL_SIZE = "trials.csv", "importance.json", "full_size.csv"
ALL_SAMPLERS = "all"
"""Key of the importance over all samplers' trials but the grid's, which varies less."""
COMPLETE, STOPPED = "complete", "stopped early"
RESTORED = "restored"
"""Attribute of a trial that is from the file."""
_BEST_SHARE = 0.25
_ENOUGH_TRIALS = 20
"""Settings from which their importance is told: five are the best quarter then."""
_GENERATION = "NSGAIISampler:generation"
"""Where Optuna notes a trial's generation."""


@dataclass(frozen=True, eq=False)
class SearchResults:
    """What a search found.

    Attributes:
        plan: what was searched.
        trials: see the module; at least one row.
        importance: by sampler and ``ALL``, setting -> share; empty where trials are too few.
        full_size: see the module; None before any was trained.
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

    def best(self, sampler: str | None = None) -> pd.Series:
        """The best trial, of one sampler or of all; the earliest of equals."""
        rows = self.trials if sampler is None else self.trials[self.trials["sampler"] == sampler]
        return rows.iloc[int(rows["value"].to_numpy().argmax())]


def search_names(folder: Path = SEARCHES) -> list[str]:
    """The names of the searches that have found something."""
    return sorted(path.parent.name for path in folder.glob(f"*/{TRIALS}"))


def read_search(name: str, folder: Path = SEARCHES) -> SearchResults:
    """Read what a search found.

    Raises:
        TrainingError: it has no trials, or files that cannot be read.
    """
    plan, place = load_plan(name, folder), folder / name
    if not (place / TRIALS).is_file():
        raise TrainingError(f"The search '{name}' has no trials yet; 'python -m core search {name}' makes them.")
    try:
        trials = pd.read_csv(place / TRIALS, dtype={"best_so_far": str})
        importance = json.loads((place / IMPORTANCE).read_text())
        full = pd.read_csv(place / FULL_SIZE) if (place / FULL_SIZE).is_file() else None
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"What the search '{name}' found cannot be read; take searches/{name} from the project again."
        ) from error
    return SearchResults(plan, trials, importance, full)


def export_trials(plan: Plan, studies: dict[str, "optuna.Study"], folder: Path = SEARCHES) -> SearchResults:
    """Write the finished trials of a plan's studies, by sampler, beside the plan.

    Raises:
        TrainingError: none has a finished trial.
    """
    rows = [row for sampler, study in studies.items() for row in _rows(sampler, study)]
    if not rows:
        raise TrainingError(f"The search '{plan.name}' has no finished trial yet.")
    table = pd.DataFrame(rows)
    place = folder / plan.name
    write_table(place / TRIALS, table)
    shares = {sampler: _importance(_finished(study), plan) for sampler, study in studies.items()}
    shares[ALL_SAMPLERS] = _importance(
        [trial for sampler, study in studies.items() if sampler != "grid" for trial in _finished(study)], plan
    )
    with replace_file(place / IMPORTANCE) as temporary:
        temporary.write_text(json.dumps({key: value for key, value in shares.items() if value}, indent=2) + "\n")
    return read_search(plan.name, folder)


def _finished(study: "optuna.Study") -> list["optuna.trial.FrozenTrial"]:
    """Trials with a value, in the order they were begun: complete ones, and pruned ones that got through an epoch."""
    from optuna.trial import TrialState

    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    return [trial for trial in trials if trial.value is not None or trial.intermediate_values]


def _rows(sampler: str, study: "optuna.Study") -> list[dict[str, Any]]:
    from optuna.trial import TrialState

    rows = []
    for trial in _finished(study):
        stopped = trial.state == TrialState.PRUNED or trial.user_attrs.get(STOPPED_EARLY, False)
        rows.append(
            {
                "sampler": sampler,
                "trial": trial.number,
                "generation": trial.system_attrs.get(_GENERATION),
                "state": STOPPED if stopped else COMPLETE,
                "value": _value(trial),
                "epochs_run": trial.user_attrs.get(EPOCHS_RUN, trial.last_step),
                "best_so_far": " ".join(f"{value:.5g}" for _, value in sorted(trial.intermediate_values.items())),
                "seconds": round(trial.duration.total_seconds(), 1) if trial.duration is not None else None,
                **{name: round_setting(trial.params[name]) for name in SETTINGS if name in trial.params},
            }
        )
    return rows


def restore_trials(plan: Plan, storage: str, folder: Path = SEARCHES) -> dict[str, int]:
    """Put the trials that ship beside a plan into a storage, so that its studies go on where they end.

    Those of every sampler: ``export`` writes what the storage holds. A study that has trials of its own is left as it
    is. Interrupted, the next call puts the rest. Two machines that share a storage must not both begin it so at the
    same moment.

    Args:
        plan: what is searched.
        storage: any database address Optuna takes.
        folder: where searches are.

    Returns:
        By sampler how many were put, where any were.

    Raises:
        TrainingError: the file cannot be read, or its trials are none of this plan.
    """
    if not (folder / plan.name / TRIALS).is_file():
        return {}
    found = read_search(plan.name, folder)
    put = {
        sampler: _restore(plan, found.trials, open_study(plan, sampler, storage), sampler) for sampler in found.samplers
    }
    return {sampler: count for sampler, count in put.items() if count}


def _restore(plan: Plan, table: pd.DataFrame, study: "optuna.Study", sampler: str) -> int:
    import optuna

    there = study.get_trials(deepcopy=False)
    if not all(trial.user_attrs.get(RESTORED) for trial in there):
        return 0
    rows = table[table["sampler"] == sampler].sort_values("trial")
    try:
        trials = {int(row["trial"]): _restored(plan, sampler, row) for _, row in rows.iterrows()}
    except (KeyError, ValueError) as error:
        raise TrainingError(
            f"searches/{plan.name}/{TRIALS} is of another plan; take searches/{plan.name} from the project again, or "
            "remove the file to begin anew."
        ) from error
    # Failed trials do not ship, but full_size.csv and runs name the others by their number.
    failed = optuna.create_trial(state=optuna.trial.TrialState.FAIL, user_attrs={RESTORED: True})
    left = range(len(there), max(trials) + 1)
    study.add_trials(trials.get(number, failed) for number in left)
    return sum(number in trials for number in left)


def _restored(plan: Plan, sampler: str, row: pd.Series) -> "optuna.trial.FrozenTrial":
    """A row of the table as the trial it was.

    Raises:
        ValueError, KeyError: it is no row, or its setting is not in the plan's space.
    """
    import optuna
    from optuna.trial import TrialState

    fixed = optuna.trial.FixedTrial({name: as_int(row[name]) for name in SETTINGS if pd.notna(row.get(name))})
    # Tells the distributions.
    suggest_setting(plan, fixed, grid=sampler == "grid")
    stopped, genetic = row["state"] == STOPPED, sampler == "genetic"
    so_far = row["best_so_far"].split() if pd.notna(row["best_so_far"]) else []
    trial = optuna.create_trial(
        state=TrialState.PRUNED if stopped and not genetic else TrialState.COMPLETE,
        value=float(row["value"]),
        params=fixed.params,
        distributions=fixed.distributions,
        intermediate_values={point: float(value) for point, value in enumerate(so_far, 1)},
        user_attrs={
            RESTORED: True,
            EPOCHS_RUN: int(row["epochs_run"]),
            **({STOPPED_EARLY: True} if stopped and genetic else {}),
        },
        system_attrs={_GENERATION: int(row["generation"])} if genetic else {},
    )
    if trial.datetime_start and pd.notna(row["seconds"]):
        trial.datetime_complete = trial.datetime_start + timedelta(seconds=row["seconds"])
    return trial


def _value(trial: "optuna.trial.FrozenTrial") -> float:
    """The best so far, which is what a trial reports after each epoch."""
    if trial.value is not None:
        return float(trial.value)
    return float(max(trial.intermediate_values.values()))


def _importance(trials: list["optuna.trial.FrozenTrial"], plan: Plan) -> dict[str, float]:
    """Shares by PED-ANOVA (Watanabe et al., IJCAI 2023); empty for too few settings or nothing that varies."""
    import optuna

    # A setting that was tried twice, as by two samplers, counts once.
    by_setting = {
        tuple(sorted(normalised_setting(trial.params).items())): trial for trial in sorted(trials, key=_value)
    }
    if len(by_setting) < _ENOUGH_TRIALS:
        return {}
    study = optuna.create_study(direction="maximize")
    for trial in by_setting.values():
        study.add_trial(
            optuna.create_trial(value=_value(trial), params=trial.params, distributions=trial.distributions)
        )
    evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=_BEST_SHARE)
    shares = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {name: round(float(shares[name]), 4) for name in plan.space if name in shares}
