"""The network that a training starts from: another recipe's, trained on the same split."""

from pathlib import Path
from typing import TYPE_CHECKING

from core.bundles.bundle import FOLD_BUNDLES, load_network, open_bundle
from core.config import models_folder
from core.errors import BundleError, TrainingError
from core.training.recipe import Recipe, load_recipe

if TYPE_CHECKING:
    import keras


def load_start(recipe: Recipe, runs: Path) -> "keras.Model | None":
    """Load the network that a recipe starts from; None where it starts from none.

    It is a shipped one, or one kept beside the runs. That it was trained on the same split keeps the slices that are
    held out unseen.

    Raises:
        TrainingError: it is not trained yet.
        BundleError: its files are not what its card says.
    """
    name = recipe.network.start
    if name is None:
        return None
    first = load_recipe(name).on_split(recipe.split)
    for folder in (models_folder(), runs / FOLD_BUNDLES):
        try:
            bundle = open_bundle(first.name, folder)
        except BundleError:
            continue
        if bundle.card.data.split == recipe.split:
            return load_network(bundle)
    raise TrainingError(
        "'{recipe}' starts from '{first}', which is not trained yet; train it first.",
        recipe=recipe.name,
        first=first.name,
    )


def copy_weights(start: "keras.Model", model: "keras.Model") -> None:
    """Copy the weights of each layer that both networks have; other layers of ``model`` keep theirs.

    Raises:
        TrainingError: a layer of both has other shapes in one of them.
    """
    layers = {layer.name: layer for layer in start.layers}
    for layer in model.layers:
        if layer.name not in layers or not layer.weights:
            continue
        try:
            layer.set_weights(layers[layer.name].get_weights())
        except ValueError as error:
            raise TrainingError(
                "The layer '{layer}' of the network to start from has other shapes.", layer=layer.name
            ) from error
