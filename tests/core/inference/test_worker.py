"""The process that holds TensorFlow: results and progress come back, and it never outlives its use."""

import errno
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.bundles.bundle import open_bundle
from core.config import CLASSIFICATION, ROOT
from core.errors import BundleError, WorkerError
from core.inference import worker
from core.inference.explain import HeatMapRequest, check_sanity, explain
from core.inference.predictor import Predictor, model_input
from core.inference.worker import run_in_worker
from tests.core import tiny


def process_id(progress: Callable[[int, int], None]) -> int:
    return os.getpid()


def count(steps: int, progress: Callable[[int, int], None]) -> list[str]:
    for step in range(1, steps + 1):
        progress(step, steps)
        time.sleep(0.25)
    return [name for name in ("streamlit", "app") if name in sys.modules]


def refuse(progress: Callable[[int, int], None]) -> None:
    raise BundleError("No such bundle.")


def end(progress: Callable[[int, int], None]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]
    except (ProcessLookupError, FileNotFoundError):
        return False


def wait_until_ended(pid: int, seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while is_running(pid) and time.monotonic() < until:
        time.sleep(0.1)
    return not is_running(pid)


def test_a_result_and_its_progress_come_back_from_another_process() -> None:
    told: list[tuple[int, int]] = []
    assert run_in_worker(count, 3, progress=lambda done, total: told.append((done, total))) == []
    assert told
    assert told == sorted(told)
    assert run_in_worker(process_id) not in (os.getpid(), None)


def test_without_room_on_the_disk_the_result_comes_without_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse_folder(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "mkdtemp", refuse_folder)
    told: list[tuple[int, int]] = []
    assert run_in_worker(count, 2, progress=lambda done, total: told.append((done, total))) == []
    assert not told


def test_a_progress_that_cannot_be_written_does_not_end_the_call(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert worker._call(count, (1,), tmp_path / "file" / "progress") == [
        name for name in ("streamlit", "app") if name in sys.modules
    ]


def test_calls_share_one_process() -> None:
    assert run_in_worker(process_id) == run_in_worker(process_id)


def test_calls_of_different_threads_share_one_process() -> None:
    """Every run of a page is a thread; each held a TensorFlow of its own."""
    pids = []
    for _ in range(2):
        thread = threading.Thread(target=lambda: pids.append(run_in_worker(process_id)))
        thread.start()
        thread.join()
    assert pids == [run_in_worker(process_id)] * 2


def test_an_error_comes_back_as_it_was_raised() -> None:
    with pytest.raises(BundleError, match="No such bundle"):
        run_in_worker(refuse)


def test_a_killed_process_is_told_in_a_sentence_and_the_next_call_starts_another() -> None:
    before = run_in_worker(process_id)
    with pytest.raises(WorkerError):
        run_in_worker(end)
    assert run_in_worker(process_id) != before


def test_an_idle_process_ends() -> None:
    assert wait_until_ended(run_in_worker(process_id, idle=0.5))
    assert run_in_worker(process_id)


def test_the_process_ends_with_a_killed_parent() -> None:
    code = """
import time
from core.inference.worker import run_in_worker
from tests.core.inference.test_worker import process_id
print(run_in_worker(process_id), flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        parent.kill()
    assert wait_until_ended(pid)


def test_a_heat_map_of_the_worker_is_the_predictors(tmp_path: Path) -> None:
    bundle, picture = tiny.lite(tiny.classifier(tmp_path)), tiny.a_picture()
    inputs, _ = model_input(bundle, picture)
    request = HeatMapRequest(CLASSIFICATION, None, bundle.heat_method, "conv2d_3")
    explanation = explain(bundle, inputs, request)
    prediction = Predictor(bundle, tiny.lite(tiny.segmenter(tmp_path)))(picture)
    np.testing.assert_allclose(explanation.probabilities, prediction.probabilities, atol=1e-5)
    np.testing.assert_allclose(explanation.plane, prediction.heat_plane[0], atol=1e-3)


def test_a_sanity_check_tells_its_layers(tmp_path: Path) -> None:
    bundle = tiny.classifier(tmp_path)
    told: list[int] = []
    request = HeatMapRequest(CLASSIFICATION, "glioma", "grad-cam", "conv2d_3")
    inputs, _ = model_input(bundle, tiny.a_picture())
    steps = check_sanity(
        open_bundle(bundle.name, tmp_path), inputs, request, progress=lambda done, _: told.append(done)
    )
    assert [step.number for step in steps] == list(range(steps[0].steps + 1))
    assert steps[0].layer is None
    assert told == sorted(told)
