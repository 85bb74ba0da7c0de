"""The names of the searches that have results, for a menu: this imports no reader of them."""

from pathlib import Path

from core.config import searches_folder

TRIALS = "trials.csv"
"""The file without which a search has no results."""


def search_names(folder: Path | None = None) -> list[str]:
    """Return the names of the searches that have results.

    Args:
        folder: of searches; ``core.config.searches_folder()`` if None.
    """
    return sorted(path.parent.name for path in (folder or searches_folder()).glob(f"*/{TRIALS}"))
