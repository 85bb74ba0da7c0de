"""Bundles compared: metrics, differences, refusals, and the same network on the other kind of split."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core.bundles.bundle import PREDICTIONS, Bundle, open_bundle
from core.bundles.card_update import update_card
from core.errors import BundleError
from core.evaluation.comparison.bundles import compare_bundles, patient_level_counterparts, recipe_differences
from core.evaluation.cross_validation import has_similar_id
from core.files import write_table
from core.training.export import export_bundle
from tests.core import tiny
from tests.core.evaluation.test_cross_validation import predictions


def evaluated_bundle(models: Path, name: str, *, wrong: float, split: str = "fold-1") -> Bundle:
    """A small classifier with made-up predictions."""
    recipe = tiny.recipe("report-cnn-patients", name=name).on_split(split)
    bundle = export_bundle(recipe, tiny.finished_state(recipe), models)
    table = predictions(split, wrong=wrong, seed=1).drop(columns=["dice", "iou", "true_px", "predicted_px"])
    write_table(bundle.folder / PREDICTIONS, table)
    tiny.with_test_metrics(bundle)
    return open_bundle(bundle.name, models)


def test_the_card_holds_the_difference_and_its_interval(tmp_path: Path) -> None:
    better, worse = evaluated_bundle(tmp_path, "better", wrong=0.05), evaluated_bundle(tmp_path, "worse", wrong=0.2)
    comparison = compare_bundles(better, worse).metrics.comparison
    assert comparison and comparison.other == "worse"
    assert open_bundle("better", tmp_path).card.metrics.comparison == comparison
    one = comparison.figures["accuracy"]
    shares = []
    for bundle in (better, worse):
        table = pd.read_csv(bundle.path(PREDICTIONS)).query("part == 'test'")
        shares.append((table["true"] == table["predicted"]).mean())
    assert [one.value, one.other, one.difference] == pytest.approx([*shares, shares[0] - shares[1]])
    assert 0 < one.low < one.difference < one.high


def test_metrics_are_given_without_similar_patient_ids_too(tmp_path: Path) -> None:
    better, worse = evaluated_bundle(tmp_path, "better", wrong=0.05), evaluated_bundle(tmp_path, "worse", wrong=0.2)
    comparison = compare_bundles(better, worse).metrics.comparison
    table = pd.read_csv(better.path(PREDICTIONS)).query("part == 'test'")
    alone = table[~has_similar_id(table)]
    without = comparison.without_letter_twins
    assert (comparison.slices, without.slices) == (len(table), len(alone))
    assert without.slices < comparison.slices
    accuracy = (alone["true"] == alone["predicted"]).mean()
    assert without.figures["accuracy"].value == pytest.approx(accuracy)


def test_differences_between_the_recipes_are_named(tmp_path: Path) -> None:
    one, other = evaluated_bundle(tmp_path, "one", wrong=0.1), evaluated_bundle(tmp_path, "other", wrong=0.1)
    assert compare_bundles(one, other).metrics.comparison.recipe_differences == []
    recipe = {**other.card.training.recipe, "keep": "last", "batch": 7}
    update_card(other.folder, {"training.recipe": recipe}, "Another recipe.")
    comparison = compare_bundles(one, open_bundle("other", tmp_path)).metrics.comparison
    assert comparison.recipe_differences == ["batch", "keep"]


def test_bundles_with_other_test_slices_are_refused(tmp_path: Path) -> None:
    one = evaluated_bundle(tmp_path, "one", wrong=0.1)
    other = evaluated_bundle(tmp_path, "other", wrong=0.1, split="fold-2")
    with pytest.raises(BundleError, match="different test slices"):
        compare_bundles(one, open_bundle(other.name, tmp_path))


def test_a_bundle_that_is_not_evaluated_is_refused_with_the_command(tmp_path: Path) -> None:
    one = evaluated_bundle(tmp_path, "one", wrong=0.1)
    with pytest.raises(BundleError, match="run 'python -m core evaluate report-cnn'"):
        compare_bundles(one, tiny.classifier(tmp_path))


# The same network on the other kind of split


def card_of(name: str, *, by_patient: bool, batch: int = 30, task: Any = "classification", **data: Any) -> Bundle:
    changes = {
        "name": name,
        "task": task,
        "output.threshold": 0.5,
        "data.by_patient": by_patient,
        "data.by_patient_bundle": None,
        "metrics": None,
        "training.recipe": {"batch": batch, "seed": 1},
    }
    card = open_bundle("report-cnn").card.changed(changes)
    return Bundle(Path(name), card.changed({f"data.{key}": value for key, value in data.items()}))


def names(pairs: list[tuple[Bundle, list[Bundle]]]) -> dict[str, list[str]]:
    return {bundle.name: [counterpart.name for counterpart in counterparts] for bundle, counterparts in pairs}


def test_the_shipped_classifier_has_a_patient_level_counterpart_of_the_same_recipe() -> None:
    bundles = [open_bundle(name) for name in ("report-cnn", "report-cnn-patients", "report-unet")]
    assert names(patient_level_counterparts(bundles)) == {"report-cnn": ["report-cnn-patients"]}
    assert recipe_differences(bundles[0], bundles[1]) == []


def test_further_folds_of_the_same_recipe_are_counterparts_too() -> None:
    bundles = [
        card_of("slices", by_patient=False),
        card_of("fold-1", by_patient=True),
        card_of("fold-2", by_patient=True),
        card_of("other", by_patient=True, batch=300),
        card_of("both", by_patient=True, task=["classification", "segmentation"]),
    ]
    assert names(patient_level_counterparts(bundles)) == {"slices": ["fold-1", "fold-2"]}


def test_a_named_counterpart_of_another_recipe_shows_the_differences() -> None:
    bundles = [
        card_of("slices", by_patient=False, by_patient_bundle="other"),
        card_of("other", by_patient=True, batch=300),
    ]
    assert names(patient_level_counterparts(bundles)) == {"slices": ["other"]}
    assert recipe_differences(*bundles) == ["batch"]
    missing = [card_of("slices", by_patient=False, by_patient_bundle="gone")]
    assert patient_level_counterparts(missing) == []
