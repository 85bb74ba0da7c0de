"""The slice as an image, at the size a page shows it, and the legend of what may lie over it."""

import math
from typing import Any

import numpy as np
import streamlit as st

from core.inference.render import SHOW_MASK, SHOW_TRUTH, encode_png
from core.labels import Titles
from core.readers.slices import Slice
from core.translation.messages import mark, tr

_LONGEST_SIDE = 1120
"""Longest side shown, in pixels: twice what the page has room for. Downloads keep the slice's own size."""
MASK_LEGEND = Titles({SHOW_MASK: mark("cyan: predicted mask"), SHOW_TRUTH: mark("yellow: true mask")})
"""What the outlines of ``core.inference.render`` are."""


def draw_picture(picture: np.ndarray, **options: Any) -> None:
    """Draw a (H, W, 3) uint8 picture without loss; Streamlit alone takes several times as long to encode it.

    Args:
        picture: to draw.
        options: of ``st.image``.
    """
    st.image(encode_png(picture, quick=True), output_format="PNG", **options)


def heat_legend(heat: np.ndarray | None = None, output: str | None = None, *, follows_mask: bool = False) -> str:
    """Say what a heat map shows: evidence for an output or none, and whether it follows the mask by construction.

    Args:
        heat: the map; taken for one that is not empty if None.
        output: what is explained, in the current language; the class if None.
        follows_mask: whether it lies within the predicted tumour.
    """
    if heat is not None and not heat.any():
        sentence = mark("heat map: empty, no evidence for {output}")
    elif follows_mask:
        sentence = mark("heat map: evidence for {output} within the predicted tumour (it follows the mask)")
    else:
        sentence = mark("heat map: evidence for {output}")
    return tr(sentence, output=tr("the class") if output is None else output)


def shown_pixels(slice_: Slice, *, longest_side: int = _LONGEST_SIDE) -> tuple[slice, slice]:
    """Return the index of the pixels that are shown: every n-th of a larger slice, in both directions."""
    step = math.ceil(max(slice_.pixels.shape) / longest_side)
    return np.s_[::step, ::step]


def has_true_tumour(slice_: Slice) -> bool:
    """Return whether the slice has a true mask with a tumour in it."""
    return slice_.mask is not None and bool(slice_.mask.any())
