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
from core.explanation.targets import Target
from core.networks.receptive_field import EVERY_PIXEL, ReceptiveField, map_to_input, receptive_field
from core.networks.tensor import Tensor

if TYPE_CHECKING:
    import keras

GRAD_CAM, GRAD_CAM_PLUS_PLUS, LAYER_CAM = "grad-cam", "grad-cam-plus-plus", "layer-cam"
SALIENCY, SCORE_CAM = "saliency", "score-cam"
Progress = Callable[[int, int], None]
Graph = Callable[[np.ndarray, np.ndarray | None], list[np.ndarray]]


@dataclass(frozen=True)
class Method:
    """A method that makes heat maps.

    Attributes:
        title: its name as shown.
        source: its paper.
        about: one sentence on how it works.
        at_layer: whether it explains the output of a convolution that can be chosen.
        of_masks: whether it can explain a mask, not only a class.
        quick: whether a heat map takes about as long as a prediction.
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
        "Adds up a layer's filters, each weighted by its mean gradient.",
    ),
    GRAD_CAM_PLUS_PLUS: Method(
        "Grad-CAM++",
        "Chattopadhay et al., 2018",
        "Like Grad-CAM, but positions with positive gradients weigh more, so that small parts are not lost.",
    ),
    LAYER_CAM: Method(
        "Layer-CAM",
        "Jiang et al., 2021",
        "Like Grad-CAM, but each position of each filter has a weight of its own; finer at early layers.",
    ),
    SALIENCY: Method(
        "SmoothGrad",
        "Simonyan et al., 2014; Smilkov et al., 2017",
        f"How strongly each pixel changes the score, averaged over {NOISY_COPIES} copies of the slice with noise of "
        f"{NOISE * 100:.0f} % of its range. It shows evidence both for and against.",
        at_layer=False,
        quick=False,
    ),
    SCORE_CAM: Method(
        "Score-CAM",
        "Wang et al., 2020",
        "Masks the slice with each filter of a layer in turn, and adds the filters up, each weighted by the "
        "probability that the network then gives. It needs no gradients.",
        of_masks=False,
        quick=False,
    ),
}
"""Every method, by its name in addresses and files."""

_CAMS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    GRAD_CAM: cams.grad_cam,
    GRAD_CAM_PLUS_PLUS: cams.grad_cam_plus_plus,
    LAYER_CAM: cams.layer_cam,
}


def methods_for(task: str) -> list[str]:
    """List the methods that can explain a task's output: a class or a mask."""
    return [name for name, method in METHODS.items() if method.of_masks or task != SEGMENTATION]


@dataclass(frozen=True)
class Explanation:
    """A heat map and the output it explains, at network size.

    Attributes:
        logits: the network's output before its softmax: (classes,) or (S, S, channels) float32.
        grid: (h, w) float32 heat in [0, 1] at the layer's own size; all zeros without evidence for the target.
        field: the grid's positions on the input.
        size: S, side of the network's input.
        highest: the grid's highest heat before it was divided by it.
    """

    logits: np.ndarray
    grid: np.ndarray
    field: ReceptiveField
    size: int
    highest: float

    @property
    def probabilities(self) -> np.ndarray:
        """The network's output after its softmax, of the same shape as ``logits``."""
        return _softmax(self.logits)

    @property
    def plane(self) -> np.ndarray:
        """The heat over the network's input, (S, S) float32 in [0, 1]."""
        return map_to_input(self.grid, self.size, self.field)


class Explainer:
    """Makes heat maps of one network by every method.

    The softmax is removed, since its gradient vanishes at probabilities close to 1.
    """

    def __init__(self, network: "keras.Model", *, output: int = 0) -> None:
        """Prepare a copy of a network without its softmax.

        Args:
            network: a flat functional network; it is not changed.
            output: index of the output to explain.

        Raises:
            BundleError: the output does not come from a softmax.
        """
        import keras
        import tensorflow as tf

        whole = keras.Model(network.inputs, network.outputs[output])
        self.network = keras.models.clone_model(whole)
        self.network.set_weights(whole.get_weights())
        last = self.network.outputs[0]._keras_history.operation
        if getattr(last, "activation", None) is not keras.activations.softmax:
            raise BundleError(f"The network '{network.name}' does not end in a softmax; heat maps need one.")
        last.activation = keras.activations.linear
        self._network = tf.function(self.network, reduce_retracing=True)
        self._graphs: dict[tuple[str | None, Target], Graph] = {}
        # One slice at a time, to bound the memory when several people use the app.
        self._lock = threading.Lock()

    def probabilities(self, inputs: np.ndarray) -> np.ndarray:
        """Run the network on inputs (n, S, S, C); return the explained output, (n, classes) or (n, S, S, channels)."""
        return _softmax(np.asarray(self._network(inputs, training=False)))

    def __call__(
        self,
        inputs: np.ndarray,
        target: Target,
        *,
        method: str = GRAD_CAM,
        layer: str | None = None,
        reference: np.ndarray | None = None,
        progress: Progress | None = None,
    ) -> Explanation:
        """Make the heat map of one slice.

        Args:
            inputs: (1, S, S, C) float32, the model input.
            target: the score to explain.
            method: one of ``METHODS``.
            layer: name of a convolution; None for the deepest one. Saliency uses none.
            reference: logits that decide which class or which pixels are explained; None for this network's own.
            progress: called with the numbers of steps done and in all of a slow method.

        Raises:
            BundleError: no such method, or no such convolution.
        """
        if method not in METHODS:
            raise BundleError(f"There is no method '{method}'; there are {', '.join(METHODS)}.")
        convolution = None if method == SALIENCY else self._convolution(layer)
        graph = self._graph(convolution, target)
        field = receptive_field(convolution) if convolution else EVERY_PIXEL
        with self._lock:
            logits, activations, gradients = graph(inputs, reference)
            reference = logits[0] if reference is None else reference
            if method == SALIENCY:
                grid = smooth_grad(lambda noisy: graph(noisy, reference)[2], inputs, progress=progress)
            elif method == SCORE_CAM:

                def score(masked: np.ndarray) -> np.ndarray:
                    return np.asarray(target(self.probabilities(masked), reference[None]))

                grid = score_cam(score, activations[0], inputs, field, progress=progress)
            else:
                grid = _CAMS[method](activations[0], gradients[0])
        highest = float(grid.max())
        grid = grid / highest if highest > 0 else grid
        return Explanation(logits[0], grid.astype(np.float32), field, inputs.shape[1], highest)

    def _convolution(self, name: str | None) -> "keras.Layer":
        if name is None:
            return deepest_convolution_layer(self.network)
        names = [convolution.name for convolution in network_convolutions(self.network)]
        if name not in names:
            raise BundleError(f"The network has no convolution '{name}'; it has {', '.join(names)}.")
        return self.network.get_layer(name)

    def _graph(self, layer: "keras.Layer | None", target: Target) -> Graph:
        """Return a function of inputs and reference, built once per layer and target.

        It runs the network once and returns the logits, the layer's output (the inputs where ``layer`` is None), and
        the gradient of the score with respect to it.
        """
        import keras
        import tensorflow as tf

        key = layer.name if layer else None, target
        if key not in self._graphs:
            explained = activated_layer(layer).output if layer else self.network.inputs[0]
            model = keras.Model(self.network.inputs, [self.network.outputs[0], explained])
            input_spec, logits_spec = (
                tf.TensorSpec((1, *each.shape[1:])) for each in (model.inputs[0], model.outputs[0])
            )

            @tf.function(input_signature=[input_spec, logits_spec, tf.TensorSpec((), tf.bool)])
            def trace(inputs: Tensor, reference: Tensor, use_reference: Tensor) -> tuple[Tensor, Tensor, Tensor]:
                with tf.GradientTape(watch_accessed_variables=False) as tape:
                    tape.watch(inputs)
                    logits, output = model([inputs], training=False)
                    score = target(logits, tf.where(use_reference, reference, logits))
                return logits, output, tape.gradient(score, output, unconnected_gradients=tf.UnconnectedGradients.ZERO)

            traced = trace.get_concrete_function()

            def graph(inputs: np.ndarray, reference: np.ndarray | None) -> list[np.ndarray]:
                given = np.zeros(logits_spec.shape, np.float32) if reference is None else reference[None]
                results = traced(tf.constant(inputs), tf.constant(given), tf.constant(reference is not None))
                return [np.asarray(result) for result in results]

            self._graphs[key] = graph
        return self._graphs[key]


def _softmax(logits: np.ndarray) -> np.ndarray:
    """Return the softmax over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
