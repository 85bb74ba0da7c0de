"""Class activation maps: one convolution's output, weighted by the gradients of what is explained.

Pure functions of ``activations`` and ``gradients``, both (h, w, filters): a convolution's output and the gradient of a
score with respect to it. They return (h, w), 0 where nothing speaks for the score; only the proportions count.
The same maps as tf-keras-vis 0.8.7 makes.
"""

import numpy as np


def grad_cam(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """Grad-CAM: a filter weighs as much as its mean gradient (Selvaraju et al., 2017)."""
    return np.maximum(activations @ gradients.mean(axis=(0, 1)), 0)


def grad_cam_plus_plus(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """Grad-CAM++: positive gradients, weighted place by place (Chattopadhay et al., 2018, equations 10 and 19).

    The exponential of the score, of which the paper takes the derivatives, is a factor of every term; it is left out.
    """
    slope = gradients.astype(np.float64)
    below = 2 * slope**2 + slope**3 * activations.sum(axis=(0, 1), dtype=np.float64)
    alphas = slope**2 / _nonzero(below)
    alphas /= _nonzero(alphas.sum(axis=(0, 1)))
    weights = (alphas * np.maximum(slope, 0)).sum(axis=(0, 1))
    return np.maximum(activations @ weights, 0).astype(np.float32)


def layer_cam(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """Layer-CAM: each place weighs as much as its own positive gradient (Jiang et al., 2021)."""
    return np.maximum((activations * np.maximum(gradients, 0)).sum(axis=-1), 0)


def _nonzero(values: np.ndarray) -> np.ndarray:
    """Values with 1 for 0, to divide by."""
    return np.where(values == 0, 1, values)
