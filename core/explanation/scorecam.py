"""Score-CAM: no gradients; the slice is shown through each filter's output as a mask."""

from collections.abc import Callable

import numpy as np

from core.networks.receptive_field import ReceptiveField, map_to_input

CHUNK = 2
"""Masked slices asked at once: at 512 x 512 the first convolution's output takes 33 MB for each."""


def score_cam(
    score: Callable[[np.ndarray], np.ndarray],
    activations: np.ndarray,
    inputs: np.ndarray,
    field: ReceptiveField,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """A filter weighs as much as the slice, seen through its output, scores (Wang et al., 2020).

    The same map as tf-keras-vis makes, ``CHUNK`` masks at a time, but for the masks' place: they lie over the pixels
    the filter's units look at. Filters whose output is the same everywhere show nothing and are left out, as
    in the authors' code.

    Args:
        score: (n, S, S, C) inputs -> (n,) probabilities of what is explained.
        activations: (h, w, filters) of a convolution.
        inputs: (1, S, S, C) float32.
        field: of the convolution's units.
        progress: is told how many of how many masks are done.

    Returns:
        (h, w) float32, not negative.
    """
    shown = activations[..., np.ptp(activations, axis=(0, 1)) > 0]
    count, size = shown.shape[-1], inputs.shape[1]
    heat = np.zeros(activations.shape[:2], np.float32)
    for begin in range(0, count, CHUNK):
        part = shown[..., begin : begin + CHUNK]
        masks = np.stack([_mask(one, size, field) for one in np.moveaxis(part, -1, 0)])
        heat += part @ score(inputs * masks[..., None])
        if progress:
            progress(min(begin + CHUNK, count), count)
    return np.maximum(heat, 0)


def _mask(activation: np.ndarray, size: int, field: ReceptiveField) -> np.ndarray:
    """(size, size) float32: a filter's (h, w) output over the input, 0 at its lowest place and 1 at its highest."""
    plane = map_to_input(activation, size, field)
    return (plane - plane.min()) / np.ptp(plane)
