"""The choices on Explain: output, methods and layer; they stand in the address."""

from dataclasses import dataclass

import streamlit as st

from core.bundles.bundle import EVIDENCE_MAP, Bundle
from core.bundles.convolutions import Convolution, default_convolution, find_convolutions
from core.config import CLASSIFICATION, SEGMENTATION
from core.explanation.class_maps import EVIDENCE_MAP_TITLE
from core.explanation.explainer import GRAD_CAM, METHODS, methods_for
from core.inference.worker import Progress
from core.labels import CLASS_LABELS
from core.translation.messages import mark, shown, tr
from panels.shared.cache import HASH_BUNDLES
from panels.shared.link.address import bound
from panels.shared.model_choice import ChosenModel

PREDICTED_CLASS, ALL_CLASSES, PREDICTED_MASK = "predicted", "all", "mask"
"""What can be explained beside a class by name."""
_OUTPUT_TITLES = {
    PREDICTED_CLASS: mark("Predicted class"),
    ALL_CLASSES: mark("All three"),
    PREDICTED_MASK: mark("The mask"),
}
"""Values in the address."""
_MOST_METHODS = 5
"""Side by side."""
_EVIDENCE_LIMIT = mark("The evidence map follows the mask by construction.")


@dataclass(frozen=True)
class ExplanationRequest:
    """Which heat map is wanted.

    Attributes:
        method: one of ``core.explanation.explainer.METHODS``, or ``EVIDENCE_MAP``.
        layer: name of a convolution; saliency and the evidence map do not use it.
        output: ``PREDICTED_CLASS``, a class or ``PREDICTED_MASK``.
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
        tr("Explain which output"),
        outputs,
        default=outputs[0],
        required=True,
        wrap=True,
        format_func=lambda name: tr(_OUTPUT_TITLES[name]) if name in _OUTPUT_TITLES else CLASS_LABELS[name].title,
        key="class",
    )
    return output, model.segmenter if output == PREDICTED_MASK else model.classifier


def choose_explanation(output: str, bundle: Bundle, *, of_example: bool) -> list[ExplanationRequest]:
    """Draw the choices of methods and layer for an output of a bundle.

    Args:
        output: what is explained.
        bundle: the network that gives it.
        of_example: whether a sample stands in for a slice: its methods are at first those that show at once.

    Returns:
        A request for each method, or for each method and class.
    """
    convolutions = cached_convolutions(bundle, output_task(output))
    methods = _choose_methods(bundle, output_task(output), of_example=of_example)
    names = [convolution.name for convolution in convolutions]
    at_layer = any(method in METHODS and METHODS[method].at_layer for method in methods)
    layer = default_convolution(bundle, convolutions).name
    if at_layer or not of_example:
        layer = bound(
            st.selectbox,
            tr("Layer"),
            names,
            index=names.index(layer),
            key="layer",
            disabled=not at_layer,
            help=tr(
                "A convolution, from the network's input to its output. Early ones are fine and detect edges; deep "
                "ones are coarse and have a larger receptive field."
            ),
        )
    chosen = next(convolution for convolution in convolutions if convolution.name == layer)
    notes = (
        [
            tr(
                "`{layer}` has {filters} filters of {width} x {height}.",
                layer=layer,
                filters=chosen.filters,
                width=chosen.width,
                height=chosen.height,
            )
        ]
        if at_layer
        else []
    )
    if len(methods) == 1 and not of_example:  # the page introduces itself, in words enough
        notes.insert(0, _about(methods[0]))
    elif EVIDENCE_MAP in methods:
        notes.append(tr(_EVIDENCE_LIMIT))
    if notes:
        st.caption(" ".join(notes))
    outputs = bundle.card.classes if output == ALL_CLASSES else [output]
    return [ExplanationRequest(method, layer, each) for method in methods for each in outputs]


def method_title(method: str) -> str:
    """Return the name of a method, or of the evidence map, as shown."""
    return tr(EVIDENCE_MAP_TITLE) if method == EVIDENCE_MAP else METHODS[method].title


def offered_methods(bundle: Bundle, task: str) -> list[str]:
    """List what can explain a bundle's output of a task: the map beside its answers first."""
    own = _own_map(bundle, task)
    return [own, *(name for name in methods_for(task) if name != own)]


def default_methods(bundle: Bundle, task: str) -> list[str]:
    """Return the two that are compared at first: the map beside an answer, and Grad-CAM or what is as quick."""
    offered = offered_methods(bundle, task)
    quick = (name for name in (GRAD_CAM, *METHODS) if name in offered[1:] and METHODS[name].quick)
    return [offered[0], next(quick)]


def _own_map(bundle: Bundle, task: str) -> str:
    return bundle.answer_map if task == CLASSIFICATION else bundle.heat_method


def _choose_methods(bundle: Bundle, task: str, *, of_example: bool) -> list[str]:
    """Draw the choice of methods; return them in the order in which they are offered, as many as may be shown."""
    offered, default = offered_methods(bundle, task), default_methods(bundle, task)
    if of_example and EVIDENCE_MAP in default:
        default = [EVIDENCE_MAP]  # a sample's answer holds it; others load TensorFlow
    chosen = bound(
        st.pills,
        tr("Methods, side by side (at most {most})", most=_MOST_METHODS),
        offered,
        selection_mode="multi",
        default=default,
        wrap=True,
        format_func=method_title,
        key="method",
        help="\n\n".join(f"**{method_title(name)}**: {_about(name)}" for name in offered),
    )
    wanted = [name for name in offered if name in chosen] or default
    methods, left_out = wanted[:_MOST_METHODS], wanted[_MOST_METHODS:]
    if left_out:
        st.caption(
            tr(
                "At most {most} methods stand side by side: {left_out} is left out.",
                most=_MOST_METHODS,
                left_out=", ".join(map(method_title, left_out)),
            )
        )
    return methods


def _about(method: str) -> str:
    if method == EVIDENCE_MAP:
        return tr(
            "The map beside an answer: evidence for the class times the tumour probability. {limit}",
            limit=tr(_EVIDENCE_LIMIT),
        )
    return f"{shown(METHODS[method].about)} ({METHODS[method].source})"


@st.cache_data(max_entries=8, show_spinner=False, hash_funcs=HASH_BUNDLES)
def cached_convolutions(bundle: Bundle, task: str) -> list[Convolution]:
    """Return the convolutions that lead to the output of a task (``core.bundles.convolutions``)."""
    return find_convolutions(bundle, task)


def draw_progress(what: str) -> Progress:
    """Draw the bar of a call of the process that holds TensorFlow; return what moves it.

    Args:
        what: follows "3 of 8" below the bar.
    """
    bar = st.progress(0.0, tr("Loading TensorFlow and the network"))

    def move(done: int, total: int) -> None:
        bar.progress(done / total, tr("{done} of {total} {what}", done=done, total=total, what=what))

    return move
