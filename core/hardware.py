"""What a process knows and asks of its machine: processor, cores, memory, Ctrl-C."""

import contextlib
import ctypes
import os
import platform
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
BUSY_SHARE = 0.5
"""Processes that run or wait, a core, from which a machine is busy."""


def describe_machine(cpuinfo: Path = _CPUINFO) -> str:
    """Return processor, cores and TensorFlow version, such as "AMD EPYC, 2 cores, TensorFlow 2.21.0"."""
    from importlib.metadata import PackageNotFoundError, version

    processor = _cpuinfo_field("model name", cpuinfo) or platform.processor() or platform.machine()
    tensorflow = "unknown"
    for package in ("tensorflow", "tensorflow-cpu"):
        try:
            tensorflow = version(package)
        except PackageNotFoundError:
            continue
    return f"{processor}, {os.cpu_count()} cores, TensorFlow {tensorflow}"


def usable_cores() -> int:
    """Return how many cores this process may use; more threads than that wait for each other."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def return_memory() -> None:
    """Return memory that is free to the system: glibc keeps what a thread has freed. Elsewhere do nothing."""
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def is_busy() -> bool:
    """Tell whether other work would lengthen a measured time: over the last minute half the cores or more had work.

    Return False where the system keeps no load average.
    """
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return load >= BUSY_SHARE * (os.cpu_count() or 1)


def is_slow_in_bfloat16(cpuinfo: Path = _CPUINFO) -> bool:
    """Tell whether bfloat16 convolutions are slow on this machine: on Linux, an x86 processor without AVX-512.

    TensorFlow computes them with oneDNN, whose bfloat16 kernels need AVX-512 or the latest extension of AVX2; without
    these it runs reference code. Return False where the processor's flags are unknown.
    """
    flags = _cpuinfo_field("flags", cpuinfo).split()
    return "sse2" in flags and not {"avx512bw", "avx_ne_convert"} & set(flags)


def _cpuinfo_field(name: str, cpuinfo: Path) -> str:
    """Return a field of the first processor in /proc/cpuinfo; an empty text where there is none."""
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return ""
    return next((line.split(":", 1)[1].strip() for line in lines if line.split(":")[0].strip() == name), "")


@contextlib.contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """Have processes that are started within leave Ctrl-C to this one; a terminal sends it to all of them.

    Ignoring it themselves comes too late: they first import for a second. Windows has no other way.
    """
    if sys.platform == "win32":
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # starting it within would clear the mask
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
