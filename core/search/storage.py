"""The database of a study, which workers share.

Optuna does most of it. Added are locks where SQLite has none, and a mark on each trial that has had a heartbeat; see
``core.search.conflicts``. Importing this module imports Optuna.
"""

import time

from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

HEARD = "heard"
"""Attribute of a trial that has had a heartbeat: its number, since a trial that is queued again keeps the attributes of
the one before."""

_PAUSES = (0.1, 0.3, 1.0)
"""Seconds before a database that could not be opened is tried again."""


class Storage(RDBStorage):
    """Optuna's storage in a database.

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
            # SQLite locks no row that is read to be changed: two workers would take the same queued trial.
            event.listen(self.engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        self._heard: set[int] = set()

    def record_heartbeat(self, trial_id: int) -> None:
        """Record a heartbeat as Optuna does; mark the trial at the first."""
        super().record_heartbeat(trial_id)
        if trial_id not in self._heard:
            self._heard.add(trial_id)
            self.set_trial_user_attr(trial_id, HEARD, self.get_trial_number_from_id(trial_id))


def open_storage(address: str, *, stale: int) -> Storage:
    """Open a database; make it if there is none. For the arguments see ``Storage``.

    Raises:
        SQLAlchemyError: it cannot be opened.
        ImportError: its driver is not installed.
    """
    for seconds in _PAUSES:
        try:
            return Storage(address, stale=stale)
        except SQLAlchemyError:
            # Of workers that make its tables at the same moment all but one fail; at the next try they find them.
            time.sleep(seconds)
    return Storage(address, stale=stale)
