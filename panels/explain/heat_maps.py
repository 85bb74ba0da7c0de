"""Heat maps for Explain: read from the bundle where it stores them, else made and remembered by the session.

One is made in the process that holds TensorFlow.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.bundles.bundle import EVIDENCE_MAP, Bundle
from core.bundles.calibrated import calibrate
from core.bundles.convolutions import default_convolution
from core.bundles.predictions import row_of_slice
from core.bundles.stored_maps import stored_answer_map, stored_heat_map, stored_tumour_probability
from core.explanation.explainer import METHODS, Explanation
from core.inference.explain import HeatMapRequest, explain
from core.inference.predictor import model_input
from core.labels import CLASS_LABELS
from core.networks.losses import tumour_probability
from core.readers.preprocessing import Placement, map_to_slice
from core.readers.slices import Slice
from core.translation.messages import tr
from panels.explain.controls import (
    PREDICTED_CLASS,
    PREDICTED_MASK,
    ExplanationRequest,
    cached_convolutions,
    draw_progress,
)
from panels.shared.cache import cached_predictions
from panels.shared.predictions import cached_predictor, predict

_MAX_REMEMBERED = 32


@dataclass(frozen=True)
class HeatMapView:
    """A heat map and the prediction it explains, at the slice's own size.

    Attributes:
        method: that made it, one of ``core.explanation.explainer.METHODS`` or ``EVIDENCE_MAP``.
        class_name: the class that is explained, or ``PREDICTED_MASK``.
        heat: (H, W) float32 in [0, 1].
        probabilities: of the classes, calibrated, or None where a mask is explained.
        mask: (H, W) bool, the predicted mask, or None where a class is explained.
    """

    method: str
    class_name: str
    heat: np.ndarray
    probabilities: dict[str, float] | None
    mask: np.ndarray | None


def available_heat_map(
    slice_: Slice, identity: Hashable, bundle: Bundle, request: ExplanationRequest
) -> HeatMapView | None:
    """Return a heat map that is stored or remembered; else None.

    Args:
        slice_: the slice.
        identity: tells it from every other slice of the session.
        bundle: the network to explain.
        request: which heat map is wanted.
    """
    remembered = _memory().get(_memory_key(identity, bundle, request))
    if isinstance(remembered, HeatMapView):
        return remembered
    if remembered is not None:
        return _view(slice_, bundle, remembered, request)
    return _stored(slice_, bundle, request)


def make_heat_map(slice_: Slice, identity: Hashable, bundle: Bundle, request: ExplanationRequest) -> HeatMapView:
    """Make a heat map that is not available.

    Only the session remembers it: that of an upload is neither written to disk nor shared with other visitors.
    Arguments as for ``available_heat_map``.
    """
    memory = _memory()
    key = _memory_key(identity, bundle, request)
    if request.method == EVIDENCE_MAP:
        view = memory[key] = _evidence_map(slice_, identity, bundle, request)
    else:
        explanation = memory[key] = _explanation(slice_, bundle, request)
        view = _view(slice_, bundle, explanation, request)
    while len(memory) > _MAX_REMEMBERED:
        memory.popitem(last=False)
    return view


def _evidence_map(slice_: Slice, identity: Hashable, bundle: Bundle, request: ExplanationRequest) -> HeatMapView:
    """Return the map that stands beside an answer, or as it would be for another class."""
    prediction = predict(slice_, identity, classifier=bundle, segmenter=bundle)
    name = prediction.class_name if request.output == PREDICTED_CLASS else request.output
    if name == prediction.class_name:
        heat = prediction.heat
    else:
        heat = cached_predictor(bundle, bundle).class_heat(slice_, name)
    probabilities = dict(zip(bundle.card.classes, prediction.probabilities.tolist(), strict=True))
    return HeatMapView(EVIDENCE_MAP, name, heat, probabilities, None)


def worker_request(request: ExplanationRequest) -> HeatMapRequest:
    """Return a request as the process that holds TensorFlow takes it."""
    class_name = None if request.output in (PREDICTED_CLASS, PREDICTED_MASK) else request.output
    return HeatMapRequest(request.task, class_name, request.method, request.layer)


def _stored(slice_: Slice, bundle: Bundle, request: ExplanationRequest) -> HeatMapView | None:
    """Return the bundle's stored heat map of the slice if it is of the wanted method, layer and output."""
    if slice_.number is None or request.task != bundle.tasks[0]:
        return None  # a bundle for both tasks stores heat maps of its first
    layer = default_convolution(bundle, cached_convolutions(bundle, request.task)).name
    if request.method == EVIDENCE_MAP:
        plane = stored_answer_map(bundle, slice_.number)
    elif (request.method, request.layer) == (bundle.heat_method, layer):
        plane = stored_heat_map(bundle, slice_.number)
    else:
        return None
    if plane is None:
        return None
    _, placement = model_input(bundle, slice_)
    heat = map_to_slice(plane, placement)
    if request.output == PREDICTED_MASK:
        probability = stored_tumour_probability(bundle, slice_.number)
        if probability is None:
            return None
        mask = _threshold_mask(bundle, probability, placement)
        return HeatMapView(request.method, PREDICTED_MASK, heat, None, mask)
    row = row_of_slice(cached_predictions(bundle), slice_.number)
    if request.output not in (PREDICTED_CLASS, row["predicted"]):
        return None
    probabilities = {name: float(row[f"p_{name}"]) for name in bundle.card.classes}
    return HeatMapView(request.method, str(row["predicted"]), heat, probabilities, None)


def _explanation(slice_: Slice, bundle: Bundle, request: ExplanationRequest) -> Explanation:
    method, output = METHODS[request.method], request.output
    title = (
        tr("{method} for {name}", method=method.title, name=CLASS_LABELS[output].in_text)
        if output in CLASS_LABELS
        else method.title
    )
    with st.spinner(tr("Making the heat map: {title}. The first one loads TensorFlow, a few seconds.", title=title)):
        inputs, _ = model_input(bundle, slice_)
        progress = None if method.quick else draw_progress(tr("steps"))
        return explain(bundle, inputs, worker_request(request), progress=progress)


def _view(slice_: Slice, bundle: Bundle, explanation: Explanation, request: ExplanationRequest) -> HeatMapView:
    """Map an explanation to the slice's own size."""
    _, placement = model_input(bundle, slice_)
    heat = map_to_slice(explanation.plane, placement)
    if request.output == PREDICTED_MASK:
        probability = tumour_probability(explanation.probabilities)
        mask = _threshold_mask(bundle, probability, placement)
        return HeatMapView(request.method, PREDICTED_MASK, heat, None, mask)
    shown = calibrate(bundle, explanation.probabilities)
    probabilities = dict(zip(bundle.card.classes, shown.tolist(), strict=True))
    predicted = max(probabilities, key=lambda name: probabilities[name])
    name = predicted if request.output == PREDICTED_CLASS else request.output
    return HeatMapView(request.method, name, heat, probabilities, None)


def _threshold_mask(bundle: Bundle, probability: np.ndarray, placement: Placement) -> np.ndarray:
    """Return (H, W) bool: where the tumour probability reaches the bundle's threshold."""
    return map_to_slice(probability, placement) >= bundle.mask_threshold


def _memory() -> OrderedDict[Hashable, Explanation | HeatMapView]:
    return st.session_state.setdefault("explanations", OrderedDict())


def _memory_key(identity: Hashable, bundle: Bundle, request: ExplanationRequest) -> Hashable:
    layer = request.layer if request.method in METHODS and METHODS[request.method].at_layer else None
    return identity, bundle.fingerprint, request.method, layer, request.output
