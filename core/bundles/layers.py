"""A network's layers as its file states them: names, kinds, output shapes, parameters, and which feeds which.

Read from a bundle without TensorFlow: shapes from the .keras file's config.json, parameters from the shapes of the
arrays in its model.weights.h5.
"""

import json
import math
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import h5py
import pandas as pd

from core.bundles.bundle import WEIGHTS, Bundle
from core.errors import BundleError

Shape = tuple[int, ...]
"""Without the batch; channels last."""

# The kinds of layer a network may end with and whose output is as large as their input; of every other layer the
# file states the output's shape, where the next one takes it.
_SAME_SHAPE = ("Activation", "Dropout", "Softmax")


@dataclass(frozen=True)
class Layer:
    """One layer.

    Attributes:
        name: unique in the network.
        kind: Keras' class of it, such as "Conv2D".
        shape: of its output.
        parameters: trained and not trained ones.
        inputs: names of the layers that feed it, none for an input.
    """

    name: str
    kind: str
    shape: Shape
    parameters: int
    inputs: tuple[str, ...]


def read_layers(bundle: Bundle) -> list[Layer]:
    """A bundle's layers from input to output; the network is flat and functional, as the bundles' are.

    Raises:
        BundleError: the network's file is missing, altered, no Keras network, or ends with a kind of layer whose
            output this version cannot work out.
    """
    path = bundle.path(WEIGHTS)
    try:
        with zipfile.ZipFile(path) as file:
            stated = json.loads(file.read("config.json"))["config"]["layers"]
            with file.open("model.weights.h5") as stored, h5py.File(stored, "r") as weights:
                parameters = {
                    group["vars"].attrs["name"]: sum(array.size for array in group["vars"].values())
                    for group in weights["layers"].values()
                }
        taken = [[_tensor(one) for one in _tensors(layer["inbound_nodes"])] for layer in stated]
        shapes = {name: shape for tensors in taken for name, shape in tensors}
        return [
            Layer(
                layer["name"],
                layer["class_name"],
                shapes.get(layer["name"]) or _last_shape(layer, [shape for _, shape in tensors], bundle.name),
                parameters[layer["name"]],
                tuple(name for name, _ in tensors),
            )
            for layer, tensors in zip(stated, taken, strict=True)
        ]
    except (zipfile.BadZipFile, OSError, KeyError, TypeError, IndexError, ValueError) as error:
        raise BundleError(f"The network of the bundle '{bundle.name}' does not say which layers it has.") from error


def output_layers(bundle: Bundle) -> list[str]:
    """The names of the layers that give a network's outputs, in the order of the bundle's tasks.

    Raises:
        BundleError: the network's file is missing, altered, or does not say.
    """
    path = bundle.path(WEIGHTS)
    try:
        with zipfile.ZipFile(path) as file:
            stated = json.loads(file.read("config.json"))["config"]["output_layers"]
        # Of a network with one output the file gives that output, of one with several a list.
        return [str(name) for name, *_ in ([stated] if isinstance(stated[0], str) else stated)]
    except (zipfile.BadZipFile, OSError, KeyError, TypeError, IndexError, ValueError) as error:
        raise BundleError(f"The network of the bundle '{bundle.name}' does not say what its outputs are.") from error


def ancestors(found: list[Layer], name: str) -> list[Layer]:
    """The layers from which a layer's output is worked out, and that layer, in the order they are given."""
    inputs = {layer.name: layer.inputs for layer in found}
    wanted, open_ = set(), [name]
    while open_:
        one = open_.pop()
        if one not in wanted:
            wanted.add(one)
            open_ += inputs[one]
    return [layer for layer in found if layer.name in wanted]


def layer_table(found: list[Layer]) -> pd.DataFrame:
    """Layers as the report's Table 2 has them: name, type, output shape and parameters; inputs are left out."""
    return pd.DataFrame(
        [
            {
                "name": layer.name,
                "type": layer.kind,
                "output shape": f"(None, {', '.join(map(str, layer.shape))})",
                "parameters": layer.parameters,
            }
            for layer in found
            if layer.inputs
        ]
    )


def edges(found: list[Layer]) -> list[tuple[str, str]]:
    """Pairs of names: a layer, and one that it feeds."""
    return [(source, layer.name) for layer in found for source in layer.inputs]


def _tensors(value: Any) -> Iterator[dict[str, Any]]:
    """Every tensor a layer is called with, however deep its arguments nest them."""
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            yield value["config"]
        else:
            for one in value.values():
                yield from _tensors(one)
    elif isinstance(value, list):
        for one in value:
            yield from _tensors(one)


def _tensor(config: dict[str, Any]) -> tuple[str, Shape]:
    """Name of the layer a tensor comes from, and the tensor's shape; a length that is left open is a TypeError."""
    return config["keras_history"][0], tuple(int(length) for length in config["shape"][1:])


def _last_shape(layer: dict[str, Any], taken: list[Shape], bundle_name: str) -> Shape:
    """Output shape of a layer that feeds no other."""
    kind, config, shape = layer["class_name"], layer["config"], taken[0]
    if kind in _SAME_SHAPE:
        return shape
    if kind == "Dense":
        return *shape[:-1], config["units"]
    if kind == "Conv2D":
        valid = config["padding"] == "valid"
        sides = [
            _side(side, (kernel - 1) * dilation + 1, stride, valid=valid)
            for side, kernel, dilation, stride in zip(
                shape[:2], config["kernel_size"], config["dilation_rate"], config["strides"], strict=True
            )
        ]
        return *sides, config["filters"]
    raise BundleError(
        f"The network of the bundle '{bundle_name}' ends with a layer of kind {kind}; networks end with one of "
        f"{', '.join(('Dense', 'Conv2D', *_SAME_SHAPE))}."
    )


def _side(side: int, window: int, stride: int, *, valid: bool) -> int:
    return math.ceil((side - window + 1 if valid else side) / stride)
