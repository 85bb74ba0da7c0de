"""Doing the trials of a study: worker processes, and what one worker does.

A search can be killed at any moment: finished trials are kept, and the next one goes on. ``core.search.conflicts``
explains what happens when workers get in each other's way.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from core.errors import TrainingError
from core.search.conflicts import (
    SuperfluousTrialError,
    find_completed_trial,
    is_superfluous,
    requeue_stale_trials,
    was_requeued,
)
from core.search.objective import Trial
from core.search.plan import Plan, suggest_setting
from core.search.processes import POLL_SECONDS, run_workers
from core.search.study import (
    EPOCHS_RUN,
    QUARTERS,
    STALE_SECONDS,
    STOPPED_EARLY,
    StudyProgress,
    open_study,
    queue_trials,
    study_progress,
)

if TYPE_CHECKING:
    import optuna


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
    """Let worker processes do a study's trials until there are ``trials``. Only in the main thread.

    Interrupted or killed at any moment it keeps every finished trial, its workers end, and the next call goes on.

    Args:
        plan: what is searched.
        sampler: one of ``SAMPLERS``.
        storage: any database address Optuna takes.
        make_trial: makes in each worker the function that trains a setting and returns its value; picklable.
        trials: how many the study is to have in all.
        workers: processes to start; others elsewhere may share the storage.
        threads: processor threads of each; see ``core.search.processes``.
        stale: see ``STALE_SECONDS``.
        progress: called about once a second.

    Raises:
        TrainingError: no such sampler or storage, or all workers died.
        KeyboardInterrupt: stopped.
    """
    study = open_study(plan, sampler, storage, stale=stale)
    if (now := study_progress(study)).done >= trials:
        return now
    queue_trials(plan, study, sampler)
    jobs = [
        partial(run_worker, plan, sampler, storage, make_trial, trials, worker=worker, stale=stale)
        for worker in range(workers)
    ]
    with run_workers(jobs, threads=threads) as processes:
        while any(process.is_alive() for process in processes):
            time.sleep(POLL_SECONDS)
            if progress:
                progress(study_progress(study))
    end = study_progress(study)
    if end.done < trials:
        raise TrainingError(
            "The workers of '{name}' stopped after {done} of {trials} trials; their own messages say why. Finished "
            "trials are kept, the same command goes on.",
            name=study.study_name,
            done=end.done,
            trials=trials,
        )
    return end


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
    """Do trial after trial in this process until the study has ``trials``; see ``run_search``.

    A worker process is ended by SystemExit, which leaves its trial to go stale. Any other exception, such as
    KeyboardInterrupt, would make Optuna count the trial as failed, and no worker would begin it anew.
    """
    study = open_study(plan, sampler, storage, worker=worker, stale=stale)
    judge = make_trial()
    unheard: dict[int, float] = {}
    while (now := study_progress(study)).done < trials:
        if now.done + now.running < trials:
            queue_trials(plan, study, sampler)
            _do_next_trial(study, partial(_judge_trial, plan, sampler, study, judge, trials))
        else:
            # The last trials run elsewhere, or their workers are dead.
            time.sleep(POLL_SECONDS)
            requeue_stale_trials(study, unheard, stale=stale)


def _do_next_trial(study: "optuna.Study", objective: Callable[["optuna.Trial"], float]) -> None:
    """Do one trial; drop it if it is superfluous, or if it was queued again because this worker counted as dead."""
    numbers: list[int] = []

    def numbered(trial: "optuna.Trial") -> float:
        numbers.append(trial.number)
        return objective(trial)

    try:
        study.optimize(numbered, n_trials=1, catch=(SuperfluousTrialError,))
    # Optuna raises these for a report or an end of a trial that has ended already.
    except (ValueError, AssertionError):
        if not numbers or not was_requeued(study, numbers[0]):
            raise


def _judge_trial(
    plan: Plan, sampler: str, study: "optuna.Study", judge: Trial, trials: int, trial: "optuna.Trial"
) -> float:
    """Train the setting that the sampler proposes; return its value.

    A trial worse than the median at an epoch, or at a quarter, is stopped there. The genetic sampler makes its
    generations of complete trials only, so that a stopped trial counts as complete for it, with the value reached so
    far; for the other samplers the trial is pruned.
    """
    import optuna

    if is_superfluous(study, trial.number, trials):
        raise SuperfluousTrialError
    if isinstance(study.sampler, optuna.samplers.NSGAIISampler):
        # Optuna counts a queued trial to no generation, and would not breed from the recipe's own setting.
        study.sampler.get_trial_generation(study, study.get_trials(deepcopy=False)[trial.number])
    setting = suggest_setting(plan, trial, grid=sampler == "grid")
    if completed := find_completed_trial(study, trial):
        return _copy_values(completed, trial)
    epochs = plan.recipe_of(setting, name=plan.name, cheap=True).training.epochs
    reporter = _Reporter(trial, epochs, by_quarter=plan.scheduled)
    try:
        return judge(setting, reporter.report)
    except optuna.TrialPruned:
        if sampler != "genetic":
            raise
        trial.set_user_attr(STOPPED_EARLY, True)
        assert reporter.best is not None
        return reporter.best


def _copy_values(completed: "optuna.trial.FrozenTrial", trial: "optuna.Trial") -> float:
    """Report the values of a completed trial for another one of the same setting; return the value."""
    for step, value in completed.intermediate_values.items():
        trial.report(value, step)
    trial.set_user_attr(EPOCHS_RUN, completed.user_attrs.get(EPOCHS_RUN))
    assert completed.value is not None
    return completed.value


class _Reporter:
    """Reports a training's epochs to its Optuna trial, and stops the training where Optuna prunes the trial.

    Attributes:
        best: the best value so far; None before the first epoch's end.
    """

    def __init__(self, trial: "optuna.Trial", epochs: int, *, by_quarter: bool) -> None:
        self.best: float | None = None
        self._trial, self._epochs, self._by_quarter = trial, epochs, by_quarter

    def report(self, epoch: int, value: float) -> None:
        """Report the best value after an epoch, counted from 1.

        Raises:
            optuna.TrialPruned: the trial is stopped.
        """
        import optuna

        before = value if self.best is None else self.best
        steps = _values_at_quarters(epoch, self._epochs, before, value) if self._by_quarter else {epoch: value}
        self.best = value
        self._trial.set_user_attr(EPOCHS_RUN, epoch)
        for step, value_then in steps.items():
            self._trial.report(value_then, step)
        # After its last epoch there is nothing left to stop.
        if steps and epoch < self._epochs and self._trial.should_prune():
            raise optuna.TrialPruned


def _values_at_quarters(epoch: int, epochs: int, before: float, value: float) -> dict[int, float]:
    """Return the quarters of a training that ended within an epoch, with the best value at their ends.

    Where the learning rate falls by a schedule, trials are compared at quarters: at the same epoch a long trial's rate
    has fallen less, and the trial would be stopped for being long.

    Args:
        epoch: from 1.
        epochs: of the whole training.
        before: the best value before the epoch.
        value: the best after it; in between it is interpolated linearly.
    """
    quarters = range(QUARTERS * (epoch - 1) // epochs + 1, QUARTERS * epoch // epochs + 1)
    return {quarter: before + (quarter * epochs / QUARTERS - (epoch - 1)) * (value - before) for quarter in quarters}
