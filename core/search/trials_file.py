"""The trials of a study as files that ship: written from its storage, and restored into one.

Optuna stays out of ``core.search.results``, which reads the files.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from core.config import searches_folder
from core.errors import TrainingError
from core.files import replace_file, write_table
from core.search.names import TRIALS
from core.search.plan import SETTINGS, Plan, as_int, normalised_setting, round_setting, suggest_setting
from core.search.results import ALL_SAMPLERS, COMPLETE, IMPORTANCE, STOPPED, SearchResults, read_search
from core.search.study import EPOCHS_RUN, STOPPED_EARLY, open_study

if TYPE_CHECKING:
    import optuna

_RESTORED = "restored"
"""Attribute of a trial that is from the file."""
_BEST_SHARE = 0.25
"""The share of the trials that the importance sets against all."""
_ENOUGH_SETTINGS = 20
"""Different settings from which their importance is computed: then the best quarter has five."""
_GENERATION = "NSGAIISampler:generation"
"""Where Optuna stores a trial's generation."""


def export_trials(plan: Plan, studies: dict[str, "optuna.Study"], folder: Path | None = None) -> SearchResults:
    """Write ``trials.csv`` and ``importance.json`` from a plan's studies; return the results.

    Args:
        plan: what is searched.
        studies: by sampler.
        folder: where searches are; ``core.config.searches_folder()`` if None.

    Raises:
        TrainingError: no study has a finished trial.
    """
    rows = [row for sampler, study in studies.items() for row in _trial_rows(sampler, study)]
    if not rows:
        raise TrainingError("The search '{search}' has no finished trial yet.", search=plan.name)
    place = (folder or searches_folder()) / plan.name
    write_table(place / TRIALS, pd.DataFrame(rows))
    shares = {sampler: _importance(_finished_trials(study), plan) for sampler, study in studies.items()}
    shares[ALL_SAMPLERS] = _importance(
        [trial for sampler, study in studies.items() if sampler != "grid" for trial in _finished_trials(study)], plan
    )
    with replace_file(place / IMPORTANCE) as temporary:
        temporary.write_text(json.dumps({key: value for key, value in shares.items() if value}, indent=2) + "\n")
    return read_search(plan.name, folder)


def _finished_trials(study: "optuna.Study") -> list["optuna.trial.FrozenTrial"]:
    """Return complete trials and pruned ones that finished an epoch, in the order in which they began."""
    from optuna.trial import TrialState

    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    return [trial for trial in trials if trial.value is not None or trial.intermediate_values]


def _trial_rows(sampler: str, study: "optuna.Study") -> list[dict[str, Any]]:
    """Return the finished trials of a study as rows of ``trials.csv``."""
    from optuna.trial import TrialState

    rows = []
    for trial in _finished_trials(study):
        stopped = trial.state == TrialState.PRUNED or trial.user_attrs.get(STOPPED_EARLY, False)
        rows.append(
            {
                "sampler": sampler,
                "trial": trial.number,
                "generation": trial.system_attrs.get(_GENERATION),
                "state": STOPPED if stopped else COMPLETE,
                "value": _best_value(trial),
                "epochs_run": trial.user_attrs.get(EPOCHS_RUN, trial.last_step),
                "best_so_far": " ".join(f"{value:.5g}" for _, value in sorted(trial.intermediate_values.items())),
                "seconds": round(trial.duration.total_seconds(), 1) if trial.duration is not None else None,
                **{name: round_setting(trial.params[name]) for name in SETTINGS if name in trial.params},
            }
        )
    return rows


def restore_trials(plan: Plan, storage: str, folder: Path | None = None) -> dict[str, int]:
    """Put the trials of ``trials.csv`` into a storage, so that its studies go on from there.

    The trials of every sampler are restored, since ``export_trials`` writes what the storage holds. A study that has
    trials of its own is left as it is. Interrupted, the next call restores the rest. Two machines that share a storage
    must not both call it at the same moment.

    Args:
        plan: what is searched.
        storage: any database address Optuna takes.
        folder: where searches are; ``core.config.searches_folder()`` if None.

    Returns:
        By sampler how many trials were restored, where any were.

    Raises:
        TrainingError: the file cannot be read, or its trials are of another plan.
    """
    if not ((folder or searches_folder()) / plan.name / TRIALS).is_file():
        return {}
    results = read_search(plan.name, folder)
    counts = {
        sampler: _restore_study(plan, results.trials, open_study(plan, sampler, storage), sampler)
        for sampler in results.samplers
    }
    return {sampler: count for sampler, count in counts.items() if count}


def _restore_study(plan: Plan, table: pd.DataFrame, study: "optuna.Study", sampler: str) -> int:
    """Add the rows of one sampler to its study; return how many were added."""
    import optuna

    present = study.get_trials(deepcopy=False)
    if not all(trial.user_attrs.get(_RESTORED) for trial in present):
        return 0
    rows = table[table["sampler"] == sampler].sort_values("trial")
    try:
        trials = {int(row["trial"]): _restored_trial(plan, sampler, row) for _, row in rows.iterrows()}
    except (KeyError, ValueError) as error:
        raise TrainingError(
            "searches/{search}/{file} is of another plan; take searches/{search} from the project again, or remove "
            "the file to begin anew.",
            search=plan.name,
            file=TRIALS,
        ) from error
    # Failed trials are not in the file, but full_size.csv and the names of runs use the numbers of the others.
    failed = optuna.create_trial(state=optuna.trial.TrialState.FAIL, user_attrs={_RESTORED: True})
    missing = range(len(present), max(trials) + 1)
    study.add_trials(trials.get(number, failed) for number in missing)
    return sum(number in trials for number in missing)


def _restored_trial(plan: Plan, sampler: str, row: pd.Series) -> "optuna.trial.FrozenTrial":
    """Return a row of ``trials.csv`` as the trial it was.

    Raises:
        ValueError, KeyError: a value is missing, or the setting is not in the plan's space.
    """
    import optuna
    from optuna.trial import TrialState

    fixed = optuna.trial.FixedTrial({name: as_int(row[name]) for name in SETTINGS if pd.notna(row.get(name))})
    # Gives ``fixed`` its distributions.
    suggest_setting(plan, fixed, grid=sampler == "grid")
    stopped, genetic = row["state"] == STOPPED, sampler == "genetic"
    best_so_far = row["best_so_far"].split() if pd.notna(row["best_so_far"]) else []
    trial = optuna.create_trial(
        state=TrialState.PRUNED if stopped and not genetic else TrialState.COMPLETE,
        value=float(row["value"]),
        params=fixed.params,
        distributions=fixed.distributions,
        intermediate_values={step: float(value) for step, value in enumerate(best_so_far, 1)},
        user_attrs={
            _RESTORED: True,
            EPOCHS_RUN: int(row["epochs_run"]),
            **({STOPPED_EARLY: True} if stopped and genetic else {}),
        },
        system_attrs={_GENERATION: int(row["generation"])} if genetic else {},
    )
    if trial.datetime_start and pd.notna(row["seconds"]):
        trial.datetime_complete = trial.datetime_start + timedelta(seconds=row["seconds"])
    return trial


def _best_value(trial: "optuna.trial.FrozenTrial") -> float:
    """Return a trial's value; of a pruned trial the best that it reported."""
    if trial.value is not None:
        return float(trial.value)
    return float(max(trial.intermediate_values.values()))


def _importance(trials: list["optuna.trial.FrozenTrial"], plan: Plan) -> dict[str, float]:
    """Return each setting's share by PED-ANOVA (Watanabe et al., IJCAI 2023); empty for too few different settings."""
    import optuna

    # A setting that was tried twice, as by two samplers, counts once.
    by_setting = {
        tuple(sorted(normalised_setting(trial.params).items())): trial for trial in sorted(trials, key=_best_value)
    }
    if len(by_setting) < _ENOUGH_SETTINGS:
        return {}
    study = optuna.create_study(direction="maximize")
    for trial in by_setting.values():
        study.add_trial(
            optuna.create_trial(value=_best_value(trial), params=trial.params, distributions=trial.distributions)
        )
    evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=_BEST_SHARE)
    shares = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {name: round(float(shares[name]), 4) for name in plan.space if name in shares}
