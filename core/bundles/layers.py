"""A network's layers: names, types, output shapes, parameters, and which layer feeds which.

``core.training.export`` writes them to layers.csv, one row a layer; they are read from there without TensorFlow.
"""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from core.bundles.bundle import LAYERS, WEIGHTS, Bundle
from core.bundles.contents import read_bundle_table, refused_content
from core.checked_files import Content
from core.errors import BundleError
from core.text import join_words

_COLUMNS = ("name", "type", "output_shape", "parameters", "inputs", "task")

Shape = tuple[int, ...]
"""Without the batch; channels last."""


@dataclass(frozen=True)
class Layer:
    """One layer.

    Attributes:
        name: unique in the network.
        kind: Keras' class of it, such as "Conv2D".
        shape: of its output.
        parameters: trainable and non-trainable ones.
        inputs: names of the layers that feed it, none for an input.
        task: the task whose output it gives; None for a hidden layer.
    """

    name: str
    kind: str
    shape: Shape
    parameters: int
    inputs: tuple[str, ...]
    task: str | None = None


def layer_rows(layers: list[Layer]) -> pd.DataFrame:
    """Return the rows of layers.csv: name, type, output_shape (510x510x32), parameters, inputs (names), task."""
    return pd.DataFrame(
        {
            "name": layer.name,
            "type": layer.kind,
            "output_shape": "x".join(map(str, layer.shape)),
            "parameters": layer.parameters,
            "inputs": " ".join(layer.inputs),
            "task": layer.task or "",
        }
        for layer in layers
    )


def read_layers(bundle: Bundle) -> list[Layer]:
    """Read a bundle's layers from input to output.

    Raises:
        BundleError: the bundle has no layers.csv, the file cannot be read, or it or the network is altered.
    """
    if LAYERS not in bundle.card.files:
        raise BundleError(
            "The bundle '{bundle}' has no {file}; 'python -m core card {bundle}' writes it.",
            bundle=bundle.name,
            file=LAYERS,
        )
    bundle.path(WEIGHTS)  # The layers of an altered network are not shown.
    rows = read_bundle_table(bundle, LAYERS, dict.fromkeys(_COLUMNS, Content.TEXT), dtype=str, keep_default_na=False)
    with refused_content(bundle, LAYERS):
        layers = [_layer(row) for row in rows.to_dict("records")]
        _require_network(layers, bundle)
    return layers


def _layer(row: dict[Any, str]) -> Layer:
    """Return the layer of a row of layers.csv."""
    try:
        shape = tuple(int(length) for length in row["output_shape"].split("x"))
        parameters = int(row["parameters"])
    except ValueError as error:
        raise ValueError("output_shape and parameters must be whole numbers in every row") from error
    return Layer(row["name"], row["type"], shape, parameters, tuple(row["inputs"].split()), row["task"] or None)


def _require_network(layers: list[Layer], bundle: Bundle) -> None:
    """Refuse layers that are not those of the bundle's network."""
    names = [layer.name for layer in layers]
    if len(set(names)) < len(names) or not {name for layer in layers for name in layer.inputs} <= set(names):
        raise ValueError("its layers are not one network")
    if sorted(layer.task for layer in layers if layer.task) != sorted(bundle.tasks):
        raise ValueError(f"its layers do not give one output for {join_words(bundle.tasks)}")
    total = bundle.card.parameters.total
    if sum(layer.parameters for layer in layers) != total:
        raise ValueError(f"its layers do not have the {total:,} parameters of the card")
    if any(len(layer.shape) != 3 for layer in layers if layer.kind == "Conv2D"):
        raise ValueError("the output of a convolution is not height x width x filters")


def ancestors(layers: list[Layer], name: str) -> list[Layer]:
    """Return the layers from which a layer's output is computed, and that layer, in the given order."""
    inputs = {layer.name: layer.inputs for layer in layers}
    visited, pending = set(), [name]
    while pending:
        current = pending.pop()
        if current not in visited:
            visited.add(current)
            pending += inputs[current]
    return [layer for layer in layers if layer.name in visited]


def layer_table(layers: list[Layer]) -> pd.DataFrame:
    """Return the layers as in the report's Table 2: name, type, output shape, parameters; without input layers."""
    return pd.DataFrame(
        [
            {
                "name": layer.name,
                "type": layer.kind,
                "output shape": f"(None, {', '.join(map(str, layer.shape))})",
                "parameters": layer.parameters,
            }
            for layer in layers
            if layer.inputs
        ]
    )


def edges(layers: list[Layer]) -> list[tuple[str, str]]:
    """Return pairs of names: a layer, and one that it feeds."""
    return [(source, layer.name) for layer in layers for source in layer.inputs]
