"""Heat maps: which parts of a slice a network's output depends on. One class makes them by every method.

A target (``core.explanation.targets``) says which output is explained; one of ``METHODS`` says how. The arithmetic of
Grad-CAM's family is in ``core.explanation.cams``; saliency and Score-CAM have modules of their own. The graph of each
layer and target is built once, which makes a call several times faster than tf-keras-vis, whose maps these equal.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.config import SEGMENTATION
from core.errors import BundleError
from core.explanation import cams
from core.explanation.heat_layers import activated_layer, deepest_convolution_layer, network_convolutions
from core.explanation.scorecam import score_cam
from core.explanation.smoothgrad import NOISE, NOISY_COPIES, smooth_grad
from core.explanation.targets import Target, Tensor
from core.networks.receptive_field import EVERY_PIXEL, ReceptiveField, map_to_input, receptive_field

if TYPE_CHECKING:
    import keras

GRAD_CAM, GRAD_CAM_PLUS_PLUS, LAYER_CAM = "grad-cam", "grad-cam-plus-plus", "layer-cam"
SALIENCY, SCORE_CAM = "saliency", "score-cam"
Progress = Callable[[int, int], None]
Graph = Callable[[np.ndarray, np.ndarray | None], list[np.ndarray]]


@dataclass(frozen=True)
class Method:
    """A way to make a heat map.

    Attributes:
        title: what it is called.
        source: its paper.
        about: one sentence on what it does.
        at_layer: whether it looks at a convolution of one's choice.
        of_masks: whether it can explain a mask, not only a class.
        quick: whether a heat map takes about as long as an answer.
    """

    title: str
    source: str
    about: str
    at_layer: bool = True
    of_masks: bool = True
    quick: bool = True


METHODS: dict[str, Method] = {
    GRAD_CAM: Method(
        "Grad-CAM",
        "Selvaraju et al., 2017",
        "Adds up a layer's filters, each as strongly as the score rises with it on average.",
    ),
    GRAD_CAM_PLUS_PLUS: Method(
        "Grad-CAM++",
        "Chattopadhay et al., 2018",
        "Like Grad-CAM, with the places where the score rises weighted more, so that small parts are not lost.",
    ),
    LAYER_CAM: Method(
        "Layer-CAM",
        "Jiang et al., 2021",
        "Like Grad-CAM, but each place of each filter has a weight of its own; finer at early layers.",
    ),
    SALIENCY: Method(
        "Smoothed saliency",
        "Simonyan et al., 2014; Smilkov et al., 2017",
        f"How strongly each pixel moves the score, averaged over {NOISY_COPIES} copies of the slice with noise of "
        f"{NOISE * 100:.0f} % of its range. It shows both what speaks for and what speaks against.",
        at_layer=False,
        quick=False,
    ),
    SCORE_CAM: Method(
        "Score-CAM",
        "Wang et al., 2020",
        "Shows the network the slice through each filter of a layer in turn, and adds the filters up, each as strongly "
        "as the answer then is. No gradients.",
        of_masks=False,
        quick=False,
    ),
}
"""Every method there is, by the name it has in addresses and files."""

_CAMS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    GRAD_CAM: cams.grad_cam,
    GRAD_CAM_PLUS_PLUS: cams.grad_cam_plus_plus,
    LAYER_CAM: cams.layer_cam,
}


def methods_for(task: str) -> list[str]:
    """The names of the methods that can explain a classification's class or a segmentation's mask."""
    return [name for name, method in METHODS.items() if method.of_masks or task != SEGMENTATION]


@dataclass(frozen=True)
class Explanation:
    """A heat map and the answer it explains, at network size.

    Attributes:
        logits: the network's output before its softmax: (classes,) or (S, S, channels) float32.
        grid: (h, w) float32 heat in [0, 1] at the layer's own size; all zeros where nothing speaks for the target.
        field: which pixels of the input the grid's places stand over.
        size: S, side of the network's input.
    """

    logits: np.ndarray
    grid: np.ndarray
    field: ReceptiveField
    size: int

    @property
    def probabilities(self) -> np.ndarray:
        """The network's output, of the same shape as ``logits``."""
        return _softmax(self.logits)

    @property
    def plane(self) -> np.ndarray:
        """(S, S) float32 in [0, 1], the heat over the network's input."""
        return map_to_input(self.grid, self.size, self.field)


class Explainer:
    """One network's heat maps, by every method.

    The softmax is taken off: at probabilities close to 1 its gradient vanishes.

    Raises:
        BundleError: the output to explain does not come out of a softmax.
    """

    def __init__(self, network: "keras.Model", *, output: int = 0) -> None:
        """Args:
        network: a flat functional network; it stays as it is.
        output: which of its outputs is explained.
        """
        import keras
        import tensorflow as tf

        whole = keras.Model(network.inputs, network.outputs[output])
        self.network = keras.models.clone_model(whole)
        self.network.set_weights(whole.get_weights())
        last = self.network.outputs[0]._keras_history.operation
        if getattr(last, "activation", None) is not keras.activations.softmax:
            raise BundleError(
                f"The network '{network.name}' does not end in a softmax; only such networks are explained."
            )
        last.activation = keras.activations.linear
        self._network = tf.function(self.network, reduce_retracing=True)
        self._graphs: dict[tuple[str | None, Target], Graph] = {}
        # One slice at a time: two visitors at once would take the memory of two.
        self._turn = threading.Lock()

    def probabilities(self, inputs: np.ndarray) -> np.ndarray:
        """The output that is explained, of inputs (n, S, S, C): (n, classes) or (n, S, S, channels)."""
        return _softmax(np.asarray(self._network(inputs, training=False)))

    def __call__(
        self,
        inputs: np.ndarray,
        target: Target,
        *,
        method: str = GRAD_CAM,
        layer: str | None = None,
        answer: np.ndarray | None = None,
        progress: Progress | None = None,
    ) -> Explanation:
        """Explain one slice.

        Args:
            inputs: (1, S, S, C) float32 as the network takes it.
            target: what to explain.
            method: one of ``METHODS``.
            layer: name of a convolution; None for the deepest one. Saliency has none.
            answer: logits that decide which class or which pixels are explained; None for this network's own.
            progress: is told how many of how many steps of a slow method are done.

        Raises:
            BundleError: no such method, or no such convolution.
        """
        if method not in METHODS:
            raise BundleError(f"There is no method '{method}'; there are {', '.join(METHODS)}.")
        convolution = None if method == SALIENCY else self._convolution(layer)
        graph = self._graph(convolution, target)
        field = receptive_field(convolution) if convolution else EVERY_PIXEL
        with self._turn:
            logits, activations, gradients = graph(inputs, answer)
            answer = logits[0] if answer is None else answer
            if method == SALIENCY:
                grid = smooth_grad(lambda noisy: graph(noisy, answer)[2], inputs, progress=progress)
            elif method == SCORE_CAM:

                def score(masked: np.ndarray) -> np.ndarray:
                    return np.asarray(target(_softmax(np.asarray(self._network(masked, training=False))), answer[None]))

                grid = score_cam(score, activations[0], inputs, field, progress=progress)
            else:
                grid = _CAMS[method](activations[0], gradients[0])
        highest = float(grid.max())
        grid = grid / highest if highest > 0 else grid
        return Explanation(logits[0], grid.astype(np.float32), field, inputs.shape[1])

    def _convolution(self, name: str | None) -> "keras.Layer":
        if name is None:
            return deepest_convolution_layer(self.network)
        found = [one.name for one in network_convolutions(self.network)]
        if name not in found:
            raise BundleError(f"The network has no convolution '{name}'; it has {', '.join(found)}.")
        return self.network.get_layer(name)

    def _graph(self, layer: "keras.Layer | None", target: Target) -> Graph:
        """What asks the network once: inputs and answer -> logits, a layer's output (None: the inputs), and the score's
        gradient with respect to it."""
        import keras
        import tensorflow as tf

        key = layer.name if layer else None, target
        if key not in self._graphs:
            looked_at = activated_layer(layer).output if layer else self.network.inputs[0]
            until = keras.Model(self.network.inputs, [self.network.outputs[0], looked_at])
            takes, gives = (tf.TensorSpec((1, *one.shape[1:])) for one in (self.network.inputs[0], until.outputs[0]))

            @tf.function(input_signature=[takes, gives, tf.TensorSpec((), tf.bool)])
            def trace(inputs: Tensor, answer: Tensor, given: Tensor) -> tuple[Tensor, Tensor, Tensor]:
                with tf.GradientTape(watch_accessed_variables=False) as tape:
                    tape.watch(inputs)
                    logits, seen = until([inputs], training=False)
                    score = target(logits, tf.where(given, answer, logits))
                return logits, seen, tape.gradient(score, seen, unconnected_gradients=tf.UnconnectedGradients.ZERO)

            traced = trace.get_concrete_function()

            def graph(inputs: np.ndarray, answer: np.ndarray | None) -> list[np.ndarray]:
                given = np.zeros(gives.shape, np.float32) if answer is None else answer[None]
                results = traced(tf.constant(inputs), tf.constant(given), tf.constant(answer is not None))
                return [np.asarray(one) for one in results]

            self._graphs[key] = graph
        return self._graphs[key]


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
