"""A training that starts from another recipe's network."""

import re
from pathlib import Path

import numpy as np
import pytest

from core.errors import TrainingError
from core.networks.registry import build_network
from core.training import start
from core.training.card_from_recipe import card_from_recipe, recipe_fingerprint
from core.training.export import export_bundle
from core.training.recipe import Recipe
from core.training.start import copy_weights, load_start
from tests.core import tiny

SECOND = "unified-unet"


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> Recipe:
    """The small recipe of version 2, which starts from a small version 1."""
    monkeypatch.setattr(start, "load_recipe", tiny.recipe)
    recipe = tiny.recipe(SECOND)
    assert recipe.network.start == "unified-unet-1"
    return recipe


def test_a_recipe_without_a_start_has_none(tmp_path: Path) -> None:
    assert load_start(tiny.recipe("unified-unet-1"), tmp_path) is None


def test_a_shipped_network_of_the_same_split_is_the_start(tmp_path: Path, second: Recipe, configure) -> None:
    configure(models=tmp_path / "models")
    bundle = tiny.unified(tmp_path / "models", name="unified-unet-1")
    assert bundle.card.data.split == second.split
    assert load_start(second, tmp_path / "runs") is not None


def test_a_fold_starts_from_the_same_fold_kept_beside_the_runs(tmp_path: Path, second: Recipe, configure) -> None:
    configure(models=tmp_path / "models")
    tiny.unified(tmp_path / "models", name="unified-unet-1")  # of fold 1, whose training slices fold 2 holds out
    fold = second.on_split("fold-2")
    with pytest.raises(TrainingError, match=re.escape("'unified-unet-1-fold-2', which is not trained yet")):
        load_start(fold, tmp_path / "runs")
    first = tiny.recipe("unified-unet-1").on_split("fold-2")
    bundle = export_bundle(first, tiny.finished_state(first), tmp_path / "runs" / start.FOLD_BUNDLES)
    assert bundle.card.data.split == "fold-2"
    assert load_start(fold, tmp_path / "runs") is not None


def test_what_both_networks_have_is_copied_and_the_rest_stays() -> None:
    first = build_network("unified_unet", tiny.recipe("unified-unet-1").network_options)
    model = build_network("unified_unet", tiny.recipe(SECOND).network_options)
    own = model.get_layer("presence").get_weights()
    copy_weights(first, model)
    for layer in first.layers:
        for one, other in zip(layer.get_weights(), model.get_layer(layer.name).get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
    for one, other in zip(own, model.get_layer("presence").get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_start_of_other_shapes_is_refused_by_its_layer() -> None:
    first = build_network("unified_unet", tiny.recipe("unified-unet-1", options={"look": 8}).network_options)
    model = build_network("unified_unet", tiny.recipe(SECOND).network_options)
    with pytest.raises(TrainingError, match="'look_conv'"):
        copy_weights(first, model)


def test_the_start_is_in_the_card_and_tells_recipes_apart() -> None:
    recipe = tiny.recipe(SECOND)
    other = recipe.model_copy(update={"network": recipe.network.model_copy(update={"start": None})})
    assert card_from_recipe(recipe)["training"]["start"] == "unified-unet-1"
    assert "start" not in card_from_recipe(other)["training"]
    assert recipe_fingerprint(recipe) != recipe_fingerprint(other)
