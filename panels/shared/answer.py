"""What the networks say: the class with its probabilities, the mask's size, and how far to trust both."""

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from core.bundles.bundle import DEFAULT_CLASSIFIER, DEFAULT_SEGMENTER, Bundle
from core.config import CLASSIFICATION
from core.evaluation.external import DEV
from core.inference.gate import ABSTAINING, CONFIDENT, LOW_CONFIDENCE, NO_TUMOUR, OUT_OF_DISTRIBUTION
from core.inference.result import shown_probabilities
from core.ood.evaluate import measured_split
from core.readers.slices import Slice
from panels.shared.cache import evaluated_bundle
from panels.shared.theme import CLASS_COLOURS, CLASS_TITLES, PLOT_CONFIG, percent, text_colour

_INSTEAD = {
    NO_TUMOUR: "No tumour found",
    LOW_CONFIDENCE: "Not sure",
    OUT_OF_DISTRIBUTION: "This does not look like a contrast-enhanced T1 slice of a head",
}


def draw_answer(result: dict[str, Any], *, key: str, slice_key: str) -> bool:
    """What is answered: a class with its bars, or what the screen says instead, with the reason.

    Args:
        result: of ``core.inference.result.slice_result``.
        key: tells the widgets from others on the page.
        slice_key: tells the slice from every other of the session, also from one of the same name: what is asked for
            is asked of one slice.

    Returns:
        Whether the mask is to be shown: not where no tumour is found or the picture is a stranger, unless asked for.
    """
    answer = result["answer"]
    said = {"class": result["likeliest_class"], "probabilities": shown_probabilities(result)}
    if answer is None or answer["kind"] == CONFIDENT:
        draw_class_probabilities(said, key=key)
        return True
    draw_gate_answer(answer)
    shown = answer["kind"] not in ABSTAINING or st.toggle(
        "Show what the network says all the same", key=f"{key}_anyway_{slice_key}"
    )
    if shown:
        draw_class_probabilities(said, key=key, headline=False)
    return shown


def draw_gate_answer(answer: dict[str, Any]) -> None:
    """Draw what the gate answers instead of a class, large, and the reason."""
    st.subheader(_INSTEAD[answer["kind"]], anchor=False)
    st.markdown(answer["reason"])


def draw_class_probabilities(result: dict[str, Any], *, key: str, headline: bool = True) -> None:
    """The predicted class, large, and a bar for each of the three; the bars alone without ``headline``."""
    name = result["class"]
    if headline:
        st.subheader(f"{CLASS_TITLES[name]} · {percent(result['probabilities'][name])}", anchor=False)
    said = ", ".join(f"{CLASS_TITLES[one]} {percent(p)}" for one, p in result["probabilities"].items())
    st.plotly_chart(_bars(result["probabilities"]), key=key, config=PLOT_CONFIG, width="stretch", alt=f"Bars: {said}")


def _bars(probabilities: dict[str, float]) -> go.Figure:
    classes = list(probabilities)[::-1]
    figure = go.Figure(
        go.Bar(
            x=[probabilities[name] for name in classes],
            y=[CLASS_TITLES[name] for name in classes],
            orientation="h",
            marker_color=[CLASS_COLOURS[name] for name in classes],
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


def draw_truth(result: dict[str, Any], *, with_mask: bool = True) -> None:
    """Agreement with what is known to be true, where anything is; of the class alone where the mask is not shown."""
    known = result["truth"]
    if known is None:
        return
    parts = []
    if "class" in known:
        right = known["class_agrees"]
        mark = ":material/remove_circle:" if right is None else _mark(right)
        parts.append(f"{mark} True class: **{CLASS_TITLES[known['class']]}**")
    elif known.get("area_px") == 0:
        parts.append(_truly_none(known))
    if with_mask and known.get("area_px"):
        parts.append(f"mask against truth: **Dice {known['dice']:.2f}**, IoU {known['iou']:.2f}")
    if parts:
        st.markdown(" · ".join(parts))


def _truly_none(known: dict[str, Any]) -> str:
    if "answer_agrees" not in known:
        return ":material/block: True: **no tumour** (the classifier knows no such answer)"
    return f"{_mark(known['answer_agrees'])} True: **no tumour**"


def _mark(right: bool) -> str:
    return f":{'green' if right else 'red'}[:material/{'check_circle' if right else 'cancel'}:]"


def draw_mask_size(result: dict[str, Any]) -> None:
    """The mask's area, and its size in millimetres where the pixel spacing is known."""
    mask = result["mask"]
    if not mask["area_px"]:
        st.markdown("**No tumour outlined**: no pixel reaches the threshold.")
        return
    text = f"**Outlined: {mask['area_px']:,} px**"
    if mask["area_mm2"] is not None:
        text += f" = {mask['area_mm2']:,.0f} mm², longest diameter {mask['longest_diameter_mm']:.0f} mm"
    st.markdown(text)


def draw_file_remarks(slice_: Slice) -> None:
    """What the file itself gave cause to say: warnings, then notes."""
    for warning in slice_.warnings:
        st.warning(warning, icon=":material/warning:")
    for note in slice_.notes:
        st.info(note, icon=":material/info:")


def split_level(bundle: Bundle) -> str:
    """How a network's test slices were parted from those it learnt from, and what to make of it."""
    return "by patient" if bundle.card["data"]["by_patient"] else "by slice, which flatters"


def describe_test_set(bundle: Bundle) -> str:
    """What a network's figures are of, in a sentence; one that is not the Analyse page's own is told from it."""
    found = bundle.test_metrics
    said = (
        f"{bundle.card['title']}: {found['slices']} test slices of {found['patients']} patients, split "
        f"{split_level(bundle)}."
    )
    own = DEFAULT_CLASSIFIER if CLASSIFICATION in bundle.tasks else DEFAULT_SEGMENTER
    return said if bundle.name == own else f"{said} Analyse answers with {own} unless told otherwise."


def draw_reliability(classifier: Bundle, segmenter: Bundle, *, with_network: bool = True) -> None:
    """How often the answer is right, then how often the two networks are, measured by slice and by patient.

    Args:
        classifier: says the class; where it has a screen, what is answered is not always what it says.
        segmenter: says the mask.
        with_network: whether class and mask are shown; of what is not shown, nothing need be believed.
    """
    st.markdown("**How far to trust this**")
    lines = _screen_trust(classifier)
    if with_network or not lines:
        lines = [*lines, _class_trust(classifier, alone=bool(lines)), _mask_trust(segmenter)]
    st.caption("\n\n".join(lines))


def _class_trust(bundle: Bundle, *, alone: bool) -> str:
    """How often the network is right; ``alone`` where the answer is not always its."""
    lines = [f"**{'The network alone, class' if alone else 'Class'}:** {bundle.card['title']} ({bundle.name})."]
    found = bundle.test_metrics
    if bundle.card["data"]["by_patient"]:
        return " ".join([*lines, f"*By patient*, {_by_patient(found)}{_over_folds(bundle, 'accuracy')}."])
    lines.append(
        f"Right on {percent(found['accuracy'])} of {found['slices']} test slices *split by slice*, which flatters: "
        "neighbours of the same tumour were in training."
    )
    other = evaluated_bundle(bundle.card["data"].get("by_patient_bundle"))
    if other is None:
        lines.append("*By patient* it is not measured.")
    else:
        lines.append(
            f"*By patient*, the same architecture trained without fold 1's patients ({other.name}) is "
            f"{_by_patient(other.test_metrics)}{_over_folds(other, 'accuracy')}."
        )
    return " ".join(lines)


def _by_patient(found: dict[str, Any]) -> str:
    return (
        f"right on **{percent(found['accuracy'])}** of {found['slices']} slices of {found['patients']} patients "
        "whose ids were not in training"
    )


def _over_folds(bundle: Bundle, figure: str) -> str:
    """What the same recipe reaches over several folds, where it was trained on more than one."""
    across = bundle.card["metrics"].get("cross_validation", {})
    if len(across.get("folds_done", ())) < 2:
        return ""
    mean, std = across[figure]["mean"], across[figure]["std"]
    text = f"{percent(mean)} ± {std * 100:.1f}" if figure == "accuracy" else f"{mean:.2f} ± {std:.2f}"
    return f"; the same recipe on {len(across['folds_done'])} folds: {text}"


def _mask_trust(bundle: Bundle) -> str:
    found = bundle.test_metrics
    beside = ""
    if not bundle.card["data"]["by_patient"]:
        other = evaluated_bundle(bundle.card["data"].get("by_patient_bundle"))
        beside = (
            "; by patient it is not measured"
            if other is None
            else f"; the same architecture by patient ({other.name}): {other.test_metrics['dice_mean']:.2f}"
        )
    return (
        f"**Mask:** {bundle.card['title']} ({bundle.name}). Mean Dice **{found['dice_mean']:.2f}** on "
        f"{found['slices']} test slices (split {split_level(bundle)}){beside}{_over_folds(bundle, 'dice_mean')}; "
        f"misses {percent(found['missed'])} of their tumours altogether."
    )


def _screen_trust(bundle: Bundle) -> list[str]:
    """How often what is answered is right, in a list; empty where there is no screen or it is not measured."""
    split = measured_split(bundle)
    if split is None:
        return []
    outside = bundle.card["metrics"]["external"]
    found = outside[DEV] if split == DEV else outside
    own = outside["figshare_all"]
    return [
        f"**Answer:** *by patient*, of {own['slices']} slices of {bundle.test_metrics['patients']} patients whose ids "
        f"were not in training, all with a tumour, **{percent(own['right'])}** are named rightly, "
        f"{percent(own['wrong'])} answered wrongly, {percent(own['not_sure'])} left open and "
        f"{percent(own['stranger'])} called no such slice. Of slices from elsewhere, "
        f"{percent(found['no_tumour_called_tumour'])} of those without a tumour are given one, "
        f"{percent(found['tumour_called_no_tumour'])} of those with one none, and "
        f"{percent(found['class_accuracy_answered'])} of the kinds named are right."
    ]
