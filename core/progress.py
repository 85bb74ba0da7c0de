"""How long-running functions show their progress."""

from collections.abc import Callable, Iterable
from typing import Any

ProgressWrapper = Callable[[Iterable[Any]], Iterable[Any]]
"""Wraps the items that a function works through, such as tqdm does, to show a progress bar; ``iter`` shows none."""
