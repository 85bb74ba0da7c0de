"""Store what the networks that Analyse offers first answer to the shipped samples."""

from pathlib import Path

import numpy as np

from core.bundles.bundle import (
    DEFAULT_CLASSIFIER,
    DEFAULT_SEGMENTER,
    REPORT_CLASSIFIER,
    REPORT_SEGMENTER,
    Bundle,
    open_bundle,
)
from core.files import replace_file
from core.inference.predictor import Predictor
from core.inference.sample_answers import ANSWERS, answer_arrays, answer_digest
from core.readers.samples import read_samples


def answering_pairs(models: Path | None = None) -> list[tuple[Bundle, Bundle]]:
    """Return classifier and segmenter of each choice of Analyse that names both.

    Args:
        models: the folder of bundles; ``core.config.models_folder()`` if None.

    Raises:
        BundleError: one of them cannot be used.
    """
    names = ((DEFAULT_CLASSIFIER, DEFAULT_SEGMENTER), (REPORT_CLASSIFIER, REPORT_SEGMENTER))
    return [(open_bundle(classifier, models), open_bundle(segmenter, models)) for classifier, segmenter in names]


def write_sample_answers(path: Path = ANSWERS) -> int:
    """Predict every sample by every pair and write the file; return the number of predictions.

    Raises:
        BundleError: a bundle cannot be used.
    """
    arrays: dict[str, np.ndarray] = {}
    count = 0
    for classifier, segmenter in answering_pairs():
        predictor = Predictor(classifier, segmenter)
        for sample in read_samples():
            slice_ = sample.slice()
            digest = answer_digest(slice_, classifier, segmenter)
            if digest is not None:
                arrays |= answer_arrays(digest, predictor(slice_))
                count += 1
    with replace_file(path) as temporary:
        np.savez_compressed(temporary, allow_pickle=False, **arrays)
    return count
