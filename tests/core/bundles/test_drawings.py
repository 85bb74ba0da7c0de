"""Drawings are stored small and read by class."""

from pathlib import Path

import numpy as np
import pytest

from core.bundles.bundle import DRAWINGS, open_bundle
from core.bundles.drawings import LONGEST_SIDE, drawing_pixels, stored_drawings
from core.errors import BundleError
from core.evaluation.explanations.drawings import draw_classes
from tests.core import tiny


def test_pixels_are_bytes_of_the_inputs_range_averaged_over_blocks() -> None:
    np.testing.assert_array_equal(drawing_pixels(np.array([[-1.0, 0.5], [2.0, 1.0]]), (0, 2)), [[0, 64], [255, 128]])
    large = drawing_pixels(np.arange(512 * 512.0).reshape(512, 512), (0, 512 * 512))
    assert large.shape == (LONGEST_SIDE, LONGEST_SIDE)


def test_a_bundles_drawings_are_stored_with_their_hash_and_read_by_class(tmp_path: Path) -> None:
    bundle = tiny.brightness_classifier(tmp_path)
    assert stored_drawings(bundle) is None
    written = draw_classes(bundle, steps=3)
    bundle = open_bundle(bundle.name, tmp_path)
    assert DRAWINGS in bundle.card.files
    read = stored_drawings(bundle)
    assert read is not None and list(read) == bundle.card.classes
    for drawing, expected in zip(read.values(), written, strict=True):
        np.testing.assert_array_equal(drawing.pixels, expected.pixels)
        assert 0 <= drawing.probability <= 1
        assert drawing.probability == pytest.approx(expected.probability)


def test_a_network_without_classes_draws_none(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="gives no class"):
        draw_classes(tiny.brightness_segmenter(tmp_path))
