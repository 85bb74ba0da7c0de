"""Measurements beside the table: every method of heat maps, searches by workers, micro-batches of training."""

import resource
import statistics
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np

from core.bundles.bundle import load_network, open_bundle
from core.config import CLASSIFICATION, SEGMENTATION
from core.dataset.store import default_store
from core.readers.samples import read_samples


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

    from core.training.data.examples import Examples
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


def timed(function: Callable[..., object], *arguments: object) -> float:
    began = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - began


def print_times(title: str, seconds: list[float]) -> None:
    low, middle, high = min(seconds), statistics.median(seconds), max(seconds)
    print(f"{title:42}{middle * 1000:8.1f} ms median of {len(seconds)} ({low * 1000:.1f} to {high * 1000:.1f})")


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
