"""The table of samples/README.md: what the networks say of each sample, from the stored answers."""

from pathlib import Path

import numpy as np

from core.bundles.bundle import (
    DEFAULT_CLASSIFIER,
    DEFAULT_SEGMENTER,
    REPORT_CLASSIFIER,
    REPORT_SEGMENTER,
    open_bundle,
)
from core.inference.predictor import Prediction
from core.inference.sample_answers import stored_answer
from core.labels import CLASS_LABELS, OUTCOME_LABELS
from core.metrics.overlap import dice
from core.outcome import CONFIDENT, LOW_CONFIDENCE
from core.readers.samples import Sample, read_samples
from core.text import markdown_table

_EMPTY_CELL = "–"


def sample_table(models: Path | None = None) -> str:
    """Return Markdown: a line a sample, with answer and Dice of the default network and of the report's.

    Args:
        models: of the bundles; ``core.config.models_folder()`` if None.

    Raises:
        BundleError: a bundle cannot be used.
    """
    names = ((DEFAULT_CLASSIFIER, DEFAULT_SEGMENTER), (REPORT_CLASSIFIER, REPORT_SEGMENTER))
    pairs = [(open_bundle(classifier, models), open_bundle(segmenter, models)) for classifier, segmenter in names]
    header = ["slice"]
    for classifier, segmenter in pairs:
        header += [" + ".join(dict.fromkeys((classifier.card.title, segmenter.card.title))), "Dice"]
    rows = [
        [sample.name, *(cell for pair in pairs for cell in _cells(sample, stored_answer(sample.slice(), *pair)))]
        for sample in read_samples()
    ]
    return markdown_table(header, rows, words=[title for title in header if title != "Dice"]) + "\n"


def _cells(sample: Sample, answer: Prediction | None) -> tuple[str, str]:
    """Return an answer in words and the Dice of its mask; dashes where none is stored."""
    if answer is None:
        return _EMPTY_CELL, _EMPTY_CELL
    gate, mask = answer.gate, sample.slice().mask
    probabilities = gate.probabilities if gate else answer.probabilities
    likeliest = int(np.argmax(probabilities))
    words = f"{CLASS_LABELS[answer.classes[likeliest]].in_text} {100 * probabilities[likeliest]:.0f} %"
    if gate and gate.outcome == LOW_CONFIDENCE:
        words = f"low confidence, most probably {words}"
    elif gate and gate.outcome != CONFIDENT:
        words = OUTCOME_LABELS[gate.outcome].in_text
    if sample.known_failure and gate:
        words += " **(known failure)**"
    if mask is None or not mask.any():
        return words, f"{int(answer.mask.sum()):,} px"
    return words, f"{dice(answer.mask, mask):.2f}"
