"""A bundle's card brought up to its recipe's texts: the run it came of does not ship and need not be there."""

from typing import Any

from core.bundles import Bundle, write_card
from core.cards import limits_of, with_screen
from core.errors import TrainingError
from core.recipes import Recipe
from core.same_recipe import same_recipe


def rewrite_texts(bundle: Bundle, recipe: Recipe) -> dict[str, Any]:
    """Write what a card says in its recipe's words anew: title, about, limits, and what was tried before.

    Everything else stays, a screen and what it adds to the limits too.

    Returns:
        The new card.

    Raises:
        TrainingError: the bundle was trained by another recipe, or on another split.
        BundleError: one of its files is not what its card says; a new card would call it sound.
    """
    if not same_recipe(bundle, recipe) or bundle.card["data"]["split"] != recipe.split:
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
    write_card(bundle.folder, card)
    return card
