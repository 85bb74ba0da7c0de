"""Rewriting a card from its recipe: only the texts change, and only where the recipe is the bundle's."""

import json
from pathlib import Path

import pytest

from core.bundles.bundle import CARD, WEIGHTS, Bundle, open_bundle
from core.errors import BundleError, TrainingError
from core.training.card_writer import limits_with_gate, rewrite_texts
from core.training.recipe import Recipe, load_recipe
from tests.core import tiny

TEXTS = {"title": "Another title", "about": "Another text.", "limits": ["Too small."], "notes": ["A note."]}


@pytest.fixture
def made() -> Recipe:
    """The recipe the bundle was trained by."""
    return tiny.recipe("report-cnn")


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """A small classifier's bundle with figures, whose run is gone."""
    bundle = tiny.classifier(tmp_path)
    return tiny.with_test_metrics(bundle)


def test_only_the_recipes_texts_change(bundle: Bundle, made: Recipe) -> None:
    before = bundle.card.as_dict()
    rewrite_texts(bundle, made.model_copy(update=TEXTS))
    after = json.loads((bundle.folder / CARD).read_text(encoding="utf-8"))
    assert (after["title"], after["about"], after["training"]["tried"]) == (
        "Another title",
        "Another text.",
        ["A note."],
    )
    assert after["limits"] == [before["limits"][0], "Too small.", *before["limits"][1:]]
    assert after["changelog"][:-1] == before["changelog"]
    for card in (before, after):
        del card["changelog"]
        del card["title"], card["about"], card["limits"], card["training"]["tried"]
    assert after == before


def test_the_patient_level_bundle_follows_the_recipe(bundle: Bundle, made: Recipe) -> None:
    for name in ("other-cnn", None):
        assert rewrite_texts(bundle, made.model_copy(update={"by_patient": name})).data.by_patient_bundle == name


def test_the_use_of_the_output_follows_the_recipe_and_old_figures_are_removed(bundle: Bundle, made: Recipe) -> None:
    after = rewrite_texts(bundle, made.model_copy(update={"test_time_flip": True}))
    assert after.output.as_dict() == {**bundle.card.output.as_dict(), "test_time_flip": True}
    assert after.metrics.test is None
    assert after.files == bundle.card.files


def test_a_card_that_agrees_with_its_recipe_stays_as_it_is(bundle: Bundle, made: Recipe) -> None:
    before = (bundle.folder / CARD).read_bytes()
    rewrite_texts(bundle, made)
    assert (bundle.folder / CARD).read_bytes() == before


def test_the_limits_of_a_gate_stay(bundle: Bundle, made: Recipe) -> None:
    tiny.change_card(bundle, screen=tiny.GATE, limits=limits_with_gate(bundle.card.limits))
    gated = open_bundle(bundle.name, bundle.folder.parent)
    after = rewrite_texts(gated, made.model_copy(update={"limits": ["Too small."]}))
    first, *others = gated.card.limits
    assert after.limits == [first, "Too small.", *others]
    assert after.gate == gated.card.gate


@pytest.mark.parametrize(
    "other", [tiny.recipe("report-cnn", learning_rate=0.5), tiny.recipe("report-cnn").on_split("fold-2")]
)
def test_the_texts_of_another_recipe_are_refused(other: Recipe, bundle: Bundle) -> None:
    before = (bundle.folder / CARD).read_bytes()
    with pytest.raises(TrainingError, match=r"'report-cnn' was not .*recipe '"):
        rewrite_texts(bundle, other)
    assert (bundle.folder / CARD).read_bytes() == before


def test_an_altered_file_is_not_called_sound_by_the_new_card(bundle: Bundle, made: Recipe) -> None:
    (bundle.folder / WEIGHTS).write_bytes(b"other")
    before = (bundle.folder / CARD).read_bytes()
    with pytest.raises(BundleError, match=r"not the file .*card"):
        rewrite_texts(bundle, made)
    assert (bundle.folder / CARD).read_bytes() == before


def test_the_tuned_networks_recipe_states_the_test_results_that_came_before() -> None:
    tuned = load_recipe("report-cnn-tuned")
    (limit,) = tuned.limits
    assert all(figure in limit and any(figure in note for note in tuned.notes) for figure in ("569", "572"))
    assert "label smoothing" in tuned.about and tuned.training.label_smoothing
    assert "validation accuracy" in tuned.about and tuned.training.keep == "val_accuracy"
