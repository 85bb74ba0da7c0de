"""Outputs averaged over mirror images, on a network whose outputs are computed by hand."""

import numpy as np
import pytest

from core.bundles.bundle import DEFAULT_CLASSIFIER, Bundle, open_bundle
from core.config import CLASSIFICATION, SEGMENTATION
from core.errors import BundleError
from core.inference.forward import forward
from tests.settings import SHIPPED_MODELS

INPUTS = np.array([[[1.0, 0.0]], [[0.5, 0.25]]], np.float32)[..., None]  # two slices of one row, two pixels


def network(inputs: np.ndarray) -> list[np.ndarray]:
    """Return the left pixel's brightness as class, and the slice, dimmed from left to right, as mask."""
    left = inputs[:, 0, 0]
    return [np.concatenate([left, 1 - left], axis=1), inputs * np.array([1.0, 0.5], np.float32)[:, None]]


def bundle(*, flip: bool) -> Bundle:
    shipped = open_bundle(DEFAULT_CLASSIFIER, SHIPPED_MODELS)
    return Bundle(
        shipped.folder, shipped.card.changed({"output.test_time_flip": flip, "task": [CLASSIFICATION, SEGMENTATION]})
    )


def test_without_mirror_images_the_outputs_are_the_networks() -> None:
    outputs = forward(bundle(flip=False), network, INPUTS)
    assert outputs["classification"].tolist() == [[1, 0], [0.5, 0.5]]
    assert outputs["segmentation"][..., 0].tolist() == [[[1, 0]], [[0.5, 0.125]]]


def test_with_mirror_images_outputs_are_means_and_masks_are_mirrored_back() -> None:
    outputs = forward(bundle(flip=True), network, INPUTS)
    assert outputs["classification"].tolist() == [[0.5, 0.5], [0.375, 0.625]]
    # Of [1, 0] the network makes [1, 0], of [0, 1] it makes [0, 0.5], which mirrored back is [0.5, 0].
    assert outputs["segmentation"][..., 0].tolist() == [[[0.75, 0]], [[0.375, 0.1875]]]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_output_that_is_no_number_is_refused_and_never_leaves(value: float) -> None:
    with pytest.raises(BundleError, match="not numbers"):
        forward(bundle(flip=True), network, np.full_like(INPUTS, value))
