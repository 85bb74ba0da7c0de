"""Heat maps: where a network looked for its answer.

tf-keras-vis behind one class. What is explained is a small callable, a target: it takes the network's
output before the softmax and returns the score whose gradient is followed.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import keras

Tensor = Any
Target = Callable[[Tensor], Tensor]


def class_target(index: int) -> Target:
    """Explain one class: its logit, (n, classes) -> (n,)."""
    return lambda logits: logits[:, index]


def top_class_target() -> Target:
    """Explain whatever class the network itself prefers."""
    from keras import ops

    return lambda logits: ops.max(logits, axis=-1)


class GradCam:
    """Grad-CAM at the last convolution (Selvaraju et al., 2017), probabilities from the same pass.

    The softmax is taken off: at probabilities close to 1 its gradient vanishes.
    """

    def __init__(self, network: "keras.Model") -> None:
        """Args:
        network: a flat functional classifier that ends in a softmax.
        """
        from tf_keras_vis.gradcam import Gradcam
        from tf_keras_vis.utils.model_modifiers import ReplaceToLinear

        self._gradcam = Gradcam(network, model_modifier=ReplaceToLinear(), clone=True)

    def __call__(self, inputs: np.ndarray, target: Target) -> tuple[np.ndarray, np.ndarray]:
        """Explain one slice.

        Args:
            inputs: (1, S, S, C) float32 as the network takes it.
            target: what to explain.

        Returns:
            (classes,) float32 probabilities, and the (h, w) float32 heat map in [0, 1] at the size of
            the convolution's output; all zeros where nothing speaks for the target.
        """
        seen: list[np.ndarray] = []

        def score(logits: Tensor) -> Tensor:
            seen.append(np.asarray(logits)[0])
            return target(logits)

        heat = np.asarray(self._gradcam(score, inputs, expand_cam=False, normalize_cam=False))[0]
        highest = float(heat.max())
        return _softmax(seen[0]), (heat / highest if highest > 0 else heat).astype(np.float32)


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()
