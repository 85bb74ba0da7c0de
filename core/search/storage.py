"""The database that a study lives in: workers share it, and a trial whose worker is gone is found and begun anew.

Optuna does most of it. Added are locks where SQLite has none, and trials whose worker was gone before its first
heartbeat, which Optuna would take for running ever after. Whoever imports this module imports Optuna.
"""

import time

import optuna
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback, fail_stale_trials
from optuna.trial import TrialState
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

_HEARD = "heard"
"""Attribute of a trial that has had a heartbeat: its number, since a trial begun anew is given the attributes too."""

_PAUSES = (0.1, 0.3, 1.0)
"""Seconds before a database that could not be opened is tried again."""


class Storage(RDBStorage):
    """A database.

    Args:
        address: any that Optuna takes.
        stale: seconds without a heartbeat after which a trial's worker counts as dead.
    """

    def __init__(self, address: str, *, stale: int) -> None:
        sqlite = address.startswith("sqlite")
        super().__init__(
            address,
            # Workers that write at the same moment wait for each other.
            engine_kwargs={"connect_args": {"timeout": 60}} if sqlite else None,
            heartbeat_interval=max(1, stale // 6),
            grace_period=stale,
            heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(),
        )
        if sqlite:
            # It locks no row that is read to be changed: two workers would take the same queued trial.
            event.listen(self.engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        self._heard: set[int] = set()

    def record_heartbeat(self, trial_id: int) -> None:
        """As Optuna's, and the trial's attribute after the first."""
        super().record_heartbeat(trial_id)
        if trial_id not in self._heard:
            self._heard.add(trial_id)
            self.set_trial_user_attr(trial_id, _HEARD, self.get_trial_number_from_id(trial_id))


def open_storage(address: str, *, stale: int) -> Storage:
    """A database, made where there is none; for the arguments see ``Storage``.

    Raises:
        SQLAlchemyError: it cannot be opened.
        ImportError: its driver is not installed.
    """
    for seconds in _PAUSES:
        try:
            return Storage(address, stale=stale)
        except SQLAlchemyError:
            # Of those who make its tables at the same moment all but one fail; afterwards they find them.
            time.sleep(seconds)
    return Storage(address, stale=stale)


def was_begun_anew(study: optuna.Study, number: int) -> bool:
    """Whether a trial has failed as a dead worker's and another has taken its place."""
    return any(number in trial.system_attrs.get("retry_history", ()) for trial in study.get_trials(deepcopy=False))


def begin_anew(study: optuna.Study, unheard: dict[int, float], *, stale: int) -> None:
    """Queue the trials anew whose worker is dead; they themselves fail.

    Args:
        study: in a ``Storage``.
        unheard: when a trial under way was first seen without any heartbeat, by number; kept from call to call.
        stale: see ``Storage``.
    """
    fail_stale_trials(study)
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if trial.user_attrs.get(_HEARD) == trial.number:
            continue
        if time.monotonic() - unheard.setdefault(trial.number, time.monotonic()) <= stale:
            continue
        try:
            study.tell(trial.number, state=TrialState.FAIL)
        except (ValueError, optuna.exceptions.UpdateFinishedTrialError):
            # Another worker was quicker.
            continue
        RetryHeartbeatStaleTrialCallback()(study, trial)
