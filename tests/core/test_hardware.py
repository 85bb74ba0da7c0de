"""Describe made-up machines; what processes hear."""

import subprocess
import sys
from pathlib import Path

import keras
import pytest

from core import hardware
from core.config import ROOT
from core.training import trainer
from core.training.trainer import compile_model
from tests.core import tiny


@pytest.mark.parametrize(("load", "busy"), [(0.2, False), (0.9, False), (1.0, True), (9.0, True)])
def test_a_machine_is_busy_from_half_a_process_a_core(load: float, busy: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getloadavg", lambda: (load, 0.0, 0.0))
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert hardware.is_busy() is busy


@pytest.mark.parametrize(
    ("flags", "slow"),
    [
        ("fpu sse2 avx avx2 fma", True),
        ("fpu sse2 avx avx2 fma avx512f avx512bw avx512_bf16", False),
        ("fpu sse2 avx avx2 fma avx_vnni avx_ne_convert", False),
        ("fp asimd bf16", False),
    ],
)
def test_bfloat16_is_slow_on_x86_without_avx_512(flags: str, slow: bool, tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\nmodel name\t: Some: Processor\nflags\t\t: {flags}\nvmx flags\t: avx512bw\n")
    assert hardware.is_slow_in_bfloat16(cpuinfo) is slow
    assert hardware.describe_machine(cpuinfo).startswith("Some: Processor, ")


def test_without_cpuinfo_bfloat16_counts_as_fast(tmp_path: Path) -> None:
    assert hardware.is_slow_in_bfloat16(tmp_path / "none") is False
    assert " cores, TensorFlow " in hardware.describe_machine(tmp_path / "none")


@pytest.mark.parametrize(
    ("dtype", "slow", "compiled"),
    [("mixed_bfloat16", True, True), ("mixed_bfloat16", False, "auto"), ("float32", True, "auto")],
)
def test_networks_that_are_slow_in_bfloat16_are_compiled_by_xla(
    dtype: str, slow: bool, compiled: bool | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "is_slow_in_bfloat16", lambda: slow)
    jit_compile = []
    monkeypatch.setattr(keras.Model, "compile", lambda self, **options: jit_compile.append(options["jit_compile"]))
    compile_model(keras.Sequential(), tiny.recipe(dtype=dtype), steps=8)
    assert jit_compile == [compiled]


@pytest.mark.skipif(sys.platform == "win32", reason="has no signal masks")
@pytest.mark.parametrize(
    ("library", "pool"),
    [
        ("from concurrent.futures import ProcessPoolExecutor", "ProcessPoolExecutor(1, get_context('spawn'))"),
        ("from loky import ProcessPoolExecutor", "ProcessPoolExecutor(1)"),
    ],
    ids=["spawn", "loky"],
)
def test_a_worker_leaves_ctrl_c_to_its_parent_from_the_start(library: str, pool: str) -> None:
    script = f"""
import signal
from multiprocessing import get_context
from core.hardware import deaf_to_ctrl_c
{library}
mask = signal.pthread_sigmask, signal.SIG_BLOCK, ()
with {pool} as pool:
    with deaf_to_ctrl_c():
        worker = pool.submit(*mask)
    print(signal.SIGINT in worker.result(), signal.SIGINT in mask[0](*mask[1:]))
"""
    command = [sys.executable, "-c", script]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout == "True False\n"
