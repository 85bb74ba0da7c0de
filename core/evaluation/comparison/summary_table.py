"""The README's table: the report's figures, and what this project reaches by slice and by patient."""

from pathlib import Path

from core import course_report
from core.bundles.bundle import (
    DEFAULT_CLASSIFIER,
    DEFAULT_SEGMENTER,
    REPORT_CLASSIFIER,
    REPORT_CNN_BATCH_32,
    REPORT_CNN_LITERAL,
    REPORT_SEGMENTER,
    REPORT_UNET_LITERAL,
    UNIFIED_BY_SLICE,
    Bundle,
    bundle_names,
    open_bundle,
)
from core.evaluation.comparison.result_tables import correct_slices, report_correct
from core.labels import split_level
from core.text import markdown_table

_EMPTY_CELL = "–"
_HEADER = ("", "split", "slices classified correctly", "accuracy", "series accuracy, by slice / patient", "mean Dice")
_LINES = (
    ("Its recipes, literally", REPORT_CNN_LITERAL, REPORT_UNET_LITERAL),
    ("The same, with a batch of 32", REPORT_CNN_BATCH_32, None),
    ("Its recipes", REPORT_CLASSIFIER, REPORT_SEGMENTER),
    ("Its classifier, tuned", "report-cnn-tuned", None),
    ("One network for both", UNIFIED_BY_SLICE, UNIFIED_BY_SLICE),
    ("The same, on other patients", DEFAULT_CLASSIFIER, DEFAULT_SEGMENTER),
)
"""Title, classifier and segmenter of each line; a line is left out where no such bundle ships."""


def summary_table(models: Path | None = None) -> str:
    """Return Markdown: a line for the report, one for each pair of bundles, and one for the default over all folds."""
    accuracy = f"{course_report.CNN_TEST_ACCURACY:.4f}"
    lines = [["The report, 2023", split_level(False), report_correct(), accuracy, _EMPTY_CELL, _EMPTY_CELL]]
    shipped = bundle_names(models)
    for title, classifier, segmenter in _LINES:
        names = list(dict.fromkeys(filter(None, (classifier, segmenter))))
        if set(names) <= set(shipped):
            of_masks = open_bundle(segmenter, models) if segmenter else None
            named = ", ".join(f"`{name}`" for name in names)
            lines.append([f"{title} ({named})", *_figures(open_bundle(classifier, models), of_masks)])
    return markdown_table(_HEADER, lines, words=_HEADER[:2]) + "\n"


def _figures(classifier: Bundle, segmenter: Bundle | None) -> list[str]:
    """Return the cells of a line: over all folds' test slices where a bundle was trained on each, else of its own."""
    over = classifier.card.metrics.over_folds
    accuracy = over.figures["accuracy"].all if over else None
    if over and accuracy is not None:
        slices = sum(over.slices)
        correct = f"{round(accuracy * slices)} of {slices}"
        split = f"{split_level(True)}, {len(over.folds_done)} folds"
    else:
        accuracy, correct = classifier.test_metrics.accuracy, correct_slices(classifier)
        data = classifier.card.data
        split = split_level(data.by_patient) + ", stopped by its test slices" * data.test_stopped_training
    dice = _EMPTY_CELL if segmenter is None else _dice(segmenter)
    return [split, correct, f"{accuracy:.4f}", _series(classifier), dice]


def _series(classifier: Bundle) -> str:
    """Return the accuracy of series, unified by slice and at patient level; none of a slice-level split: it leaks."""
    test, over = classifier.test_metrics, classifier.card.metrics.over_folds
    if not classifier.card.data.by_patient:
        return _EMPTY_CELL
    values = [
        over.figures[name].all if over and name in over.figures else getattr(test, name)
        for name in ("series_accuracy", "patient_accuracy")
    ]
    return " / ".join(_EMPTY_CELL if value is None else f"{value:.4f}" for value in values)


def _dice(segmenter: Bundle) -> str:
    over = segmenter.card.metrics.over_folds
    dice = over.figures["dice_mean"].all if over else None
    return f"{segmenter.test_metrics.dice_mean if dice is None else dice:.4f}"
