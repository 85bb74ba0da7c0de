"""Ten million slices, worked out from the measured pace for more machines than there are here."""

import math
from typing import Any

from core.config import SAMPLES

SLICES = 10_000_000
MACHINES = (1, 10, 100)
CORES = 16
"""Of each machine; a worker takes one."""
PRICE = 0.05
"""Assumed, in dollars a core and hour."""
BEGIN, END = "<!-- worked out: python scripts/scale.py --table -->", "<!-- end of what is worked out -->"


def with_projection(document: str, kept_rows: dict[str, dict[str, Any]]) -> str:
    """Return the document with what is worked out between its two marks."""
    before, rest = document.split(BEGIN)
    return f"{before}{BEGIN}\n{_table(kept_rows)}\n{END}{rest.split(END)[1]}"


def _table(kept_rows: dict[str, dict[str, Any]]) -> str:
    price = f"at {PRICE:.2f} $ a core and hour"
    lines = [
        f"| machines of {CORES} cores | slices a second | {SLICES:,} slices | files read | {price} |",
        "| --- | --- | --- | --- | --- |",
    ]
    for machines in MACHINES:
        pace = _pace(kept_rows, machines)
        hours = SLICES / pace / 3600
        cost = _rounded(hours * machines * CORES * PRICE)
        lines.append(
            f"| {machines} | {_rounded(pace):,} | {_duration(hours)} | "
            f"{_rounded(pace * _slice_mb()):,} MB a second | {cost:,} $ |"
        )
    return "\n".join(lines)


def _pace(kept_rows: dict[str, dict[str, Any]], machines: int) -> float:
    """Return slices a second: each further worker brings as much as the second did here, with Ray beyond a machine."""
    two = kept_rows["two_workers" if machines == 1 else "ray"]["value"]
    one: float = kept_rows["one_worker"]["value"]
    return one * (1 + (two - 1) * (machines * CORES - 1))


def _slice_mb() -> float:
    """Return the mean size of the shipped samples' files."""
    sizes = [path.stat().st_size for path in SAMPLES.glob("*.png")]
    return sum(sizes) / len(sizes) / 1e6


def _rounded(value: float) -> int:
    """Round to two digits: the rest is not known."""
    return int(round(value, 1 - math.floor(math.log10(value))))


def _duration(hours: float) -> str:
    return f"{hours:.1f} hours" if hours >= 1 else f"{60 * hours:.0f} minutes"
