"""Asking a bundle's network: batches of inputs in, what it says of each task out."""

from collections.abc import Callable
from typing import Any

import numpy as np

from core.bundles.bundle import Bundle
from core.config import SEGMENTATION, outputs_by_task

Network = Callable[[np.ndarray], Any]
"""Inputs (n, S, S, C) float32 -> the outputs of a bundle's network."""
FEATURES = "features"
"""Key of the features of a network that gives them; see ``core.inference.gate``."""
_SMALLEST = 1e-7
"""A probability's logarithm is taken of no less."""


def forward(bundle: Bundle, network: Network, inputs: np.ndarray) -> dict[str, np.ndarray]:
    """What a bundle answers, by task: (n, classes) or (n, S, S, channels) float32 probabilities.

    A network that gives more than its tasks' outputs gives its features last, (n, F), under ``FEATURES``.

    Where its card says ``output.test_time_flip``, the mean over each input and its left-right mirror image.

    Args:
        bundle: whose card says how.
        network: calls the bundle's network.
        inputs: (n, S, S, C) float32.
    """
    asked = _with_mirror_images(inputs) if bundle.test_time_flip else inputs
    outputs = network(asked)
    names = bundle.tasks
    if isinstance(outputs, list) and len(outputs) > len(names):
        names = (*names, FEATURES)
    answers = {name: np.asarray(one) for name, one in outputs_by_task(names, outputs).items()}
    if not bundle.test_time_flip:
        return answers
    return {task: _mean(one, task) for task, one in answers.items()}


def averaged_logits(bundle: Bundle, network: Network, inputs: np.ndarray, task: str) -> np.ndarray | None:
    """Logits of the mean over one input and its mirror image, or None where the network's own answer is the bundle's.

    Args:
        bundle: whose card says which.
        network: gives the output of this task alone.
        inputs: (1, S, S, C) float32.
        task: tells how the output is mirrored.
    """
    if not bundle.test_time_flip:
        return None
    return as_logits(_mean(network(_with_mirror_images(inputs)), task)[0])


def as_logits(probabilities: np.ndarray) -> np.ndarray:
    """Logits whose softmax gives the probabilities."""
    return np.log(np.maximum(probabilities, _SMALLEST))


def _with_mirror_images(inputs: np.ndarray) -> np.ndarray:
    return np.concatenate([inputs, inputs[:, :, ::-1]])


def _mean(answers: np.ndarray, task: str) -> np.ndarray:
    """(2n, …) answers to inputs and then to their mirror images -> (n, …)."""
    plain, mirrored = np.split(answers, 2)
    return (plain + (mirrored[:, :, ::-1] if task == SEGMENTATION else mirrored)) / 2
