"""Times of the networks without a page, against Keras and tf-keras-vis."""

import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from core.bundles.bundle import (
    DEFAULT_CLASSIFIER,
    DEFAULT_SEGMENTER,
    LITE,
    REPORT_CLASSIFIER,
    REPORT_SEGMENTER,
    load_network,
    open_bundle,
)
from core.dataset.store import Store, default_store
from core.inference.predictor import Predictor, model_input
from core.inference.runtime import Runtime, load_runtime
from core.readers.samples import read_samples
from core.readers.slices import Slice
from scripts.measure.figures import INTERPRETERS, THREADS, Figure, median_of, percentile_95, ratio_of

_TEST_SLICES = 614
_BATCH = 32
_AT_ONCE = 20
_KERAS = "model.predict of the report's two and tf-keras-vis' Grad-CAM"


def measure_answers(runs: int) -> dict[str, Figure]:
    """Predict class, mask and heat map of one slice after another; the baseline takes turns with them."""
    slices = [sample.slice() for sample in read_samples()]
    unified = Predictor(open_bundle(DEFAULT_CLASSIFIER), open_bundle(DEFAULT_SEGMENTER))
    report = Predictor(open_bundle(REPORT_CLASSIFIER), open_bundle(REPORT_SEGMENTER))
    functions: tuple[Callable[[Slice], object], ...] = (unified, report, _keras_answer())
    times: list[list[float]] = [[], [], []]
    for i in range(4 * runs + 1):
        for function, seconds in zip(functions, times, strict=True):
            seconds.append(_seconds(lambda f=function, n=i: f(slices[n % len(slices)])))
    ours_unified, ours_report, keras = (seconds[1:] for seconds in times)  # the first one of each prepares
    return {
        "unified_answer": ratio_of(ours_unified, keras, _KERAS),
        "report_answer": ratio_of(ours_report, keras, _KERAS),
    }


def _keras_answer() -> Callable[[Slice], object]:
    """Return the class, mask and Grad-CAM of a slice by the report's networks as tutorials write it."""
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
    from tf_keras_vis.utils.scores import CategoricalScore

    bundles = open_bundle(REPORT_CLASSIFIER), open_bundle(REPORT_SEGMENTER)
    classifier, segmenter = (load_network(bundle) for bundle in bundles)
    grad_cam = Gradcam(classifier, model_modifier=ReplaceToLinear(), clone=True)

    def answer(slice_: Slice) -> tuple[Any, Any, Any]:
        inputs, mask_inputs = (model_input(bundle, slice_)[0] for bundle in bundles)
        probabilities = classifier.predict(inputs, verbose=0)
        mask = segmenter.predict(mask_inputs, verbose=0)
        return probabilities, mask, grad_cam(CategoricalScore([int(probabilities[0].argmax())]), inputs)

    return answer


def measure_many(runs: int) -> dict[str, Figure]:
    """Run report-cnn on as many slices as its test part has, by LiteRT and by model.predict in turn."""
    bundle = open_bundle(REPORT_CLASSIFIER)
    planes = np.concatenate([model_input(bundle, sample.slice())[0] for sample in read_samples()])
    inputs = np.resize(planes, (_TEST_SLICES, *planes.shape[1:]))
    runtime, network = load_runtime(bundle), load_network(bundle)
    runtime(inputs[:_BATCH])
    network.predict(inputs[:_BATCH], batch_size=_BATCH, verbose=0)
    ours, keras = [], []
    for _ in range(runs):
        ours.append(_seconds(lambda: [runtime(inputs[i : i + _BATCH]) for i in range(0, len(inputs), _BATCH)]))
        keras.append(_seconds(lambda: network.predict(inputs, batch_size=_BATCH, verbose=0)))
    note = f"{statistics.median(ours):.3g} s"
    baseline = f"`model.predict(batch_size={_BATCH})`: {statistics.median(keras):.3g} s"
    return {
        "many_slices": Figure(
            statistics.median(keras) / statistics.median(ours), runs=runs, baseline=baseline, note=note
        )
    }


def measure_pools(runs: int) -> dict[str, Figure]:
    """Call unified-unet from 20 threads at once, by pools of interpreters of some threads each."""
    bundle = open_bundle(DEFAULT_CLASSIFIER)
    plane, _ = model_input(bundle, read_samples()[0].slice())
    inputs = np.concatenate([plane, plane[:, :, ::-1]])
    figures = {}
    for pool in INTERPRETERS:
        for threads in THREADS:
            runtime = Runtime(bundle.path(LITE).read_bytes(), interpreters=pool, threads=threads)
            _call_at_once(runtime, inputs)  # makes the interpreters
            rounds = [_call_at_once(runtime, inputs) for _ in range(runs)]
            figures[f"pool_{pool}_{threads}"] = median_of([percentile_95(seconds) for seconds in rounds])
    return figures


def _call_at_once(runtime: Runtime, inputs: np.ndarray) -> list[float]:
    start = threading.Barrier(_AT_ONCE)

    def call(_: int) -> float:
        start.wait()
        return _seconds(lambda: runtime(inputs))

    with ThreadPoolExecutor(_AT_ONCE) as callers:
        return list(callers.map(call, range(_AT_ONCE)))


def measure_reading(runs: int) -> dict[str, Figure]:
    """Read slices and masks from the prepared data set; nothing where there is none."""
    if not default_store().is_file():
        print("No prepared data set: reading a slice is left out.")
        return {}
    with Store(default_store()) as store:
        numbers = range(100, 3000, 2900 // (5 * runs))
        return {"read_slice": median_of([_seconds(lambda n=n: (store.pixels(n), store.mask(n))) for n in numbers])}


def _seconds(function: Callable[[], object]) -> float:
    began = time.perf_counter()
    function()
    return time.perf_counter() - began
