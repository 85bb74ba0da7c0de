"""The shortcut in the frame: how well the head's size and place alone tell the class."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.bundles.predictions import confusion_counts
from core.config import CLASSES
from core.ood.framing_shortcut import majority_accuracy, touches_border
from core.text import join_words
from panels.shared.theme import CLASS_COLOURS, CLASS_TITLES, PLOT_CONFIG, percent, style_figure


def frame_shortcut(table: pd.DataFrame) -> None:
    """Say and draw how far the frame gives the class away.

    Args:
        table: of ``core.ood.framing_shortcut.measure_margins``.
    """
    right = table["true"] == table["predicted"]
    reaches = touches_border(table).groupby(table["true"]).mean()
    recall = right.groupby(table["true"]).mean()
    full = str(reaches.idxmax())
    others = join_words(
        f"{percent(reaches[name])} of {CLASS_TITLES[name].lower()} slices" for name in CLASSES if name != full
    )
    named = join_words(
        f"{percent(recall[name])} of {CLASS_TITLES[name].lower()} slices" for name in CLASSES if name != full
    )
    st.markdown(
        "A model that sees no picture, only where the head begins and ends in the frame, names "
        f"**{percent(right.mean())}** of the slices rightly, tested by patient on the official folds; always saying "
        f"the most frequent class gives {percent(majority_accuracy(table))}. Of {CLASS_TITLES[full].lower()} slices "
        "it names "
        f"{percent(recall[full])} rightly: the head reaches the frame above or beside it in "
        f"{percent(reaches[full])} of them, against {others}. Of the other classes it names {named} rightly. A network "
        "on whole slices can learn this instead of the tumour, and pictures from elsewhere are framed otherwise. "
        "Networks whose card names the preprocessing *head* "
        "are therefore given a square cut around the head."
    )
    left, right_column = st.columns([3, 2], gap="large")
    with left:
        _sizes(table)
    with right_column:
        _matrix(table)


def _sizes(table: pd.DataFrame) -> None:
    figure = go.Figure()
    # The class with the fewest slices is drawn last, so that the others do not hide it.
    for name in table["true"].value_counts().index:
        rows = table[table["true"] == name]
        figure.add_scattergl(
            x=1 - rows["left"] - rows["right"],
            y=1 - rows["above"] - rows["below"],
            mode="markers",
            name=CLASS_TITLES[name].split()[0],
            marker={"size": 5, "opacity": 0.45, "color": CLASS_COLOURS[name]},
            customdata=rows["slice"],
            hovertemplate="slice %{customdata}: %{x:.0%} wide, %{y:.0%} high<extra></extra>",
        )
    style_figure(figure, height=320)
    figure.update_xaxes(title_text="width of the head, share of the frame", tickformat=".0%")
    figure.update_yaxes(title_text="height of the head", tickformat=".0%")
    medians = table.assign(width=1 - table["left"] - table["right"]).groupby("true")["width"].median()
    words = "; ".join(f"{CLASS_TITLES[name]} {percent(medians[name])}" for name in CLASSES)
    st.plotly_chart(
        figure, key="data_frame_sizes", config=PLOT_CONFIG, alt=f"Head width against height; median width: {words}"
    )
    st.caption(
        f"Every slice, a point. Median width: {words}. The model is a logistic regression on the four margins around "
        "the head, their squares and the products of opposite ones."
    )


def _matrix(table: pd.DataFrame) -> None:
    counts = confusion_counts(table, list(CLASSES))
    short = [CLASS_TITLES[name].split()[0] for name in CLASSES]
    st.dataframe(
        pd.DataFrame(counts.to_numpy(), index=pd.Index(short, name="True class"), columns=short),
        alt="Classes the frame alone suggests, by true class",
    )
    st.caption("Slices by true class (rows) and by the class the frame alone suggests (columns).")
