"""A network's layers: names, types, output shapes, parameters, and which layer feeds which.

``core.training.export`` writes them to layers.csv, one row a layer; they are read from there without TensorFlow.
"""

from dataclasses import dataclass

import pandas as pd

from core.bundles.bundle import LAYERS, WEIGHTS, Bundle
from core.errors import BundleError

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
        raise BundleError(f"The bundle '{bundle.name}' has no {LAYERS}; 'python -m core card {bundle.name}' writes it.")
    bundle.path(WEIGHTS)  # The layers of an altered network are not shown.
    path = bundle.path(LAYERS)
    try:
        rows = pd.read_csv(path, dtype=str, keep_default_na=False)
        layers = [
            Layer(
                name=row["name"],
                kind=row["type"],
                shape=tuple(int(length) for length in row["output_shape"].split("x")),
                parameters=int(row["parameters"]),
                inputs=tuple(row["inputs"].split()),
                task=row["task"] or None,
            )
            for row in rows.to_dict("records")
        ]
        if {layer.task for layer in layers if layer.task} != set(bundle.tasks):
            raise ValueError("not the layers that give the bundle's outputs")
    except (KeyError, ValueError) as error:
        raise BundleError(
            f"{LAYERS} of the bundle '{bundle.name}' cannot be read; "
            f"'python -m core card {bundle.name}' writes it again."
        ) from error
    return layers


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
