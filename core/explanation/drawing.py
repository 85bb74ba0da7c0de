"""What a network draws: a picture that raises one of its outputs as far as it can, by tf-keras-vis.

Activation maximisation (Erhan et al., 2009; Simonyan et al., 2014). Total variation and norm keep the picture smooth
and dark where nothing is gained; small shifts and rotations at each step keep out patterns of single pixels.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from core.config import SEED
from core.explanation.compiled_network import CompiledNetwork
from core.explanation.engines import Progress, no_progress
from core.explanation.heat_layers import activated_layer
from core.networks.tensor import Tensor

if TYPE_CHECKING:
    import keras

STEPS = 128
_LEARNING_RATE = 0.2
"""Of RMSprop at the first step, as a share of the input's range; it falls to 0."""
SMOOTHNESS, FILTER_SMOOTHNESS = 60.0, 3.0
"""Weights of total variation for a class and for a filter, which may be of fine patterns."""
_DARKNESS = 1.0
"""Weight of the norm."""
_SHIFT_PX, _DEGREES = 4, 2.0
"""The largest shift and rotation at a step."""


class Drawer:
    """Draws what raises an output of a network."""

    def __init__(self, network: "keras.Model", value_range: tuple[float, float]) -> None:
        """Prepare the network.

        Args:
            network: of one input, (n, S, S, C), whose channels are copies of one grey plane, and of one output.
            value_range: of the input.
        """
        import keras
        from tf_keras_vis.activation_maximization import ActivationMaximization

        height, width, channels = network.inputs[0].shape[1:]
        plane = keras.Input((height, width, 1))
        whole = CompiledNetwork(network).whole()
        self._shape = (1, height, width, 1)
        self._range = value_range
        self._maximise = ActivationMaximization(
            keras.Model([plane], whole([keras.ops.repeat(plane, channels, axis=-1)]))
        )

    def __call__(
        self,
        score: Callable[[Tensor], Tensor],
        *,
        smoothness: float = SMOOTHNESS,
        steps: int = STEPS,
        seed: int = SEED,
        progress: Progress = no_progress,
    ) -> np.ndarray:
        """Draw from faint noise; return (S, S) float32 in the input's range.

        Args:
            score: of the output, (n, …), what is raised, (n,).
            smoothness: weight of total variation.
            steps: of RMSprop.
            seed: of the noise, the shifts and the rotations.
            progress: told of the steps.
        """
        import keras
        import tensorflow as tf
        from tf_keras_vis.activation_maximization.callbacks import Callback
        from tf_keras_vis.activation_maximization.input_modifiers import Jitter, Rotate2D
        from tf_keras_vis.activation_maximization.regularizers import Norm, TotalVariation2D

        low, high = self._range
        random = np.random.default_rng(seed)
        rotation = Rotate2D(_DEGREES)
        rotation.random_generator = random

        class Report(Callback):
            def __call__(self, step: int, *results: object, **more: object) -> None:
                progress(step + 1, steps)

        def within_range(plane: Tensor) -> Tensor:
            return tf.clip_by_value(plane, low, high)

        learning_rate = keras.optimizers.schedules.CosineDecay(_LEARNING_RATE * (high - low), steps)
        with _numpy_seed(seed):  # Jitter draws from NumPy's global state
            drawing = self._maximise(
                score,
                low + (high - low) * random.uniform(0, 0.2, self._shape).astype(np.float32),
                input_range=self._range,
                input_modifiers=[within_range, Jitter(_SHIFT_PX), rotation],
                regularizers=[TotalVariation2D(smoothness / (high - low)), Norm(_DARKNESS / (high - low))],
                steps=steps,
                optimizer=keras.optimizers.RMSprop(learning_rate),
                callbacks=Report(),
            )
        return np.asarray(drawing)[0, ..., 0]


def filter_drawer(network: "keras.Model", layer: str, value_range: tuple[float, float]) -> Drawer:
    """Return what draws a convolution's filters after its activation, by ``filter_score`` and ``FILTER_SMOOTHNESS``."""
    import keras

    output = activated_layer(network.get_layer(layer)).output
    return Drawer(keras.Model(network.inputs, output), value_range)


def filter_score(number: int) -> Callable[[Tensor], Tensor]:
    """Return the score of one filter, from 0 on: the logarithm of its mean positive output."""
    from keras import ops

    return lambda outputs: 10 * ops.log(ops.mean(ops.maximum(outputs[..., number], 0), axis=(1, 2)) + 1e-6)


@contextmanager
def _numpy_seed(seed: int) -> Iterator[None]:
    """Seed NumPy's global state; put back afterwards what it was."""
    state = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(state)
