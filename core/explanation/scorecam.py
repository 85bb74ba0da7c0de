"""Score-CAM: no gradients; the slice is shown through each filter's output as a mask."""

from collections.abc import Callable

import numpy as np

from core.networks.receptive_field import ReceptiveField, map_to_input

MASKS_PER_BATCH = 2
"""At 512 x 512 the first convolution's output takes 33 MB for each masked slice."""


def score_cam(
    score: Callable[[np.ndarray], np.ndarray],
    activations: np.ndarray,
    inputs: np.ndarray,
    field: ReceptiveField,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Weight each filter by the score of the slice masked with the filter's output (Wang et al., 2020).

    The map equals that of tf-keras-vis but for the masks' position: they lie over the receptive fields of the filter's
    units. Filters with a constant output are left out, as in the authors' code.

    Args:
        score: (n, S, S, C) inputs -> (n,) probabilities of the explained class.
        activations: (h, w, filters) of a convolution.
        inputs: (1, S, S, C) float32.
        field: of the convolution's units.
        progress: called with the numbers of masks done and in all.

    Returns:
        (h, w) float32, not negative.
    """
    varying = activations[..., np.ptp(activations, axis=(0, 1)) > 0]
    count, size = varying.shape[-1], inputs.shape[1]
    heat = np.zeros(activations.shape[:2], np.float32)
    for begin in range(0, count, MASKS_PER_BATCH):
        part = varying[..., begin : begin + MASKS_PER_BATCH]
        masks = np.stack([_filter_mask(activation, size, field) for activation in np.moveaxis(part, -1, 0)])
        heat += part @ score(inputs * masks[..., None])
        if progress:
            progress(min(begin + MASKS_PER_BATCH, count), count)
    return np.maximum(heat, 0)


def _filter_mask(activation: np.ndarray, size: int, field: ReceptiveField) -> np.ndarray:
    """Lay a filter's (h, w) output over the (size, size) input, scaled so that its minimum is 0 and its maximum 1."""
    plane = map_to_input(activation, size, field)
    return (plane - plane.min()) / np.ptp(plane)
