"""The Errors page's view of two cells of the confusion matrix: their slices side by side, most confident first."""

import pandas as pd
import streamlit as st

from core.bundles.bundle import Bundle
from core.bundles.predictions import order_predictions, select_predictions
from core.evaluation.figures import confusion_counts
from core.labels import CLASS_LABELS
from core.translation.messages import tr
from panels.shared.cache import cached_predictions
from panels.shared.link.address import bound
from panels.shared.slices import gallery
from panels.shared.theme import percent

_PER_PAGE, _WIDTH = 8, 120
"""Tiles of a cell on a page, and the least width of one in pixels."""

Cell = tuple[str, str]
"""A true and a predicted class."""


def draw_two_cells(bundle: Bundle) -> None:
    """Draw the view, of the bundle's test part."""
    table = select_predictions(cached_predictions(bundle), part="test")
    classes = bundle.card.classes
    cells = [(true, predicted) for true in classes for predicted in classes]
    for column, label, default, key in zip(
        st.columns(2, gap="medium"),
        (tr("First cell"), tr("Second cell")),
        default_cells(confusion_counts(table, classes)),
        ("first", "second"),
        strict=True,
    ):
        with column:
            chosen = bound(
                st.selectbox, label, cells, cells.index(default), format_func=lambda cell: cell_name(*cell), key=key
            )
            _draw_cell(table, *chosen, key=f"{key}_page")


def cell_name(true: str, predicted: str) -> str:
    """Name a cell of the matrix: "Glioma predicted as pituitary"."""
    return tr(
        "{true} predicted as {predicted}",
        true=CLASS_LABELS[true].short,
        predicted=CLASS_LABELS[predicted].short_in_text,
    )


def default_cells(counts: pd.DataFrame) -> tuple[Cell, Cell]:
    """Return the most frequent error, and the correct cell of the same true class beside it.

    Args:
        counts: slices by true class (rows) and predicted class (columns).
    """
    errors = {
        (str(true), str(predicted)): count
        for true, row in zip(counts.index, counts.to_numpy().tolist(), strict=True)
        for predicted, count in zip(counts.columns, row, strict=True)
        if true != predicted
    }
    true, predicted = max(errors, key=lambda cell: errors[cell])
    return (true, predicted), (true, true)


def _draw_cell(table: pd.DataFrame, true: str, predicted: str, *, key: str) -> None:
    of_class = table[table["true"] == true]
    slices = order_predictions(select_predictions(of_class, predicted=predicted), "surest first")
    name = CLASS_LABELS[true].in_text
    if slices.empty:
        st.info(tr("No test slice of {name} is in this cell.", name=name), icon=":material/filter_alt_off:")
        return
    st.markdown(
        tr(
            "**{count} slices** of {patients} patients, {share} of {name}; mean confidence {confidence}",
            count=len(slices),
            patients=slices["patient"].nunique(),
            share=percent(len(slices) / len(of_class)),
            name=name,
            confidence=percent(float(slices["confidence"].mean())),
        )
    )
    gallery.draw_gallery(slices, caption=_tile_label, key=key, per_page=_PER_PAGE, width=_WIDTH)


def _tile_label(row: pd.Series) -> str:
    """Label a slice's tile: number and confidence; the classes stand above it."""
    return f"{row['slice']} · {percent(row['confidence'])}"
