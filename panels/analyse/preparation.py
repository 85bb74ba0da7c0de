"""What the first answer needs, made ready while the visitor still looks at the first page."""

import contextlib
import functools
import importlib
import threading

from core.bundles.bundle import DEFAULT_CLASSIFIER, DEFAULT_SEGMENTER
from core.errors import SliceScopeError
from core.readers.samples import read_samples
from panels.shared.model_choice import listed_bundles


@functools.cache
def prepare_first_answer() -> None:
    """Import and load in the background, once a process, what an answer by the default networks needs.

    Call it once the page is drawn. An upload that comes meanwhile waits for what is being loaded.
    """
    threading.Thread(target=prepare, name="first answer", daemon=True).start()


def prepare() -> None:
    """Read, analyse and draw a sample as Analyse does with an upload, and show nothing of it."""
    importlib.import_module("panels.analyse.analysis")
    from core.dataset.slices import read_and_recognise_slice
    from core.inference.result import overlay_png, slice_result
    from panels.shared.predictions import cached_predictor

    # What cannot be used is told on the page, once an answer is asked for.
    with contextlib.suppress(SliceScopeError):
        bundles = listed_bundles()
        predictor = cached_predictor(bundles.find(DEFAULT_CLASSIFIER), bundles.find(DEFAULT_SEGMENTER))
        path = read_samples()[0].path
        slice_ = read_and_recognise_slice(path.read_bytes(), path.name)
        prediction = predictor(slice_)
        slice_result(slice_, prediction, (predictor.classifier,))
        overlay_png(slice_, prediction)
