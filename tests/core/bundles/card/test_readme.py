"""A bundle's README, written from its card."""

import pytest

from core.bundles.bundle import README, bundle_names, open_bundle
from core.bundles.card.readme import bundle_readme


@pytest.mark.parametrize("name", bundle_names())
def test_a_shipped_readme_is_what_its_card_says(name: str) -> None:
    bundle = open_bundle(name)
    assert (bundle.folder / README).read_text(encoding="utf-8") == bundle_readme(bundle.card)


@pytest.mark.parametrize("name", bundle_names())
def test_a_readme_has_every_section(name: str) -> None:
    card = open_bundle(name).card
    text = bundle_readme(card)
    titles = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert titles[:8] == ["Intended use", "Input", "Output", "Data", "Training", "Metrics", "Limits", "Licence"]
    assert all(limit in text for limit in card.limits)
    assert card.intended_use in text and card.licence in text and card.data.dataset.doi in text
    also_stopped = " test slices, which also stopped" if card.data.test_stopped_training else " held out"
    assert f"{card.data.counts.test}{also_stopped}" in text


def test_figures_stand_beside_their_definitions() -> None:
    card = open_bundle("unified-unet").card
    assert card.metrics.test is not None
    (row,) = (
        line
        for line in bundle_readme(card).splitlines()
        if line.startswith("| Mean Dice |") and line.count("|") == 4 and "±" not in line
    )
    assert f"{card.metrics.test.dice_mean:.3f}" in row and card.metrics.definitions["dice_mean"] in row


def test_a_slice_level_split_has_no_patient_level_accuracy() -> None:
    assert "Patient-level accuracy" in bundle_readme(open_bundle("report-cnn-patients").card)
    assert "Patient-level accuracy" not in bundle_readme(open_bundle("report-cnn").card)
