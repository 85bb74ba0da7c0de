"""How a heat map is drawn, and whether it falls on the tumour."""

import math
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.explanation.explainer import SALIENCY
from core.inference.gate import ABSTAINING, CONFIDENT
from core.inference.render import (
    COLOUR_MAPS,
    SHOW_HEAT_MAP,
    SHOW_MASK,
    SHOW_TRUTH,
    DisplayOptions,
    compose_overlay,
    default_window,
    encode_png,
)
from core.inference.result import shown_probabilities
from core.metrics import overlap
from core.metrics.localisation import chance_level, heat_inside, pointing_game_hit
from core.readers.slices import Slice
from panels.explain.heat_maps import HeatMapView
from panels.shared.answer import draw_class_probabilities, draw_gate_answer, draw_truth
from panels.shared.theme import CLASS_TITLES, escape_markdown, percent

_FULL = 99.5
"""Percentile of the heat that is drawn at full strength: a few hot pixels would leave fine heat maps dark."""
_LONGEST = 1120
"""Longest side shown, in pixels: twice what the page has room for. Downloads keep the slice's own size."""


def display_controls(slice_: Slice, *, of_mask: bool) -> DisplayOptions:
    """Colour map, opacity and outlines; they stand in the address."""
    layers = [SHOW_HEAT_MAP]
    with st.expander("Colours and opacity", icon=":material/tune:"):
        colour_map = st.selectbox("Colours of the heat map", COLOUR_MAPS, key="colours", bind="query-params")
        st.caption(f"The hottest {100 - _FULL:.1f} % of the pixels are drawn at full strength.")
        opacity = st.slider("Opacity of the heat map", 0.0, 1.0, 0.6, 0.05, key="opacity", bind="query-params")
        if _has_truth(slice_) and st.toggle("True mask (yellow)", True, key="truth", bind="query-params"):
            layers.append(SHOW_TRUTH)
        if of_mask and st.toggle("Predicted mask (cyan)", True, key="mask", bind="query-params"):
            layers.append(SHOW_MASK)
    return DisplayOptions(*default_window(slice_.pixels), tuple(layers), heat_opacity=opacity, colour_map=colour_map)


def draw_heat_map(slice_: Slice, shown: HeatMapView, look: DisplayOptions, *, method: str, name: str) -> None:
    """The slice with the heat map over it, and a caption that begins with ``name`` and says what is shown."""
    glow = _glow(shown, method)
    names = {SHOW_HEAT_MAP: glow, SHOW_TRUTH: "yellow: true mask", SHOW_MASK: "cyan: predicted mask"}
    caption = "; ".join([escape_markdown(name), *(names[layer] for layer in look.layers)])
    step = math.ceil(max(slice_.pixels.shape) / _LONGEST)
    st.image(
        _compose(slice_, shown, look, step=step),
        width="stretch",
        output_format="PNG",
        caption=caption,
        alt=f"The slice with a heat map over it; {glow}",
    )


def heat_maps_png(slice_: Slice, shown: list[HeatMapView], look: DisplayOptions) -> bytes:
    """The pictures side by side at the slice's own size, as PNG."""
    return encode_png(np.concatenate([_compose(slice_, one, look) for one in shown], axis=1), slice_.notes)


def scale_for_display(heat: np.ndarray) -> np.ndarray:
    """Heat as it is drawn, in [0, 1]: full strength from its ``_FULL`` percentile on."""
    full = float(np.percentile(heat, _FULL)) or 1.0
    return np.minimum(heat / full, 1)


def _compose(slice_: Slice, shown: HeatMapView, look: DisplayOptions, *, step: int = 1) -> np.ndarray:
    """The picture, of every ``step``-th pixel."""
    every = np.s_[::step, ::step]
    pixels = slice_.pixels[every]
    return compose_overlay(
        pixels,
        look,
        mask=np.zeros(pixels.shape, bool) if shown.mask is None else shown.mask[every],
        heat=scale_for_display(shown.heat[every]),
        truth=None if slice_.mask is None else slice_.mask[every],
    )


def _glow(shown: HeatMapView, method: str) -> str:
    said = "the mask" if shown.mask is not None else CLASS_TITLES[shown.class_name].lower()
    if not shown.heat.any():
        return f"no glow: nothing speaks for {said}"
    return f"glow: moves the score of {said}" if method == SALIENCY else f"glow: speaks for {said}"


def draw_prediction(
    slice_: Slice, shown: HeatMapView, said: dict[str, Any] | None, *, of_likeliest: bool, key: str
) -> None:
    """The answer, a class with its probability or a mask, and whether it is true where that is known.

    What the screen answers instead of a class leads; the heat map is made of the class or the mask all the same.

    Args:
        slice_: the slice.
        shown: the heat map, the first of several.
        said: ``core.inference.result.slice_result`` of the slice where the network's screen was asked, else None.
        of_likeliest: whether the network's likeliest class is explained, and not one of the visitor's choice.
        key: tells the bars from others on the page.
    """
    if shown.mask is not None:
        truth = _mask(slice_, shown.mask, said)
    elif said is not None:
        _screened_class(said, of_likeliest=of_likeliest, key=key)
        truth = said["truth"]
    else:
        truth = _class(slice_, shown.probabilities or {}, key=key)
    draw_truth({"truth": truth}, with_mask=shown.mask is not None)


def _class(slice_: Slice, probabilities: dict[str, float], *, key: str) -> dict[str, Any] | None:
    """The likeliest class of a network without a screen; gives what is known to be true."""
    top = max(probabilities, key=probabilities.__getitem__)
    draw_class_probabilities({"class": top, "probabilities": probabilities}, key=key)
    if slice_.class_name is not None:
        return {"class": slice_.class_name, "class_agrees": slice_.class_name == top}
    return None if slice_.mask is None else {"area_px": int(np.count_nonzero(slice_.mask))}


def _screened_class(said: dict[str, Any], *, of_likeliest: bool, key: str) -> None:
    answer, name, probabilities = said["answer"], said["likeliest_class"], shown_probabilities(said)
    named = answer["kind"] == CONFIDENT
    if not named:
        draw_gate_answer(answer)
    if answer["kind"] not in ABSTAINING:
        draw_class_probabilities({"class": name, "probabilities": probabilities}, key=key, headline=named)
    if not named:
        what = "The heat map is of the network's likeliest class" if of_likeliest else "Likeliest of the three"
        st.caption(f"{what} all the same: {CLASS_TITLES[name]} · {percent(probabilities[name])}.")


def _mask(slice_: Slice, mask: np.ndarray, said: dict[str, Any] | None) -> dict[str, Any] | None:
    """The mask's size; gives what is known to be true."""
    size = f"{np.count_nonzero(mask):,} px".replace(",", " ")
    outlined = f"Mask · {size}" if mask.any() else "No tumour outlined"
    if said is not None and said["answer"]["kind"] in ABSTAINING:
        draw_gate_answer(said["answer"])
        st.caption(f"The heat map is of the mask all the same: {outlined}.")
    else:
        st.subheader(outlined, anchor=False)
    if slice_.mask is None:
        return None
    known: dict[str, Any] = {
        "area_px": int(np.count_nonzero(slice_.mask)),
        "dice": overlap.dice(mask, slice_.mask),
        "iou": overlap.iou(mask, slice_.mask),
    }
    if said is not None and "answer_agrees" in said["truth"]:
        known["answer_agrees"] = said["truth"]["answer_agrees"]
    return known


def draw_localisation(slice_: Slice, shown: list[HeatMapView]) -> None:
    """Whether the heat falls on the tumour, where its true mask is known."""
    if not _has_truth(slice_):
        st.caption("This slice has no true mask, so where the tumour is, is not known here.")
        return
    assert slice_.mask is not None
    area = chance_level(slice_.mask)
    rows = [
        (one, heat_inside(one.heat, slice_.mask), pointing_game_hit(one.heat, slice_.mask, tolerance_px=0))
        for one in shown
    ]
    if len(rows) == 1:
        ((_, inside, hit),) = rows
        with st.container(horizontal=True, gap="medium"):
            st.metric("Heat on the tumour", percent(inside))
            st.metric("If spread evenly", percent(area))
            st.metric("Hottest pixel", "on it" if hit else "off it")
    else:
        table = pd.DataFrame(
            {
                "Class": [CLASS_TITLES[one.class_name] for one, *_ in rows],
                "On the tumour": [percent(inside) for _, inside, _ in rows],
                "Evenly": percent(area),
                "Hottest": ["on it" if hit else "off it" for *_, hit in rows],
            }
        )
        st.dataframe(table, hide_index=True, alt="Where each class's heat falls")
    st.caption(
        "The share of all heat that lies inside the true mask; what it would be for heat spread evenly, which is the "
        "mask's share of the slice; and whether the hottest pixel lies on the mask (the pointing game, no tolerance)."
    )


def _has_truth(slice_: Slice) -> bool:
    return slice_.mask is not None and bool(slice_.mask.any())
