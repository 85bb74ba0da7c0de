"""The table of samples/README.md: what the networks say of each sample, from the stored answers."""

from pathlib import Path

import numpy as np

from core.bundles.bundle import Bundle
from core.evaluation.sample_answers import answering_pairs
from core.inference.sample_answers import stored_answer
from core.labels import CLASS_LABELS, OUTCOME_LABELS
from core.metrics.overlap import dice
from core.outcome import CONFIDENT, LOW_CONFIDENCE
from core.readers.samples import Sample, read_samples
from core.readers.slices import Slice
from core.text import markdown_table

_EMPTY_CELL = "–"


def sample_table(models: Path | None = None) -> str:
    """Return Markdown: a line a sample, with answer and Dice of the default network and of the report's.

    Args:
        models: of the bundles; ``core.config.models_folder()`` if None.

    Raises:
        BundleError: a bundle cannot be used.
    """
    pairs = answering_pairs(models)
    header = ["slice"]
    for classifier, segmenter in pairs:
        header += [" + ".join(dict.fromkeys((classifier.card.title, segmenter.card.title))), "Dice"]
    rows = [_row(sample, pairs) for sample in read_samples()]
    return markdown_table(header, rows, words=[title for title in header if title != "Dice"]) + "\n"


def _row(sample: Sample, pairs: list[tuple[Bundle, Bundle]]) -> list[str]:
    """Return a sample's name, and each pair's answer and Dice."""
    slice_ = sample.slice()
    return [sample.name, *(cell for pair in pairs for cell in _cells(sample, slice_, pair))]


def _cells(sample: Sample, slice_: Slice, pair: tuple[Bundle, Bundle]) -> tuple[str, str]:
    """Return a pair's answer in words and the Dice of its mask; dashes where none is stored."""
    answer = stored_answer(slice_, *pair)
    if answer is None:
        return _EMPTY_CELL, _EMPTY_CELL
    gate, mask = answer.gate, slice_.mask
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
