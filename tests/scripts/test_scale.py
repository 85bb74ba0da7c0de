"""The table of docs/scale.md is what benchmarks/scale.json says, and the measured slices are the same in every run."""

from pathlib import Path

import pytest

from scripts.measure.batches import make_slices
from scripts.measure.projection import BEGIN, END, with_projection
from scripts.scale import DOCUMENT, written


def test_the_document_s_table_is_that_of_the_kept_figures() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    assert written(document) == document


def test_more_machines_take_less_time_and_cost_no_less() -> None:
    two, ray = 1.9, 1.8
    figures = {"one_worker": {"value": 10.0}, "two_workers": {"value": two}, "ray": {"value": ray}}
    rows = with_projection(f"{BEGIN}{END}", figures).splitlines()[3:-1]
    paces, costs = ([int(row.split("|")[at].strip(" $").replace(",", "")) for row in rows] for at in (2, 5))
    assert paces[0] == pytest.approx(10 * (1 + 15 * (two - 1)), rel=0.05)
    assert paces[2] == pytest.approx(10 * (1 + 1599 * (ray - 1)), rel=0.05)
    assert costs == sorted(costs)


def test_made_slices_differ_from_each_other_and_not_between_runs(tmp_path: Path) -> None:
    one, two = (make_slices(tmp_path / name, 15) for name in ("one", "two"))
    contents = [path.read_bytes() for path in sorted(one.iterdir())]
    assert len(set(contents)) == len(contents) == 15
    assert contents == [path.read_bytes() for path in sorted(two.iterdir())]
