"""A bundle's card brought up to what its recipe says without training: the run it came of need not be there."""

from typing import Any

from core.bundles.bundle import Bundle, write_card
from core.errors import TrainingError
from core.training.card_writer import limits_of, of_recipe, with_screen
from core.training.recipe import Recipe
from core.training.same_recipe import same_recipe, same_training


def rewrite_texts(bundle: Bundle, recipe: Recipe) -> dict[str, Any]:
    """Write what a card says in its recipe's words anew: title, about, limits, and what was tried before.

    Where the recipe makes something else of the network's output (another threshold, the mean over mirror images), that
    is written too and the figures of the test slices go: evaluate the bundle again. Everything else stays, a screen and
    what it adds to the limits too.

    Returns:
        The new card.

    Raises:
        TrainingError: the bundle was trained by another recipe, or on another split.
        BundleError: one of its files is not what its card says; a new card would call it sound.
    """
    if not same_training(bundle, recipe) or bundle.card["data"]["split"] != recipe.split:
        raise TrainingError(
            f"The bundle '{bundle.name}' was not trained by the recipe '{recipe.name}' as it is now; train it anew."
        )
    for file in bundle.card["files"]:
        bundle.path(file)
    limits = limits_of(recipe)
    card = {
        **bundle.card,
        "title": recipe.title,
        "about": recipe.about,
        "limits": with_screen(limits) if "screen" in bundle.card else limits,
        "training": {**bundle.card["training"], "tried": recipe.notes},
    }
    if not same_recipe(bundle, recipe):
        figures = {name: one for name, one in card.get("metrics", {}).items() if name != "test"}
        card |= {"output": of_recipe(recipe)["output"], "metrics": figures}
    write_card(bundle.folder, card)
    return card
