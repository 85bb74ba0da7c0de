"""Measure every figure of docs/performance.md in one run, each beside its baseline; write benchmarks/latest.json.

python scripts/benchmark.py                     everything, 25 minutes on a quiet machine
python scripts/benchmark.py --only start pages  some parts; the file's other rows stay
python scripts/benchmark.py --table             only write the file's figures into docs/performance.md
python scripts/benchmark.py --explain BUNDLE    only a bundle's heat maps by every method
python scripts/benchmark.py --search            only a search by two workers and by one (needs the data set)
python scripts/benchmark.py --training RECIPE   only a micro-batch of a recipe's training in float32 and in bfloat16

It needs Linux and, for what happens on the page, Chromium.
"""

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from core.hardware import describe_machine
from scripts.measure import extras, journeys, networks, own_work, sessions, viewer, volumes
from scripts.measure.figures import DOCUMENT, LATEST, Figure, measure_and_keep, read_figures, with_table

PARTS: dict[str, Callable[[int], dict[str, Figure]]] = {
    "start": journeys.measure_start,
    "viewer": viewer.measure_viewer,
    "pages": journeys.measure_pages,
    "memory": sessions.measure_memory,
    "explain": sessions.measure_explain,
    "answers": networks.measure_answers,
    "many": networks.measure_many,
    "own": own_work.measure_own_work,
    "visitors": sessions.measure_visitors,
    "pools": networks.measure_pools,
    "volumes": volumes.measure_volumes,
    "reading": networks.measure_reading,
}
"""What is measured together: takes how often, returns figures by row."""
RUNS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="measure these parts")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"how often each is measured; {RUNS} for the table")
    parser.add_argument("--into", type=Path, default=LATEST, help="the file that keeps the figures")
    parser.add_argument("--table", action="store_true", help="write the figures into docs/performance.md")
    parser.add_argument("--explain", metavar="BUNDLE", help="measure this bundle's heat maps")
    parser.add_argument("--search", action="store_true", help="measure what a second worker brings to a search")
    parser.add_argument("--training", metavar="RECIPE", help="measure this recipe's training")
    options = parser.parse_args()
    if options.table:
        write_table()
        return
    print(describe_machine(), flush=True)
    if options.explain:
        extras.measure_heat_maps(options.explain)
    if options.search:
        extras.measure_search()
    if options.training:
        extras.measure_training(options.training)
    if not (options.explain or options.search or options.training):
        measure(options.only, options.runs, options.into)


def measure(parts: list[str], runs: int, path: Path) -> None:
    """Measure parts one after the other; keep and print each one's figures at once."""
    for part in parts:
        measure_and_keep(part, partial(PARTS[part], runs), path)


def write_table() -> None:
    """Write the kept figures into docs/performance.md."""
    DOCUMENT.write_text(with_table(DOCUMENT.read_text(encoding="utf-8"), read_figures()), encoding="utf-8")


if __name__ == "__main__":
    main()
