"""What a classifier answers for one slice, beside what is known to be true."""

import zlib
from html import escape
from typing import Any, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.inference.result import shown_probabilities
from core.labels import CLASS_LABELS, OUTCOME_LABELS
from core.outcome import CONFIDENT, LOW_CONFIDENCE, NO_TUMOUR, NOT_A_HEAD, UNUSUAL
from core.readers.slices import Slice
from core.translation.messages import tr
from panels.shared.theme import percent

_BADGES: dict[str | None, tuple[str, Literal["green", "orange", "blue", "violet", "gray"]]] = {
    CONFIDENT: (":material/check_circle:", "green"),
    LOW_CONFIDENCE: (":material/help:", "orange"),
    NO_TUMOUR: (":material/search_off:", "blue"),
    UNUSUAL: (":material/image_search:", "violet"),
    NOT_A_HEAD: (":material/block:", "gray"),
    None: (":material/do_not_disturb_on:", "gray"),
}
"""By outcome; None is that of a classifier without a gate."""
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


def draw_headline(result: dict[str, Any], *, key: str, with_reason: bool = True) -> None:
    """Draw class and probability large with the outcome as a badge beside; where no class is given, the outcome large.

    The reason follows, but for a confident answer.

    Args:
        result: ``core.inference.result.slice_result`` or ``core.inference.volumes.result.volume_result``.
        key: tells the headline from others on the page.
        with_reason: whether the reason is drawn.
    """
    outcome, class_name = result["outcome"], result["class"]
    with st.container(key=f"{key}_headline", horizontal=True, vertical_alignment="center", gap="small"):
        if class_name:
            st.header(class_text(class_name, shown_probabilities(result)), anchor=False, width="content")
            icon, colour = _BADGES[outcome]
            st.badge(
                OUTCOME_LABELS[outcome].title if outcome else tr("No gate"),
                icon=icon,
                color=colour,
                help=None if outcome else tr(result["reason"]),
            )
        else:
            st.header(OUTCOME_LABELS[outcome].title, anchor=False, icon=_BADGES[outcome][0], width="content")
    if with_reason:
        draw_reason(result)


def draw_reason(result: dict[str, Any]) -> None:
    """Draw the reason of an outcome, but of a confident one."""
    if result["outcome"] not in (CONFIDENT, None):
        st.markdown(tr(result["reason"]))


def class_text(class_name: str, probabilities: dict[str, float]) -> str:
    """Return a class with its probability: "Glioma · 97.9 %"."""
    return f"{CLASS_LABELS[class_name].title} · {percent(probabilities[class_name])}"


def draw_class_probabilities(
    class_name: str, probabilities: dict[str, float], *, key: str, headline: bool = True
) -> None:
    """Draw a bar for each class, below the predicted class with its probability where ``headline`` is set."""
    if headline:
        st.header(class_text(class_name, probabilities), anchor=False)
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
    label = escape(tr("Bars: {classes}", classes=description))
    with st.container(key=key):
        st.html(f'<div role="img" aria-label="{label}" style="{_GRID}">{rows}</div>')


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
        sign = ":material/remove_circle:" if agrees is None else agreement_mark(agrees)
        parts.append(tr("{sign} True class: **{type}**", sign=sign, type=CLASS_LABELS[truth["class"]].title))
    elif truth.get("area_px") == 0:
        parts.append(_tumour_free_truth(truth))
    if with_mask and truth.get("area_px"):
        parts.append(
            tr("Predicted against true mask: **Dice {dice:.2f}**, IoU {iou:.2f}", dice=truth["dice"], iou=truth["iou"])
        )
    if parts:
        st.markdown(" · ".join(parts))


def _tumour_free_truth(truth: dict[str, Any]) -> str:
    if "answer_agrees" not in truth:
        return tr(":material/block: True: **no tumour** (the classifier has no such class)")
    return tr("{sign} True: **no tumour**", sign=agreement_mark(truth["answer_agrees"]))


def agreement_mark(agrees: bool) -> str:
    """Return a green tick or a red cross, in Streamlit's Markdown."""
    return f":{'green' if agrees else 'red'}[:material/{'check_circle' if agrees else 'cancel'}:]"


def draw_file_remarks(slice_: Slice) -> None:
    """Draw the warnings and notes that reading the file gave."""
    for warning in slice_.warnings:
        st.warning(tr(warning), icon=":material/warning:")
    for note in slice_.notes:
        st.caption(f":material/info: {tr(note)}")
