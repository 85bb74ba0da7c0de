"""Studies: a hyperparameter search by one sampler, kept in a database that several workers share.

By default the database is an SQLite file. Whoever opens the same one shares its trials, on one machine or on several.
``core.search.worker`` does the trials.
"""

import itertools
import math
import secrets
import warnings
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import TrainingError
from core.search.plan import SAMPLERS, Plan

if TYPE_CHECKING:
    import optuna

STALE_SECONDS = 60
"""Without a heartbeat for this long a trial's worker counts as dead."""
STOPPED_EARLY = "stopped_early"
"""Attribute of a genetic trial that was stopped before its last epoch; see ``core.search.worker``."""
EPOCHS_RUN = "epochs_run"
"""Attribute of a trial: the epochs it has trained."""
QUARTERS = 4
"""Points at which trials are compared where their learning rate follows a schedule; see ``core.search.worker``."""
WARMUP_EPOCHS, WARMUP_QUARTERS = 3, 2
"""The first epoch, and the first quarter, at whose end a trial may be stopped."""
_STARTUP_TRIALS = 8
"""Trials before the first that may be stopped, and that the Parzen estimator draws at random."""


@dataclass(frozen=True)
class StudyProgress:
    """How far a study is.

    Attributes:
        done: trials that ran to their end or were stopped early.
        running: trials under way.
        best: the best value, or None before the first.
    """

    done: int
    running: int
    best: float | None


def open_study(
    plan: Plan, sampler: str, storage: str, *, worker: int = 0, stale: int = STALE_SECONDS
) -> "optuna.Study":
    """Open the study of a plan by one sampler; make it if there is none.

    Args:
        plan: what is searched.
        sampler: one of ``SAMPLERS``.
        storage: any database address Optuna takes.
        worker: number of the worker; workers with different numbers draw differently.
        stale: see ``STALE_SECONDS``.

    Raises:
        TrainingError: no such sampler, or a storage that cannot be opened.
    """
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    from core.search.storage import open_storage

    # A worker reports what ends it; a trial that is given up is no reason for a warning.
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    # Heartbeats count as experimental, but nothing else finds a killed worker.
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    if sampler not in SAMPLERS:
        raise TrainingError(
            "There is no sampler '{sampler}'; there are {accepted}.", sampler=sampler, accepted=", ".join(SAMPLERS)
        )
    try:
        study = optuna.create_study(
            study_name=_study_name(plan, sampler),
            storage=open_storage(storage, stale=stale),
            pruner=optuna.pruners.MedianPruner(
                n_startup_trials=_STARTUP_TRIALS, n_warmup_steps=WARMUP_QUARTERS if plan.scheduled else WARMUP_EPOCHS
            ),
            direction="maximize",
            load_if_exists=True,
        )
    except (SQLAlchemyError, ImportError) as error:
        raise TrainingError(
            "The study's storage '{storage}' cannot be opened: {error}",
            storage=storage,
            error=str(error).splitlines()[0],
        ) from error
    study.sampler = _make_sampler(plan, sampler, _sampler_seed(plan, study, worker))
    return study


def _study_name(plan: Plan, sampler: str) -> str:
    """Return the name of a study in its storage."""
    return f"{plan.name}-{sampler}"


def _sampler_seed(plan: Plan, study: "optuna.Study", worker: int) -> int:
    """Return a seed by which a resumed study does not draw again what it drew first, nor two workers the same."""
    from optuna.trial import TrialState

    trials = study.get_trials(deepcopy=False)
    shared = any(trial.state == TrialState.RUNNING for trial in trials)
    entropy = [plan.seed, worker, len(trials), *([secrets.randbits(32)] if shared else [])]
    return int(np.random.SeedSequence(entropy).generate_state(1)[0])


def _make_sampler(plan: Plan, sampler: str, seed: int) -> "optuna.samplers.BaseSampler":
    """Make the Optuna sampler of a name in ``SAMPLERS``; a grid's points are queued, not drawn."""
    import optuna

    if sampler == "tpe":
        return optuna.samplers.TPESampler(seed=seed, n_startup_trials=_STARTUP_TRIALS)
    if sampler == "genetic":
        return optuna.samplers.NSGAIISampler(population_size=plan.population, seed=seed)
    return optuna.samplers.RandomSampler(seed=seed)


def existing_studies(plan: Plan, storage: str) -> dict[str, "optuna.Study"]:
    """Open the studies of a plan that a storage holds, by sampler."""
    import optuna

    names = optuna.study.get_all_study_names(storage)
    return {sampler: open_study(plan, sampler, storage) for sampler in SAMPLERS if _study_name(plan, sampler) in names}


def queue_trials(plan: Plan, study: "optuna.Study", sampler: str) -> None:
    """Queue the settings that a study must try, unless it has them: every point of a grid, in a random order.

    For another sampler it is the recipe's own setting, tried first, so that the gain of a search can be measured. A
    setting whose trial failed is queued again.
    """
    from optuna.trial import TrialState

    required = [plan.start] if plan.start else []
    if sampler == "grid":
        points = [dict(zip(plan.grid, values, strict=True)) for values in itertools.product(*plan.grid.values())]
        # In a random order, since later trials are stopped by comparison with the first.
        required = [points[place] for place in np.random.default_rng(plan.seed).permutation(len(points))]
    present = [trial_setting(trial) for trial in study.get_trials(deepcopy=False) if trial.state != TrialState.FAIL]
    for setting in required:
        if setting not in present:
            study.enqueue_trial(setting)


def trial_setting(trial: "optuna.trial.FrozenTrial") -> dict[str, Any]:
    """Return a trial's setting: the values queued for it, and those it has drawn."""
    return {**trial.system_attrs.get("fixed_params", {}), **trial.params}


def study_progress(study: "optuna.Study") -> StudyProgress:
    """Count a study's trials; failed ones do not count."""
    from optuna.trial import TrialState

    trials = study.get_trials(deepcopy=False)
    count = Counter(trial.state for trial in trials)
    values = [trial.value for trial in trials if trial.state == TrialState.COMPLETE and trial.value is not None]
    return StudyProgress(
        count[TrialState.COMPLETE] + count[TrialState.PRUNED],
        count[TrialState.RUNNING],
        max(values, default=None),
    )


def trial_budget(plan: Plan, sampler: str, requested: int | None = None) -> int:
    """Return how many trials a study is to have: ``requested``, else the plan's; of a grid all points at most."""
    if sampler != "grid":
        return requested or plan.trials
    points = math.prod(len(values) for values in plan.grid.values())
    return min(requested or points, points)
