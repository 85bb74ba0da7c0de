"""Measure how well image features that have nothing to do with tumours separate two sources of slices.

Tumour slices come from one source, tumour-free ones from another. As far as size, border and histogram alone separate
them, a gate may have learnt the source in place of the tumour; ``core.ood.gate_control`` measures that at each stage of
preprocessing.
"""

import numpy as np

from core.config import SEED
from core.metrics.calibration import area_under_roc, roc_curve

_BINS = 16
_BORDER = 0.05
"""Width of the border, as a share of a side."""
_FOLDS = 5


def source_features(pixels: np.ndarray) -> np.ndarray:
    """Describe a (H, W) image: sides in thousands of pixels, brightness of the four borders, and histogram.

    Intensities are scaled by the image's own minimum and maximum.

    Returns:
        (k,) features.
    """
    height, width = pixels.shape
    low, high = float(pixels.min()), float(pixels.max())
    unit = (pixels.astype(np.float64) - low) / (high - low or 1.0)
    rows, columns = max(1, round(height * _BORDER)), max(1, round(width * _BORDER))
    borders = [unit[:rows], unit[-rows:], unit[:, :columns], unit[:, -columns:]]
    histogram = np.histogram(unit, bins=_BINS, range=(0, 1))[0] / unit.size
    # Square roots: the darkest bin would dominate the others.
    return np.array([height / 1000, width / 1000, *[border.mean() for border in borders], *np.sqrt(histogram[1:])])


def source_auc(internal: np.ndarray, external: np.ndarray, patients: np.ndarray) -> float:
    """Return the cross-validated AUC of a logistic regression that separates two sources.

    Args:
        internal: (n, k) features of the first source's images.
        external: (m, k) features of the second's.
        patients: (n,) patients of the first source, none of whom is on both sides of a fold.

    Returns:
        0.5 for sources that cannot be separated, 1 for sources that always can.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    features = np.concatenate([internal, external])
    label = np.repeat([0, 1], [len(internal), len(external)])
    # The second source has no patient numbers: each of its images is a group of its own.
    singles = patients.max() + 1 + np.arange(len(external))
    folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=SEED)
    model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=5000))
    scores = cross_val_predict(
        model, features, label, groups=np.concatenate([patients, singles]), cv=folds, method="decision_function"
    )
    return area_under_roc(roc_curve(scores, label == 1))
