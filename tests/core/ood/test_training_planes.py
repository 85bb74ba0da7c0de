"""Training planes: a degraded plane is the same image, made worse."""

import numpy as np

from core.ood.gate_recipe import load_gate_recipe
from core.ood.training_planes import degrade
from tests.core import tiny


def test_a_degraded_plane_is_the_same_image_made_worse() -> None:
    plane = tiny.a_picture(2, height=64, width=64).pixels
    plane = ((plane - plane.min()) / np.ptp(plane)).astype(np.float32)
    degraded = degrade(plane, load_gate_recipe().settings, np.random.default_rng(3))
    assert degraded.shape == plane.shape and degraded.dtype == np.float32
    assert degraded.min() >= 0 and degraded.max() <= 1
    correlations = [np.corrcoef(degraded.ravel(), image.ravel())[0, 1] for image in (plane, plane[:, ::-1])]
    assert max(correlations) > 0.7
