"""The slice with a heat map over it, and the controls of how it is drawn."""

import numpy as np
import streamlit as st

from core.explanation.explainer import SALIENCY
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
from core.labels import CLASS_LABELS
from core.readers.slices import Slice
from panels.explain.heat_maps import HeatMapView
from panels.shared.slices.image import draw_picture, has_true_tumour, heat_legend, picture_caption, shown_pixels

_FULL_STRENGTH_PERCENTILE = 99.5
"""Percentile of the heat that is drawn at full strength: a few hot pixels would leave fine heat maps dark."""


def display_controls(slice_: Slice, *, of_mask: bool) -> DisplayOptions:
    """Draw the choice of colours, opacity and outlines, which stand in the address; return what is chosen."""
    layers = [SHOW_HEAT_MAP]
    with st.expander("Colours and opacity", icon=":material/tune:"):
        colour_map = st.selectbox("Colours of the heat map", COLOUR_MAPS, key="colours", bind="query-params")
        st.caption(f"The hottest {100 - _FULL_STRENGTH_PERCENTILE:.1f} % of the pixels are drawn at full strength.")
        opacity = st.slider("Opacity of the heat map", 0.0, 1.0, 0.6, 0.05, key="opacity", bind="query-params")
        if has_true_tumour(slice_) and st.toggle("True mask (yellow)", True, key="truth", bind="query-params"):
            layers.append(SHOW_TRUTH)
        if of_mask and st.toggle("Predicted mask (cyan)", True, key="mask", bind="query-params"):
            layers.append(SHOW_MASK)
    return DisplayOptions(*default_window(slice_.pixels), tuple(layers), heat_opacity=opacity, colour_map=colour_map)


def draw_heat_map(slice_: Slice, view: HeatMapView, options: DisplayOptions, *, method: str, name: str) -> None:
    """Draw the slice with the heat map over it, and a caption that begins with ``name``."""
    legend = _legend_of(view, method)
    draw_picture(
        _compose(slice_, view, options, shown_pixels(slice_)),
        width="stretch",
        caption=picture_caption(name, options.layers, heat=legend),
        alt=f"The slice with a heat map over it; {legend}",
    )


def heat_maps_png(slice_: Slice, views: list[HeatMapView], options: DisplayOptions) -> bytes:
    """Return the heat maps over the slice, side by side at the slice's own size, as PNG."""
    images = [_compose(slice_, view, options, np.s_[:, :]) for view in views]
    return encode_png(np.concatenate(images, axis=1), slice_.notes)


def scale_for_display(heat: np.ndarray) -> np.ndarray:
    """Scale heat to [0, 1] as it is drawn: full strength from its 99.5th percentile on."""
    full = float(np.percentile(heat, _FULL_STRENGTH_PERCENTILE)) or 1.0
    return np.minimum(heat / full, 1)


def _compose(slice_: Slice, view: HeatMapView, options: DisplayOptions, pixels: tuple[slice, slice]) -> np.ndarray:
    """Return the image of the indexed pixels."""
    grey = slice_.pixels[pixels]
    return compose_overlay(
        grey,
        options,
        mask=None if view.mask is None else view.mask[pixels],
        heat=scale_for_display(view.heat[pixels]),
        truth=None if slice_.mask is None else slice_.mask[pixels],
    )


def _legend_of(view: HeatMapView, method: str) -> str:
    output = "the mask" if view.mask is not None else CLASS_LABELS[view.class_name].in_text
    if method == SALIENCY and view.heat.any():
        return f"heat map: pixels that change the score of {output}"
    return heat_legend(view.heat, output)
