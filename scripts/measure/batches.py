"""Measure core batch: slices a second by one process and by two, with Ray and without, memory, a report, a page."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from core.batch.answering import BatchOptions, Outcome
from core.batch.cluster import run_on_cluster
from core.batch.reports import write_batch_report
from core.batch.run import Advance, run_batch
from core.batch.table import ERRORS, RESULTS
from core.bundles.bundle import DEFAULT_CLASSIFIER, DEFAULT_SEGMENTER, open_bundle
from core.config import SAMPLES, SEED
from scripts.measure import journeys
from scripts.measure.figures import Figure, Row, median_of
from scripts.measure.memory import PROC, family, own_mb, summed_mb
from scripts.measure.servers import running_server

ROWS = {
    "one_worker": Row("One worker with one thread", "slices a second"),
    "two_workers": Row("Two workers against one, one thread each", "times", 1.8, is_floor=True),
    "ray": Row("Ray with two actors against one", "times", 1.6, is_floor=True),
    "worker_memory": Row("A worker and its reader of files, at most", "MB", 300),
    "worker_growth": Row("What it shares with no other process, last tenth against second", "MB"),
    "report": Row("The report (PDF) of 100 slices", "s", 20),
    "opened": Row("Results of 100,000 rows opened on the page", "s", 2),
}
REPORTED, OPENED = 100, 100_000
_PART = 1000
"""Rows of a part that core batch writes."""
_SHIFT, _NOISE = 12, 3.0
"""How far a sample is moved at most, in pixels, and the noise's standard deviation in grey levels."""
_POLL_SECONDS = 0.5
_DRAWN = """() => {
    const canvas = document.querySelector('[data-testid=stDataFrame] canvas');
    if (!canvas?.width) return false;
    const scale = canvas.width / canvas.clientWidth;
    const top = Math.round(40 * scale), height = Math.round(28 * scale), width = Math.round(400 * scale);
    const row = canvas.getContext('2d').getImageData(0, top, width, height).data;
    return row.some((value, at) => at % 4 === 3 && value === 255 && row[at - 2] < 110);
}"""
"""Whether the first row of the table has its text, below 36 pixels of header: some of it is dark."""


def make_slices(folder: Path, count: int) -> Path:
    """Write PNG files of samples that are shifted and noisy, each another one, the same in every run; return the
    folder."""
    folder.mkdir(parents=True)
    samples = [np.asarray(Image.open(path).convert("L"), np.float32) for path in sorted(SAMPLES.glob("*.png"))]
    for number in range(count):
        generator = np.random.default_rng((SEED, number))
        shifted = np.roll(samples[number % len(samples)], generator.integers(-_SHIFT, _SHIFT + 1, 2), axis=(0, 1))
        noisy = shifted + generator.normal(0, _NOISE, shifted.shape)
        picture = Image.fromarray(np.clip(np.rint(noisy), 0, 255).astype(np.uint8))
        picture.save(folder / f"{number:06}.png", compress_level=1)
    return folder


def measure_pace(folder: Path, count: int) -> dict[str, Figure]:
    """Measure slices a second by one worker and by two, once they have started."""
    slices = make_slices(folder / "in", count)
    one, two = (_pace(_run, slices, folder / f"out-{workers}", workers, count) for workers in (1, 2))
    return {"one_worker": Figure(one, note=f"{count:,} slices"), "two_workers": _ratio(one, two)}


def measure_ray(folder: Path, count: int) -> dict[str, Figure]:
    """Measure slices a second by one actor and by two of a Ray cluster on this machine, once they have started."""
    slices = make_slices(folder / "in", count)
    one, two = (_pace(_run_on_ray, slices, folder / f"out-{actors}", actors, count) for actors in (1, 2))
    return {"ray": _ratio(one, two)}


def _ratio(one: float, two: float) -> Figure:
    return Figure(two / one, baseline=f"one: {one:.3g} a second", note=f"two: {two:.3g} a second")


def measure_memory(folder: Path, count: int) -> dict[str, Figure]:
    """Measure the memory of a worker and its reader of files as slices go by."""
    slices = make_slices(folder / "in", count)
    seen: list[tuple[int, float, float]] = []
    polled = 0.0

    def look(done: int) -> None:
        nonlocal polled
        if time.monotonic() - polled >= _POLL_SECONDS:
            workers = _workers()
            seen.append((done, sum(map(summed_mb, workers)), sum(map(own_mb, workers))))
            polled = time.monotonic()

    _run(slices, folder / "out", 1, look)
    second = [own for done, _, own in seen if count <= 10 * done < 2 * count]
    last = [own for done, _, own in seen if 10 * done >= 9 * count]
    note = f"{count:,} slices"
    return {
        "worker_memory": Figure(max(mb for _, mb, _ in seen), note=note),
        "worker_growth": Figure(float(np.median(last) - np.median(second)), note=note),
    }


def measure_report(folder: Path, count: int) -> dict[str, Figure]:
    """Measure the writing of a report, whose pictures the workers have drawn."""
    slices = make_slices(folder / "in", min(count, REPORTED))
    _run(slices, folder / "out", 1, lambda done: None, pdf=True)
    bundle = open_bundle(DEFAULT_CLASSIFIER)
    began = time.perf_counter()
    (report,) = write_batch_report(folder / "out", (bundle,))
    seconds = time.perf_counter() - began
    return {"report": Figure(seconds, note=f"{min(count, REPORTED)} slices, {report.stat().st_size / 1e6:.1f} MB")}


def measure_opening(folder: Path, count: int) -> dict[str, Figure]:
    """Measure how long the page takes, from its address to the table, to open the results of a batch."""
    results = repeat_batch(_one_result(folder), folder / "many", OPENED)
    seconds = []
    within = ("env", f"SLICESCOPE_BATCH={results}")
    with journeys.chromium() as browser:
        for _ in range(3):  # each server reads them for the first time
            with running_server(within=within) as server, journeys.window(browser) as page:
                page.goto(f"{server.address}/models")
                page.wait_for_function(f"{journeys.FINISHED} && document.querySelector('h1')")
                began = time.perf_counter()
                page.goto(server.address)
                page.wait_for_function(_DRAWN)
                seconds.append(time.perf_counter() - began)
    size = (results / RESULTS).stat().st_size / 1e6
    return {"opened": median_of(seconds, note=f"results.parquet of {size:.0f} MB")}


def _one_result(folder: Path) -> Path:
    slices = make_slices(folder / "in", 14)
    _run(slices, folder / "out", 1, lambda done: None)
    return folder / "out"


def repeat_batch(batch: Path, folder: Path, count: int) -> Path:
    """Write the results of a batch again and again into another folder, until there are so many rows."""
    few = pq.read_table(batch / RESULTS)
    rows = pa.concat_tables([few] * -(-_PART // len(few))).slice(0, _PART)
    folder.mkdir()
    with pq.ParquetWriter(folder / RESULTS, rows.schema) as writer:
        for first in range(0, count, len(rows)):
            writer.write_table(rows.slice(0, min(len(rows), count - first)))
    shutil.copyfile(batch / ERRORS, folder / ERRORS)
    return folder


def _pace(run: Callable[..., None], slices: Path, out: Path, processes: int, count: int) -> float:
    """Return slices a second after the first quarter, within which all processes have started."""
    times: list[tuple[int, float]] = []
    run(slices, out, processes, lambda done: times.append((done, time.perf_counter())))
    first = next(told for told in times if 4 * told[0] >= count)
    return (times[-1][0] - first[0]) / (times[-1][1] - first[1])


def _run(slices: Path, out: Path, workers: int, done: Callable[[int], None], *, pdf: bool = False) -> None:
    """Run a batch of a folder; ``done`` is given the number of its files that are done, after each."""
    options = BatchOptions(DEFAULT_CLASSIFIER, DEFAULT_SEGMENTER, pdf=pdf)
    run_batch((str(slices),), out, options, workers=workers, begin=_counted(done))


def _run_on_ray(slices: Path, out: Path, actors: int, done: Callable[[int], None]) -> None:
    """Do the same by a Ray cluster of this machine alone; ``done`` is told after each portion."""
    options = BatchOptions(DEFAULT_CLASSIFIER, DEFAULT_SEGMENTER)
    run_on_cluster((str(slices),), str(out), options, actors=actors, begin=_counted(done))


def _counted(done: Callable[[int], None]) -> Callable[[int], Advance]:
    count = 0

    def advance(outcome: Outcome) -> None:
        nonlocal count
        count += outcome.files
        done(count)

    return lambda files: advance


def _workers() -> list[int]:
    """Return the workers among this process's children."""
    found = []
    for member in family(os.getpid()):
        try:
            if b"popen_loky" in (PROC / str(member) / "cmdline").read_bytes():
                found.append(member)
        except OSError:  # it has ended since
            continue
    return found
