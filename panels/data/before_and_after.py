"""A slice of each class with its mask, as published and as model input: the report's Figures 1 and 5."""

import numpy as np
import pandas as pd
import streamlit as st

from core import course_report
from core.config import CLASSES
from core.dataset.statistics import typical_slices
from core.inference.render import default_window, grey_image
from core.labels import CLASS_LABELS
from core.readers.preprocessing import preprocess_mask, preprocess_slice
from core.readers.slices import Slice
from core.translation.messages import shown, tr
from panels.shared.controls import fragment
from panels.shared.slices.data_set.find import find_slices, simulated_slice
from panels.shared.slices.data_set.source import draw_source, look_again
from panels.shared.slices.image import draw_picture

_PICTURE_SIDE = 384
"""Approximate side of a picture in pixels: small ones are enlarged pixel by pixel, so that their pixels can be seen."""


@fragment
def draw_before_and_after(table: pd.DataFrame, *, can_fetch: bool) -> None:
    """Draw the pictures; of a simulated sample of the class where the slice is not at hand.

    Args:
        table: of ``core.dataset.splits.index_table``.
        can_fetch: whether to look for slices at all: not in a store that cannot be read.
    """
    numbers = typical_slices(table, CLASSES)
    found = find_slices(list(numbers.values())) if can_fetch else None
    slices = found.by_number if found else {}
    for column, (name, number) in zip(st.columns(len(numbers), gap="medium"), numbers.items(), strict=True):
        with column:
            if number in slices:
                st.markdown(tr("**{type}**, slice {number}", type=CLASS_LABELS[name].title, number=number))
                _draw_slice_and_mask(slices[number])
            else:
                st.markdown(tr("**{type}**, simulated sample", type=CLASS_LABELS[name].title))
                _draw_slice_and_mask(simulated_slice(name))
    if found:
        draw_source(
            found,
            key="data",
            instead=tr("A simulated sample stands for a slice that is not at hand."),
            at_hand=tr("All three slices are at hand."),
        )
        look_again(found, key="data")


def _draw_slice_and_mask(slice_: Slice) -> None:
    grid = st.grid(2, min_column_width=120, gap="small")
    for caption, picture in _pictures(slice_).items():
        with grid.container():
            draw_picture(
                _enlarged(picture),
                width="stretch",
                caption=caption,
                alt=f"{caption}: {shown(slice_.name)}, {CLASS_LABELS[str(slice_.class_name)].in_text}",
            )


def _pictures(slice_: Slice) -> dict[str, np.ndarray]:
    """Return slice and mask by caption, as published and as model input; each (h, w, 3) uint8."""
    size = course_report.UNET_SIDE
    mask = np.zeros(slice_.pixels.shape, bool) if slice_.mask is None else slice_.mask
    low, high = default_window(slice_.pixels)
    plane, place = preprocess_slice(slice_.pixels, size=size)
    # The same greys before and after: the plane is the slice, its minimum at 0 and its maximum at 1.
    bottom, span = float(slice_.pixels.min()), float(np.ptp(slice_.pixels))
    height, width = slice_.pixels.shape
    return {
        tr("Slice, {width} × {height}", width=width, height=height): grey_image(slice_.pixels, low, high),
        tr("Mask, {width} × {height}", width=width, height=height): grey_image(mask, 0, 1),
        tr("Slice, {size} × {size}", size=size): grey_image(plane, (low - bottom) / span, (high - bottom) / span),
        tr("Mask, {size} × {size}", size=size): grey_image(preprocess_mask(mask, place, size=size), 0, 1),
    }


def _enlarged(picture: np.ndarray) -> np.ndarray:
    times = max(1, _PICTURE_SIDE // max(picture.shape[:2]))
    return picture.repeat(times, axis=0).repeat(times, axis=1)
