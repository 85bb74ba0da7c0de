"""Searching for hyperparameters with Optuna: samplers, workers, and studies that outlive both.

A study lives in a database, by default an SQLite file; whoever opens the same one shares its trials, on one machine or
on several. A worker that is killed takes the trial it was in with it: its heartbeat stops, and another worker begins
the same setting anew.
"""

import multiprocessing
import os
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.errors import TrainingError
from core.search_plan import SAMPLERS, Plan, suggest
from core.search_trial import Trial

if TYPE_CHECKING:
    import optuna

STALE_SECONDS = 60
"""Without a heartbeat for this long a trial's worker counts as dead."""
STOPPED_EARLY = "stopped_early"
"""Attribute of a genetic trial that was stopped before its last epoch; see ``_one_trial``."""
_POLL_SECONDS = 1.0
_STARTUP_TRIALS = 8
_WARMUP_EPOCHS = 3


@dataclass(frozen=True)
class Standing:
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
            objective), or every point of the plan's grid.
        storage: any database address Optuna takes.
        worker: tells the draws of several workers apart.
        stale: see ``STALE_SECONDS``.

    Raises:
        TrainingError: no such sampler, or a storage that cannot be opened.
    """
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    # Heartbeats count as experimental; nothing else finds out a killed worker.
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    if sampler not in SAMPLERS:
        raise TrainingError(f"There is no sampler '{sampler}'; there are {', '.join(SAMPLERS)}.")
    try:
        kept = optuna.storages.RDBStorage(
            storage,
            # Workers that write at the same moment wait for each other.
            engine_kwargs={"connect_args": {"timeout": 60}} if storage.startswith("sqlite") else None,
            heartbeat_interval=max(1, stale // 6),
            grace_period=stale,
            heartbeat_stale_trial_callback=optuna.storages.RetryHeartbeatStaleTrialCallback(),
        )
        study = optuna.create_study(
            study_name=f"{plan.name}-{sampler}",
            storage=kept,
            pruner=optuna.pruners.MedianPruner(n_startup_trials=_STARTUP_TRIALS, n_warmup_steps=_WARMUP_EPOCHS),
            direction="maximize",
            load_if_exists=True,
        )
    except (SQLAlchemyError, ImportError) as error:
        raise TrainingError(
            f"The study's storage '{storage}' cannot be opened: {str(error).splitlines()[0]}"
        ) from error
    # A study that goes on must not draw what it drew at its beginning.
    begun = len(study.get_trials(deepcopy=False))
    seed = int(np.random.SeedSequence([plan.seed, worker, begun]).generate_state(1)[0])
    if sampler == "tpe":
        study.sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=_STARTUP_TRIALS)
    elif sampler == "genetic":
        study.sampler = optuna.samplers.NSGAIISampler(population_size=plan.population, seed=seed)
    else:
        study.sampler = optuna.samplers.GridSampler(plan.grid, seed=plan.seed)
    return study


def _begin(plan: Plan, study: "optuna.Study", sampler: str) -> None:
    """Have the recipe's own setting tried first, so that what a search gains can be told; a grid has its own points."""
    if sampler != "grid" and plan.start and not study.get_trials(deepcopy=False):
        study.enqueue_trial(plan.start, skip_if_exists=True)


def existing(plan: Plan, storage: str) -> dict[str, "optuna.Study"]:
    """The studies of a plan that a storage holds, by sampler."""
    import optuna

    there = optuna.study.get_all_study_names(storage)
    return {sampler: open_study(plan, sampler, storage) for sampler in SAMPLERS if f"{plan.name}-{sampler}" in there}


def standing(study: "optuna.Study") -> Standing:
    """How far a study is; failed trials, which were begun anew, do not count."""
    from optuna.trial import TrialState

    trials = study.get_trials(deepcopy=False)
    count = Counter(trial.state for trial in trials)
    values = [trial.value for trial in trials if trial.state == TrialState.COMPLETE and trial.value is not None]
    return Standing(
        count[TrialState.COMPLETE] + count[TrialState.PRUNED],
        count[TrialState.RUNNING],
        max(values, default=None),
    )


def budget(plan: Plan, sampler: str) -> int:
    """How many trials a study is to have: all points of a grid, else the plan's."""
    if sampler != "grid":
        return plan.trials
    points = 1
    for values in plan.grid.values():
        points *= len(values)
    return points


def search(
    plan: Plan,
    sampler: str,
    storage: str,
    make_trial: Callable[[], Trial],
    *,
    trials: int,
    workers: int = 1,
    threads: int | None = None,
    stale: int = STALE_SECONDS,
    progress: Callable[[Standing], None] | None = None,
) -> Standing:
    """Have a study's trials done by worker processes, until there are ``trials`` of them.

    Interrupted or killed at any moment it keeps every finished trial, and the next call goes on.

    Args:
        plan: what is searched.
        sampler: one of ``SAMPLERS``.
        storage: any database address Optuna takes.
        make_trial: makes in each worker what judges a setting; it must be picklable.
        trials: how many the study is to have in all.
        workers: processes here; others elsewhere may share the storage.
        threads: processor threads of each; the cores divided among the workers if None.
        stale: see ``STALE_SECONDS``.
        progress: called about once a second.

    Raises:
        TrainingError: no such sampler or storage, or all workers died.
    """
    study = open_study(plan, sampler, storage, stale=stale)
    _begin(plan, study, sampler)
    threads = threads or max(1, (os.cpu_count() or 1) // workers)
    # A forked TensorFlow hangs: workers start from nothing.
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=work, args=(plan, sampler, storage, make_trial, trials, worker, threads, stale))
        for worker in range(workers)
    ]
    try:
        for process in processes:
            process.start()
        while any(process.is_alive() for process in processes):
            time.sleep(_POLL_SECONDS)
            if progress:
                progress(standing(study))
    finally:
        for process in processes:
            if process.is_alive():
                process.terminate()
        for process in processes:
            process.join()
    found = standing(study)
    if found.done < trials:
        raise TrainingError(
            f"The workers of '{study.study_name}' stopped after {found.done} of {trials} trials; their own words say "
            "why. Finished trials are kept, the same command goes on."
        )
    return found


def work(
    plan: Plan,
    sampler: str,
    storage: str,
    make_trial: Callable[[], Trial],
    trials: int,
    worker: int,
    threads: int,
    stale: int,
) -> None:
    """What one worker process does: trial after trial until the study has ``trials``; see ``search``."""
    from optuna.storages import fail_stale_trials

    for variable in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
        os.environ[variable] = str(threads)
    study = open_study(plan, sampler, storage, worker=worker, stale=stale)
    judge = make_trial()
    while (now := standing(study)).done < trials:
        if now.done + now.running < trials:
            study.optimize(lambda trial: _one_trial(plan, sampler, trial, judge), n_trials=1)
        else:
            # The last ones are under way elsewhere, or died and are found out here.
            time.sleep(_POLL_SECONDS)
            fail_stale_trials(study)


def _one_trial(plan: Plan, sampler: str, trial: "optuna.Trial", judge: Trial) -> float:
    """Judge what the sampler proposes; a trial worse than the median at an epoch is stopped there.

    To the genetic sampler a stopped trial is an individual of the fitness it had reached, since only complete trials
    make a generation; to the others it is pruned.
    """
    import optuna

    best = float("-inf")

    def report(epoch: int, value: float) -> None:
        nonlocal best
        best = value
        trial.report(value, epoch)
        if trial.should_prune():
            raise optuna.TrialPruned

    setting = suggest(plan, trial, grid=sampler == "grid")
    try:
        return judge(setting, report)
    except optuna.TrialPruned:
        if sampler != "genetic":
            raise
        trial.set_user_attr(STOPPED_EARLY, True)
        return best
