"""Measure speed and memory, each figure beside a baseline measured in the same run.

python scripts/benchmark.py                     reading a slice, analysing a slice, memory
python scripts/benchmark.py --explain BUNDLE    also a bundle's heat maps by every method
python scripts/benchmark.py --search            also a search by two workers and by one (needs the data set)
python scripts/benchmark.py --training RECIPE   also a micro-batch of a recipe's training in float32 and in bfloat16
python scripts/benchmark.py --browser           also from a click to the answer on the page (needs Chromium)
"""

import argparse
import resource
import statistics
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from playwright.sync_api import Page

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from core.bundles.bundle import (
    DEFAULT_CLASSIFIER,
    DEFAULT_SEGMENTER,
    REPORT_CLASSIFIER,
    REPORT_SEGMENTER,
    load_network,
    open_bundle,
)
from core.config import CLASSIFICATION, SEGMENTATION
from core.dataset.store import Store, default_store
from core.hardware import describe_machine
from core.readers.mat import read_mat
from core.readers.samples import read_samples

RUNS = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--browser", action="store_true", help="also measure the page in Chromium")
    parser.add_argument("--explain", metavar="BUNDLE", help="also measure this bundle's heat maps")
    parser.add_argument("--mats", type=Path, help="folder of .mat files, the baseline of reading a slice")
    parser.add_argument("--search", action="store_true", help="also measure what a second worker brings to a search")
    parser.add_argument("--training", metavar="RECIPE", help="also measure this recipe's training")
    options = parser.parse_args()
    print(describe_machine())
    if default_store().is_file():
        measure_reading(options.mats)
    else:
        print("No prepared data set: reading a slice is left out.")
    measure_analysis()
    if options.explain:
        measure_heat_maps(options.explain)
    if options.search:
        measure_search()
    if options.training:
        measure_training(options.training)
    if options.browser:
        measure_clicks()


def measure_reading(mats: Path | None) -> None:
    """Read a slice and its mask from the store; baseline: from its .mat file."""
    numbers = range(100, 3000, 2900 // RUNS)
    with Store(default_store()) as store:
        print_times("slice from the store", [timed(store.pixels, number) for number in numbers])
        print_times(
            "slice and mask from the store", [timed(lambda n: (store.pixels(n), store.mask(n)), n) for n in numbers]
        )
    if mats:
        print_times(
            "slice and mask from its .mat",
            [timed(lambda n: read_mat((mats / f"{n}.mat").read_bytes()), n) for n in numbers],
        )


def measure_analysis() -> None:
    """Predict class, mask and heat map of new slices; baseline: the classifier's class alone."""
    print(f"memory before TensorFlow                  {peak_mb():8.0f} MB")
    from core.inference.predictor import Predictor, model_input

    bundles = open_bundle(DEFAULT_CLASSIFIER), open_bundle(DEFAULT_SEGMENTER)
    print(f"memory with TensorFlow, baseline          {imported_mb():8.0f} MB")
    began = time.perf_counter()
    predictor = Predictor(*bundles)
    print(f"loading the networks                      {(time.perf_counter() - began) * 1000:8.0f} ms")
    slices = [sample.slice() for sample in read_samples()]
    if default_store().is_file():
        from core.dataset.slices import slice_from_store

        with Store(default_store()) as store:
            slices = [slice_from_store(store, number) for number in range(100, 3000, 2900 // RUNS)]
    print_times("first slice", [timed(predictor, slices[0])])
    times = [timed(predictor, slices[i % len(slices)]) for i in range(1, RUNS + 1)]
    print_times("class, mask and heat map", times)
    report_predictor = Predictor(open_bundle(REPORT_CLASSIFIER), open_bundle(REPORT_SEGMENTER))
    report_predictor(slices[0])
    print_times(
        "the same by the report's two networks",
        [timed(report_predictor, slices[i % len(slices)]) for i in range(1, RUNS + 1)],
    )
    network = load_network(bundles[0])
    inputs, _ = model_input(bundles[0], slices[0])
    network.predict_on_batch(inputs)
    print_times("class alone, baseline", [timed(network.predict_on_batch, inputs) for _ in range(RUNS)])
    print(f"peak memory                               {peak_mb():8.0f} MB")


def measure_heat_maps(name: str) -> None:
    """Make heat maps by every method, the first and later ones; measure what each adds to the peak memory.

    Grad-CAM, which comes first, is the baseline.
    """
    from functools import partial

    from core.explanation.explainer import METHODS, Explainer, methods_for
    from core.explanation.targets import bundle_target
    from core.inference.predictor import model_input

    bundle = open_bundle(name)
    explainer = Explainer(load_network(bundle))
    inputs, _ = model_input(bundle, read_samples()[0].slice())
    target = bundle_target(bundle, bundle.card.classes[0] if bundle.tasks[0] == CLASSIFICATION else None)
    for method in methods_for(bundle.tasks[0]):
        before = peak_mb()
        make_heat_map = partial(explainer, inputs, target, method=method)
        print_times(f"{METHODS[method].title}, first", [timed(make_heat_map)])
        print_times(f"{METHODS[method].title}, later", [timed(make_heat_map) for _ in range(3)])
        print(f"{METHODS[method].title + ' adds to the peak':42}{peak_mb() - before:8.0f} MB")


def measure_search() -> None:
    """Run the trials of a search by two workers of a thread each; baselines: one worker of one thread, and of two.

    Loading TensorFlow and the slices, which each worker does once, is part of it.
    """
    import tempfile
    from functools import partial

    from core.search.objective import make_trial
    from core.search.plan import load_plan
    from core.search.study import trial_budget
    from core.search.worker import run_search

    plan = load_plan("report-cnn")
    # A grid, so that all do the same trials, and too few of them for any to be stopped by the others.
    grid = {"learning_rate": [0.0005, 0.002], "batch": [30, 60, 150, 300], "epochs": [4]}
    plan = plan.model_copy(update={"grid": grid})
    trials = trial_budget(plan, "grid")
    for workers, threads in ((1, 1), (1, 2), (2, 1)):
        with tempfile.TemporaryDirectory() as folder:
            storage, make = f"sqlite:///{folder}/study.db", partial(make_trial, plan.name, default_store())
            began = time.perf_counter()
            run_search(plan, "grid", storage, make, trials=trials, workers=workers, threads=threads)
            each = f"{workers} worker{'s' if workers > 1 else ''}, {threads} thread{'s' if threads > 1 else ''} each"
            print(f"{f'search: {trials} trials by {each}':50}{time.perf_counter() - began:8.0f} s")


def measure_training(name: str) -> None:
    """Update on a micro-batch by TensorFlow's own bfloat16 kernels and by XLA's; the baseline is float32.

    The first, which is compiled, is left out. Slices and masks are noise.
    """
    import tempfile
    from unittest.mock import patch

    from core.training.batches import Examples
    from core.training.recipe import load_recipe, parse_recipe
    from core.training.trainer import run_training

    loaded = load_recipe(name)
    count, size = loaded.training.micro_batch, loaded.input.size
    random = np.random.default_rng(0)
    planes = random.random((4 * count, size, size, 1), np.float32).astype(np.float16)
    targets = {
        CLASSIFICATION: random.integers(0, 3, len(planes)).astype(np.uint8),
        SEGMENTATION: (planes > 0.95).astype(np.uint8),
    }
    noise = Examples(planes, tuple(targets[task] for task in loaded.tasks))
    few = Examples(planes[:count], tuple(target[:count] for target in noise.targets))
    for dtype, xla in (("float32", False), ("mixed_bfloat16", False), ("mixed_bfloat16", True)):
        plan = {**loaded.table["training"], "batch": count, "dtype": dtype, "epochs": 1}
        recipe = parse_recipe(name, {**loaded.table, "training": plan})
        ends: list[float] = []
        with (
            tempfile.TemporaryDirectory() as folder,
            patch("core.training.trainer.is_slow_in_bfloat16", lambda xla=xla: xla),
        ):
            run_training(
                recipe, noise, few, Path(folder), progress=lambda *_, ends=ends: ends.append(time.perf_counter())
            )
        print_times(f"a micro-batch in {dtype}{', XLA' * xla}", [later - sooner for sooner, later in pairwise(ends)])


def imported_mb() -> float:
    import tensorflow  # noqa: F401

    return peak_mb()


def measure_clicks() -> None:
    """Measure from the click on a sample to its result; baseline: a click that runs no network."""
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import find_chromium, running_app

    with (
        running_app() as address,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"]) as browser,
    ):
        # Samples with a lesion: the mask drawn over the slice shows that the result is there.
        names = [sample.name for sample in read_samples() if sample.class_name]

        def open_page() -> "Page":
            """Open a page in a new session, which has seen the first sample only."""
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.set_default_timeout(120_000)
            page.goto(f"{address}/?sample={names[0]}")
            page.get_by_text("How far to trust this").wait_for()
            return page

        def seconds_to_result(page: "Page", name: str) -> float:
            picture = page.locator(".st-key-analyse_picture img")
            page.get_by_text("Choose another slice").click()
            button = page.locator(f".st-key-analyse_sample_{name} button").first
            button.wait_for()
            before = picture.get_attribute("src")
            began = time.perf_counter()
            button.click()
            page.wait_for_function(
                """before => {
                    const picture = document.querySelector('.st-key-analyse_picture img');
                    return picture && picture.src !== before && picture.alt.includes(' over it')
                        && !document.querySelector('[data-testid="stSpinner"]');
                }""",
                arg=before,
            )
            return time.perf_counter() - began

        new: list[float] = []
        again: list[float] = []
        # Results belong to a session: in the next one every sample is new again.
        while len(new) < RUNS:
            page, chosen = open_page(), names[1 : RUNS - len(new) + 1]
            new += [seconds_to_result(page, name) for name in chosen]
            again += [seconds_to_result(page, name) for name in chosen]
            page.close()
        print_times("browser: click to result, new slice", new)
        print_times("browser: the same, seen before, baseline", again)


def timed(function: Callable[..., object], *arguments: object) -> float:
    began = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - began


def print_times(title: str, seconds: list[float]) -> None:
    low, middle, high = min(seconds), statistics.median(seconds), max(seconds)
    print(f"{title:42}{middle * 1000:8.1f} ms median of {len(seconds)} ({low * 1000:.1f} to {high * 1000:.1f})")


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
