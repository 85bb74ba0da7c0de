"""Memory of the app, and many visitors at once, by sessions without a browser."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from core.config import PAGES
from core.explanation.explainer import METHODS, SCORE_CAM
from core.inference.worker import IDLE_SECONDS
from core.readers.samples import read_samples
from scripts.measure.figures import Figure, percentile_95
from scripts.measure.journeys import measure_grad_cam
from scripts.measure.memory import PeakMemory, processor_seconds, summed_mb
from scripts.measure.servers import running_server
from scripts.measure.slices import NewSlice, expected_texts, new_slices
from scripts.measure.visitor import Visitor

VISITORS = 20
_ANALYSES = 20
"""New slices a run; five runs are the hundred of the table."""
_WORKER_GRACE = 15.0
"""Seconds that the worker may take to end beyond its idle time."""


def measure_memory(runs: int) -> dict[str, Figure]:
    """Open every page and analyse new slices in one session; measure what the app's process then holds."""
    with running_server() as server:
        visitor = Visitor(server.address)
        for page in sorted(PAGES.glob("*.py")):
            visitor.open("" if page.stem == "analyse" else page.stem)
        visitor.open()
        slices = new_slices(_ANALYSES * runs)
        for slice_ in slices:
            visitor.upload(slice_.name, slice_.data)
        note = f"resident, {len(slices)} analyses; with its children {summed_mb(server.process):,.0f} MB"
        return {"app_memory": Figure(summed_mb(server.process), note=note)}


def measure_explain(runs: int) -> dict[str, Figure]:
    """Measure Grad-CAM on Explain, and the memory of app and worker then, during Score-CAM, and idle again."""
    sample = next(sample.name for sample in read_samples() if sample.class_name)
    with running_server() as server:
        figures = measure_grad_cam(server.address, runs)
        figures["grad_cam_memory"] = Figure(summed_mb(server.process))
        peak = PeakMemory(server.process)
        with peak.watching():
            Visitor(server.address).open("explain", sample=sample, method=METHODS[SCORE_CAM].title)
        figures["score_cam_memory"] = Figure(peak.mb)
        time.sleep(IDLE_SECONDS + _WORKER_GRACE)
        figures["idle_memory"] = Figure(summed_mb(server.process), note=f"{IDLE_SECONDS} s later")
    return figures


def measure_visitors(runs: int) -> dict[str, Figure]:
    """Have 20 visitors upload a new slice each at once, several times; compare each answer with the predictor's own."""
    seconds: list[float] = []
    wrong = 0
    with running_server() as server, ThreadPoolExecutor(VISITORS) as pool:
        visitors = [Visitor(server.address) for _ in range(VISITORS)]
        for visitor in visitors:
            visitor.open()
        _upload_at_once(pool, visitors[:1], new_slices(1))  # loads the network
        used = processor_seconds(server.process)
        for _ in range(runs):
            slices = new_slices(VISITORS)
            seconds += _upload_at_once(pool, visitors, slices)
            wrong += sum(
                not expected_texts(slice_) <= set(visitor.texts)
                for visitor, slice_ in zip(visitors, slices, strict=True)
            )
        used = (processor_seconds(server.process) - used) / len(seconds)
        for visitor in visitors:
            visitor.close()
    note = f"{len(seconds)} answers, {min(seconds):.2f} to {max(seconds):.2f} s; {used * 1000:.0f} ms of processor each"
    return {"visitors": Figure(percentile_95(seconds), note=note), "wrong_answers": Figure(wrong)}


def _upload_at_once(pool: ThreadPoolExecutor, visitors: list[Visitor], slices: list[NewSlice]) -> list[float]:
    """Upload a slice by each visitor at the same moment; return the seconds until each has its whole page."""
    start = threading.Barrier(len(visitors))

    def upload(visitor: Visitor, slice_: NewSlice) -> float:
        start.wait()
        began = time.perf_counter()
        visitor.upload(slice_.name, slice_.data)
        return time.perf_counter() - began

    return list(pool.map(upload, visitors, slices))
