"""Two bundles beside each other: figures, differences, and what cannot be compared."""

from pathlib import Path

import pandas as pd
import pytest

from core.bundles.bundle import PREDICTIONS, Bundle, open_bundle, write_card
from core.errors import BundleError
from core.evaluation.compare import compare
from core.evaluation.cross_validation import has_similar_id
from core.files import write_table
from core.training.export import export_bundle
from tests.core import tiny
from tests.core.evaluation.test_cross_validation import predictions


def a_bundle(models: Path, name: str, *, wrong: float, split: str = "fold-1") -> Bundle:
    """A small classifier with made-up predictions."""
    recipe = tiny.recipe("report-cnn-patients", name=name).on_split(split)
    bundle = export_bundle(recipe, tiny.finished_state(recipe), models)
    table = predictions(split, wrong=wrong, seed=1).drop(columns=["dice", "iou", "true_px", "predicted_px"])
    write_table(bundle.folder / PREDICTIONS, table)
    write_card(bundle.folder, {**bundle.card, "metrics": {"test": {"slices": 1}}})
    return open_bundle(bundle.name, models)


def test_the_card_says_what_one_gains_over_the_other(tmp_path: Path) -> None:
    better, worse = a_bundle(tmp_path, "better", wrong=0.05), a_bundle(tmp_path, "worse", wrong=0.2)
    card = compare(better, worse)
    assert card["metrics"]["comparison"]["with"] == "worse"
    assert open_bundle("better", tmp_path).card["metrics"]["comparison"] == card["metrics"]["comparison"]
    one = card["metrics"]["comparison"]["figures"]["accuracy"]
    shares = []
    for bundle in (better, worse):
        table = pd.read_csv(bundle.path(PREDICTIONS)).query("part == 'test'")
        shares.append((table["true"] == table["predicted"]).mean())
    assert [one["value"], one["other"], one["difference"]] == pytest.approx([*shares, shares[0] - shares[1]])
    assert 0 < one["low"] < one["difference"] < one["high"]


def test_the_figures_stand_there_without_letter_twins_too(tmp_path: Path) -> None:
    better, worse = a_bundle(tmp_path, "better", wrong=0.05), a_bundle(tmp_path, "worse", wrong=0.2)
    found = compare(better, worse)["metrics"]["comparison"]
    table = pd.read_csv(better.path(PREDICTIONS)).query("part == 'test'")
    alone = table[~has_similar_id(table)]
    without = found["without_letter_twins"]
    assert (found["slices"], without["slices"]) == (len(table), len(alone))
    assert without["slices"] < found["slices"]
    accuracy = (alone["true"] == alone["predicted"]).mean()
    assert without["figures"]["accuracy"]["value"] == pytest.approx(accuracy)


def test_what_else_the_two_recipes_differ_in_is_named(tmp_path: Path) -> None:
    one, other = a_bundle(tmp_path, "one", wrong=0.1), a_bundle(tmp_path, "other", wrong=0.1)
    assert compare(one, other)["metrics"]["comparison"]["recipe_differences"] == []
    recipe = {**other.card["training"]["recipe"], "keep": "last", "batch": 7}
    write_card(other.folder, {**other.card, "training": {**other.card["training"], "recipe": recipe}})
    found = compare(one, open_bundle("other", tmp_path))["metrics"]["comparison"]
    assert found["recipe_differences"] == ["batch", "keep"]


def test_bundles_with_other_test_slices_are_refused(tmp_path: Path) -> None:
    one = a_bundle(tmp_path, "one", wrong=0.1)
    other = a_bundle(tmp_path, "other", wrong=0.1, split="fold-2")
    with pytest.raises(BundleError, match="different test slices"):
        compare(one, open_bundle(other.name, tmp_path))


def test_a_bundle_that_is_not_evaluated_is_refused_with_the_command(tmp_path: Path) -> None:
    one = a_bundle(tmp_path, "one", wrong=0.1)
    with pytest.raises(BundleError, match="run 'python -m core evaluate report-cnn'"):
        compare(one, tiny.classifier(tmp_path))
