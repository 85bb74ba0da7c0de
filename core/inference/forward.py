"""Run a bundle's network on batches of model inputs, with its mirror images where the card says so."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from core.bundles.bundle import Bundle
from core.config import FEATURES, HEAT, HEAT_FIELD, SEGMENTATION, outputs_by_task
from core.errors import BundleError
from core.metrics.temperature import as_logits

Network = Callable[[np.ndarray], Any]
"""Inputs (n, S, S, C) float32 -> the outputs of a bundle's network, by name where it is a ``Runtime``."""


def forward(bundle: Bundle, network: Network, inputs: np.ndarray) -> dict[str, np.ndarray]:
    """Run a bundle's network on a batch; return outputs by task, (n, classes) or (n, S, S, channels) probabilities.

    A Keras network with one output more than tasks gives its features last, (n, F), under ``FEATURES``. Where the card
    says ``output.test_time_flip``, outputs are means over each input and its left-right mirror image; the heat maps
    under ``HEAT`` stay those of the inputs and then of the mirror images, (2n, h, w, classes).

    Args:
        bundle: its card says how.
        network: calls the bundle's network.
        inputs: (n, S, S, C) float32.

    Raises:
        BundleError: an output is not finite.
    """
    outputs = network(_with_mirror_images(inputs) if bundle.test_time_flip else inputs)
    names = bundle.tasks
    if isinstance(outputs, list) and len(outputs) > len(names):
        names = (*names, FEATURES)
    by_name = outputs if isinstance(outputs, Mapping) else outputs_by_task(names, outputs)
    predictions = {name: np.asarray(output) for name, output in by_name.items()}
    if not all(np.isfinite(output).all() for output in predictions.values()):
        raise BundleError(
            "The network of the bundle '{bundle}' answered with values that are not numbers (NaN or infinity); "
            "choose another bundle.",
            bundle=bundle.name,
        )
    if not bundle.test_time_flip:
        return predictions
    return {
        name: output if name in (HEAT, HEAT_FIELD) else _mirror_mean(output, name)
        for name, output in predictions.items()
    }


def averaged_logits(bundle: Bundle, network: Network, inputs: np.ndarray, task: str) -> np.ndarray | None:
    """Return the logits of the mean over one input and its mirror image; None where the card asks for no mean.

    Args:
        bundle: its card says whether.
        network: gives the output of this task alone.
        inputs: (1, S, S, C) float32.
        task: decides how the output is mirrored back.
    """
    if not bundle.test_time_flip:
        return None
    return as_logits(_mirror_mean(network(_with_mirror_images(inputs)), task)[0])


def _with_mirror_images(inputs: np.ndarray) -> np.ndarray:
    return np.concatenate([inputs, inputs[:, :, ::-1]])


def _mirror_mean(outputs: np.ndarray, task: str) -> np.ndarray:
    """Average (2n, …) outputs, of n inputs and then of their mirror images, to (n, …); masks are mirrored back."""
    plain, mirrored = np.split(outputs, 2)
    return (plain + (mirrored[:, :, ::-1] if task == SEGMENTATION else mirrored)) / 2
