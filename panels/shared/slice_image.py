"""The slice as an image, at the size a page shows it, and the legend of what may lie over it."""

import math

import numpy as np
import streamlit as st

from core.inference.render import SHOW_HEAT_MAP, SHOW_MASK, SHOW_TRUTH, default_window, grey_image
from core.readers.slices import Slice

_LONGEST_SIDE = 1120
"""Longest side shown, in pixels: twice what the page has room for. Downloads keep the slice's own size."""
OVERLAY_LEGEND = {
    SHOW_MASK: "cyan: predicted mask",
    SHOW_TRUTH: "yellow: true mask",
    SHOW_HEAT_MAP: "heat map: evidence for the class",
}


def draw_slice(slice_: Slice) -> None:
    """Draw the slice alone, while the networks run."""
    pixels = slice_.pixels[shown_pixels(slice_)]
    st.image(
        grey_image(pixels, *default_window(pixels)),
        width="stretch",
        output_format="PNG",
        alt="The slice",
    )


def shown_pixels(slice_: Slice) -> tuple[slice, slice]:
    """Return the index of the pixels that are shown: every n-th of a large slice, in both directions."""
    step = math.ceil(max(slice_.pixels.shape) / _LONGEST_SIDE)
    return np.s_[::step, ::step]


def has_true_tumour(slice_: Slice) -> bool:
    """Return whether the slice has a true mask with a tumour in it."""
    return slice_.mask is not None and bool(slice_.mask.any())
