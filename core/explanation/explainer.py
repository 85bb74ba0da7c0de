"""Heat maps: which parts of a slice a network's output depends on. One class makes them by every method.

A target (``core.explanation.targets``) says which output is explained; one of ``METHODS`` says how. tf-keras-vis makes
the maps (``core.explanation.engines``), of networks compiled once a layer.
"""

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.config import SEGMENTATION
from core.errors import BundleError
from core.explanation.compiled_network import CompiledNetwork
from core.explanation.engines import (
    NOISE,
    NOISY_COPIES,
    Engine,
    Explained,
    MakeHeat,
    Progress,
    class_activation_map,
    no_progress,
    score_cam,
    smooth_grad,
)
from core.explanation.heat_layers import activated_layer, deepest_convolution_layer, network_convolutions
from core.explanation.targets import Target
from core.metrics.temperature import softmax
from core.networks.receptive_field import ReceptiveField, map_to_input
from core.networks.tensor import Tensor
from core.translation.messages import Message

if TYPE_CHECKING:
    import keras

GRAD_CAM, GRAD_CAM_PLUS_PLUS, LAYER_CAM = "grad-cam", "grad-cam-plus-plus", "layer-cam"
SALIENCY, SCORE_CAM = "saliency", "score-cam"


@dataclass(frozen=True)
class Method:
    """A method that makes heat maps.

    Attributes:
        title: its name as shown.
        source: its paper.
        about: one sentence on how it works.
        engine: what makes its heat maps.
        at_layer: whether it explains the output of a convolution that can be chosen.
        of_masks: whether it can explain a mask, not only a class.
        quick: whether a heat map takes about as long as a prediction.
    """

    title: str
    source: str
    about: Message
    engine: Engine
    at_layer: bool = True
    of_masks: bool = True
    quick: bool = True


METHODS: dict[str, Method] = {
    GRAD_CAM: Method(
        "Grad-CAM",
        "Selvaraju et al., 2017",
        Message("Adds up a layer's filters, each weighted by its mean gradient."),
        class_activation_map("gradcam", "Gradcam"),
    ),
    GRAD_CAM_PLUS_PLUS: Method(
        "Grad-CAM++",
        "Chattopadhay et al., 2018",
        Message("Like Grad-CAM, but positions with positive gradients weigh more, so that small parts are not lost."),
        class_activation_map("gradcam_plus_plus", "GradcamPlusPlus"),
    ),
    LAYER_CAM: Method(
        "Layer-CAM",
        "Jiang et al., 2021",
        Message("Like Grad-CAM, but each position of each filter has a weight of its own; finer at early layers."),
        class_activation_map("layercam", "Layercam"),
    ),
    SALIENCY: Method(
        "SmoothGrad",
        "Simonyan et al., 2014; Smilkov et al., 2017",
        Message(
            "How strongly each pixel changes the score, averaged over {copies} copies of the slice with noise of "
            "{noise:.0f} % of its range. It shows evidence both for and against.",
            copies=NOISY_COPIES,
            noise=NOISE * 100,
        ),
        smooth_grad,
        at_layer=False,
        quick=False,
    ),
    SCORE_CAM: Method(
        "Score-CAM",
        "Wang et al., 2020",
        Message(
            "Masks the slice with each filter of a layer in turn, and adds the filters up, each weighted by the "
            "probability that the network then gives. It needs no gradients."
        ),
        score_cam,
        of_masks=False,
        quick=False,
    ),
}
"""Every method, by its name in addresses and files."""


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
        return softmax(self.logits)

    @property
    def plane(self) -> np.ndarray:
        """The heat over the network's input, (S, S) float32 in [0, 1]."""
        return map_to_input(self.grid, self.size, self.field)


class Explainer:
    """Makes heat maps of one network by every method.

    The softmax is removed, since its gradient vanishes at probabilities close to 1.
    """

    def __init__(self, network: "keras.Model", *, output: int = 0) -> None:
        """Prepare a network without its softmax, which shares every other layer with the given one.

        Args:
            network: a flat functional network.
            output: index of the output to explain.

        Raises:
            BundleError: the output does not come from a softmax.
        """
        import keras

        last = network.outputs[output]._keras_history.operation
        if getattr(last, "activation", None) is not keras.activations.softmax:
            raise BundleError(
                "The network '{network}' does not end in a softmax; heat maps need one.", network=network.name
            )
        linear = type(last).from_config({**last.get_config(), "activation": "linear"})
        self.network = keras.Model(network.inputs, linear(last.input))
        linear.set_weights(last.get_weights())
        self._compiled: dict[str | None, CompiledNetwork] = {}
        self._prepared: dict[tuple[str, str | None], MakeHeat] = {}
        # One slice at a time, to bound the memory when several people use the app.
        self._lock = threading.Lock()

    def probabilities(self, inputs: np.ndarray, *, method: str = GRAD_CAM, layer: str | None = None) -> np.ndarray:
        """Run the network on inputs (n, S, S, C); return the explained output, (n, classes) or (n, S, S, channels).

        It is compiled for the method and the layer that it is going to be explained by, and so but once.
        """
        logits, _ = self._compile(self._explained_layer(method, layer)).forward(inputs)
        return softmax(logits)

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
            raise BundleError(
                "There is no method '{method}'; there are {accepted}.", method=method, accepted=", ".join(METHODS)
            )
        network, make = self._prepare(method, layer)
        with self._lock:
            logits, activations = network.forward(inputs)
            decides = logits if reference is None else reference[None]

            def score(outputs: Tensor) -> Tensor:
                return target(outputs, decides)

            grid = make(Explained(inputs, logits, activations, score, progress or no_progress))
        highest = float(grid.max())
        grid = grid / highest if highest > 0 else grid
        return Explanation(logits[0], grid.astype(np.float32), network.field, inputs.shape[1], highest)

    def _explained_layer(self, method: str, name: str | None) -> "keras.Layer | None":
        if not METHODS[method].at_layer:
            return None
        if name is None:
            return deepest_convolution_layer(self.network)
        names = [convolution.name for convolution in network_convolutions(self.network)]
        if name not in names:
            raise BundleError(
                "The network has no convolution '{name}'; it has {accepted}.", name=name, accepted=", ".join(names)
            )
        return self.network.get_layer(name)

    def _prepare(self, method: str, layer: str | None) -> tuple[CompiledNetwork, MakeHeat]:
        """Return the network compiled for a method's layer, and the method's engine for it; both prepared once."""
        convolution = self._explained_layer(method, layer)
        network = self._compile(convolution)
        key = method, convolution.name if convolution else None
        if key not in self._prepared:
            self._prepared[key] = METHODS[method].engine(network)
        return network, self._prepared[key]

    def _compile(self, convolution: "keras.Layer | None") -> CompiledNetwork:
        """Return the network compiled for a convolution, or for its input where None."""
        name = convolution.name if convolution else None
        if name not in self._compiled:
            self._compiled[name] = CompiledNetwork(self.network, activated_layer(convolution) if convolution else None)
        return self._compiled[name]
