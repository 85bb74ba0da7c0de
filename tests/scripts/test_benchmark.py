"""The table of docs/performance.md is what benchmarks/latest.json says, and measures add up."""

import subprocess
import sys

import pytest

from scripts.benchmark import PARTS
from scripts.measure.figures import (
    DOCUMENT,
    ROWS,
    Figure,
    keep_figures,
    percentile_95,
    read_figures,
    table,
    with_table,
)
from scripts.measure.memory import family, summed_mb

CONDITIONS = {"measured": "2026-01-02", "machine": "a machine", "others": 0.02}


def test_the_document_s_table_is_that_of_the_kept_figures():
    document = DOCUMENT.read_text(encoding="utf-8")
    assert with_table(document, read_figures()) == document


def test_every_part_stands_in_the_document():
    document = DOCUMENT.read_text(encoding="utf-8")
    assert not [part for part in PARTS if f"`{part}`" not in document]


def test_a_figure_that_misses_its_must_is_bold(tmp_path):
    path = tmp_path / "latest.json"
    keep_figures({"slider": Figure(0.3), "many_slices": Figure(1.1)}, CONDITIONS, path)
    lines = table(read_figures(path)).splitlines()
    assert any("| **0.3 s** | at most 0.05 s |" in line and "quiet, 2%" in line for line in lines)
    assert any("| 1.1 times | at least 1 times |" in line for line in lines)


def test_measuring_some_rows_keeps_the_others(tmp_path):
    path = tmp_path / "latest.json"
    keep_figures({"slider": Figure(0.3), "first_page": Figure(1.2)}, CONDITIONS, path)
    keep_figures({"slider": Figure(0.1)}, CONDITIONS, path)
    assert {name: row["value"] for name, row in read_figures(path).items()} == {"first_page": 1.2, "slider": 0.1}
    assert set(read_figures(path)) <= set(ROWS)


def test_95_percent_of_the_values_are_at_most_the_percentile():
    assert percentile_95(range(1, 101)) == 95
    assert percentile_95([3.0]) == 3.0


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_child_counts_in_the_family_s_memory():
    # Not this process's own: what it shares with others of the test run counts less with each that begins.
    parent = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
    child = "held = bytearray(b'x') * 10**8; print('ready', flush=True); input()"
    command = [sys.executable, "-c", parent, child]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdout and running.stdout.readline() == b"ready\n"
        (pid,) = set(family(running.pid)) - {running.pid}
        assert summed_mb(pid) > 100
        assert summed_mb(running.pid) > 100
        running.communicate(b"\n")
