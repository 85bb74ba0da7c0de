"""A twin is the same network on another split."""

from pathlib import Path
from typing import Any

from core.bundles.bundle import Bundle, open_bundle
from core.evaluation.twins import patient_level_counterparts, recipe_differences


def bundle(name: str, *, by_patient: bool, batch: int = 30, task: Any = "classification", **data: Any) -> Bundle:
    card = {
        "name": name,
        "task": task,
        "network": {"name": "net"},
        "input": {"height": 8},
        "data": {"by_patient": by_patient, **data},
        "training": {"recipe": {"batch": batch, "seed": 1}},
    }
    return Bundle(Path(name), card)


def named(found: list[tuple[Bundle, list[Bundle]]]) -> dict[str, list[str]]:
    return {one.name: [twin.name for twin in own] for one, own in found}


def test_the_shipped_classifier_has_its_twin_and_the_same_recipe() -> None:
    found = [open_bundle(name) for name in ("report-cnn", "report-cnn-patients", "report-unet")]
    assert named(patient_level_counterparts(found)) == {"report-cnn": ["report-cnn-patients"]}
    assert recipe_differences(found[0], found[1]) == []


def test_further_folds_of_the_same_recipe_are_twins_too() -> None:
    found = [
        bundle("slices", by_patient=False),
        bundle("fold-1", by_patient=True),
        bundle("fold-2", by_patient=True),
        bundle("other", by_patient=True, batch=300),
        bundle("both", by_patient=True, task=["classification", "segmentation"]),
    ]
    assert named(patient_level_counterparts(found)) == {"slices": ["fold-1", "fold-2"]}


def test_a_named_twin_of_another_recipe_says_what_differs() -> None:
    found = [bundle("slices", by_patient=False, by_patient_bundle="other"), bundle("other", by_patient=True, batch=300)]
    assert named(patient_level_counterparts(found)) == {"slices": ["other"]}
    assert recipe_differences(*found) == ["batch"]
    missing = [bundle("slices", by_patient=False, by_patient_bundle="gone")]
    assert patient_level_counterparts(missing) == []
