"""Commands on the data set: prepare, splits, frame, outlines."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from core.cli.options import FILE, store_option
from core.cli.speech import say, told
from core.translation.messages import Message


@click.command("prepare")
@click.argument("source", type=FILE)
@store_option
@click.option("--allow-missing", is_flag=True, help="Accept a data set that is not complete.")
def prepare_command(source: Path, store: Path, allow_missing: bool) -> None:
    """Write the store from the data set's published files.

    SOURCE is the folder of the .mat files or of the four zip files.
    """
    from functools import partial

    from tqdm import tqdm

    from core.cli.progress import progress_interval
    from core.dataset.prepare import prepare, require_written
    from core.dataset.store import SLICE_COUNT

    def slice_progress(parts: Iterable[list[int]], done: int) -> Iterator[list[int]]:
        interval = progress_interval()
        with tqdm(
            total=SLICE_COUNT, initial=done, unit=told(Message(" slices")), desc="prepare", mininterval=interval
        ) as bar:
            for part in parts:
                yield part
                bar.update(len(part))

    outcome = prepare(
        source,
        store,
        allow_missing=allow_missing,
        progress=slice_progress,
        writing=partial(
            tqdm, unit=told(Message(" parts")), desc=told(Message("write")), mininterval=progress_interval()
        ),
    )
    for problem in outcome.problems:
        say(problem, error=True)
    require_written(outcome)
    say(
        Message(
            "{slices} slices in {store} ({megabytes:.0f} MB); lowest IoU of outline and mask {iou:.3f}.",
            slices=outcome.slices,
            store=store,
            megabytes=store.stat().st_size / 1e6,
            iou=outcome.border_iou,
        )
    )


@click.command("splits")
@store_option
def splits_command(store: Path) -> None:
    """Draw every split from the store and write splits.csv."""
    from core.config import splits_file
    from core.dataset.splits import make_splits
    from core.dataset.store import Store
    from core.files import write_table

    with Store(store) as opened:
        table = make_splits(opened)
    write_table(splits_file(), table)
    say(Message("{slices} slices in {path}.", slices=len(table), path=splits_file()))


@click.command("frame")
@store_option
def frame_command(store: Path) -> None:
    """Measure how well the head's position predicts the class."""
    from core.dataset.splits import index_table
    from core.dataset.store import Store
    from core.evaluation.figures import accuracy_of
    from core.files import write_table
    from core.ood.framing_shortcut import SHORTCUT_FILE, majority_accuracy, measure_margins

    with Store(store) as opened:
        table = measure_margins(opened, index_table())
    write_table(SHORTCUT_FILE, table)
    say(
        Message(
            "The frame alone: {accuracy:.4f} of {slices} slices; always the most frequent class: {majority:.4f}.",
            accuracy=accuracy_of(table),
            slices=len(table),
            majority=majority_accuracy(table),
        )
    )


@click.command("outlines")
@store_option
def outlines_command(store: Path) -> None:
    """Trace the head in every slice and write head_outlines.npz."""
    from core.cli.progress import slices_bar
    from core.dataset.head_outlines import OUTLINES_FILE, measure_outline, write_outlines
    from core.dataset.store import Store

    with Store(store) as opened:
        numbers = slices_bar("outlines")(list(opened.numbers()))
        outlines = [measure_outline(number, opened.pixels(number)) for number in numbers]
    write_outlines(OUTLINES_FILE, outlines)
    kilobytes = OUTLINES_FILE.stat().st_size / 1e3
    say(
        Message(
            "{slices} slices in {path} ({kilobytes:.0f} KB).",
            slices=len(outlines),
            path=OUTLINES_FILE,
            kilobytes=kilobytes,
        )
    )
