"""The server's memory stays flat over hundreds of page runs, though Streamlit collects no garbage after each."""

import sys
from itertools import cycle, islice

import pytest
import streamlit as st

from scripts.measure.memory import allocated_mb
from scripts.measure.servers import running_server
from scripts.measure.visitor import Visitor

PAGES = ("", "models", "explain", "errors")
WARM_RUNS, RUNS = 100, 200
GROWTH_MB = 10.0
"""What a leak of a tenth of a megabyte a run would exceed; the heap's fragments take some."""
TIGHT_HEAP = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "65536", "MALLOC_MMAP_THRESHOLD_": "65536"}
"""glibc gives memory back at once; else its heaps, one a thread, grow and shrink by ten megabytes without a leak."""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_two_hundred_page_runs_add_nothing_to_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    assert st.get_option("runner.postScriptGC") is False
    for name, setting in TIGHT_HEAP.items():
        monkeypatch.setenv(name, setting)
    with running_server() as server:
        visitor = Visitor(server.address)
        pages = cycle(PAGES)
        for page in islice(pages, WARM_RUNS):
            visitor.open(page)
        before = allocated_mb(server.process)
        for page in islice(pages, RUNS):
            visitor.open(page)
        assert allocated_mb(server.process) < before + GROWTH_MB
