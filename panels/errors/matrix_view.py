"""The Errors page's first view: the matrix, filters, and the slices that pass them."""

import pandas as pd
import streamlit as st

from core.bundles.bundle import Bundle
from core.bundles.predictions import SORTS, confusion_counts, order_predictions, select_predictions
from panels.shared import confusion_matrix, gallery
from panels.shared.cache import cached_predictions
from panels.shared.theme import CLASS_TITLES, percent

PARTS = {"test": "Test", "validation": "Validation", "train": "Training"}


def matrix_and_slices(bundle: Bundle) -> None:
    """Draw the view."""
    table = cached_predictions(bundle)
    classes = list(bundle.card["classes"])
    left, right = st.columns([5, 7], gap="medium")
    # The filters come first in the run, since the matrix counts what they let through; they stand on the right.
    with right:
        true, predicted, only_wrong, order = _choices(classes)
        shown = _more_filters(table)
    with left:
        show = st.segmented_control(
            "Cells show",
            [confusion_matrix.COUNTS, confusion_matrix.ROW_SHARE, confusion_matrix.COLUMN_SHARE],
            default=confusion_matrix.COUNTS,
            required=True,
            key="cells",
            bind="query-params",
        )
        confusion_matrix.draw_confusion_matrix(confusion_counts(shown, classes), show=show, key="matrix")
        st.caption(_summary(shown))
    chosen = order_predictions(select_predictions(shown, true=true, predicted=predicted, only_wrong=only_wrong), order)
    with right:
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"**{len(chosen)} slices** of {chosen['patient'].nunique()} patients")
            st.download_button(
                "CSV of these slices",
                lambda: chosen.to_csv(index=False).encode(),
                f"{bundle.name}-slices.csv",
                "text/csv",
                on_click="ignore",
                icon=":material/download:",
            )
        if chosen.empty:
            st.info("No slice passes these filters.", icon=":material/filter_alt_off:")
        else:
            gallery.draw_gallery(chosen, caption=words, key="page")


def words(row: pd.Series) -> str:
    """What stands below a tile: the number, the class given and, where it is wrong, the true one."""
    said = f"{CLASS_TITLES[row['predicted']].split()[0]} {percent(row['confidence']).replace('> ', '')}"
    if row["right"]:
        return f":green[:material/check:] {row['slice']} · {said}"
    return f":red[:material/close:] {row['slice']} · {said}"


def _choices(classes: list[str]) -> tuple[str | None, str | None, bool, str]:
    """The cell, by keyboard too, whether only errors are shown, and the order."""
    boxes = st.columns(3, vertical_alignment="bottom")
    cell = []
    for column, label, key in zip(
        boxes,
        ("True class", "Predicted class"),
        (confusion_matrix.TRUE_KEY, confusion_matrix.PREDICTED_KEY),
        strict=False,
    ):
        with column:
            cell.append(
                st.selectbox(
                    label,
                    classes,
                    index=None,
                    placeholder="Any",
                    format_func=CLASS_TITLES.__getitem__,
                    key=key,
                    bind="query-params",
                )
            )
    with boxes[2]:
        order = st.selectbox("Sort", list(SORTS), key="sort", bind="query-params")
    return cell[0], cell[1], st.toggle("Only wrong", key="wrong", bind="query-params"), order


def _more_filters(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that pass the filters which the matrix follows too."""
    with st.expander("More filters, which the matrix follows too", icon=":material/filter_alt:"):
        part = st.segmented_control(
            "Part of the split",
            list(PARTS),
            default="test",
            required=True,
            format_func=PARTS.__getitem__,
            key="part",
            bind="query-params",
        )
        confidence = st.slider("Confidence, %", 0, 100, (0, 100), key="confidence", bind="query-params")
        largest = int(-(-table["tumour_px"].max() // 100) * 100)
        tumour = st.slider("Tumour size, px", 0, largest, (0, largest), 100, key="size", bind="query-params")
        patient = st.number_input(
            "Patient number",
            1,
            int(table["patient"].max()),
            None,
            placeholder="Any",
            key="patient",
            bind="query-params",
        )
    if part == "train":
        st.caption(":material/school: The network has trained on these slices: its errors here say little of new ones.")
    return select_predictions(
        table,
        part=part,
        confidence=(confidence[0] / 100, confidence[1] / 100),
        tumour_px=tumour,
        patient=None if patient is None else int(patient),
    )


def _summary(shown: pd.DataFrame) -> str:
    if shown.empty:
        return "No slice passes these filters."
    wrong = int((~shown["right"]).sum())
    return (
        f"{len(shown)} slices of {shown['patient'].nunique()} patients, {wrong} named wrongly: accuracy "
        f"{percent(float(shown['right'].mean()))}. Blue is right, orange wrong, stronger the larger the share. "
        "Click a cell to see its slices, again to clear."
    )
