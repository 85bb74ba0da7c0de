"""Heat maps for Explain: read from the bundle where it stores them, else made and remembered by the session.

One is made in the process that holds TensorFlow.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.bundles.bundle import Bundle
from core.bundles.calibrated import calibrate
from core.bundles.convolutions import default_convolution
from core.bundles.predictions import row_of_slice
from core.bundles.stored_maps import stored_heat_map, stored_tumour_probability
from core.explanation.explainer import METHODS, Explanation
from core.inference.explain import HeatMapRequest, explain
from core.inference.predictor import model_input
from core.labels import CLASS_LABELS
from core.networks.losses import tumour_probability
from core.readers.preprocessing import Placement, map_to_slice
from core.readers.slices import Slice
from panels.explain.controls import (
    ALL_CLASSES,
    PREDICTED_CLASS,
    PREDICTED_MASK,
    ExplanationRequest,
    cached_convolutions,
    draw_progress,
)
from panels.shared.cache import cached_predictions

_MAX_REMEMBERED = 32


@dataclass(frozen=True)
class HeatMapView:
    """A heat map and the prediction it explains, at the slice's own size.

    Attributes:
        class_name: the class that is explained, or ``PREDICTED_MASK``.
        heat: (H, W) float32 in [0, 1].
        probabilities: of the classes, calibrated, or None where a mask is explained.
        mask: (H, W) bool, the predicted mask, or None where a class is explained.
    """

    class_name: str
    heat: np.ndarray
    probabilities: dict[str, float] | None
    mask: np.ndarray | None


def available_heat_maps(
    slice_: Slice, identity: Hashable, bundle: Bundle, request: ExplanationRequest
) -> list[HeatMapView] | None:
    """Return the heat map, or one for each class, if all are stored or remembered; else None.

    Args:
        slice_: the slice.
        identity: tells it from every other slice of the session.
        bundle: the network to explain.
        request: which heat map is wanted.
    """
    views = [_available(slice_, identity, bundle, request, output) for output in _outputs(bundle, request)]
    return None if None in views else [view for view in views if view is not None]


def make_heat_maps(slice_: Slice, identity: Hashable, bundle: Bundle, request: ExplanationRequest) -> list[HeatMapView]:
    """Return the heat map, or one for each class; make those that are not available.

    Only the session remembers them: those of an upload are neither written to disk nor shared with other visitors.
    Arguments as for ``available_heat_maps``.
    """
    return [
        _available(slice_, identity, bundle, request, output) or _make(slice_, identity, bundle, request, output)
        for output in _outputs(bundle, request)
    ]


def worker_request(request: ExplanationRequest, output: str) -> HeatMapRequest:
    """Return the request for one output, as the process that holds TensorFlow takes it."""
    class_name = None if output in (PREDICTED_CLASS, PREDICTED_MASK) else output
    return HeatMapRequest(request.task, class_name, request.method, request.layer)


def _outputs(bundle: Bundle, request: ExplanationRequest) -> list[str]:
    return bundle.card.classes if request.output == ALL_CLASSES else [request.output]


def _available(
    slice_: Slice, identity: Hashable, bundle: Bundle, request: ExplanationRequest, output: str
) -> HeatMapView | None:
    explanation = _memory().get(_memory_key(identity, bundle, request, output))
    if explanation is None:
        return _stored(slice_, bundle, request, output)
    return _view(slice_, bundle, explanation, output)


def _stored(slice_: Slice, bundle: Bundle, request: ExplanationRequest, output: str) -> HeatMapView | None:
    """Return the bundle's stored heat map of the slice if it is of the wanted method, layer and output."""
    layer = default_convolution(bundle, cached_convolutions(bundle, request.task)).name
    if slice_.number is None or (request.method, request.layer) != (bundle.heat_method, layer):
        return None
    if request.task != bundle.tasks[0]:
        return None  # a bundle for both tasks stores heat maps of its first
    plane = stored_heat_map(bundle, slice_.number)
    if plane is None:
        return None
    _, placement = model_input(bundle, slice_)
    heat = map_to_slice(plane, placement)
    if output == PREDICTED_MASK:
        probability = stored_tumour_probability(bundle, slice_.number)
        if probability is None:
            return None
        return HeatMapView(PREDICTED_MASK, heat, None, _threshold_mask(bundle, probability, placement))
    row = row_of_slice(cached_predictions(bundle), slice_.number)
    if output not in (PREDICTED_CLASS, row["predicted"]):
        return None
    probabilities = {name: float(row[f"p_{name}"]) for name in bundle.card.classes}
    return HeatMapView(str(row["predicted"]), heat, probabilities, None)


def _make(slice_: Slice, identity: Hashable, bundle: Bundle, request: ExplanationRequest, output: str) -> HeatMapView:
    method = METHODS[request.method]
    title = f"{method.title} for {CLASS_LABELS[output].in_text}" if output in CLASS_LABELS else method.title
    with st.spinner(f"Making the heat map: {title}. The first one loads TensorFlow, a few seconds."):
        inputs, _ = model_input(bundle, slice_)
        progress = None if method.quick else draw_progress("steps")
        explanation = explain(bundle, inputs, worker_request(request, output), progress=progress)
    memory = _memory()
    memory[_memory_key(identity, bundle, request, output)] = explanation
    while len(memory) > _MAX_REMEMBERED:
        memory.popitem(last=False)
    return _view(slice_, bundle, explanation, output)


def _view(slice_: Slice, bundle: Bundle, explanation: Explanation, output: str) -> HeatMapView:
    """Map an explanation to the slice's own size."""
    _, placement = model_input(bundle, slice_)
    heat = map_to_slice(explanation.plane, placement)
    if output == PREDICTED_MASK:
        probability = tumour_probability(explanation.probabilities)
        return HeatMapView(PREDICTED_MASK, heat, None, _threshold_mask(bundle, probability, placement))
    shown = calibrate(bundle, explanation.probabilities)
    probabilities = dict(zip(bundle.card.classes, shown.tolist(), strict=True))
    predicted = max(probabilities, key=lambda name: probabilities[name])
    return HeatMapView(predicted if output == PREDICTED_CLASS else output, heat, probabilities, None)


def _threshold_mask(bundle: Bundle, probability: np.ndarray, placement: Placement) -> np.ndarray:
    """Return (H, W) bool: where the tumour probability reaches the bundle's threshold."""
    return map_to_slice(probability, placement) >= bundle.mask_threshold


def _memory() -> OrderedDict[Hashable, Explanation]:
    return st.session_state.setdefault("explanations", OrderedDict())


def _memory_key(identity: Hashable, bundle: Bundle, request: ExplanationRequest, output: str) -> Hashable:
    layer = request.layer if METHODS[request.method].at_layer else None
    return identity, bundle.fingerprint, request.method, layer, output
