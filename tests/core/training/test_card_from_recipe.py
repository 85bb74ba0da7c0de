"""What two bundles, or a bundle and a recipe, must have in common to be of the same recipe."""

from typing import Any

import pytest

from core.bundles.bundle import Bundle, bundle_names, open_bundle
from core.training.card_from_recipe import recipe_fingerprint, same_recipe, same_training
from core.training.recipe import load_recipe, recipe_names
from tests.core import tiny


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return tiny.unified(tmp_path_factory.mktemp("models"))


def test_a_bundle_is_of_its_recipe_and_of_that_on_another_split(bundle: Bundle) -> None:
    recipe = tiny.recipe("unified-unet-1")
    assert same_recipe(bundle, recipe)
    assert same_recipe(recipe.on_split("fold-4"), bundle)
    assert recipe_fingerprint(bundle) == recipe_fingerprint(recipe)


@pytest.mark.parametrize(
    "change",
    [
        {"task": "segmentation", "heat": None},
        {"network": {"name": "unified_unet", "options": {"size": 64}}},
        {"input.preprocessing": "min-max"},
        {"classes": ["background", "tumour"]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_part_of_the_card_is_another_recipe(bundle: Bundle, change: dict[str, Any]) -> None:
    assert not same_recipe(bundle, Bundle(bundle.folder, bundle.card.changed(change)))


@pytest.mark.parametrize(
    "change",
    [{"output.test_time_flip": False}, {"output.threshold_rule": "by eye"}],
    ids=lambda change: next(iter(change)),
)
def test_another_way_of_answering_is_another_recipe(bundle: Bundle, change: dict[str, Any]) -> None:
    other = Bundle(bundle.folder, bundle.card.changed(change))
    assert not same_recipe(bundle, other)
    assert same_training(bundle, other)


def test_a_threshold_counts_where_it_is_fixed_and_how_it_is_chosen_where_it_is_not(bundle: Bundle) -> None:
    assert bundle.card.output.threshold_rule
    other = Bundle(bundle.folder, bundle.card.changed({"output.threshold": 0.4}))
    assert same_recipe(bundle, other)
    first, second = (
        Bundle(bundle.folder, bundle.card.changed({"output.threshold_rule": None, "output.threshold": cut}))
        for cut in (0.4, 0.5)
    )
    assert not same_recipe(first, second)
    assert same_training(first, second)


@pytest.mark.parametrize(
    "change",
    [{"training.recipe": {"epochs": 99}}, {"training.pretrained": None}],
    ids=lambda change: next(iter(change)),
)
def test_another_training_is_another_recipe(bundle: Bundle, change: dict[str, Any]) -> None:
    assert not same_recipe(bundle, Bundle(bundle.folder, bundle.card.changed(change)))


def test_words_and_titles_are_not_the_recipe(bundle: Bundle) -> None:
    changes = {
        "title": "Another",
        "limits": [],
        "input.description": "in other words",
        "output.probabilities": "in other words",
        "training.tried": [],
        "training.seconds": 0.0,
    }
    assert same_recipe(bundle, Bundle(bundle.folder, bundle.card.changed(changes)))
    recipe = tiny.recipe("unified-unet-1")
    assert not same_recipe(bundle, recipe.model_copy(update={"test_time_flip": False}))


@pytest.mark.parametrize("name", sorted({*bundle_names()} & {*recipe_names()}))
def test_what_ships_is_of_the_recipe_that_ships(name: str) -> None:
    assert same_recipe(open_bundle(name), load_recipe(name))
