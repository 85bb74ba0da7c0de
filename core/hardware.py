"""What a time was measured on, and what the processor cannot do."""

import os
import platform
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")


def describe_machine() -> str:
    """Processor, cores and TensorFlow version, such as "AMD EPYC, 2 cores, TensorFlow 2.21.0"."""
    from importlib.metadata import PackageNotFoundError, version

    processor = _told_by_linux("model name") or platform.processor() or platform.machine()
    tensorflow = "unknown"
    for package in ("tensorflow", "tensorflow-cpu"):
        try:
            tensorflow = version(package)
        except PackageNotFoundError:
            continue
    return f"{processor}, {os.cpu_count()} cores, TensorFlow {tensorflow}"


def is_slow_in_bfloat16() -> bool:
    """Whether TensorFlow has no fast bfloat16 convolutions here: on Linux, an x86 processor without AVX-512.

    TensorFlow computes them by oneDNN, whose bfloat16 kernels begin with AVX-512 (of AVX2 only the latest extension
    has them); without, it falls back on reference code. Where the flags are not told, no.
    """
    flags = _told_by_linux("flags").split()
    return "sse2" in flags and not {"avx512bw", "avx_ne_convert"} & set(flags)


def _told_by_linux(name: str) -> str:
    """A field of the first processor in /proc/cpuinfo; empty where there is none."""
    try:
        lines = CPUINFO.read_text().splitlines()
    except OSError:
        return ""
    return next((line.split(":", 1)[1].strip() for line in lines if line.split(":")[0].strip() == name), "")
