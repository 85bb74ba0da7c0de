"""A finished run -> a bundle's folder, ready to be evaluated."""

from pathlib import Path

import numpy as np

from core import splits
from core.bundles import MODELS, WEIGHTS, Bundle, load_network, open_bundle, save_network, write_card
from core.cards import make_card
from core.checkpoints import State
from core.errors import BundleError, TrainingError
from core.networks import build
from core.recipes import Recipe
from core.training import write_history


def export(recipe: Recipe, state: State, models: Path = MODELS) -> Bundle:
    """Write ``models/<name>/``: the network rebuilt in float32 with the kept weights, history and card.

    A bundle that holds these weights already is left as it is, with its figures; the figures of other
    weights are removed with them.

    Raises:
        TrainingError: the run is not finished.
    """
    if not state.finished:
        raise TrainingError(f"The run of '{recipe.name}' is not finished after {len(state.history)} epochs.")
    folder = models / recipe.name
    if _holds(recipe.name, models, state.best):
        return open_bundle(recipe.name, models)
    folder.mkdir(parents=True, exist_ok=True)
    network = build(recipe.network["name"], {"size": recipe.input["size"], **recipe.network.get("options", {})})
    network.set_weights(state.best)
    for stale in folder.iterdir():
        stale.unlink()
    save_network(network, folder / WEIGHTS)
    write_history(folder, state.history)
    write_card(folder, make_card(recipe, state, network, splits.parts(recipe.split)))
    return open_bundle(recipe.name, models)


def _holds(name: str, models: Path, weights: list[np.ndarray]) -> bool:
    """Whether there is a sound bundle of this name with these weights."""
    try:
        held = load_network(open_bundle(name, models)).get_weights()
    except BundleError:
        return False
    return len(held) == len(weights) and all(np.array_equal(a, b) for a, b in zip(held, weights, strict=True))
