"""The Errors page's first view: the confusion matrix, filters, and the slices that pass them."""

import pandas as pd
import streamlit as st

from core.bundles.bundle import Bundle
from core.bundles.predictions import SORTS, order_predictions, select_predictions
from core.evaluation.figures import class_figures, confusion_counts, confusion_of
from core.labels import CLASS_LABELS, PART_LABELS
from core.metrics import classification
from core.translation.messages import mark, tr
from panels.shared import confusion_matrix
from panels.shared.cache import cached_predictions
from panels.shared.controls import csv_button, fragment
from panels.shared.labels import count_text, term
from panels.shared.link.address import bound
from panels.shared.slices import gallery
from panels.shared.theme import percent

ORDER_TITLES = {
    "least sure first": mark("lowest confidence first"),
    "surest first": mark("highest confidence first"),
}
"""Titles of those orders of ``core.bundles.predictions.SORTS`` that are not shown under their own name."""
_NOTHING_PASSES = mark("No slice passes these filters.")


def draw_matrix_and_slices(bundle: Bundle) -> None:
    """Draw the view."""
    table = cached_predictions(bundle)
    classes = bundle.card.classes
    left, right = st.columns([5, 7], gap="medium")
    matrix = left.container(key="errors_matrix")
    # The filters come first in the run, since the matrix counts what they let through; they stand on the right.
    with right:
        true, predicted, only_wrong, order = _choices(classes)
        of_part = _more_filters(table)
    with matrix:
        shown = st.container()
        filtered = _matrix_filters(of_part, int(table["tumour_px"].max()))
    with shown:
        _draw_matrix(filtered, classes)
        st.caption(_summary(filtered, of_part, bundle))
    chosen = select_predictions(filtered, true=true, predicted=predicted, only_wrong=only_wrong)
    chosen = order_predictions(chosen, order)
    with right:
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(
                tr("**{count} slices** of {patients} patients", count=len(chosen), patients=chosen["patient"].nunique())
            )
            csv_button(chosen, tr("CSV of these slices"), f"{bundle.name}-slices.csv")
        if chosen.empty:
            st.info(tr(_NOTHING_PASSES), icon=":material/filter_alt_off:")
        else:
            gallery.draw_gallery(chosen, caption=tile_label, key="page")


@fragment
def _draw_matrix(table: pd.DataFrame, classes: list[str]) -> None:
    """Draw the matrix and the choice of what its cells show, which redraws nothing else."""
    show = bound(
        st.segmented_control,
        tr("Cells show"),
        [confusion_matrix.COUNTS, confusion_matrix.ROW_SHARE, confusion_matrix.COLUMN_SHARE],
        default=confusion_matrix.COUNTS,
        required=True,
        format_func=tr,
        key="cells",
    )
    confusion_matrix.draw_confusion_matrix(confusion_counts(table, classes), show=show, key="matrix")


def tile_label(row: pd.Series) -> str:
    """Label a slice's tile: whether the prediction is right, the slice's number, predicted class, confidence; if it is
    wrong, the true class too."""
    confidence = percent(row["confidence"]).removeprefix(">\N{NO-BREAK SPACE}")
    prediction = f"{CLASS_LABELS[row['predicted']].short} {confidence}"
    if row["right"]:
        return f":green[:material/check:] {row['slice']} · {prediction}"
    label = f":red[:material/close:] {row['slice']} · {prediction}"
    return tr("{label}, true:\u00a0{type}", label=label, type=CLASS_LABELS[row["true"]].short)


def _choices(classes: list[str]) -> tuple[str | None, str | None, bool, str]:
    """Draw the choices; return the true and the predicted class, whether only errors are shown, and the order."""
    true_column, predicted_column, order_column = st.columns(3, vertical_alignment="bottom")
    with true_column:
        true = _class_box(tr("True class"), classes, key=confusion_matrix.TRUE_KEY)
    with predicted_column:
        predicted = _class_box(tr("Predicted class"), classes, key=confusion_matrix.PREDICTED_KEY)
    only_wrong = bound(st.toggle, tr("Only errors"), key="wrong")
    with order_column:
        order = bound(st.selectbox, tr("Sort"), list(SORTS), format_func=_order_title, key="sort")
    return true, predicted, only_wrong, order


def _order_title(name: str) -> str:
    return tr(ORDER_TITLES.get(name, name))


def _class_box(label: str, classes: list[str], *, key: str) -> str | None:
    return bound(
        st.selectbox,
        label,
        classes,
        index=None,
        placeholder=tr("Any"),
        format_func=lambda name: CLASS_LABELS[name].title,
        key=key,
    )


def _more_filters(table: pd.DataFrame) -> pd.DataFrame:
    """Draw the choice of the part and of a patient, which the matrix follows too; return the rows that pass them."""
    with st.expander(tr("Part of the split, patient"), icon=":material/filter_alt:"):
        part = bound(
            st.segmented_control,
            tr("Part of the split"),
            list(PART_LABELS),
            default="test",
            required=True,
            format_func=lambda name: PART_LABELS[name].short,
            key="part",
        )
        patient = bound(
            st.number_input,
            tr("Patient number"),
            1,
            int(table["patient"].max()),
            None,
            placeholder=tr("Any"),
            key="patient",
        )
    if part == "train":
        st.caption(
            tr(":material/school: The network has trained on these slices: its errors on them say little of new ones.")
        )
    return select_predictions(table, part=part, patient=None if patient is None else int(patient))


def _matrix_filters(table: pd.DataFrame, most_px: int) -> pd.DataFrame:
    """Draw the sliders of confidence and size below the matrix; return the rows that pass them."""
    confidence_column, size_column = st.columns(2, gap="medium")
    with confidence_column:
        confidence = bound(st.slider, tr("Confidence, %"), 0, 100, (0, 100), key="confidence")
    with size_column:
        largest = -(-most_px // 100) * 100
        tumour_px = bound(st.slider, tr("Tumour size, px"), 0, largest, (0, largest), 100, key="size")
    shares = confidence[0] / 100, confidence[1] / 100
    return select_predictions(table, confidence=shares, tumour_px=tumour_px)


def _summary(table: pd.DataFrame, of_part: pd.DataFrame, bundle: Bundle) -> str:
    """Return the matrix in words: its accuracy, and its coverage where the sliders leave slices out.

    Where they leave none out, the accuracy of series stands beside it, but for a slice-level split, where it leaks.
    """
    if table.empty:
        return tr(_NOTHING_PASSES)
    matrix = confusion_of(table)
    right, errors = classification.correct_count(matrix), classification.error_count(matrix)
    share = percent(float(classification.accuracy(matrix)))
    sentences = [
        tr(
            "{slices} slices of {patients} patients. Accuracy: {right} of {slices} ({share}), {errors} errors.",
            slices=len(table),
            patients=table["patient"].nunique(),
            right=right,
            share=share,
            errors=errors,
        )
    ]
    if len(table) < len(of_part):
        sentences.append(tr("{coverage} {share}.", coverage=term("coverage"), share=percent(len(table) / len(of_part))))
    elif bundle.card.data.by_patient:
        accuracy = float(class_figures(table, bundle.card.classes)["series_accuracy"])
        sentences.append(
            tr(
                "A patient's slices together ({series}): {count}.",
                series=term("series", tr("series")),
                count=count_text(accuracy, len(table)),
            )
        )
    sentences.append(
        tr(
            "Blue: correct, orange: error; a stronger colour means a larger share. Click a cell to see its slices; "
            "click it again to clear."
        )
    )
    return " ".join(sentences)
