"""The documents with tables, written from the bundles between two markers."""

from collections.abc import Callable
from pathlib import Path

from core.config import README, RESULTS, SAMPLES
from core.errors import BundleError
from core.evaluation.comparison.result_tables import metrics_tables
from core.evaluation.comparison.sample_table import sample_table
from core.evaluation.comparison.summary_table import summary_table
from core.files import replace_file

BEGIN = "<!-- figures: written by `python -m core readme` -->"
END = "<!-- end of figures -->"
Tables = Callable[[Path | None], str]
"""The folder of bundles -> Markdown; ``core.config.models_folder()`` if None."""
DOCUMENTS: dict[Path, Tables] = {README: summary_table, RESULTS: metrics_tables, SAMPLES / "README.md": sample_table}


def write_tables(path: Path, tables: Tables, models: Path | None = None) -> None:
    """Replace the text between a document's markers.

    Raises:
        BundleError: the document lacks a marker.
    """
    text = _with_tables(path, tables, models)
    with replace_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def check_tables(path: Path, tables: Tables, models: Path | None = None) -> None:
    """Refuse a document whose tables are not those of the bundles.

    Raises:
        BundleError: they differ, or the document lacks a marker.
    """
    if _with_tables(path, tables, models) != path.read_text(encoding="utf-8"):
        raise BundleError(
            "The figures in {path} are not those of the bundles; run 'python -m core readme'.", path=path.name
        )


def _with_tables(path: Path, tables: Tables, models: Path | None) -> str:
    before, begin, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise BundleError("{path} lacks the marker '{marker}'.", path=path.name, marker=END if begin else BEGIN)
    return f"{before}{begin}\n\n{tables(models)}\n{end}{after}"
