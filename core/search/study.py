"""Searching for hyperparameters with Optuna: samplers, workers, and studies that outlive both.

A study lives in a database, by default an SQLite file; whoever opens the same one shares its trials, on one machine or
on several. A worker that is killed or stopped takes the trial it was in with it: its heartbeat ends, and another worker
begins the same setting anew. Workers end with the process that started them.
"""

import itertools
import math
import secrets
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import TrainingError
from core.search.objective import Trial
from core.search.plan import SAMPLERS, Plan, round_setting, suggest_setting
from core.search.workers import run_workers

if TYPE_CHECKING:
    import optuna

STALE_SECONDS = 60
"""Without a heartbeat for this long a trial's worker counts as dead."""
STOPPED_EARLY = "stopped_early"
"""Attribute of a genetic trial that was stopped before its last epoch; see ``_one_trial``."""
_POLL_SECONDS = 1.0
EPOCHS_RUN = "epochs_run"
"""Attribute of a trial: the epochs it has trained."""
QUARTERS = 4
"""Points at which trials are compared where their rate follows a schedule; see ``_passed``."""
WARMUP_EPOCHS, WARMUP_QUARTERS = 3, 2
"""The first epoch, and quarter, at whose end a trial may be stopped."""
_STARTUP_TRIALS = 8


class _SuperfluousError(Exception):
    """A trial that another worker has begun already."""


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
    """The study of a plan by one sampler, made if there is none.

    Args:
        plan: what is searched.
        sampler: one of ``SAMPLERS``: tree-structured Parzen estimator, NSGA-II (a genetic algorithm, here with one
            objective), or every point of the plan's grid, which ``search`` queues.
        storage: any database address Optuna takes.
        worker: tells the draws of several workers apart.
        stale: see ``STALE_SECONDS``.

    Raises:
        TrainingError: no such sampler, or a storage that cannot be opened.
    """
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    from core.search.storage import open_storage

    # A worker tells of what ends it; a trial given up by ``_one_trial`` is nothing to warn of.
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    # Heartbeats count as experimental; nothing else finds out a killed worker.
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    if sampler not in SAMPLERS:
        raise TrainingError(f"There is no sampler '{sampler}'; there are {', '.join(SAMPLERS)}.")
    try:
        study = optuna.create_study(
            study_name=f"{plan.name}-{sampler}",
            storage=open_storage(storage, stale=stale),
            pruner=optuna.pruners.MedianPruner(
                n_startup_trials=_STARTUP_TRIALS, n_warmup_steps=WARMUP_QUARTERS if plan.scheduled else WARMUP_EPOCHS
            ),
            direction="maximize",
            load_if_exists=True,
        )
    except (SQLAlchemyError, ImportError) as error:
        raise TrainingError(
            f"The study's storage '{storage}' cannot be opened: {str(error).splitlines()[0]}"
        ) from error
    # A study that goes on must not draw what it drew at its beginning, nor two machines the same.
    begun = study.get_trials(deepcopy=False)
    shared = any(trial.state == optuna.trial.TrialState.RUNNING for trial in begun)
    entropy = [plan.seed, worker, len(begun), *([secrets.randbits(32)] if shared else [])]
    seed = int(np.random.SeedSequence(entropy).generate_state(1)[0])
    if sampler == "tpe":
        study.sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=_STARTUP_TRIALS)
    elif sampler == "genetic":
        study.sampler = optuna.samplers.NSGAIISampler(population_size=plan.population, seed=seed)
    else:
        study.sampler = optuna.samplers.RandomSampler(seed=seed)
    return study


def queue_trials(plan: Plan, study: "optuna.Study", sampler: str) -> None:
    """Queue what a study is sure to try, unless it is there: every point of a grid, in a drawn order.

    For another sampler it is the recipe's own setting, tried first, so that what a search gains can be told. What of
    this has failed is queued again.
    """
    from optuna.trial import TrialState

    wanted = [plan.start] if plan.start else []
    if sampler == "grid":
        points = [dict(zip(plan.grid, values, strict=True)) for values in itertools.product(*plan.grid.values())]
        # Shuffled, since the first trials are what later ones are stopped by.
        wanted = [points[place] for place in np.random.default_rng(plan.seed).permutation(len(points))]
    there = [_setting(trial) for trial in study.get_trials(deepcopy=False) if trial.state != TrialState.FAIL]
    for setting in wanted:
        if setting not in there:
            study.enqueue_trial(setting)


def _setting(trial: "optuna.trial.FrozenTrial") -> dict[str, Any]:
    """A trial's setting: what was queued for it, and what it has been given."""
    return {**trial.system_attrs.get("fixed_params", {}), **trial.params}


def existing_studies(plan: Plan, storage: str) -> dict[str, "optuna.Study"]:
    """The studies of a plan that a storage holds, by sampler."""
    import optuna

    there = optuna.study.get_all_study_names(storage)
    return {sampler: open_study(plan, sampler, storage) for sampler in SAMPLERS if f"{plan.name}-{sampler}" in there}


def study_progress(study: "optuna.Study") -> StudyProgress:
    """How far a study is; failed trials do not count."""
    from optuna.trial import TrialState

    trials = study.get_trials(deepcopy=False)
    count = Counter(trial.state for trial in trials)
    values = [trial.value for trial in trials if trial.state == TrialState.COMPLETE and trial.value is not None]
    return StudyProgress(
        count[TrialState.COMPLETE] + count[TrialState.PRUNED],
        count[TrialState.RUNNING],
        max(values, default=None),
    )


def trial_budget(plan: Plan, sampler: str, asked: int | None = None) -> int:
    """How many trials a study is to have: as many as asked for, else the plan's; a grid at most and else its points."""
    if sampler != "grid":
        return asked or plan.trials
    points = math.prod(len(values) for values in plan.grid.values())
    return min(asked or points, points)


def run_search(
    plan: Plan,
    sampler: str,
    storage: str,
    make_trial: Callable[[], Trial],
    *,
    trials: int,
    workers: int = 1,
    threads: int | None = None,
    stale: int = STALE_SECONDS,
    progress: Callable[[StudyProgress], None] | None = None,
) -> StudyProgress:
    """Have a study's trials done by worker processes, until there are ``trials`` of them. For the main thread.

    Interrupted or killed at any moment it keeps every finished trial, its workers end, and the next call goes on.

    Args:
        plan: what is searched.
        sampler: one of ``SAMPLERS``.
        storage: any database address Optuna takes.
        make_trial: makes in each worker what judges a setting; it must be picklable.
        trials: how many the study is to have in all.
        workers: processes here; others elsewhere may share the storage.
        threads: processor threads of each; see ``core.search.workers``.
        stale: see ``STALE_SECONDS``.
        progress: called about once a second.

    Raises:
        TrainingError: no such sampler or storage, or all workers died.
        KeyboardInterrupt: stopped.
    """
    study = open_study(plan, sampler, storage, stale=stale)
    if (found := study_progress(study)).done >= trials:
        return found
    queue_trials(plan, study, sampler)
    jobs = [
        partial(run_worker, plan, sampler, storage, make_trial, trials, worker=worker, stale=stale)
        for worker in range(workers)
    ]
    with run_workers(jobs, threads=threads) as processes:
        while any(process.is_alive() for process in processes):
            time.sleep(_POLL_SECONDS)
            if progress:
                progress(study_progress(study))
    found = study_progress(study)
    if found.done < trials:
        raise TrainingError(
            f"The workers of '{study.study_name}' stopped after {found.done} of {trials} trials; their own words say "
            "why. Finished trials are kept, the same command goes on."
        )
    return found


def run_worker(
    plan: Plan,
    sampler: str,
    storage: str,
    make_trial: Callable[[], Trial],
    trials: int,
    *,
    worker: int = 0,
    stale: int = STALE_SECONDS,
) -> None:
    """Do trial after trial, here, until the study has ``trials``; see ``search``.

    Ended by SystemExit, as a worker is, it leaves the trial under way to go stale. At an exception, such as the
    keyboard's, Optuna would count that trial as failed, and nobody would begin it anew.
    """
    from core.search.storage import begin_anew

    study = open_study(plan, sampler, storage, worker=worker, stale=stale)
    judge = make_trial()
    unheard: dict[int, float] = {}
    while (now := study_progress(study)).done < trials:
        if now.done + now.running < trials:
            queue_trials(plan, study, sampler)
            _attempt(study, lambda trial: _one_trial(plan, sampler, study, trial, judge, trials))
        else:
            # The last ones are under way elsewhere, or died and are found out here.
            time.sleep(_POLL_SECONDS)
            begin_anew(study, unheard, stale=stale)


def _attempt(study: "optuna.Study", objective: Callable[["optuna.Trial"], float]) -> None:
    """Do one trial.

    A worker that slept counts as dead: its trial has failed and is begun anew by another, and it goes on with the next.
    """
    from core.search.storage import was_begun_anew

    numbers: list[int] = []

    def numbered(trial: "optuna.Trial") -> float:
        numbers.append(trial.number)
        return objective(trial)

    try:
        study.optimize(numbered, n_trials=1, catch=(_SuperfluousError,))
    # What Optuna raises when it tells a trial's end that has ended already.
    except (ValueError, AssertionError):
        if not numbers or not was_begun_anew(study, numbers[0]):
            raise


def _one_trial(
    plan: Plan, sampler: str, study: "optuna.Study", trial: "optuna.Trial", judge: Trial, trials: int
) -> float:
    """Judge what the sampler proposes; a trial worse than the median at an epoch, or quarter, is stopped there.

    What the study has tried to its end is not trained again: a training is seeded and would come to the same.

    Two workers may begin the last trial at the same moment, or two searches queue the same setting: of the two, the
    trial with the higher number, which the storage gives out, is given up.

    To the genetic sampler a stopped trial is an individual of the fitness it had reached, since only complete trials
    make a generation; to the others it is pruned.
    """
    import optuna

    if _superfluous(study, trial.number, trials):
        raise _SuperfluousError
    if isinstance(study.sampler, optuna.samplers.NSGAIISampler):
        # Optuna counts a queued trial to no generation, and would not breed from the recipe's own setting.
        study.sampler.get_trial_generation(study, study.get_trials(deepcopy=False)[trial.number])
    setting = suggest_setting(plan, trial, grid=sampler == "grid")
    if same := _tried(study, trial):
        for point, value in same.intermediate_values.items():
            trial.report(value, point)
        trial.set_user_attr(EPOCHS_RUN, same.user_attrs.get(EPOCHS_RUN))
        assert same.value is not None
        return same.value
    epochs = plan.recipe_of(setting, name=plan.name, cheap=True).training.epochs
    best: float | None = None

    def report(epoch: int, value: float) -> None:
        nonlocal best
        passed = _passed(epoch, epochs, value if best is None else best, value) if plan.scheduled else {epoch: value}
        best = value
        trial.set_user_attr(EPOCHS_RUN, epoch)
        for point, then in passed.items():
            trial.report(then, point)
        # After its last epoch there is nothing left to stop.
        if passed and epoch < epochs and trial.should_prune():
            raise optuna.TrialPruned

    try:
        return judge(setting, report)
    except optuna.TrialPruned:
        if sampler != "genetic":
            raise
        trial.set_user_attr(STOPPED_EARLY, True)
        assert best is not None
        return best


def _passed(epoch: int, epochs: int, before: float, value: float) -> dict[int, float]:
    """The quarters of a training that ended within an epoch, with the best so far at their ends.

    Where the rate falls by a schedule trials are compared there: at the same epoch a long trial's rate has come down
    less, and it would be stopped for being long.

    Args:
        epoch: from 1.
        epochs: of the whole training.
        before: the best before the epoch.
        value: the best after it; in between it lies on the line.
    """
    quarters = range(QUARTERS * (epoch - 1) // epochs + 1, QUARTERS * epoch // epochs + 1)
    return {one: before + (one * epochs / QUARTERS - (epoch - 1)) * (value - before) for one in quarters}


def _tried(study: "optuna.Study", trial: "optuna.Trial") -> "optuna.trial.FrozenTrial | None":
    """An earlier trial of the same setting that ran to its end; None if there is none."""
    from optuna.trial import TrialState

    setting = normalised_setting(trial.params)
    for one in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        if not one.user_attrs.get(STOPPED_EARLY) and normalised_setting(one.params) == setting:
            return one
    return None


def normalised_setting(params: dict[str, Any]) -> dict[str, float]:
    """A setting as its recipe has it; two that are the same there are one training."""
    return {name: round_setting(value) for name, value in params.items()}


def _superfluous(study: "optuna.Study", number: int, trials: int) -> bool:
    """Whether enough trials, or one of the same queued setting, were begun before trial ``number``."""
    from optuna.trial import TrialState

    all_trials = study.get_trials(deepcopy=False)
    begun = (TrialState.RUNNING, TrialState.COMPLETE, TrialState.PRUNED)
    earlier = [trial for trial in all_trials if trial.number < number and trial.state in begun]
    queued = all_trials[number].system_attrs.get("fixed_params")
    return len(earlier) >= trials or (queued is not None and queued in [_setting(trial) for trial in earlier])
