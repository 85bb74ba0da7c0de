"""The listing: what there is to choose from for single slices, and what answers a series."""

from pathlib import Path

import pytest

from core.bundles.bundle import open_bundle
from core.bundles.card_update import update_card
from core.bundles.listing import BundleListing, list_bundles
from core.config import CLASSIFICATION, SEGMENTATION
from tests.core import tiny


@pytest.fixture
def listing(tmp_path: Path) -> BundleListing:
    """A network of single slices, and one of slices between neighbours that began with it."""
    tiny.with_test_metrics(tiny.unified(tmp_path))
    tiny.with_test_metrics(tiny.between_neighbours(tmp_path))
    return list_bundles(tmp_path)


def test_a_bundle_that_reads_neighbours_is_no_choice_for_single_slices(listing: BundleListing) -> None:
    assert set(listing.bundles) == {"unified-unet", "unified-unet-25d"}
    assert listing.evaluated(CLASSIFICATION) == listing.evaluated(SEGMENTATION) == ["unified-unet"]


def test_it_answers_a_series_for_the_network_that_it_began_with(listing: BundleListing) -> None:
    single, between = (listing.find(name) for name in ("unified-unet", "unified-unet-25d"))
    assert listing.for_series(single) == between
    assert listing.for_series(between) is None


def test_one_of_another_split_would_know_the_test_slices(listing: BundleListing, tmp_path: Path) -> None:
    single = listing.find("unified-unet")
    update_card(single.folder, {"data.split": "fold-2"}, "Another split.")
    assert list_bundles(tmp_path).for_series(open_bundle(single.name, tmp_path)) is None
