"""The measured figures: what each row is, the file that keeps them, and the table of docs/performance.md."""

import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from core.config import ROOT
from core.hardware import describe_machine
from scripts.measure.memory import others_share

LATEST = ROOT / "benchmarks" / "latest.json"
DOCUMENT = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- table: python scripts/benchmark.py --table -->", "<!-- end of table -->"
QUIET = 0.1
"""Share of the processor that others may use beside a measurement on a quiet machine."""


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        title: what is measured.
        unit: of the figure and of what it must be.
        must: at most this, or at least where ``is_floor``; None where nothing is demanded.
        is_floor: whether larger is better.
    """

    title: str
    unit: str
    must: float | None = None
    is_floor: bool = False


INTERPRETERS, THREADS = (1, 2, 4), (1, 2)
ROWS = {
    "first_page": Row("First page of a cold server, as `make run` starts it", "times", 1.3),
    "first_answer": Row("First answer of an upload after that, from click to class, mask and heat map", "s", 1.5),
    "next_answer": Row("The next new slice", "s", 0.5),
    "seen_answer": Row("A slice seen before", "s", 0.25),
    "slider": Row("The viewer's window moved", "s", 0.05),
    "frame_moved": Row(
        "A frame of the viewer while its picture of 512 x 512 is moved, drawn by the processor", "ms", 8
    ),
    "frame_windowed": Row("The same while its window is dragged", "ms", 8),
    "other_page": Row("Opening any other page, warm: the slowest", "s", 0.5),
    "app_memory": Row("App and its reader of files after every page and 100 analyses", "MB", 350),
    "grad_cam_memory": Row("App and its children after Grad-CAM", "MB", 1200),
    "score_cam_memory": Row("The same at Score-CAM's peak", "MB", 1600),
    "idle_memory": Row("The same, idle again", "MB", 350),
    "first_grad_cam": Row("First Grad-CAM on Explain, cold", "s", 6),
    "next_grad_cam": Row("A warm Grad-CAM on Explain", "s", 1),
    "unified_answer": Row("Class, mask and heat map by unified-unet, warm, without page", "times", 0.06),
    "report_answer": Row("The same by the report's two networks", "times", 0.15),
    "many_slices": Row("614 slices by report-cnn, how many times as fast", "times", 1.0, is_floor=True),
    "own_work": Row("Processor for a new slice besides Streamlit's and the network's", "ms", 50),
    "visitors": Row("20 visitors at once, each a new slice: p95", "s", 3),
    "wrong_answers": Row("Wrong answers among these", "", 0),
    **{
        f"pool_{pool}_{threads}": Row(
            f"20 calls of unified-unet at once, pool of {pool}, {threads} thread{'s' * (threads > 1)} each: p95", "s"
        )
        for pool in INTERPRETERS
        for threads in THREADS
    },
    "volume_opens": Row("A volume of 180 slices of 512 pixels, from DICOM files, opens", "s", 3),
    "volume_analysed": Row("The same by unified-unet, slice by slice", "s", 8),
    "volume_slice": Row("A slice of it", "ms", 30),
    "volume_memory": Row("Memory for it, more than for a slice", "MB", 250),
    "read_slice": Row("Slice and mask from the prepared data set", "s"),
}


@dataclass(frozen=True)
class Figure:
    """A measured figure.

    Attributes:
        value: in the row's unit.
        low: the smallest of several.
        high: the largest of several.
        runs: how many there were.
        baseline: what it is compared with, measured in the same run, and that figure; empty where there is none.
        note: what else to know.
    """

    value: float
    low: float | None = None
    high: float | None = None
    runs: int = 1
    baseline: str = ""
    note: str = ""


def median_of(values: Sequence[float], *, baseline: str = "", note: str = "") -> Figure:
    """Return the median of several measurements, with the smallest and the largest."""
    return Figure(statistics.median(values), min(values), max(values), len(values), baseline, note)


def ratio_of(values: Sequence[float], baselines: Sequence[float], name: str) -> Figure:
    """Return the median of some seconds divided by that of their baseline."""
    value, baseline = statistics.median(values), statistics.median(baselines)
    return Figure(value / baseline, runs=len(values), baseline=f"{name}: {baseline:.3g} s", note=f"{value:.3g} s")


def percentile_95(values: Sequence[float]) -> float:
    """Return the smallest value that 95 % of the values do not exceed."""
    return sorted(values)[-(-95 * len(values) // 100) - 1]


def read_figures(path: Path = LATEST) -> dict[str, dict[str, Any]]:
    """Return the kept figures by row; none where there is no file."""
    rows: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return rows


def keep_figures(
    figures: dict[str, Figure], conditions: dict[str, Any], path: Path = LATEST, rows: Mapping[str, Row] = ROWS
) -> None:
    """Write figures and what they were measured under into the file, in place of those of the same rows."""
    kept = read_figures(path) | {name: asdict(figure) | conditions for name, figure in figures.items()}
    path.parent.mkdir(exist_ok=True)
    ordered = {name: kept[name] for name in rows if name in kept}
    path.write_text(json.dumps(ordered, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def measure_and_keep(
    part: str, measure: Callable[[], dict[str, Figure]], path: Path = LATEST, rows: Mapping[str, Row] = ROWS
) -> None:
    """Measure what belongs together; keep and print its figures, and how much of the processor others used."""
    before = others_share()
    figures = measure()
    others = max(before, others_share())
    conditions: dict[str, Any] = {
        "measured": date.today().isoformat(),
        "machine": describe_machine(),
        "others": round(others, 3),
    }
    keep_figures(figures, conditions, path, rows)
    print(f"{part}: {'quiet' if others <= QUIET else 'busy'}, others use {others:.0%} of the processor")
    for name, figure in figures.items():
        row = rows[name]
        beside = "; ".join(part for part in (figure.baseline, figure.note) if part)
        must = "" if row.must is None else f" (must {row.must:g})"
        print(f"  {row.title}: {figure.value:.3g} {row.unit}{must} {beside}", flush=True)


def table(kept_rows: dict[str, dict[str, Any]], rows: Mapping[str, Row] = ROWS) -> str:
    """Return the kept figures as a Markdown table; a row that was not measured has dashes."""
    lines = ["| what | measured | must | baseline, notes | others' load |", "| --- | --- | --- | --- | --- |"]
    for name, row in rows.items():
        kept = kept_rows.get(name)
        cells = [row.title, "–", _must(row), "–", "–"]
        if kept:
            met = row.must is None or (kept["value"] >= row.must if row.is_floor else kept["value"] <= row.must)
            value = _with_unit(kept["value"], row.unit)
            beside = [part for part in (kept["baseline"], kept["note"]) if part]
            if kept["low"] is not None:
                beside.append(f"median of {kept['runs']}, {kept['low']:.3g} to {kept['high']:.3g}")
            load = "quiet" if kept["others"] <= QUIET else "busy"
            cells = [row.title, value if met else f"**{value}**", _must(row), "; ".join(beside) or "–"]
            cells.append(f"{load}, {kept['others']:.0%}")
        lines.append(f"| {' | '.join(cells)} |")
    measured = sorted({f"{kept['measured']}, {kept['machine']}" for kept in kept_rows.values()})
    lines += ["", *(f"Measured on {line}." for line in measured)] if measured else ["", "Not measured yet."]
    return "\n".join(lines)


def with_table(
    document: str, kept_rows: dict[str, dict[str, Any]], rows: Mapping[str, Row] = ROWS, begin: str = BEGIN
) -> str:
    """Return the document with the table between its two marks."""
    before, rest = document.split(begin)
    return f"{before}{begin}\n{table(kept_rows, rows)}\n{END}{rest.split(END)[1]}"


def _must(row: Row) -> str:
    if row.must is None:
        return "–"
    return f"at {'least' if row.is_floor else 'most'} {_with_unit(row.must, row.unit)}"


def _with_unit(value: float, unit: str) -> str:
    number = f"{value:,.0f}" if unit == "MB" else f"{value:.3g}"
    return f"{number} {unit}".strip()
