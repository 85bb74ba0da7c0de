"""The slice on the Analyse page with mask and heat map over it, and the controls of how they are drawn."""

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
)
from core.readers.slices import Slice
from panels.shared.slices.image import draw_picture, has_true_tumour, heat_legend, picture_caption, shown_pixels


def draw_overlay(slice_: Slice, prediction: Prediction, options: DisplayOptions) -> None:
    """Draw the slice with the layers of ``options`` over it, and a caption that names them."""
    shown = shown_pixels(slice_)
    image = compose_overlay(
        slice_.pixels[shown],
        options,
        mask=prediction.mask[shown],
        heat=prediction.heat[shown],
        truth=None if slice_.mask is None else slice_.mask[shown],
    )
    layers = [layer for layer in options.layers if layer != SHOW_TRUTH or slice_.mask is not None]
    caption = picture_caption(
        slice_.name, layers, heat=heat_legend(prediction.heat_plane[0], follows_mask=prediction.heat_follows_mask)
    )
    alt = f"The slice with {' and '.join(layers).lower() or 'nothing'} over it; the text beside it gives the prediction"
    draw_picture(image, width="stretch", caption=caption, alt=alt)


def overlay_controls(slice_: Slice, *, key: str, slice_key: str, with_prediction: bool) -> DisplayOptions:
    """Draw the choice of layers, window, opacities and colours; return what is chosen.

    Args:
        slice_: the slice that is drawn.
        key: of the controls that stay from slice to slice.
        slice_key: of the window, which belongs to one slice.
        with_prediction: whether mask and heat map are offered; they are not where the prediction is hidden.
    """
    has_truth = has_true_tumour(slice_)
    layers = [*([SHOW_MASK, SHOW_HEAT_MAP] if with_prediction else []), *([SHOW_TRUTH] if has_truth else [])]
    shown: list[str] = []
    if layers:
        shown = st.pills(
            "Shown over the slice",
            layers,
            selection_mode="multi",
            default=layers,
            key=f"{key}_layers_{has_truth}" + ("" if with_prediction else "_withheld"),
        )
    with st.expander("Window, opacity, colours", icon=":material/tune:"):
        bottom, top = float(slice_.pixels.min()), float(slice_.pixels.max())
        low, high = st.slider(
            "Window: intensities shown from black to white",
            bottom,
            top,
            default_window(slice_.pixels[shown_pixels(slice_)]),
            step=(top - bottom) / 256,
            format="%.4g",
            key=f"{key}_window_{slice_key}",
        )
        # A disabled control keeps its setting for the next slice.
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
