"""Heat maps and sanity checks of a bundle's network, made in the process that holds TensorFlow."""

import functools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.bundles.bundle import WEIGHTS, Bundle, load_network, open_bundle
from core.bundles.drawings import drawing_pixels
from core.config import CLASSIFICATION
from core.inference.forward import averaged_logits
from core.inference.worker import Progress, run_in_worker

if TYPE_CHECKING:
    from core.explanation.explainer import Explainer, Explanation
    from core.explanation.sanity_check import RandomisationStep
    from core.explanation.targets import Target

_KEPT_EXPLAINERS = 2


@dataclass(frozen=True)
class HeatMapRequest:
    """Which heat map of a bundle's network is wanted.

    Attributes:
        task: whose output is explained.
        class_name: the class that is explained; None for the predicted one, or for the mask.
        method: one of ``core.explanation.explainer.METHODS``.
        layer: name of a convolution.
    """

    task: str
    class_name: str | None
    method: str
    layer: str


def explain(
    bundle: Bundle, inputs: np.ndarray, request: HeatMapRequest, *, progress: Progress | None = None
) -> "Explanation":
    """Make the heat map of one model input, (1, S, S, C) float32, beside the bundle's own prediction.

    Raises:
        BundleError: the network cannot be loaded, or has no such layer.
        WorkerError: see ``run_in_worker``.
    """
    return run_in_worker(_explain, bundle, inputs, request, progress=progress)


def check_sanity(
    bundle: Bundle, inputs: np.ndarray, request: HeatMapRequest, *, progress: Progress | None = None
) -> "list[RandomisationStep]":
    """Make the heat map while the network's layers are randomised; see ``core.explanation.sanity_check``.

    Raises:
        BundleError, WorkerError: see ``explain``.
    """
    return run_in_worker(_check_sanity, bundle, inputs, request, progress=progress)


def draw_filter(bundle: Bundle, task: str, layer: str, number: int, *, progress: Progress | None = None) -> np.ndarray:
    """Draw what raises one filter of a convolution; see ``core.explanation.drawing``.

    Args:
        bundle: whose network draws.
        task: whose output the convolution leads to.
        layer: name of the convolution.
        number: of its filter, from 0 on.
        progress: called with the numbers of steps done and in all.

    Returns:
        (h, w) uint8, 0 to 255 for the input's range.

    Raises:
        BundleError, WorkerError: see ``explain``.
    """
    return run_in_worker(_draw_filter, bundle, task, layer, number, progress=progress)


def _explain(bundle: Bundle, inputs: np.ndarray, request: HeatMapRequest, progress: Progress) -> "Explanation":
    explainer = _explainer(bundle.name, bundle.folder.parent, bundle.card.files[WEIGHTS].sha256, request.task)
    probabilities = functools.partial(explainer.probabilities, method=request.method, layer=request.layer)
    logits = averaged_logits(bundle, probabilities, inputs, request.task)
    explanation = explainer(
        inputs,
        _target(bundle, request),
        method=request.method,
        layer=request.layer,
        reference=logits,
        progress=progress,
    )
    return explanation if logits is None else replace(explanation, logits=logits)


def _check_sanity(
    bundle: Bundle, inputs: np.ndarray, request: HeatMapRequest, progress: Progress
) -> "list[RandomisationStep]":
    from core.explanation.sanity_check import cascading_randomisation

    steps = []
    for step in cascading_randomisation(
        load_network(bundle),
        inputs,
        _target(bundle, request),
        method=request.method,
        layer=request.layer,
        output=bundle.tasks.index(request.task),
    ):
        steps.append(step)
        progress(step.number, step.steps)
    return steps


def _draw_filter(bundle: Bundle, task: str, layer: str, number: int, progress: Progress) -> np.ndarray:
    from core.explanation.drawing import FILTER_SMOOTHNESS, filter_drawer, filter_score

    network = _explainer(bundle.name, bundle.folder.parent, bundle.card.files[WEIGHTS].sha256, task).network
    value_range = bundle.card.input.range
    draw = filter_drawer(network, layer, value_range)
    drawing = draw(filter_score(number), smoothness=FILTER_SMOOTHNESS, progress=progress)
    return drawing_pixels(drawing, value_range)


def _target(bundle: Bundle, request: HeatMapRequest) -> "Target":
    from core.explanation.targets import bundle_target, top_class_target

    if request.task == CLASSIFICATION and request.class_name is None:
        return top_class_target()
    return bundle_target(bundle, request.class_name)


@functools.lru_cache(_KEPT_EXPLAINERS)
def _explainer(name: str, models: Path, weights: str, task: str) -> "Explainer":
    """Return what explains a bundle's network, kept while its weights stay the same."""
    from core.explanation.explainer import Explainer

    bundle = open_bundle(name, models)
    return Explainer(load_network(bundle), output=bundle.tasks.index(task))
