"""The slice with what is laid over it, and the controls of how it is drawn."""

import math

import numpy as np
import streamlit as st

from core.inference.predictor import Prediction
from core.inference.render import (
    COLOUR_MAPS,
    SHOW_HEAT_MAP,
    SHOW_MASK,
    SHOW_TRUTH,
    DisplayOptions,
    compose_overlay,
    default_window,
    grey_image,
)
from core.readers.slices import Slice
from panels.shared.theme import escape_markdown

_LONGEST = 1120
"""Longest side shown, in pixels: twice what the page has room for. Downloads keep the slice's own size."""
_LEGEND = {
    SHOW_MASK: "cyan: predicted mask",
    SHOW_TRUTH: "yellow: true mask",
    SHOW_HEAT_MAP: "glow: spoke for the class",
}


def draw_slice(slice_: Slice) -> None:
    """The slice alone, while the networks are asked."""
    step = _step(slice_)
    st.image(
        grey_image(slice_.pixels[step, step], *_default_window(slice_)),
        width="stretch",
        output_format="PNG",
        alt="The slice",
    )


def draw_overlay(slice_: Slice, prediction: Prediction, look: DisplayOptions) -> None:
    """The slice as ``look`` says, with a caption that names what is shown."""
    step = _step(slice_)
    shown = compose_overlay(
        slice_.pixels[step, step],
        look,
        mask=prediction.mask[step, step],
        heat=prediction.heat[step, step],
        truth=None if slice_.mask is None else slice_.mask[step, step],
    )
    names = [layer for layer in look.layers if layer != SHOW_TRUTH or slice_.mask is not None]
    legend = (
        _LEGEND if prediction.heat_plane[0].any() else _LEGEND | {SHOW_HEAT_MAP: "no glow: nothing spoke for the class"}
    )
    caption = "; ".join([escape_markdown(slice_.name), *(legend[name] for name in names)])
    alt = f"The slice with {' and '.join(names).lower() or 'nothing'} over it; the text beside it says what was found"
    st.image(shown, width="stretch", output_format="PNG", caption=caption, alt=alt)


def overlay_controls(slice_: Slice, *, key: str, slice_key: str, with_answers: bool) -> DisplayOptions:
    """Toggles, window, opacities and colours of what there is to show.

    Args:
        slice_: the slice that is drawn.
        key: of the controls that stay from slice to slice.
        slice_key: of the window, which belongs to one slice.
        with_answers: whether mask and heat map are offered: not of a slice on which networks are not to be believed.
    """
    has_truth = slice_.mask is not None and bool(slice_.mask.any())
    layers = [*([SHOW_MASK, SHOW_HEAT_MAP] if with_answers else []), *([SHOW_TRUTH] if has_truth else [])]
    shown: list[str] = []
    if layers:
        shown = st.pills(
            "Shown over the slice",
            layers,
            selection_mode="multi",
            default=layers,
            key=f"{key}_layers_{has_truth}" + ("" if with_answers else "_withheld"),
        )
    with st.expander("Window, opacity, colours", icon=":material/tune:"):
        bottom, top = float(slice_.pixels.min()), float(slice_.pixels.max())
        low, high = st.slider(
            "Window: intensities shown from black to white",
            bottom,
            top,
            _default_window(slice_),
            step=(top - bottom) / 256,
            format="%.4g",
            key=f"{key}_window_{slice_key}",
        )
        # Disabled, what is set stays for the next slice.
        no_heat, no_mask = SHOW_HEAT_MAP not in layers, not {SHOW_MASK, SHOW_TRUTH} & set(layers)
        return DisplayOptions(
            low,
            high,
            tuple(shown),
            heat_opacity=st.slider("Opacity of the heat map", 0.0, 1.0, 0.5, 0.05, key=f"{key}_heat", disabled=no_heat),
            mask_opacity=st.slider("Opacity of the masks", 0.0, 1.0, 1.0, 0.05, key=f"{key}_mask", disabled=no_mask),
            fill=st.segmented_control(
                "Masks as", ["Outline", "Fill"], default="Outline", required=True, key=f"{key}_fill", disabled=no_mask
            )
            == "Fill",
            colour_map=st.selectbox("Colours of the heat map", COLOUR_MAPS, key=f"{key}_colours", disabled=no_heat),
        )


def _default_window(slice_: Slice) -> tuple[float, float]:
    step = _step(slice_)
    return default_window(slice_.pixels[step, step])


def _step(slice_: Slice) -> slice:
    return np.s_[:: math.ceil(max(slice_.pixels.shape) / _LONGEST)]
