"""Section 7 of the report, classification: Table 2, Figures 2 to 4, Tables 3 and 4, and the figures of its text."""

from collections.abc import Callable, Iterable

import numpy as np
import streamlit as st

from core import course_report
from core.bundles.bundle import UNIFIED_BY_SLICE, Bundle
from core.bundles.layers import read_layers
from core.bundles.predictions import row_of_slice
from core.config import CLASSES, CLASSIFICATION, SEGMENTATION
from core.evaluation.comparison.result_tables import correct_slices, report_correct, slice_time, whole_test_time
from core.labels import CLASS_LABELS, PART_LABELS
from core.metrics import classification
from core.training.history import marked_epochs
from core.translation.messages import Message, shown, tr
from core.translation.numbers import number_text
from panels.report.curves import cached_history, draw_curves
from panels.report.difference import report_networks, updates_by_early_epoch
from panels.report.layout import draw_table, draw_title
from panels.report.pictures import available_slices
from panels.shared.cache import cached_predictions
from panels.shared.figure_3 import draw_figure_3
from panels.shared.labels import NOT_AVAILABLE, bundle_title
from panels.shared.model_choice import bundle_address, evaluated_bundle, listed_bundles
from panels.shared.slices.gallery import outlined_thumbnail
from panels.shared.slices.image import draw_picture


def draw_classification() -> None:
    """Draw the section."""
    report, unified = listed_bundles().find(report_networks()[0]), evaluated_bundle(UNIFIED_BY_SLICE)
    address = bundle_address(report.name) or {}
    bundles = [report, *([unified] if unified else [])]
    names = [bundle_title(bundle) for bundle in bundles]
    draw_title(tr("Table 2 · Network"), "models", tr("Its layers"), bundle=report.name)
    _draw_table_2(report)
    draw_title(tr("Figure 2 · Training"), "training", tr("All curves"), kind="Classifiers", classifiers=report.name)
    draw_curves(report, CLASSIFICATION, ("loss", "accuracy"))
    epoch = course_report.CNN_EARLY_EPOCH
    theirs, made = updates_by_early_epoch(cached_history(report), report.card.data.counts.train)
    st.caption(
        tr(
            "Updates by epoch {epoch}: the report's {theirs}, ours {made}; the report states no rate.",
            epoch=epoch,
            theirs=theirs,
            made=made,
        )
    )
    draw_table(
        [tr("In the text"), tr("report"), *names],
        [[shown(title), stated, *map(of, bundles)] for title, stated, of in _TEXT],
    )
    st.caption(tr("Times differ by machine."))
    draw_title(tr("Figure 3 · Confusion matrix"), "errors", tr("The slices behind it"), **address)
    draw_figure_3(bundles)
    view = {**address, "view": "Report's tables"}
    draw_title(tr("Table 3, Figure 4 · Five gliomas called meningioma"), "errors", tr("These slices"), **view)
    _draw_table_3(bundles)
    draw_title(tr("Table 4 · Precision / recall / F1"), "errors", tr("Table 4"), **view)
    draw_table(["", tr("report"), *names], _table_4(bundles))
    st.caption(tr("These follow from Figure 3."))


def _draw_table_2(bundle: Bundle) -> None:
    """Draw the report's layers beside ours; a cell of ours says what differs."""
    ours = {layer.name: layer for layer in read_layers(bundle) if layer.inputs}
    rows, differ = [], len(ours) - len(course_report.TABLE_2)
    for row in course_report.TABLE_2:
        layer = ours.get(row.name)
        same = layer is not None and (layer.kind, layer.shape) == (row.type, row.shape)
        cell = NOT_AVAILABLE if layer is None else number_text(layer.parameters, ",")
        differ += not same or cell != number_text(row.parameters, ",")
        shape = "×".join(map(str, row.shape))
        rows.append(
            [
                f"{row.name} ({row.type})",
                shape,
                number_text(row.parameters, ","),
                cell if same else tr("{cell}, another layer", cell=cell),
            ]
        )
    total = [
        tr("Parameters"),
        "",
        number_text(course_report.CNN_PARAMETERS, ","),
        number_text(bundle.card.parameters.total, ","),
    ]
    draw_table([tr("Layer (type)"), tr("output"), tr("report"), bundle_title(bundle)], [*rows, total])
    st.caption(tr("Not the same layers.") if differ else tr("Nothing differs."))


def _at_early_epoch(bundle: Bundle) -> str:
    row = cached_history(bundle).table.set_index("epoch").loc[course_report.CNN_EARLY_EPOCH]
    return f"{number_text(row[_loss(bundle)], '.2f')}, {number_text(row['val_accuracy'], '.2f')}"


def _loss(bundle: Bundle) -> str:
    return "val_class_loss" if SEGMENTATION in bundle.tasks else "val_loss"


def _kept_loss(bundle: Bundle) -> str:
    table = cached_history(bundle).table
    row = table.set_index("epoch").loc[bundle.card.training.epoch_kept]
    return number_text(row[_loss(bundle)], ".4f")


def _steady(bundle: Bundle) -> str:
    return ", ".join(map(str, marked_epochs(cached_history(bundle))["settled"])) or NOT_AVAILABLE


def _wrong(bundle: Bundle) -> str:
    return f"{classification.error_count(np.array(bundle.test_metrics.confusion_matrix))}"


def _meningiomas_wrong(bundle: Bundle) -> str:
    row = bundle.test_metrics.confusion_matrix[CLASSES.index("meningioma")]
    return f"{sum(row) - row[CLASSES.index('meningioma')]}"


def epochs_text(bundle: Bundle) -> str:
    """Return the epochs run of those planned: "15 of 20"."""
    training = bundle.card.training
    return tr("{count} of {total}", count=training.epochs_run, total=training.recipe["epochs"])


_TEXT: list[tuple[Message, str, Callable[[Bundle], str]]] = [
    (
        Message("Epochs"),
        Message("{count} of {total}", count=course_report.CNN_EPOCHS, total=course_report.CNN_EPOCHS_PLANNED),
        epochs_text,
    ),
    (
        Message("Loss, accuracy at epoch {epoch}", epoch=course_report.CNN_EARLY_EPOCH),
        Message("{loss}, {accuracy}", loss=course_report.CNN_EARLY_LOSS, accuracy=course_report.CNN_EARLY_ACCURACY),
        _at_early_epoch,
    ),
    (Message("Loss steady from epoch"), f"{course_report.CNN_STEADY_EPOCH}", _steady),
    (Message("Validation loss"), Message("{value}", value=course_report.CNN_VALIDATION_LOSS), _kept_loss),
    (
        Message("Test loss"),
        Message("{value}", value=course_report.CNN_TEST_LOSS),
        lambda bundle: number_text(bundle.test_metrics.loss, ".2f"),
    ),
    (Message("Test slices right"), report_correct(), correct_slices),
    (Message("Test slices wrong"), f"{course_report.CNN_TEST_WRONG}", _wrong),
    (Message("Meningiomas wrong"), f"{course_report.CNN_MENINGIOMAS_WRONG}", _meningiomas_wrong),
    (
        Message("Inference, test set"),
        Message("{seconds:.0f} s", seconds=course_report.CNN_TEST_SECONDS),
        whole_test_time,
    ),
    (
        Message("Inference, one slice"),
        Message("{milliseconds:.0f} ms", milliseconds=course_report.CNN_SLICE_SECONDS * 1000),
        slice_time,
    ),
]


def _draw_table_3(bundles: list[Bundle]) -> None:
    """Draw our predictions of the report's five slices, and the slices where they are available."""
    rows = []
    for stated in course_report.TABLE_3:
        cells = [f"{stated.slice}", f"{CLASS_LABELS['meningioma'].short} {number_text(stated.confidence)}"]
        for bundle in bundles:
            row = row_of_slice(cached_predictions(bundle), stated.slice)
            part = PART_LABELS[row["part"]].short_in_text
            cells.append(f"{CLASS_LABELS[row['predicted']].short} {number_text(row['confidence'], '.2f')} ({part})")
        rows.append(cells)
    draw_table([tr("Slice"), tr("report"), *map(bundle_title, bundles)], rows)
    slices = available_slices([stated.slice for stated in course_report.TABLE_3])
    if slices:
        grid = st.grid(len(course_report.TABLE_3), min_column_width=110, gap="small")
        for number, slice_ in slices.items():
            with grid.container():
                draw_picture(
                    outlined_thumbnail(slice_),
                    width="stretch",
                    caption=f"{number}",
                    alt=tr("Slice {number}", number=number),
                )
    st.caption(tr("The report's errors, not ours; being right on training slices proves nothing."))


def _table_4(bundles: list[Bundle]) -> list[list[str]]:
    rows = []
    for name in course_report.TABLE_4_ORDER:
        stated = course_report.TABLE_4[name]
        ours = [bundle.test_metrics.per_class[name] for bundle in bundles]
        cells = [_triple((row.precision, row.recall, row.f1)) for row in ours]
        title = f"{CLASS_LABELS[name].short} ({stated.support})"
        rows.append([title, _triple((stated.precision, stated.recall, stated.f1)), *cells])
    matrices = [np.array(bundle.test_metrics.confusion_matrix) for bundle in bundles]
    measured = [[measure(matrix) for measure in _MEASURES] for matrix in matrices]
    accuracies = [number_text(classification.accuracy(matrix), ".2f") for matrix in matrices]
    macro = [_triple([values.mean() for values in each]) for each in measured]
    weighted = [
        _triple([np.average(values, weights=matrix.sum(axis=1)) for values in each])
        for matrix, each in zip(matrices, measured, strict=True)
    ]
    return [
        *rows,
        [tr("Accuracy"), number_text(course_report.TABLE_4_ACCURACY, ".2f"), *accuracies],
        [tr("Macro average"), _triple(course_report.TABLE_4_MACRO), *macro],
        [tr("Weighted average"), _triple(course_report.TABLE_4_WEIGHTED), *weighted],
    ]


_MEASURES = (classification.precision, classification.recall, classification.f1)


def _triple(values: Iterable[float]) -> str:
    return " / ".join(number_text(value, ".2f") for value in values)
