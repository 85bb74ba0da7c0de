"""A sanity check of heat maps: they should change when trained weights are replaced by random ones.

Adebayo et al., "Sanity Checks for Saliency Maps" (2018). A heat map that stays the same shows the slice or the
network's architecture, but not what the network learnt.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.config import SEED
from core.explanation.explainer import GRAD_CAM, Explainer, Explanation
from core.explanation.targets import Target
from core.metrics.agreement import rank_correlation

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class RandomisationStep:
    """One step of a cascading randomisation.

    Attributes:
        layer: the layer whose weights were replaced last; None for the trained network.
        explanation: the heat map after this step.
        similarity: to the trained network's heat map, see ``core.metrics.agreement.rank_correlation``.
        number: of this step, 0 for the trained network.
        steps: the last step's number.
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
    """Replace the weights by random ones, layer by layer from the output on; make the heat map after each layer.

    The explained class or pixels stay those of the trained network's output.

    Args:
        network: a flat functional network; it is not changed.
        inputs: (1, S, S, C) float32.
        target: the score to explain.
        method: one of ``core.explanation.explainer.METHODS``.
        layer: name of a convolution; None for the deepest one.
        output: which of the network's outputs is explained.
        seed: of the random weights.

    Yields:
        The trained network's heat map, then one per layer with weights.
    """
    import keras

    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    explainer = Explainer(copy, output=output)
    weighted = [each for each in reversed(explainer.network.layers) if each.weights]
    trained = explainer(inputs, target, method=method, layer=layer)
    yield RandomisationStep(None, trained, 1.0, 0, len(weighted))
    for number, randomised in enumerate(weighted, 1):
        _randomise(randomised, seed + number)
        explanation = explainer(inputs, target, method=method, layer=layer, reference=trained.logits)
        similarity = rank_correlation(explanation.grid, trained.grid)
        yield RandomisationStep(randomised.name, explanation, similarity, number, len(weighted))


def _randomise(layer: "keras.Layer", seed: int) -> None:
    """Replace a layer's weights by initial ones, each from its own initializer."""
    for variable in layer.weights:
        # A depthwise convolution's kernel has an initializer of another name.
        own = f"{variable.name}_initializer"
        initializer = getattr(layer, own if hasattr(layer, own) else "depthwise_initializer")
        config = initializer.get_config()
        if "seed" in config:
            initializer = type(initializer).from_config({**config, "seed": seed})
        variable.assign(initializer(variable.shape, dtype=variable.dtype))
