"""What a time was measured on."""

import os
import platform
from pathlib import Path


def machine() -> str:
    """Processor, cores and TensorFlow version, such as "AMD EPYC, 2 cores, TensorFlow 2.21.0"."""
    from importlib.metadata import PackageNotFoundError, version

    processor = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        processor = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    tensorflow = "unknown"
    for package in ("tensorflow", "tensorflow-cpu"):
        try:
            tensorflow = version(package)
        except PackageNotFoundError:
            continue
    return f"{processor}, {os.cpu_count()} cores, TensorFlow {tensorflow}"
