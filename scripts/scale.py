"""Measure core batch on this machine; write benchmarks/scale.json and the table of docs/scale.md.

python scripts/scale.py                   1,000 slices by one process and by two, with Ray and without, memory, a
                                          report of 100, results of 100,000 rows on the page: some eight minutes
python scripts/scale.py --slices 20000    the same over more slices
python scripts/scale.py --only memory     some parts; the file's other rows stay
python scripts/scale.py --table           only write the file's figures into docs/scale.md

It needs Linux, Chromium, and Ray (requirements-scale.txt).
"""

import argparse
import sys
import tempfile
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from core.config import ROOT
from scripts.measure import batches
from scripts.measure.figures import measure_and_keep, read_figures, with_table
from scripts.measure.projection import with_projection

FIGURES = ROOT / "benchmarks" / "scale.json"
DOCUMENT = ROOT / "docs" / "scale.md"
BEGIN = "<!-- table: python scripts/scale.py --table -->"
PARTS = {
    "pace": batches.measure_pace,
    "ray": batches.measure_ray,
    "memory": batches.measure_memory,
    "report": batches.measure_report,
    "opened": batches.measure_opening,
}
"""What is measured together: takes a folder to work in and how many slices, returns figures by row."""
SLICES = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="measure these parts")
    parser.add_argument("--slices", type=int, default=SLICES, help="how many slices")
    parser.add_argument("--table", action="store_true", help="write the figures into docs/scale.md")
    options = parser.parse_args()
    if not options.table:
        for part in options.only:
            with tempfile.TemporaryDirectory(prefix="slicescope-scale-") as folder:
                measure = partial(PARTS[part], Path(folder), options.slices)
                measure_and_keep(part, measure, FIGURES, batches.ROWS)
    document = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(written(document), encoding="utf-8")


def written(document: str) -> str:
    """Return the document with the kept figures, and what follows from them for more machines."""
    figures = read_figures(FIGURES)
    return with_projection(with_table(document, figures, batches.ROWS, BEGIN), figures)


if __name__ == "__main__":
    main()
