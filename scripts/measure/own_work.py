"""The processor time that a new slice costs besides Streamlit's own and the network's."""

import time

from core.bundles.bundle import DEFAULT_CLASSIFIER, open_bundle
from core.dataset.slices import read_and_recognise_slice
from core.inference.forward import forward
from core.inference.predictor import Predictor, model_input
from core.inference.render import DisplayOptions, compose_overlay, default_window, encode_png
from core.inference.result import slice_result
from core.inference.runtime import load_runtime
from scripts.measure.figures import Figure, median_of
from scripts.measure.slices import NewSlice, new_slices

_SLICES = 5
"""New slices a run."""


def measure_own_work(runs: int) -> dict[str, Figure]:
    """Read, answer and draw new slices as Analyse does; leave out what the network alone takes."""
    bundle = open_bundle(DEFAULT_CLASSIFIER)
    predictor, network = Predictor(bundle, bundle), load_runtime(bundle)

    def answer(new: NewSlice) -> None:
        slice_ = read_and_recognise_slice(new.data, new.name)
        prediction = predictor(slice_)
        slice_result(slice_, prediction, (bundle,))
        options = DisplayOptions(*default_window(slice_.pixels))
        picture = compose_overlay(slice_.pixels, options, mask=prediction.mask, heat=prediction.heat, truth=slice_.mask)
        encode_png(picture, quick=True)

    milliseconds = []
    for new in new_slices(1 + _SLICES * runs):
        inputs, _ = model_input(bundle, read_and_recognise_slice(new.data, new.name))
        began = time.thread_time()
        forward(bundle, network, inputs)
        between = time.thread_time()
        answer(new)
        milliseconds.append(1000 * ((time.thread_time() - between) - (between - began)))
    return {"own_work": median_of(milliseconds[1:])}  # the first one prepares
