"""Workers that share a study in a real PostgreSQL, which the test starts where it is installed."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from optuna.trial import TrialState

from core.search.study import open_study
from core.search.worker import run_search
from scripts.measure.servers import free_port
from tests.core.search import trials as search_trials
from tests.core.search.trials import STALE, done_in_place, finished_trials

pytest.importorskip("psycopg", reason="psycopg is not installed")
_PROGRAMS = next((path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").is_file()), None)
_NOBODY = 65534
"""PostgreSQL refuses to run as root; root starts it as this user."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a database server of its own."""
    programs = _PROGRAMS or (Path(found).parent if (found := shutil.which("initdb")) else None)
    if programs is None:
        pytest.skip("no PostgreSQL is installed")
    folder, port = tmp_path_factory.mktemp("postgresql"), free_port()
    user = {"user": _NOBODY, "group": _NOBODY} if os.geteuid() == 0 else {}
    if user:
        os.chown(folder, _NOBODY, _NOBODY)
        for parent in list(folder.parents)[:3]:  # of pytest, who alone may enter them
            if parent.name.startswith("pytest-") or parent.name.startswith("popen-"):
                parent.chmod(0o711)
    data = folder / "data"
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": folder, **user}
    subprocess.run([programs / "initdb", "-D", data, "-U", "search", "--auth=trust", "--no-sync"], **quiet)
    options = f"-F -p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    subprocess.run([programs / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-o", options, "start"], **quiet)
    try:
        yield f"postgresql+psycopg://search@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"], **quiet)


def test_of_two_workers_on_postgresql_one_is_killed_and_no_finished_trial_is_lost(server: str, tmp_path: Path) -> None:
    plan = search_trials.plan()
    done_in_place(plan, "tpe", server, 2)
    before = finished_trials(server, "tpe")
    deadly = partial(search_trials.deadly, tmp_path)
    run_search(plan, "tpe", server, deadly, trials=10, workers=2, threads=1, stale=STALE)
    after = finished_trials(server, "tpe")
    assert len(after) == 10
    assert {number: after[number] for number in before} == before
    trials = open_study(plan, "tpe", server).trials
    (killed,) = [trial for trial in trials if trial.state == TrialState.FAIL and trial.intermediate_values]
    assert [trial for trial in trials if trial.params == killed.params and trial.number in after]
