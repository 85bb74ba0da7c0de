"""A control: how well can the two sources be told apart by what has nothing to do with tumours?

Tumour slices come from one source, tumour-free ones from another. Size, border and histogram alone tell them apart as
they are; what of that is left after the preprocessing, and after what training planes go through, bounds how far the
screen can have learnt the source instead of the tumour.
"""

import numpy as np

from core.config import SEED

_BINS = 16
_FRAME = 0.05
"""Width of the border, as a share of a side."""
_FOLDS = 5


def source_features(pixels: np.ndarray) -> np.ndarray:
    """(k,) of a (H, W) picture: sides in thousands of pixels, and how bright each border is, and its histogram.

    Intensities are scaled by the picture's own minimum and maximum.
    """
    height, width = pixels.shape
    low, high = float(pixels.min()), float(pixels.max())
    unit = (pixels.astype(np.float64) - low) / (high - low or 1.0)
    rows, columns = max(1, round(height * _FRAME)), max(1, round(width * _FRAME))
    borders = [unit[:rows], unit[-rows:], unit[:, :columns], unit[:, -columns:]]
    histogram = np.histogram(unit, bins=_BINS, range=(0, 1))[0] / unit.size
    # Square roots: the darkest bin would drown the others.
    return np.array([height / 1000, width / 1000, *[one.mean() for one in borders], *np.sqrt(histogram[1:])])


def source_auc(one: np.ndarray, other: np.ndarray, groups: np.ndarray) -> float:
    """Area under the ROC curve of a logistic regression that tells two sources apart, cross-validated.

    Args:
        one: (n, k) descriptions of the first source's pictures.
        other: (m, k) of the second's.
        groups: (n,) patients of the first source, none of which is on both sides of a fold.

    Returns:
        0.5 for sources that cannot be told apart, 1 for such as always can.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    features = np.concatenate([one, other])
    label = np.repeat([0, 1], [len(one), len(other)])
    # The second source has no patient numbers: each of its pictures is a group of its own.
    alone = groups.max() + 1 + np.arange(len(other))
    folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=SEED)
    model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=5000))
    said = cross_val_predict(
        model, features, label, groups=np.concatenate([groups, alone]), cv=folds, method="decision_function"
    )
    return float(roc_auc_score(label, said))
