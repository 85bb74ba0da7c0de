"""What can go wrong between the workers of one study, and what is done about it.

Workers share the study's storage and nothing else: they cannot agree beforehand who does what. Four cases follow, each
with its function here:

- One trial too many: two workers see that one trial is left and both begin one, or two searches queue the same setting.
  The storage numbers trials in the order in which they begin; the one with the higher number is given up before it
  trains (``is_superfluous``, ``SuperfluousTrialError``).
- A setting proposed twice: an earlier trial has trained the same setting to its end. A training is seeded and would
  reach the same value, so the later trial takes the earlier one's values (``find_completed_trial``).
- A dead worker: its trial would count as running for ever. Each worker sends heartbeats while it trains; a trial that
  has had none for some time fails, and its setting is queued again (``requeue_stale_trials``).
- A worker that slept: it counted as dead, and its trial was queued again. When it wakes, Optuna refuses its reports;
  it drops that trial and goes on with the next (``was_requeued``).
"""

import time
from typing import TYPE_CHECKING

from core.search.plan import normalised_setting
from core.search.study import STOPPED_EARLY, trial_setting

if TYPE_CHECKING:
    import optuna


class SuperfluousTrialError(Exception):
    """A trial is given up, since earlier ones make it superfluous."""


def is_superfluous(study: "optuna.Study", number: int, trials: int) -> bool:
    """Tell whether enough trials, or one of the same queued setting, began before trial ``number``.

    Args:
        study: the study.
        number: the trial's number, which the storage gives out in order.
        trials: how many trials the study is to have.
    """
    from optuna.trial import TrialState

    all_trials = study.get_trials(deepcopy=False)
    begun = (TrialState.RUNNING, TrialState.COMPLETE, TrialState.PRUNED)
    earlier = [trial for trial in all_trials if trial.number < number and trial.state in begun]
    queued = all_trials[number].system_attrs.get("fixed_params")
    return len(earlier) >= trials or (queued is not None and queued in [trial_setting(trial) for trial in earlier])


def find_completed_trial(study: "optuna.Study", trial: "optuna.Trial") -> "optuna.trial.FrozenTrial | None":
    """Return an earlier trial of the same setting that was trained to its end; None if there is none."""
    from optuna.trial import TrialState

    setting = normalised_setting(trial.params)
    for completed in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        if not completed.user_attrs.get(STOPPED_EARLY) and normalised_setting(completed.params) == setting:
            return completed
    return None


def requeue_stale_trials(study: "optuna.Study", unheard: dict[int, float], *, stale: int) -> None:
    """Let the trials of dead workers fail, and queue their settings again.

    Optuna does so for trials that have had a heartbeat. One whose worker died before the first heartbeat would count as
    running for ever: it is stale when it has been seen without any for ``stale`` seconds.

    Args:
        study: in a ``core.search.storage.Storage``.
        unheard: when a running trial was first seen without any heartbeat, by number; the same from call to call.
        stale: seconds without a heartbeat after which a worker counts as dead.
    """
    import optuna
    from optuna.storages import RetryHeartbeatStaleTrialCallback, fail_stale_trials
    from optuna.trial import TrialState

    from core.search.storage import HEARD

    fail_stale_trials(study)
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if trial.user_attrs.get(HEARD) == trial.number:
            continue
        if time.monotonic() - unheard.setdefault(trial.number, time.monotonic()) <= stale:
            continue
        try:
            study.tell(trial.number, state=TrialState.FAIL)
        except (ValueError, optuna.exceptions.UpdateFinishedTrialError):
            # Another worker was quicker.
            continue
        RetryHeartbeatStaleTrialCallback()(study, trial)


def was_requeued(study: "optuna.Study", number: int) -> bool:
    """Tell whether trial ``number`` has failed as a dead worker's and another trial has its setting."""
    return any(number in trial.system_attrs.get("retry_history", ()) for trial in study.get_trials(deepcopy=False))
