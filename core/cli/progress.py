"""Progress bars of commands."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from tqdm import tqdm

from core.cli.speech import told
from core.progress import ProgressWrapper
from core.translation.messages import Message

if TYPE_CHECKING:
    from core.batch.answering import Outcome
    from core.search.study import StudyProgress


def progress_interval() -> float:
    """Return the seconds between two drawings of a bar: half a second on a terminal, 30 in a log."""
    return 0.5 if sys.stderr.isatty() else 30


def slices_bar(title: str) -> ProgressWrapper:
    """Return a function that wraps slices in a bar."""
    return partial(tqdm, desc=title, unit=told(Message(" slices")), mininterval=progress_interval())


def advance_bar(bar: tqdm, done: int, total: int, metrics: dict[str, float]) -> None:
    """Move a bar of training batches to ``done`` of ``total``."""
    if bar.total is None:
        # A resumed run starts its bar, and its estimate of the time left, where it goes on.
        bar.reset(total)
        bar.initial = bar.n = done - 1
    bar.set_postfix({name: f"{value:.4f}" for name, value in metrics.items()}, refresh=False)
    bar.update(done - bar.n)


@contextmanager
def trials_bar(title: str, trials: int, before: "StudyProgress") -> Iterator[Callable[["StudyProgress"], None]]:
    """Show a bar of a study's trials; give a function that moves it to the study's progress.

    The time left follows from the pace of the trials finished since ``before``.
    """
    # Almost the plain mean, since trials differ much. It changes only when a trial is finished.
    with tqdm(
        total=trials,
        initial=before.done,
        desc=title,
        unit=told(Message(" trials")),
        smoothing=0.05,
        miniters=1,
        mininterval=progress_interval(),
    ) as bar:

        def progress(now: "StudyProgress") -> None:
            if now.best is not None:
                bar.set_postfix(
                    {told(Message("best")): f"{now.best:.4f}", told(Message("running")): now.running}, refresh=False
                )
            if now.done > bar.n:
                bar.update(now.done - bar.n)
            elif sys.stderr.isatty():
                bar.refresh()

        yield progress


@contextmanager
def batch_bar() -> Iterator[Callable[[int], Callable[["Outcome"], None]]]:
    """Give a function that begins a bar of a batch's files, with slices a second."""
    with ExitStack() as open_bar:

        def begin(files: int) -> Callable[["Outcome"], None]:
            bar = open_bar.enter_context(
                tqdm(total=files, unit=told(Message(" files")), mininterval=progress_interval())
            )
            slices, began = 0, time.monotonic()

            def advance(outcome: "Outcome") -> None:
                nonlocal slices
                slices += outcome.slices
                pace = slices / max(time.monotonic() - began, 1e-9)
                done = Message("{slices:,} slices, {pace:.1f} a second", slices=slices, pace=pace)
                bar.set_postfix_str(told(done), refresh=False)
                bar.update(outcome.files)

            return advance

        yield begin
