"""The report's Figure 8 of one slice: the slice, both masks, where they differ, and both outlines."""

import numpy as np
import streamlit as st

from core.inference.render import (
    SHOW_MASK,
    SHOW_TRUTH,
    DisplayOptions,
    compose_overlay,
    default_window,
    grey_image,
    mask_difference,
)
from core.text import lower_first
from core.translation.messages import tr
from panels.shared.slices.image import draw_picture

_PICTURES = 5
"""Pictures of a whole row."""


def mask_pictures(pixels: np.ndarray, mask: np.ndarray, true: np.ndarray) -> dict[str, np.ndarray]:
    """Make the pictures of a slice by title.

    Args:
        pixels: (H, W) of the slice.
        mask: (H, W) bool, predicted.
        true: (H, W) bool.
    """
    window = default_window(pixels)
    options = DisplayOptions(*window, layers=(SHOW_TRUTH, SHOW_MASK))
    return {
        tr("Slice"): grey_image(pixels, *window),
        tr("True"): grey_image(true, 0, 1),
        tr("Predicted"): grey_image(mask, 0, 1),
        tr("Difference"): mask_difference(mask, true),
        tr("Overlay"): compose_overlay(pixels, options, mask=mask, truth=true),
    }


def draw_pictures(pictures: dict[str, np.ndarray], *, name: str, min_width: int) -> None:
    """Draw pictures by title side by side, as many in a row as have ``min_width`` CSS pixels each.

    Args:
        pictures: by title.
        name: of what they show, for those who do not see them.
        min_width: of a picture.
    """
    grid = st.grid(_PICTURES, min_column_width=min_width, gap="small")
    for title, picture in pictures.items():
        with grid.container():
            draw_picture(picture, caption=title, width="stretch", alt=f"{name}, {lower_first(title)}")
