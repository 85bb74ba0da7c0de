"""Memory of a process and its children, and the processor's use by others, from Linux's /proc."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROC = Path("/proc")
_POLL_SECONDS = 0.1


def summed_mb(process: int) -> float:
    """Return the memory of a process and all its descendants in MB: summed PSS, so a shared page counts once."""
    return sum(_rollup_kib(member, "Pss") for member in family(process)) * 1024 / 1e6


def own_mb(process: int) -> float:
    """Return the memory of a process and all its descendants in MB that no other process shares.

    Unlike ``summed_mb`` it does not depend on who else has the same libraries loaded.
    """
    fields = ("Private_Clean", "Private_Dirty")
    return sum(_rollup_kib(member, field) for member in family(process) for field in fields) * 1024 / 1e6


def allocated_mb(process: int) -> float:
    """Return the memory of a process and all its descendants in MB that holds no file's pages: what they allocated.

    A library's pages count to whoever still has it loaded; these do not depend on when other processes end.
    """
    return sum(_rollup_kib(member, "Anonymous") for member in family(process)) * 1024 / 1e6


def family(process: int) -> list[int]:
    """Return a process and all its descendants."""
    children: dict[int, list[int]] = {}
    for folder in PROC.glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended since
            continue
        children.setdefault(parent, []).append(int(folder.name))
    found = [process]
    for member in found:
        found += children.get(member, [])
    return found


class PeakMemory:
    """The largest ``summed_mb`` of a process while a block runs."""

    def __init__(self, process: int) -> None:
        self.mb = 0.0
        self._process = process

    @contextmanager
    def watching(self) -> Iterator["PeakMemory"]:
        """Watch until the block ends."""
        ended = threading.Event()

        def watch() -> None:
            while not ended.is_set():
                self.mb = max(self.mb, summed_mb(self._process))
                ended.wait(_POLL_SECONDS)

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield self
        finally:
            ended.set()
            watcher.join()
            self.mb = max(self.mb, summed_mb(self._process))


def others_share(seconds: float = 3.0) -> float:
    """Return how much of all cores is in use, 0 to 1, while this process waits: what others do meanwhile."""
    before = _processor_ticks()
    time.sleep(seconds)
    busy, total = (later - sooner for later, sooner in zip(_processor_ticks(), before, strict=True))
    return busy / total if total else 0.0


def processor_seconds(process: int) -> float:
    """Return the processor time that a process has used."""
    fields = (PROC / str(process) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _processor_ticks() -> tuple[int, int]:
    ticks = [int(field) for field in (PROC / "stat").read_text().splitlines()[0].split()[1:9]]
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)


def _rollup_kib(process: int, field: str) -> int:
    try:
        lines = (PROC / str(process) / "smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):  # it has ended since
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))
