"""The listing: what there is to choose from for single slices."""

from pathlib import Path

import pytest

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
