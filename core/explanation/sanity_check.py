"""A sanity check of heat maps: do they change when the network forgets what it has learnt?

Adebayo et al., "Sanity Checks for Saliency Maps" (2018). A heat map that stays the same while the weights are replaced
by random ones shows the slice, or the network's architecture, but not what was learnt.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.config import SEED
from core.explanation.explainer import GRAD_CAM, Explainer, Explanation
from core.explanation.targets import Target

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class RandomisationStep:
    """One step of a cascading randomisation.

    Attributes:
        layer: the layer whose weights were replaced last; None for the trained network.
        explanation: the heat map then.
        similarity: to the trained network's heat map, see ``similarity``.
        number: of this step; the trained network's is 0.
        steps: how many there will be after it.
    """

    layer: str | None
    explanation: Explanation
    similarity: float
    number: int
    steps: int


def cascading_randomisation(
    network: "keras.Model",
    inputs: np.ndarray,
    target: Target,
    *,
    method: str = GRAD_CAM,
    layer: str | None = None,
    output: int = 0,
    seed: int = SEED,
) -> Iterator[RandomisationStep]:
    """Replace the weights by random ones, layer by layer from the output on, and explain anew each time.

    The class or the pixels that are explained stay those of the trained network's answer.

    Args:
        network: a flat functional network; it stays as it is.
        inputs: (1, S, S, C) float32.
        target: what to explain.
        method: one of ``core.explanation.explainer.METHODS``.
        layer: name of a convolution; None for the deepest one.
        output: which of the network's outputs is explained.
        seed: of the random weights.

    Yields:
        The trained network's heat map, then one a layer with weights.
    """
    explain = Explainer(network, output=output)
    layers = [one for one in reversed(explain.network.layers) if one.weights]
    trained = explain(inputs, target, method=method, layer=layer)
    yield RandomisationStep(None, trained, heat_map_similarity(trained.grid, trained.grid), 0, len(layers))
    for number, one in enumerate(layers, 1):
        _randomise(one, seed + number)
        found = explain(inputs, target, method=method, layer=layer, answer=trained.logits)
        yield RandomisationStep(one.name, found, heat_map_similarity(found.grid, trained.grid), number, len(layers))


def heat_map_similarity(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's rank correlation of two heat maps of the same size, in [-1, 1].

    0 where either is the same everywhere, since it then ranks nothing; but 1 where they are equal.
    """
    from scipy.stats import spearmanr

    if np.array_equal(one, other):
        return 1.0
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(spearmanr(one.ravel(), other.ravel()).statistic)


def _randomise(layer: "keras.Layer", seed: int) -> None:
    """Give a layer the weights it would start a training with: each from its own initializer."""
    for variable in layer.weights:
        # A depthwise convolution's kernel has an initializer of another name.
        own = f"{variable.name}_initializer"
        initializer = getattr(layer, own if hasattr(layer, own) else "depthwise_initializer")
        config = initializer.get_config()
        if "seed" in config:
            initializer = type(initializer).from_config({**config, "seed": seed})
        variable.assign(initializer(variable.shape, dtype=variable.dtype))
