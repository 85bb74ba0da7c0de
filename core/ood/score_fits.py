"""The two fits that a gate's scores come from: a weighted logistic regression, and distances along directions."""

from typing import NamedTuple

import numpy as np


class FeatureGroup(NamedTuple):
    """(n, k) features of planes of one label, and the weight of the whole group in the fit.

    ``has_tumour`` is the label: of the tumour score whether there is a tumour.
    """

    features: np.ndarray
    has_tumour: bool
    weight: float


class Distances(NamedTuple):
    """The centre (D,), directions (D, K) and known slices (N, K) of ``core.inference.gate.Gate``."""

    centre: np.ndarray
    directions: np.ndarray
    known: np.ndarray


def weighted_regression(groups: list[FeatureGroup], regularisation: float) -> tuple[np.ndarray, np.ndarray]:
    """Fit a logistic regression of the groups' labels; return (k,) weights and the intercept, for plain features.

    Args:
        groups: of both labels.
        regularisation: inverse strength of the L2 penalty, features in standard deviations.
    """
    from sklearn.linear_model import LogisticRegression

    features = np.concatenate([group.features for group in groups]).astype(np.float64)
    label = np.concatenate([np.full(len(group.features), group.has_tumour) for group in groups])
    weight = np.concatenate([np.full(len(group.features), group.weight / len(group.features)) for group in groups])
    centre, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
    model = LogisticRegression(C=regularisation, max_iter=5000)
    model.fit((features - centre) / spread, label, sample_weight=weight / weight.mean())
    weights = model.coef_[0] / spread
    return weights, np.array(model.intercept_[0] - centre @ weights)


def fit_distances(means: np.ndarray, directions: int) -> Distances:
    """Fit what the distance from the nearest slice is measured with.

    Args:
        means: (n, D) channel means of the slices.
        directions: how many principal directions count, at most.
    """
    from sklearn.decomposition import PCA

    means = means.astype(np.float64)
    mean, scale = means.mean(axis=0), means.std(axis=0) + 1e-6
    components = PCA(min(directions, *means.shape)).fit((means - mean) / scale)
    whitened = components.components_ / np.sqrt(components.explained_variance_ + 1e-9)[:, None]
    along = (whitened / scale).T
    return Distances(mean, along, (means - mean) @ along)
