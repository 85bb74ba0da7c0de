"""The server's memory stays flat over hundreds of page runs, though Streamlit collects no garbage after each."""

import os
import signal
import sys
import time
from itertools import cycle, islice
from pathlib import Path

import pytest
import streamlit as st

from scripts.measure.memory import allocated_mb
from scripts.measure.servers import running_server
from scripts.measure.visitor import Visitor

PAGES = ("", "models", "explain", "errors")
WARM_RUNS, RUNS = 100, 200
GROWTH_MB = 10.0
"""What a leak of a tenth of a megabyte a run would exceed; the heap's fragments take some."""
GARBAGE_MB = 30.0
"""More than what adds up between two of Python's own collections, which come some 200 runs apart."""
TIGHT_HEAP = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "65536", "MALLOC_MMAP_THRESHOLD_": "65536"}
"""glibc gives memory back at once; else its heaps, one a thread, grow and shrink by ten megabytes without a leak."""
COLLECT = """
import gc, pathlib, signal
collected = pathlib.Path(__file__).with_name("collected")
signal.signal(signal.SIGUSR1, lambda *_: (gc.collect(), collected.touch()))
"""
"""Lets a server collect its garbage when it is told to."""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_two_hundred_page_runs_add_nothing_to_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert st.get_option("runner.postScriptGC") is False
    (tmp_path / "sitecustomize.py").write_text(COLLECT)
    for name, setting in {**TIGHT_HEAP, "PYTHONPATH": str(tmp_path)}.items():
        monkeypatch.setenv(name, setting)
    with running_server() as server:
        visitor = Visitor(server.address)
        pages = cycle(PAGES)
        for page in islice(pages, WARM_RUNS):
            visitor.open(page)
        before = without_garbage_mb(server.process, tmp_path)
        for page in islice(pages, RUNS):
            visitor.open(page)
        assert allocated_mb(server.process) < before + GARBAGE_MB
        assert without_garbage_mb(server.process, tmp_path) < before + GROWTH_MB


def without_garbage_mb(process: int, folder: Path) -> float:
    """What a server holds once it has collected its garbage."""
    collected = folder / "collected"
    collected.unlink(missing_ok=True)
    os.kill(process, signal.SIGUSR1)
    end = time.monotonic() + 60
    while not collected.exists():
        assert time.monotonic() < end
        time.sleep(0.05)
    return allocated_mb(process)
