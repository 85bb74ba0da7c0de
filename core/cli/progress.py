"""Progress bars of commands."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tqdm import tqdm

if TYPE_CHECKING:
    from core.search.study import StudyProgress


def progress_interval() -> float:
    """Seconds between two drawings of a progress bar: seldom where it goes into a log."""
    return 0.5 if sys.stderr.isatty() else 30


def advance_bar(bar: tqdm, done: int, total: int, metrics: dict[str, float]) -> None:
    """Set a bar of batches to where a training is."""
    if bar.total is None:
        # A resumed run starts its bar, and its estimate of the time left, where it goes on.
        bar.reset(total)
        bar.initial = bar.n = done - 1
    bar.set_postfix({name: f"{value:.4f}" for name, value in metrics.items()}, refresh=False)
    bar.update(done - bar.n)


@contextmanager
def trials_bar(title: str, trials: int, before: "StudyProgress") -> Iterator[Callable[["StudyProgress"], None]]:
    """A bar of a study's trials; gives what is to be called, as often as one likes, with its standing.

    The time left is from the pace of the trials finished since ``before``.
    """
    # Almost the plain mean: trials differ much. It changes when one is finished, not while one is under way.
    with tqdm(
        total=trials,
        initial=before.done,
        desc=title,
        unit=" trials",
        smoothing=0.05,
        miniters=1,
        mininterval=progress_interval(),
    ) as bar:

        def progress(now: "StudyProgress") -> None:
            if now.best is not None:
                bar.set_postfix({"best": f"{now.best:.4f}", "running": now.running}, refresh=False)
            if now.done > bar.n:
                bar.update(now.done - bar.n)
            elif sys.stderr.isatty():
                bar.refresh()

        yield progress
