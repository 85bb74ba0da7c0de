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
from core.bundles.card.metrics import PictureCount
from core.evaluation.comparison.result_tables import correct_slices, report_correct
from core.labels import split_level
from core.text import markdown_table

_EMPTY_CELL = "–"
_FOUR_PANELS = "four-panel figure"
MADE_KINDS = (_FOUR_PANELS, "figure of panels", "screenshot", "negative")
"""Kinds of pictures made of own test slices; ``core.ood.made_images`` makes them."""
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
    table = markdown_table(_HEADER, lines, words=_HEADER[:2]) + "\n"
    gate = gate_table(open_bundle(DEFAULT_CLASSIFIER, models)) if DEFAULT_CLASSIFIER in shipped else ""
    return f"{table}\n{gate}" if gate else table


def gate_table(bundle: Bundle) -> str:
    """Return Markdown: what is shown after a bundle's gate, at home beside outside; empty where it is not measured."""
    external = bundle.card.metrics.external
    if external is None or external.all is None or "unaltered" not in external.figshare_after_gate:
        return ""
    header = [f"After the gate of `{bundle.name}`", "own test slices", "external test set"]
    own = external.figshare_after_gate
    refused = external.all.unusual_image + external.all.not_a_head_slice
    rows = [
        ["Tumour, its type shown and correct", _share(own["unaltered"].correct), _EMPTY_CELL],
        ["Confident about the type: correct", _EMPTY_CELL, _share(external.class_accuracy_answered)],
        ["Tumour called tumour-free", _share(own["unaltered"].no_tumour), _share(external.tumour_called_no_tumour)],
        ["Tumour-free called tumour", _EMPTY_CELL, _share(external.no_tumour_called_tumour)],
        ["Refused as no such slice", _share(own["unaltered"].refused), _share(refused)],
        *(
            [f"Type shown and correct, {title}", _share(own[key].correct), _EMPTY_CELL]
            for key, title in (("frame", "with a white frame of 6 px"), ("noise", "with noise of 3 %"))
            if key in own
        ),
    ]
    series = external.figshare_series_after_gate
    if series:
        both = f"{_share(series.correct)} / {_share(series.patient_correct)}"
        rows.append(["Type of a series, by slice / patient", both, _EMPTY_CELL])
    counts = external.pictures_without_class
    panels = counts.get(_FOUR_PANELS)
    others = [count for kind, count in counts.items() if kind not in MADE_KINDS]
    text = f"\n{_without_class(others)} pictures that are no head slice get no class" if others else ""
    if panels and text:
        text += f", and {_without_class([panels])} four-panel figures"
    return markdown_table(header, rows, words=header[:1]) + "\n" + (f"{text}.\n" if text else "")


def _share(value: float | None) -> str:
    return _EMPTY_CELL if value is None else f"{100 * value:.1f} %"


def _without_class(counts: list[PictureCount]) -> str:
    return f"{sum(count.without_class for count in counts)} of {sum(count.pictures for count in counts)}"


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
    dice = segmenter.card.metrics.on_new_slices("dice_mean") if segmenter else None
    return [split, correct, f"{accuracy:.4f}", _series(classifier), _EMPTY_CELL if dice is None else f"{dice:.4f}"]


def _series(classifier: Bundle) -> str:
    """Return the accuracy of series, unified by slice and at patient level; none of a slice-level split: it leaks."""
    if not classifier.card.data.by_patient:
        return _EMPTY_CELL
    values = [classifier.card.metrics.on_new_slices(name) for name in ("series_accuracy", "patient_accuracy")]
    return " / ".join(_EMPTY_CELL if value is None else f"{value:.4f}" for value in values)
