"""Heat maps for the Explain page: what is asked, and where the answer comes from.

A heat map that a bundle keeps is read from it; TensorFlow is loaded for the others only. This session remembers them.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.bundles.bundle import DEFAULT_CLASSIFIER, PREDICTIONS, WEIGHTS, Bundle, load_network, open_bundle
from core.bundles.convolutions import Convolution, default_convolution, find_convolutions
from core.bundles.stored_maps import stored_heat_map, stored_tumour_probability
from core.config import CLASSIFICATION, SEGMENTATION, TASKS
from core.explanation.explainer import METHODS, SALIENCY, Explainer, Explanation, methods_for
from core.explanation.targets import Target, bundle_target, top_class_target
from core.inference.forward import averaged_logits
from core.inference.predictor import model_input
from core.networks.losses import tumour_probability
from core.readers.preprocessing import Placement, map_to_slice
from core.readers.slices import Slice
from panels.shared.cache import evaluated_bundle_names
from panels.shared.theme import CLASS_TITLES

PREDICTED_CLASS, ALL_CLASSES, PREDICTED_MASK = "predicted", "all", "mask"
"""What can be explained beside a class of one's choice: the class the network predicts, every class, and the mask."""
_ABOUT_TITLES = {PREDICTED_CLASS: "Predicted class", ALL_CLASSES: "All three", PREDICTED_MASK: "The mask"}
_KEPT = 32


@dataclass(frozen=True)
class ExplanationRequest:
    """What is asked of a network.

    Attributes:
        method: one of ``core.explanation.explainer.METHODS``.
        layer: name of a convolution; of no meaning to saliency.
        about: ``PREDICTED``, ``ALL``, a class or ``MASK``.
    """

    method: str
    layer: str
    about: str

    @property
    def task(self) -> str:
        """Which of the network's answers is explained."""
        return SEGMENTATION if self.about == PREDICTED_MASK else CLASSIFICATION


@dataclass(frozen=True)
class HeatMapView:
    """A heat map and the answer it belongs to, at the slice's own size.

    Attributes:
        class_name: the class that is explained, or ``MASK``.
        heat: (H, W) float32 in [0, 1].
        probabilities: of the classes, or None where a mask is explained.
        mask: (H, W) bool, the predicted mask, or None where a class is explained.
    """

    class_name: str
    heat: np.ndarray
    probabilities: dict[str, float] | None
    mask: np.ndarray | None


@st.cache_data(max_entries=8, show_spinner=False)
def _convolutions(name: str, fingerprint: str, task: str) -> list[Convolution]:
    return find_convolutions(open_bundle(name), task)


@st.cache_data(max_entries=8, show_spinner=False)
def _predictions(name: str, fingerprint: str) -> pd.DataFrame:
    return pd.read_csv(open_bundle(name).path(PREDICTIONS)).set_index("slice")


@st.cache_resource(max_entries=2, show_spinner=False)
def _explainer(name: str, fingerprint: str, task: str) -> Explainer:
    bundle = open_bundle(name)
    return Explainer(load_network(bundle), output=bundle.tasks.index(task))


def choose_explained_network() -> Bundle:
    """Draw the choice of a network; it stands in the address."""
    # A network that does both is named once; the one that Analyse answers with comes first.
    names = dict.fromkeys(name for task in TASKS for name in evaluated_bundle_names(task))
    ordered = sorted(names, key=lambda name: name != DEFAULT_CLASSIFIER)
    return open_bundle(st.selectbox("Network", ordered, key="bundle", bind="query-params"))


def choose_explanation(bundle: Bundle, method_column: Any, layer_column: Any) -> ExplanationRequest:
    """Draw the choices of method and layer, each into its column, and of the class below; they stand in the address."""
    abouts = [PREDICTED_CLASS, *bundle.card["classes"], ALL_CLASSES] if CLASSIFICATION in bundle.tasks else []
    abouts += [PREDICTED_MASK] if SEGMENTATION in bundle.tasks else []
    about = abouts[0]
    if len(abouts) > 1:
        about = st.segmented_control(
            "What speaks for",
            abouts,
            default=about,
            required=True,
            format_func=lambda name: _ABOUT_TITLES.get(name) or CLASS_TITLES[name],
            key="class",
            bind="query-params",
        )
    task = SEGMENTATION if about == PREDICTED_MASK else CLASSIFICATION
    found = _convolutions(bundle.name, _fingerprint(bundle, WEIGHTS), task)
    names = [one.name for one in found]
    # The bundle's own method first. Who has left it at one network's own gets the next network's.
    methods = sorted(methods_for(task), key=lambda name: name != bundle.heat_method)
    own = st.session_state.get("explain_own")
    if own not in (None, bundle.heat_method) and st.session_state.get("method") == own:
        st.session_state["method"] = bundle.heat_method
    st.session_state["explain_own"] = bundle.heat_method
    with method_column:
        method = st.selectbox(
            "Method",
            methods,
            format_func=lambda name: METHODS[name].title,
            key="method",
            bind="query-params",
        )
    with layer_column:
        layer = st.selectbox(
            "Layer",
            names,
            index=names.index(default_convolution(bundle, found).name),
            key="layer",
            bind="query-params",
            disabled=method == SALIENCY,
            help="A convolution, from the network's input to its output. Early ones are fine and see edges; deep ones "
            "are coarse and see more at once.",
        )
    place = next(one for one in found if one.name == layer)
    where = "" if method == SALIENCY else f" `{layer}` has {place.filters} filters of {place.width} x {place.height}."
    st.caption(f"{METHODS[method].about}{where} ({METHODS[method].source})")
    return ExplanationRequest(method, layer, about)


def available_heat_maps(
    slice_: Slice, identity: Hashable, bundle: Bundle, asked: ExplanationRequest
) -> list[HeatMapView] | None:
    """One heat map, or one a class, where no network is needed for any of them: stored, or remembered; else None.

    Args:
        slice_: the slice.
        identity: tells it from every other slice of the session.
        bundle: the network to explain.
        asked: what is asked.
    """
    found = [_known(slice_, identity, bundle, asked, about) for about in _abouts(bundle, asked)]
    return None if None in found else [one for one in found if one is not None]


def make_heat_maps(slice_: Slice, identity: Hashable, bundle: Bundle, asked: ExplanationRequest) -> list[HeatMapView]:
    """The same, with the network's help where it is needed; arguments as for ``known``.

    The session alone keeps the heat maps: an upload's are neither written to disk nor shared with other visitors.
    """
    return [
        _known(slice_, identity, bundle, asked, about) or _make(slice_, identity, bundle, asked, about)
        for about in _abouts(bundle, asked)
    ]


def _abouts(bundle: Bundle, asked: ExplanationRequest) -> list[str]:
    return list(bundle.card["classes"]) if asked.about == ALL_CLASSES else [asked.about]


def _known(
    slice_: Slice, identity: Hashable, bundle: Bundle, asked: ExplanationRequest, about: str
) -> HeatMapView | None:
    remembered = _memory().get(_key(identity, bundle, asked, about))
    return _shown(slice_, bundle, remembered, about) if remembered else _stored(slice_, bundle, asked, about)


def _stored(slice_: Slice, bundle: Bundle, asked: ExplanationRequest, about: str) -> HeatMapView | None:
    """The heat map the bundle keeps, if it is the one that is asked for."""
    layer = default_convolution(bundle, _convolutions(bundle.name, _fingerprint(bundle, WEIGHTS), asked.task)).name
    if slice_.number is None or (asked.method, asked.layer) != (bundle.heat_method, layer):
        return None
    if asked.task != bundle.tasks[0]:
        return None  # of a network with two answers the heat maps of the first are kept
    plane = stored_heat_map(bundle, slice_.number)
    if plane is None:
        return None
    _, place = model_input(bundle, slice_)
    heat = map_to_slice(plane, place)
    if about == PREDICTED_MASK:
        tumour = stored_tumour_probability(bundle, slice_.number)
        return None if tumour is None else HeatMapView(PREDICTED_MASK, heat, None, _mask(bundle, tumour, place))
    row = _predictions(bundle.name, _fingerprint(bundle, PREDICTIONS)).loc[slice_.number]
    if about not in (PREDICTED_CLASS, row["predicted"]):
        return None
    return HeatMapView(
        str(row["predicted"]), heat, {name: float(row[f"p_{name}"]) for name in bundle.card["classes"]}, None
    )


def _make(slice_: Slice, identity: Hashable, bundle: Bundle, asked: ExplanationRequest, about: str) -> HeatMapView:
    method = METHODS[asked.method]
    what = f"{method.title} for {CLASS_TITLES[about].lower()}" if about in CLASS_TITLES else method.title
    with st.spinner(f"Loading TensorFlow and the network {bundle.name}: a few seconds, once"):
        explain = _explainer(bundle.name, _fingerprint(bundle, WEIGHTS), asked.task)
    with st.spinner(f"Making the heat map: {what}"):
        bar = None if method.quick else st.progress(0.0)
        inputs, _ = model_input(bundle, slice_)
        answer = averaged_logits(bundle, explain.probabilities, inputs, asked.task)
        found = explain(
            inputs,
            explained_target(bundle, about),
            method=asked.method,
            layer=asked.layer,
            answer=answer,
            progress=None if bar is None else lambda done, total: bar.progress(done / total),
        )
    kept = _memory()
    if answer is not None:
        # Beside the heat map stands the bundle's answer.
        found = replace(found, logits=answer)
    kept[_key(identity, bundle, asked, about)] = found
    while len(kept) > _KEPT:
        kept.popitem(last=False)
    return _shown(slice_, bundle, found, about)


def _shown(slice_: Slice, bundle: Bundle, found: Explanation, about: str) -> HeatMapView:
    _, place = model_input(bundle, slice_)
    heat = map_to_slice(found.plane, place)
    if about == PREDICTED_MASK:
        return HeatMapView(PREDICTED_MASK, heat, None, _mask(bundle, tumour_probability(found.probabilities), place))
    probabilities = dict(zip(bundle.card["classes"], found.probabilities.tolist(), strict=True))
    predicted = max(probabilities, key=lambda name: probabilities[name])
    return HeatMapView(predicted if about == PREDICTED_CLASS else about, heat, probabilities, None)


def _mask(bundle: Bundle, tumour: np.ndarray, place: Placement) -> np.ndarray:
    """(H, W) bool: where the tumour's probability reaches the bundle's threshold."""
    return map_to_slice(tumour, place) >= bundle.card["output"]["threshold"]


def explained_target(bundle: Bundle, about: str) -> Target:
    """What explains a class, the predicted class, or the mask."""
    if about == PREDICTED_CLASS:
        return top_class_target()
    return bundle_target(bundle, None if about == PREDICTED_MASK else about)


def _memory() -> OrderedDict[Hashable, Explanation]:
    return st.session_state.setdefault("explanations", OrderedDict())


def _key(identity: Hashable, bundle: Bundle, asked: ExplanationRequest, about: str) -> Hashable:
    layer = asked.layer if METHODS[asked.method].at_layer else None
    return identity, _fingerprint(bundle, WEIGHTS), asked.method, layer, about


def _fingerprint(bundle: Bundle, file: str) -> str:
    return str(bundle.card["files"][file]["sha256"])
