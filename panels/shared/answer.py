"""What a classifier answers for one slice, beside what is known to be true."""

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from core.labels import CLASS_LABELS, GATE_LABELS
from core.readers.slices import Slice
from panels.shared.theme import PLOT_CONFIG, percent, text_colour


def draw_gate_answer(answer: dict[str, Any]) -> None:
    """Draw what the gate answers instead of a class, large, and the reason.

    Args:
        answer: ``answer`` of a ``core.inference.result.slice_result``, of another kind than a class.
    """
    st.subheader(GATE_LABELS[answer["kind"]].title, anchor=False)
    st.markdown(answer["reason"])


def draw_class_probabilities(
    class_name: str, probabilities: dict[str, float], *, key: str, headline: bool = True
) -> None:
    """Draw a bar for each class, below the predicted class with its probability where ``headline`` is set."""
    if headline:
        st.subheader(f"{CLASS_LABELS[class_name].title} · {percent(probabilities[class_name])}", anchor=False)
    description = ", ".join(f"{CLASS_LABELS[name].title} {percent(p)}" for name, p in probabilities.items())
    st.plotly_chart(
        _probability_bars(probabilities), key=key, config=PLOT_CONFIG, width="stretch", alt=f"Bars: {description}"
    )


def _probability_bars(probabilities: dict[str, float]) -> go.Figure:
    classes = list(probabilities)[::-1]
    figure = go.Figure(
        go.Bar(
            x=[probabilities[name] for name in classes],
            y=[CLASS_LABELS[name].title for name in classes],
            orientation="h",
            marker_color=[CLASS_LABELS[name].colour for name in classes],
            text=[percent(probabilities[name]) for name in classes],
            textposition="outside",
            textfont={"color": text_colour()},
            cliponaxis=False,
            hoverinfo="skip",
        )
    )
    figure.update_layout(
        height=130,
        font={"size": 14, "color": text_colour()},
        margin={"l": 0, "r": 64, "t": 0, "b": 0},
        xaxis={"range": [0, 1], "visible": False, "fixedrange": True},
        yaxis={"fixedrange": True, "ticksuffix": "  ", "tickfont": {"size": 14, "color": text_colour()}},
        bargap=0.35,
        showlegend=False,
    )
    return figure


def draw_truth(truth: dict[str, Any] | None, *, with_mask: bool = True) -> None:
    """Draw how the prediction agrees with what is known to be true; nothing where nothing is known.

    Args:
        truth: ``truth`` of a ``core.inference.result.slice_result``.
        with_mask: whether the mask is shown; Dice and IoU of a hidden mask are left out.
    """
    if truth is None:
        return
    parts = []
    if "class" in truth:
        agrees = truth["class_agrees"]
        mark = ":material/remove_circle:" if agrees is None else agreement_mark(agrees)
        parts.append(f"{mark} True class: **{CLASS_LABELS[truth['class']].title}**")
    elif truth.get("area_px") == 0:
        parts.append(_tumour_free_truth(truth))
    if with_mask and truth.get("area_px"):
        parts.append(f"predicted against true mask: **Dice {truth['dice']:.2f}**, IoU {truth['iou']:.2f}")
    if parts:
        st.markdown(" · ".join(parts))


def _tumour_free_truth(truth: dict[str, Any]) -> str:
    if "answer_agrees" not in truth:
        return ":material/block: True: **no tumour** (the classifier has no such class)"
    return f"{agreement_mark(truth['answer_agrees'])} True: **no tumour**"


def agreement_mark(agrees: bool) -> str:
    """Return a green tick or a red cross, in Streamlit's Markdown."""
    return f":{'green' if agrees else 'red'}[:material/{'check_circle' if agrees else 'cancel'}:]"


def draw_file_remarks(slice_: Slice) -> None:
    """Draw the warnings and notes that reading the file gave."""
    for warning in slice_.warnings:
        st.warning(warning, icon=":material/warning:")
    for note in slice_.notes:
        st.info(note, icon=":material/info:")
