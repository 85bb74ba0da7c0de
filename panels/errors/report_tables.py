"""The Errors page's second view: the report's Tables 3 and 4 and its Figure 3 beside ours."""

import numpy as np
import pandas as pd
import streamlit as st

from core import course_report
from core.bundles.bundle import Bundle
from core.bundles.predictions import row_of_slice
from core.config import CLASSIFICATION
from core.labels import CLASS_LABELS, PART_LABELS, Titles
from core.metrics import classification
from core.translation.messages import mark, tr
from panels.errors.matrix_view import tile_label
from panels.shared.cache import cached_predictions
from panels.shared.figure_3 import draw_figure_3
from panels.shared.labels import bundle_title, split_level_of, term
from panels.shared.model_choice import choice_title, listed_bundles, readable_bundles
from panels.shared.slices import gallery
from panels.shared.theme import percent

_MEASURES = Titles({"precision": mark("Precision"), "recall": mark("Recall"), "f1": mark("F1")})
_MEASURE_OF = {"precision": classification.precision, "recall": classification.recall, "f1": classification.f1}


def draw_report_tables(bundle: Bundle) -> None:
    """Draw the view."""
    st.header(tr("Table 4: precision, recall and F1"), anchor=False)
    st.dataframe(
        _table_4(bundle),
        hide_index=True,
        column_config={
            name: st.column_config.NumberColumn(format="%.2f")
            for title in _MEASURES.values()
            for name in _columns(title)
        },
        placeholder="",
        alt=tr("The report's Table 4 beside the figures of {bundle}", bundle=bundle.name),
    )
    errors = classification.error_count(_matrix(bundle))
    watching = (
        mark("{bundle}: {slices} test slices, {level} split, {errors} errors; training watched them, too.")
        if bundle.card.data.test_stopped_training
        else mark("{bundle}: {slices} test slices, {level} split, {errors} errors; training did not look at them.")
    )
    st.caption(
        tr(
            "{precision}, {recall} and {f1}; the accuracy stands in the column F1, as in the report. "
            "Report: {report_slices} test slices, {report_errors} errors; its early stopping watched the "
            "test slices.",
            precision=term("precision"),
            recall=term("recall", tr("recall")),
            f1=term("f1"),
            report_slices=course_report.CNN_TEST_SLICES,
            report_errors=course_report.CNN_TEST_WRONG,
        )
        + " "
        + tr(
            watching,
            bundle=bundle_title(bundle),
            slices=bundle.test_metrics.slices,
            level=split_level_of(bundle),
            errors=errors,
        )
    )
    st.header(tr("Figure 3: the confusion matrix"), anchor=False)
    draw_figure_3([bundle])
    st.header(tr("Table 3: gliomas that the report's network predicts as meningiomas"), anchor=False)
    st.markdown(
        tr(
            "What our networks predict for the report's five slices. In brackets: whether the slice "
            "was in training; if it was, a correct prediction proves nothing."
        )
    )
    st.dataframe(
        _table_3(), hide_index=True, alt=tr("Each network's predictions for the slices of the report's Table 3")
    )
    st.caption(
        tr("We take the report's row numbers for slice numbers of the data set. All five slices are gliomas there too.")
    )
    rows = cached_predictions(bundle).set_index("slice", drop=False).loc[[row.slice for row in course_report.TABLE_3]]
    gallery.draw_gallery(rows, caption=tile_label, key="table_3")


def _matrix(bundle: Bundle) -> np.ndarray:
    """Return the confusion matrix of the test slices."""
    return np.array(bundle.test_metrics.confusion_matrix)


def _table_4(bundle: Bundle) -> pd.DataFrame:
    ours = bundle.test_metrics.per_class
    rows = []
    for name, theirs in course_report.TABLE_4.items():
        row: dict[str, object] = {tr("Class"): CLASS_LABELS[name].title}
        for measure, title in _MEASURES.items():
            row |= _pair(title, getattr(theirs, measure), getattr(ours[name], measure))
        rows.append(row | _pair(tr("Slices"), theirs.support, ours[name].support))
    matrix = _matrix(bundle)
    support = matrix.sum(axis=1)
    measured = {measure: compute(matrix) for measure, compute in _MEASURE_OF.items()}
    slices = _pair(tr("Slices"), course_report.CNN_TEST_SLICES, int(support.sum()))
    accuracy = _pair(_MEASURES["f1"], course_report.TABLE_4_ACCURACY, float(classification.accuracy(matrix)))
    rows.append({tr("Class"): tr("Accuracy"), **accuracy, **slices})
    for title, stated, weights in (
        (tr("Macro average"), course_report.TABLE_4_MACRO, None),
        (tr("Weighted average"), course_report.TABLE_4_WEIGHTED, support),
    ):
        row = {tr("Class"): title, **slices}
        for (measure, column), report_mean in zip(_MEASURES.items(), stated, strict=True):
            our_mean = float(np.average(measured[measure], weights=weights))
            row |= _pair(column, report_mean, our_mean)
        rows.append(row)
    return pd.DataFrame(rows)


def _columns(title: str) -> tuple[str, str]:
    """Return the titles of a figure's two columns: the report's, and ours."""
    return tr("{title}, report", title=title), tr("{title}, ours", title=title)


def _pair(title: str, theirs: float, ours: float) -> dict[str, object]:
    return dict(zip(_columns(title), (theirs, ours), strict=True))


def _table_3() -> pd.DataFrame:
    listing = listed_bundles()
    bundles = readable_bundles(map(listing.find, listing.evaluated(CLASSIFICATION)))
    tables = {choice_title(bundle.name): cached_predictions(bundle) for bundle in bundles}
    rows = []
    for row in course_report.TABLE_3:
        cells = {tr("Slice"): str(row.slice), tr("Report"): tr("✗ Meningioma {share}", share=percent(row.confidence))}
        for title, table in tables.items():
            prediction = row_of_slice(table, row.slice)
            sign = "✓" if prediction["right"] else "✗"
            class_and_confidence = f"{CLASS_LABELS[prediction['predicted']].short} {percent(prediction['confidence'])}"
            cells[title] = f"{sign} {class_and_confidence} ({PART_LABELS[prediction['part']].short_in_text})"
        rows.append(cells)
    return pd.DataFrame(rows)
