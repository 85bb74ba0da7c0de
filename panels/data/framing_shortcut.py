"""The framing shortcut: how well the head's position and size in the frame alone predict the class."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.config import CLASSES
from core.evaluation.figures import accuracy_of, confusion_counts, confusion_of
from core.labels import CLASS_LABELS
from core.metrics import classification
from core.ood.framing_shortcut import majority_accuracy, touches_border
from core.text import join_words
from core.translation.messages import tr
from panels.shared.kept_figures import kept_figure
from panels.shared.labels import count_text, term
from panels.shared.theme import PLOT_CONFIG, percent, style_figure

_CELL = 0.025
"""Shares of the frame that count as one: a browser draws a few hundred points quickly, and thousands slowly."""
_SLICES_PER_PX2 = 0.25


def draw_framing_shortcut(table: pd.DataFrame) -> None:
    """Write and draw how well the framing predicts the class.

    Args:
        table: of ``core.ood.framing_shortcut.measure_margins``.
    """
    at_border = touches_border(table).groupby(table["true"]).mean()
    recall = dict(zip(CLASSES, classification.recall(confusion_of(table)), strict=True))
    filling = str(at_border.idxmax())
    others = [name for name in CLASSES if name != filling]
    border_shares = join_words(
        tr("{share} of {name} slices", share=percent(at_border[name]), name=CLASS_LABELS[name].in_text)
        for name in others
    )
    recalls = join_words(
        tr("{share} for {name}", share=percent(recall[name]), name=CLASS_LABELS[name].in_text) for name in others
    )
    st.markdown(
        tr(
            "A model that sees only where the head begins and ends in the frame has an accuracy of **{count}**. "
            "External slices are framed differently, so this {shortcut} fails there.",
            count=count_text(accuracy_of(table), len(table)),
            shortcut=term("shortcut", tr("shortcut")),
        )
    )
    sizes_column, matrix_column = st.columns([3, 2], gap="large")
    with sizes_column:
        _draw_sizes(table)
    with matrix_column:
        _draw_matrix(table)
    with st.expander(tr("Why the frame predicts the class"), icon=":material/info:"):
        st.markdown(
            tr(
                "The model's {recall} is {share} for {type}, {others}. The reason: the head touches the frame's upper "
                "or side border in {border_share} of {type} slices, but only in {other_border_shares}. Networks whose "
                "card names the preprocessing *head* therefore get a square cut around the head.",
                recall=term("recall", tr("recall")),
                share=percent(recall[filling]),
                type=CLASS_LABELS[filling].in_text,
                others=recalls,
                border_share=percent(at_border[filling]),
                other_border_shares=border_shares,
            )
        )
        st.markdown(
            tr(
                "Always predicting the most frequent class reaches {majority_accuracy}. The model is a logistic "
                "regression on the four margins around the head, their squares, and the products of opposite "
                "margins, tested with the official patient-level folds.",
                majority_accuracy=percent(majority_accuracy(table)),
            )
        )


def _draw_sizes(table: pd.DataFrame) -> None:
    sizes = table.assign(width=1 - table["left"] - table["right"], height=1 - table["above"] - table["below"])
    medians = sizes.groupby("true")["width"].median()
    words = "; ".join(f"{CLASS_LABELS[name].title} {percent(medians[name])}" for name in CLASSES)
    st.plotly_chart(
        _sizes_figure(_cells(sizes)),
        key="data_frame_sizes",
        config=PLOT_CONFIG,
        alt=tr("Head width against height; median width: {words}", words=words),
    )
    st.caption(tr("A point: a class's slices of about one size."))


def _cells(sizes: pd.DataFrame) -> pd.DataFrame:
    """Count each class's slices of about one width and height."""
    rounded = sizes.assign(**{side: (sizes[side] / _CELL).round() * _CELL for side in ("width", "height")})
    return rounded.groupby(["true", "width", "height"], as_index=False).size().rename(columns={"size": "slices"})


@kept_figure
def _sizes_figure(cells: pd.DataFrame) -> go.Figure:
    figure = go.Figure()
    # The class with the fewest slices is drawn last, so that the others do not hide it.
    for name in cells.groupby("true")["slices"].sum().sort_values(ascending=False).index:
        rows = cells[cells["true"] == name]
        figure.add_scatter(
            x=rows["width"],
            y=rows["height"],
            mode="markers",
            name=CLASS_LABELS[name].short,
            marker={
                "size": rows["slices"],
                "sizemode": "area",
                "sizeref": _SLICES_PER_PX2,
                "sizemin": 2.5,
                "opacity": 0.6,
                "color": CLASS_LABELS[name].colour,
                "line": {"width": 0},
            },
            customdata=rows["slices"],
            hovertemplate=tr("%{customdata} slices about %{x:.0%} wide, %{y:.0%} high<extra></extra>"),
        )
    style_figure(figure, height=320)
    figure.update_layout(legend_itemsizing="constant")
    figure.update_xaxes(title_text=tr("width of the head, share of the frame"), tickformat=".0%")
    figure.update_yaxes(title_text=tr("height of the head"), tickformat=".0%")
    return figure


def _draw_matrix(table: pd.DataFrame) -> None:
    counts = confusion_counts(table, list(CLASSES))
    titles = [CLASS_LABELS[name].short for name in CLASSES]
    st.dataframe(
        pd.DataFrame(counts.to_numpy(), index=pd.Index(titles, name=tr("True class")), columns=titles),
        alt=tr("Classes predicted from the framing alone, by true class"),
    )
    st.caption(tr("Rows true, columns predicted from the frame alone."))
