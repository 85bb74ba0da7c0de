"""The choices on Explain: network, output, method and layer; they stand in the address."""

from dataclasses import dataclass

import streamlit as st

from core.bundles.bundle import Bundle
from core.bundles.convolutions import Convolution, default_convolution, find_convolutions
from core.config import CLASSIFICATION, SEGMENTATION
from core.explanation.explainer import METHODS, SALIENCY, methods_for
from core.inference.worker import Progress
from core.labels import CLASS_LABELS
from panels.shared.cache import HASH_BUNDLES
from panels.shared.link.address import bound
from panels.shared.model_choice import ChosenModel

PREDICTED_CLASS, ALL_CLASSES, PREDICTED_MASK = "predicted", "all", "mask"
"""What can be explained beside a class by name."""
_OUTPUT_TITLES = {PREDICTED_CLASS: "Predicted class", ALL_CLASSES: "All three", PREDICTED_MASK: "The mask"}
"""Values in the address."""


@dataclass(frozen=True)
class ExplanationRequest:
    """Which heat map is wanted.

    Attributes:
        method: one of ``core.explanation.explainer.METHODS``.
        layer: name of a convolution; saliency does not use it.
        output: ``PREDICTED_CLASS``, ``ALL_CLASSES``, a class or ``PREDICTED_MASK``.
    """

    method: str
    layer: str
    output: str

    @property
    def task(self) -> str:
        """The task of the explained output."""
        return output_task(self.output)


def output_task(output: str) -> str:
    """Return the task that an output of a network belongs to."""
    return SEGMENTATION if output == PREDICTED_MASK else CLASSIFICATION


def choose_output(model: ChosenModel) -> tuple[str, Bundle]:
    """Draw the choice of what is explained; return it, and the bundle of the model that gives it."""
    outputs = [PREDICTED_CLASS, *model.classifier.card.classes, ALL_CLASSES, PREDICTED_MASK]
    output = bound(
        st.segmented_control,
        "Explain which output",
        outputs,
        default=outputs[0],
        required=True,
        wrap=True,
        format_func=lambda name: _OUTPUT_TITLES.get(name) or CLASS_LABELS[name].title,
        key="class",
    )
    return output, model.segmenter if output == PREDICTED_MASK else model.classifier


def choose_explanation(output: str, bundle: Bundle) -> ExplanationRequest:
    """Draw the choices of method and layer for an output of a bundle; return the request."""
    convolutions = cached_convolutions(bundle, output_task(output))
    method_column, layer_column = st.columns(2)
    with method_column:
        method = _choose_method(bundle, output_task(output))
    with layer_column:
        names = [convolution.name for convolution in convolutions]
        layer = bound(
            st.selectbox,
            "Layer",
            names,
            index=names.index(default_convolution(bundle, convolutions).name),
            key="layer",
            disabled=method == SALIENCY,
            help="A convolution, from the network's input to its output. Early ones are fine and detect edges; deep "
            "ones are coarse and have a larger receptive field.",
        )
    chosen = next(convolution for convolution in convolutions if convolution.name == layer)
    size = "" if method == SALIENCY else f" `{layer}` has {chosen.filters} filters of {chosen.width} x {chosen.height}."
    st.caption(f"{METHODS[method].about}{size} ({METHODS[method].source})")
    return ExplanationRequest(method, layer, output)


def _choose_method(bundle: Bundle, task: str) -> str:
    """Draw the choice of a method, the bundle's own first.

    A visitor who has kept one network's own method gets the next network's own.
    """
    methods = sorted(methods_for(task), key=lambda name: name != bundle.heat_method)
    own = st.session_state.get("explain_own")
    if own not in (None, bundle.heat_method) and st.session_state.get("method") == own:
        st.session_state["method"] = bundle.heat_method
    st.session_state["explain_own"] = bundle.heat_method
    return bound(st.selectbox, "Method", methods, format_func=lambda name: METHODS[name].title, key="method")


@st.cache_data(max_entries=8, show_spinner=False, hash_funcs=HASH_BUNDLES)
def cached_convolutions(bundle: Bundle, task: str) -> list[Convolution]:
    """Return the convolutions that lead to the output of a task (``core.bundles.convolutions``)."""
    return find_convolutions(bundle, task)


def draw_progress(what: str) -> Progress:
    """Draw the bar of a call of the process that holds TensorFlow; return what moves it.

    Args:
        what: follows "3 of 8" below the bar.
    """
    bar = st.progress(0.0, "Loading TensorFlow and the network")

    def move(done: int, total: int) -> None:
        bar.progress(done / total, f"{done} of {total} {what}")

    return move
