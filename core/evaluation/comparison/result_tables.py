"""The tables of docs/results.md: the report's figures beside every bundle's, and the gates'."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from core import course_report
from core.bundles.bundle import Bundle, bundle_names, open_bundle
from core.bundles.card.metrics import Aim, WithoutNeighbours
from core.config import CLASSES, CLASSIFICATION, SEGMENTATION
from core.evaluation.comparison.bundles import metrics_on_table_5
from core.labels import CLASS_LABELS, GATE_METRIC_LABELS, METRIC_TITLES, SLICE_LEVEL, split_level
from core.metrics import classification
from core.text import join_words, markdown_table
from core.translation.messages import Message

_EMPTY_CELL = "–"


class _Row(NamedTuple):
    """A row of a table: its title, the report's value, and how to read a bundle's."""

    title: str
    report: str
    value: Callable[[Bundle], str]


def metrics_tables(models: Path | None = None) -> str:
    """Return Markdown: classification and segmentation, the report beside every bundle; gates; and notes."""
    bundles = [bundle for bundle in (open_bundle(name, models) for name in bundle_names(models)) if bundle.is_evaluated]
    tables = [
        _bundle_table(rows, [bundle for bundle in bundles if task in bundle.tasks and not bundle.reads_neighbours])
        for task, rows in ((CLASSIFICATION, _CLASS_ROWS), (SEGMENTATION, _MASK_ROWS))
    ]
    tables += [_neighbours_table(bundle) for bundle in bundles if bundle.card.metrics.without_neighbours]
    tables += [_gate_table(bundle) for bundle in bundles if _aims(bundle)]
    return "\n".join([*tables, *(f"{note}\n" for note in _notes(bundles))])


def _bundle_table(rows: list[_Row], bundles: list[Bundle]) -> str:
    header = ["", "the report", *(f"`{bundle.name}`" for bundle in bundles)]
    lines = []
    for row in rows:
        values = [row.value(bundle) for bundle in bundles]
        # Without a recipe trained on several folds, the rows of means over folds are left out.
        if row.title not in _OVER_FOLDS or set(values) != {_EMPTY_CELL}:
            lines.append([row.title, row.report, *values])
    return markdown_table(header, lines, words=header[:1]) + "\n"


def _neighbours_table(bundle: Bundle) -> str:
    """Return the figures of a bundle that reads neighbours, of the same test slices between them and alone."""
    test, alone = bundle.test_metrics, bundle.card.metrics.without_neighbours
    header = [f"`{bundle.name}`, {test.slices} test slices of {bundle.card.data.split}", "between neighbours", "alone"]
    lines = [
        [title, *(f"{getattr(figures, name):.4f}" for figures in (test, alone))]
        for name, title in METRIC_TITLES.english.items()
        if name in WithoutNeighbours.model_fields
    ]
    return markdown_table(header, lines, words=header[:1]) + "\n"


def _aims(bundle: Bundle) -> dict[str, Aim]:
    """Return the aims of a measured gate by metric; empty where there is none."""
    return bundle.card.metrics.external.aims if bundle.card.metrics.external else {}


def _gate_table(bundle: Bundle) -> str:
    """Return a gate's metrics on the external test set, non-brain images and own test slices, beside its aims."""
    header, lines = [f"The gate of `{bundle.name}`", "aim", "reached"], []
    for name, aim in _aims(bundle).items():
        short = f", short by {aim.short_by:.4f}" if aim.short_by else ""
        lines.append([GATE_METRIC_LABELS[name].title, aim.aim, f"{aim.reached:.4f}{short}"])
    external = bundle.card.metrics.external
    if external and external.figshare_all:
        own = f"{external.figshare_all.right:.4f}"
        lines.append(["Own test slices classified correctly after the gate", _EMPTY_CELL, own])
    return markdown_table(header, lines, words=header[:1]) + "\n"


def _notes(bundles: list[Bundle]) -> list[str]:
    mirrored = [f"`{bundle.name}`" for bundle in bundles if bundle.test_time_flip]
    stopped = [f"`{bundle.name}`" for bundle in bundles if bundle.card.data.test_stopped_training]
    notes = []
    if any(bundle.test_metrics.series_accuracy is not None for bundle in bundles):
        notes.append(
            "A series is all slices of a patient, which get the class with the highest mean probability. Unified by "
            "slice, every slice counts; at patient level, every patient. On a slice-level split a series would stand "
            "on both sides. Dice of a series is that of its slices."
        )
    if any(bundle.reads_neighbours for bundle in bundles):
        notes.append(
            "Between neighbours: the network reads each slice with the slices before and after it (2.5-D). It stands "
            "in no table of single slices; alone, the slice stands in its neighbours' places."
        )
    if mirrored:
        notes.append(f"Predictions of {join_words(mirrored)} are means over the slice and its mirror image.")
    if stopped:
        notes.append(f"Test slices stopped the training of {join_words(stopped)}, as in the report.")
    return notes


def _test_metric(*keys: str, digits: int = 4) -> Callable[[Bundle], str]:
    def value(bundle: Bundle) -> str:
        metric: Any = bundle.test_metrics
        for key in keys:
            metric = getattr(metric, key)
        return f"{metric:.{digits}f}"

    return value


def _class_row(name: str) -> _Row:
    report = course_report.TABLE_4[name]

    def value(bundle: Bundle) -> str:
        metrics = bundle.test_metrics.per_class[name]
        return f"{metrics.precision:.2f} / {metrics.recall:.2f} / {metrics.f1:.2f}"

    title = f"{CLASS_LABELS[name].english_short}: precision / recall / F1"
    return _Row(title, f"{report.precision:.2f} / {report.recall:.2f} / {report.f1:.2f}", value)


def correct_slices(bundle: Bundle) -> Message:
    """Return how many test slices a bundle classifies correctly: "526 of 614"."""
    matrix = np.array(bundle.test_metrics.confusion_matrix)
    return Message("{count} of {total}", count=classification.correct_count(matrix), total=bundle.test_metrics.slices)


def report_correct() -> Message:
    """Return how many test slices the report's network classifies correctly: "575 of 614"."""
    slices = course_report.CNN_TEST_SLICES
    return Message("{count} of {total}", count=slices - course_report.CNN_TEST_WRONG, total=slices)


def _mask_loss(bundle: Bundle) -> str:
    return _test_metric("mask_loss" if CLASSIFICATION in bundle.tasks else "loss")(bundle)


def _table_5_metric(key: str) -> Callable[[Bundle], str]:
    def value(bundle: Bundle) -> str:
        metrics = metrics_on_table_5(bundle)
        return _EMPTY_CELL if metrics is None else f"{getattr(metrics, key):.4f}"

    return value


def _series_metric(key: str) -> Callable[[Bundle], str]:
    def value(bundle: Bundle) -> str:
        # On a slice-level split, test patients are in training too, and the value would mean nothing.
        metric = getattr(bundle.test_metrics, key) if bundle.card.data.by_patient else None
        return _EMPTY_CELL if metric is None else f"{metric:.4f}"

    return value


def _without_similar_ids(bundle: Bundle) -> str:
    metrics = bundle.test_metrics.without_letter_twins
    return f"{metrics.accuracy:.4f} ({metrics.slices} slices)" if metrics else _EMPTY_CELL


def _mean_over_folds(key: str) -> Callable[[Bundle], str]:
    def value(bundle: Bundle) -> str:
        metrics = bundle.card.metrics.over_folds
        figure = metrics.figures.get(key) if metrics else None
        if figure is None:
            return _EMPTY_CELL
        return f"{figure.mean:.4f} ± {figure.std:.4f} ({len(figure.folds)} folds)"

    return value


def _epochs_run(bundle: Bundle) -> str:
    return f"{bundle.card.training.epochs_run} (kept {bundle.card.training.epoch_kept})"


def _training_minutes(bundle: Bundle) -> str:
    return f"{bundle.card.training.seconds / 60:.0f} min"


def slice_time(bundle: Bundle) -> str:
    """Return the inference time of one slice: "12 ms"."""
    times = bundle.card.times
    return Message("{milliseconds:.0f} ms", milliseconds=times.one_slice_seconds * 1000) if times else _EMPTY_CELL


def whole_test_time(bundle: Bundle) -> str:
    """Return the inference time of the report's test set: "7.7 s"."""
    times = bundle.card.times
    return Message("{seconds:.1f} s", seconds=times.test_set_seconds) if times else _EMPTY_CELL


_ACCURACY_OVER_FOLDS = "Accuracy, patient-level split, mean ± std over folds"
_SERIES_OVER_FOLDS = "Series accuracy, unified by slice, mean ± std over folds"
_PATIENTS_OVER_FOLDS = "Patient-level accuracy, mean ± std over folds"
_DICE_OVER_FOLDS = "Mean Dice, patient-level split, mean ± std over folds"
_CLASS_DICE_OVER_FOLDS = "Class-mean Dice, patient-level split, mean ± std over folds"
_OVER_FOLDS = (
    _ACCURACY_OVER_FOLDS,
    _SERIES_OVER_FOLDS,
    _PATIENTS_OVER_FOLDS,
    _DICE_OVER_FOLDS,
    _CLASS_DICE_OVER_FOLDS,
)
_CLASS_ROWS = [
    _Row("Split", SLICE_LEVEL, lambda bundle: split_level(bundle.card.data.by_patient)),
    _Row("Test slices classified correctly", report_correct(), correct_slices),
    _Row("Test accuracy", f"{course_report.CNN_TEST_ACCURACY:.4f}", _test_metric("accuracy")),
    _Row("Test loss", f"{course_report.CNN_TEST_LOSS:.2f}", _test_metric("loss", digits=2)),
    _Row("Macro F1", f"{course_report.CNN_MACRO_F1:.2f}", _test_metric("macro_f1", digits=2)),
    *(_class_row(name) for name in CLASSES),
    _Row("Series accuracy, unified by slice", _EMPTY_CELL, _series_metric("series_accuracy")),
    _Row("Patient-level accuracy", _EMPTY_CELL, _series_metric("patient_accuracy")),
    _Row("Accuracy without patient ids that differ by a final letter", _EMPTY_CELL, _without_similar_ids),
    _Row(_ACCURACY_OVER_FOLDS, _EMPTY_CELL, _mean_over_folds("accuracy")),
    _Row(_SERIES_OVER_FOLDS, _EMPTY_CELL, _mean_over_folds("series_accuracy")),
    _Row(_PATIENTS_OVER_FOLDS, _EMPTY_CELL, _mean_over_folds("patient_accuracy")),
    _Row("Epochs", f"{course_report.CNN_EPOCHS}", _epochs_run),
    _Row("Training time", _EMPTY_CELL, _training_minutes),
    _Row("Inference time, test set", f"{course_report.CNN_TEST_SECONDS:.0f} s", whole_test_time),
    _Row("Inference time, one slice", f"{course_report.CNN_SLICE_SECONDS * 1000:.0f} ms", slice_time),
]
_MASK_ROWS = [
    _Row("Split", SLICE_LEVEL, lambda bundle: split_level(bundle.card.data.by_patient)),
    _Row("Mean Dice", _EMPTY_CELL, _test_metric("dice_mean")),
    _Row("Class-mean Dice", _EMPTY_CELL, _test_metric("dice_class_mean")),
    _Row("Pooled Dice", _EMPTY_CELL, _test_metric("dice_pooled")),
    _Row("Mean Dice on Table 5's test slices", _EMPTY_CELL, _table_5_metric("dice_mean")),
    _Row("Pooled Dice on Table 5's test slices", _EMPTY_CELL, _table_5_metric("dice_pooled")),
    _Row(_DICE_OVER_FOLDS, _EMPTY_CELL, _mean_over_folds("dice_mean")),
    _Row(_CLASS_DICE_OVER_FOLDS, _EMPTY_CELL, _mean_over_folds("dice_class_mean")),
    _Row("Mean IoU of the tumour", _EMPTY_CELL, _test_metric("iou_mean")),
    _Row("Pooled IoU of the tumour", _EMPTY_CELL, _test_metric("iou_pooled")),
    _Row(
        "Keras MeanIoU fed scores",
        f"{course_report.UNET_VALIDATION_IOU:.4f} (validation)",
        _test_metric("keras_mean_iou", "value"),
    ),
    _Row(
        "Pixel accuracy at the network's size",
        f"{course_report.UNET_VALIDATION_ACCURACY:.4f} (validation)",
        _test_metric("network_size", "pixel_accuracy"),
    ),
    _Row("Cross-entropy", f"{course_report.UNET_VALIDATION_LOSS:.4f} (validation)", _mask_loss),
    _Row("Epochs", f"{course_report.UNET_EPOCHS}", _epochs_run),
    _Row("Training time", f"{course_report.UNET_TRAINING_SECONDS / 60:.0f} min (Colab)", _training_minutes),
    _Row("Inference time, one slice", f"{course_report.UNET_SLICE_SECONDS * 1000:.0f} ms", slice_time),
]
