"""What a classifier answers for one slice, beside what is known to be true."""

import zlib
from html import escape
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.labels import CLASS_LABELS, GATE_LABELS
from core.readers.slices import Slice
from panels.shared.theme import percent

_GRID = (
    "display:grid; grid-template-columns:max-content 1fr; gap:var(--bars-gap, .9rem) .6rem; align-items:center; "
    "font-size:14px"
)
_BAR = (
    '<div style="text-align:right">{title}</div><div style="display:flex; align-items:center; gap:.4rem">'
    '<div style="height:var(--bar-height, 1.7rem); width:calc((100% - 4.5rem) * {share:.4f}); '
    'background:{colour}"></div>'
    '<div translate="no">{percent}</div></div>'
)
"""Plain HTML: a plotting library for three bars would be most of what a first answer loads."""


def answer_container(*answer: Any, key: str) -> DeltaGenerator:
    """Return a container that the browser makes anew for another answer, and changes in place for the same one.

    A browser that translates a page puts other texts in place of those that Streamlit's frontend knows. What the
    frontend then changes in place keeps words of the answer before.

    Args:
        answer: whatever the container's texts depend on.
        key: tells the container from others on the page.
    """
    return st.container(key=f"{key}_{zlib.crc32(repr(answer).encode()):08x}")


def draw_gate_answer(answer: dict[str, Any]) -> None:
    """Draw what the gate answers instead of a class, large, and the reason.

    Args:
        answer: ``answer`` of a ``core.inference.result.slice_result``, of another kind than a class.
    """
    st.header(GATE_LABELS[answer["kind"]].title, anchor=False)
    st.markdown(answer["reason"])


def draw_class_probabilities(
    class_name: str, probabilities: dict[str, float], *, key: str, headline: bool = True
) -> None:
    """Draw a bar for each class, below the predicted class with its probability where ``headline`` is set."""
    if headline:
        st.header(f"{CLASS_LABELS[class_name].title} · {percent(probabilities[class_name])}", anchor=False)
    description = ", ".join(f"{CLASS_LABELS[name].title} {percent(p)}" for name, p in probabilities.items())
    rows = "".join(
        _BAR.format(
            title=escape(CLASS_LABELS[name].title),
            colour=CLASS_LABELS[name].colour,
            share=p,
            percent=escape(percent(p)),
        )
        for name, p in probabilities.items()
    )
    with st.container(key=key):
        st.html(f'<div role="img" aria-label="Bars: {escape(description)}" style="{_GRID}">{rows}</div>')


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
