"""Everything in SliceScope that does not need a browser.

No module imports Streamlit, and none imports TensorFlow at module level: functions that need TensorFlow import it.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.api.model import Model


def load(classifier: str | None = None, segmenter: str | None = None) -> "Model":
    """Load the networks that answer for a slice or a volume; see ``core.api.model.Model``.

    Args:
        classifier: name of the bundle that gives the class; the default one if None.
        segmenter: name of the bundle that gives the mask; the classifier's if None.

    Raises:
        BundleError: a bundle is missing or altered, or has not the task that is asked of it.
    """
    from core.api.model import load_model

    return load_model(classifier, segmenter)
