"""Class activation maps: a convolution's output, weighted by the gradients of the explained score.

Pure functions of ``activations`` and ``gradients``, both (h, w, filters): the convolution's output and the gradient of
the score with respect to it. They return (h, w), not negative, 0 where there is no evidence for the score; only ratios
matter. The maps equal those of tf-keras-vis 0.8.7.
"""

import numpy as np


def grad_cam(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """Grad-CAM: weight each filter by its mean gradient (Selvaraju et al., 2017)."""
    return np.maximum(activations @ gradients.mean(axis=(0, 1)), 0)


def grad_cam_plus_plus(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """Grad-CAM++: weight each filter by its positive gradients, each position by its alpha.

    Chattopadhay et al., 2018, equations 10 and 19. The exponential of the score, which the paper differentiates, is a
    factor of every term and is left out.
    """
    slopes = gradients.astype(np.float64)
    denominators = 2 * slopes**2 + slopes**3 * activations.sum(axis=(0, 1), dtype=np.float64)
    alphas = slopes**2 / _zeros_as_ones(denominators)
    alphas /= _zeros_as_ones(alphas.sum(axis=(0, 1)))
    weights = (alphas * np.maximum(slopes, 0)).sum(axis=(0, 1))
    return np.maximum(activations @ weights, 0).astype(np.float32)


def layer_cam(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """Layer-CAM: weight each position of each filter by its own positive gradient (Jiang et al., 2021)."""
    return np.maximum((activations * np.maximum(gradients, 0)).sum(axis=-1), 0)


def _zeros_as_ones(values: np.ndarray) -> np.ndarray:
    """Replace 0 by 1, to divide by the values."""
    return np.where(values == 0, 1, values)
