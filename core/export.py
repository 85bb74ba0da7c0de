"""A finished run -> a bundle's folder, ready to be evaluated."""

from pathlib import Path

from core import splits
from core.bundles import MODELS, WEIGHTS, Bundle, open_bundle, save_network, write_card
from core.cards import make_card
from core.checkpoints import State
from core.errors import TrainingError
from core.networks import build
from core.recipes import Recipe
from core.training import write_history


def export(recipe: Recipe, state: State, models: Path = MODELS) -> Bundle:
    """Write ``models/<name>/``: the network rebuilt in float32 with the kept weights, history and card.

    Figures of an earlier evaluation are removed with the network they belonged to.

    Raises:
        TrainingError: the run is not finished.
    """
    if not state.finished:
        raise TrainingError(f"The run of '{recipe.name}' is not finished after {len(state.history)} epochs.")
    folder = models / recipe.name
    folder.mkdir(parents=True, exist_ok=True)
    network = build(recipe.network["name"], {"size": recipe.input["size"], **recipe.network.get("options", {})})
    network.set_weights(state.best)
    for stale in folder.iterdir():
        stale.unlink()
    save_network(network, folder / WEIGHTS)
    write_history(folder, state.history)
    write_card(folder, make_card(recipe, state, network, splits.parts(recipe.split)))
    return open_bundle(recipe.name, models)
