"""Export: write a finished run as a bundle's folder, ready to be evaluated."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.bundles.bundle import LAYERS, WEIGHTS, Bundle, load_network, open_bundle, save_network
from core.bundles.card.schema import Card
from core.bundles.card_update import update_card, write_card
from core.bundles.layers import Layer, layer_rows
from core.config import models_folder
from core.dataset import splits
from core.errors import BundleError, TrainingError
from core.files import replace_folder, write_table
from core.networks.registry import build_network
from core.training.card_writer import limits_with_gate, make_card
from core.training.checkpoint import State
from core.training.recipe import Recipe
from core.training.recorder import write_history

if TYPE_CHECKING:
    import keras

_KEPT = {
    "accuracy": "accuracy",
    "dice_mean": "mean Dice",
    "dice_class_mean": "class-mean Dice",
    "missed": "share of tumours missed",
    "series_accuracy": "accuracy by series",
}
"""The figures that a changelog keeps of the version before, by key of a card."""


def export_bundle(recipe: Recipe, state: State, models: Path | None = None) -> Bundle:
    """Write ``models/<name>/``: the network rebuilt in float32 with the kept weights, history and card.

    A bundle that holds these weights already keeps its network and its figures; only its card and layers.csv are
    written again. Figures of other weights are removed together with them; the changelog keeps the main ones. Killed at
    any moment, the folder is the old bundle or the new one.

    Raises:
        TrainingError: the run is not finished.
    """
    if not state.finished:
        raise TrainingError(
            "The run of '{recipe}' is not finished after {epochs} epochs.",
            recipe=recipe.name,
            epochs=len(state.history),
        )
    models = models or models_folder()
    folder = models / recipe.name
    network = build_network(recipe.network.name, recipe.network_options)
    network.set_weights(state.best)
    card = make_card(recipe, state, network, splits.split_parts(recipe.split))
    before = _bundle_before(recipe.name, models)
    if before is None or not _has_weights(before, state.best):
        with replace_folder(folder) as fresh:
            save_network(network, fresh / WEIGHTS)
            _save_layers(network, recipe.tasks, fresh)
            write_history(fresh, state.history)
            note = f"Trained. {_figures_before(before.card)}" if before else "Trained."
            write_card(fresh, card, note, earlier=before.card.changelog if before else ())
    else:
        changes = {**card, "heat": card.get("heat"), "training.machine": before.card.training.machine}
        if before.card.gate:
            changes["limits"] = limits_with_gate(card["limits"])
        _save_layers(network, recipe.tasks, folder)
        update_card(folder, changes, "Written again from the run.")
    return open_bundle(recipe.name, models)


def write_layers(bundle: Bundle) -> None:
    """Write layers.csv from a bundle's network, and its size and hash into the card.

    Raises:
        BundleError: another of its files is not what its card says; a new card would call it sound.
    """
    for file in bundle.card.files:
        if file != LAYERS:
            bundle.path(file)
    _save_layers(load_network(bundle), bundle.tasks, bundle.folder)
    update_card(bundle.folder, {}, f"{LAYERS} written again.")


def network_layers(network: "keras.Model", tasks: tuple[str, ...]) -> list[Layer]:
    """List a flat functional network's layers from input to output; its outputs come in the order of the tasks."""
    import keras

    output_tasks = {
        output._keras_history.operation.name: task for output, task in zip(network.outputs, tasks, strict=True)
    }
    return [
        Layer(
            name=layer.name,
            kind=type(layer).__name__,
            shape=tuple(layer.output.shape[1:]),
            parameters=layer.count_params(),
            inputs=()
            if isinstance(layer, keras.layers.InputLayer)
            else tuple(tensor._keras_history.operation.name for tensor in keras.tree.flatten(layer.input)),
            task=output_tasks.get(layer.name),
        )
        for layer in network.layers
    ]


def _save_layers(network: "keras.Model", tasks: tuple[str, ...], folder: Path) -> None:
    """Write layers.csv into a bundle's folder."""
    write_table(folder / LAYERS, layer_rows(network_layers(network, tasks)))


def _bundle_before(name: str, models: Path) -> Bundle | None:
    """Return the bundle of this name that there is, or None."""
    try:
        return open_bundle(name, models)
    except BundleError:
        return None


def _figures_before(card: Card) -> str:
    """Return a sentence with the main figures of the bundle that is replaced."""
    metrics = card.as_dict().get("metrics", {})
    folds = metrics.get("cross_validation")
    parts = [
        ("its test slices", metrics.get("test") or {}),
        ("the test slices of its folds", {key: folds[key]["mean"] for key in _KEPT if key in folds} if folds else {}),
    ]
    said = [
        f"on {where} " + ", ".join(f"{title} {figures[key]:.3f}" for key, title in _KEPT.items() if key in figures)
        for where, figures in parts
        if set(figures) & set(_KEPT)
    ]
    return f"Version {card.version} had {'; '.join(said)}." if said else f"It replaces version {card.version}."


def _has_weights(bundle: Bundle, weights: list[np.ndarray]) -> bool:
    """Tell whether a bundle has these weights and its files are what its card says."""
    try:
        stored = load_network(bundle).get_weights()
        for file in bundle.card.files:
            bundle.path(file)
    except BundleError:
        return False
    return len(stored) == len(weights) and all(np.array_equal(a, b) for a, b in zip(stored, weights, strict=True))
