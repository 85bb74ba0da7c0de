"""The report's Figures 1, 5 and 8: slices of the data set or, where it is not on this machine, simulated samples."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import course_report
from core.bundles.bundle import Bundle
from core.bundles.mask_thresholds import typical_slice_numbers
from core.bundles.stored_maps import stored_heat_map, stored_tumour_probability
from core.config import CLASSES
from core.dataset.lookup import store_state
from core.dataset.splits import index_table
from core.dataset.statistics import typical_slices
from core.dataset.store import default_store
from core.inference.predictor import model_input
from core.inference.render import (
    SHOW_HEAT_MAP,
    SHOW_TRUTH,
    DisplayOptions,
    compose_overlay,
    default_window,
    grey_image,
)
from core.inference.sample_answers import stored_answer
from core.labels import CLASS_LABELS
from core.readers.preprocessing import map_to_slice, preprocess_mask, preprocess_slice
from core.readers.samples import read_samples
from core.readers.slices import Slice
from core.translation.messages import tr
from panels.shared.cache import cached_predictions
from panels.shared.slices.data_set.find import find_slices, simulated_slice
from panels.shared.slices.image import draw_picture
from panels.shared.slices.mask_pictures import draw_pictures, mask_pictures

_ENLARGED = 3
"""Times that a slice of network size is enlarged, pixel by pixel."""


@dataclass(frozen=True)
class Answered:
    """A slice with a predicted mask and a heat map, where they are stored."""

    slice: Slice
    title: str
    mask: np.ndarray | None
    heat: np.ndarray | None


def available_slices(numbers: list[int]) -> dict[int, Slice]:
    """Return the slices of the data set that are available, by number; none from a store that cannot be read."""
    return find_slices(numbers).by_number if store_state(default_store()).problem is None else {}


def slice_of_each_class() -> tuple[list[Slice], bool]:
    """Return a slice of each class, and whether they are of the data set, not samples."""
    numbers = list(typical_slices(index_table(), CLASSES).values())
    slices = available_slices(numbers)
    if len(slices) == len(CLASSES):
        return list(slices.values()), True
    return [simulated_slice(name) for name in CLASSES], False


def answered_slice(classifier: Bundle, segmenter: Bundle) -> Answered | None:
    """Return the test slice of median Dice with what the bundles store of it, or the first sample's stored answer."""
    table = cached_predictions(segmenter)
    number = typical_slice_numbers(table[table["part"] == "test"])["Median"]
    slice_ = available_slices([number]).get(number)
    if slice_ is not None:
        tumour, heat = stored_tumour_probability(segmenter, number), stored_heat_map(classifier, number)
        mask = None if tumour is None else map_to_slice(tumour, model_input(segmenter, slice_)[1])
        return Answered(
            slice_,
            tr("Test slice {number}, of median Dice", number=number),
            None if mask is None else mask >= segmenter.mask_threshold,
            None if heat is None else map_to_slice(heat, model_input(classifier, slice_)[1]),
        )
    slice_ = read_samples()[0].slice()
    answer = stored_answer(slice_, classifier, segmenter)
    return None if answer is None else Answered(slice_, tr("A simulated sample"), answer.mask, answer.heat)


def draw_slices_and_masks(slices: list[Slice], *, reduced: bool) -> None:
    """Draw each slice beside its mask, as published or as the report's U-Net takes them."""
    for column, slice_ in zip(st.columns(len(slices)), slices, strict=True):
        with column.container(key=f"report_pair_{'reduced' if reduced else 'published'}_{slice_.class_name}"):
            mask = np.zeros(slice_.pixels.shape, bool) if slice_.mask is None else slice_.mask
            low, high = default_window(slice_.pixels)
            pair = [grey_image(slice_.pixels, low, high), grey_image(mask, 0, 1)]
            if reduced:
                size = course_report.UNET_SIDE
                plane, place = preprocess_slice(slice_.pixels, size=size)
                bottom, span = float(slice_.pixels.min()), float(np.ptp(slice_.pixels))
                small = grey_image(plane, (low - bottom) / span, (high - bottom) / span)
                pair = [small, grey_image(preprocess_mask(mask, place, size=size), 0, 1)]
                pair = [picture.repeat(_ENLARGED, axis=0).repeat(_ENLARGED, axis=1) for picture in pair]
            draw_picture(
                np.hstack(pair),
                width="stretch",
                alt=tr("Slice and mask: {class_name}", class_name=CLASS_LABELS[slice_.class_name or ""].short_in_text),
            )


def draw_mask_row(answered: Answered) -> None:
    """Draw slice, true mask, predicted mask, difference and both outlines, as the report's Figure 8."""
    slice_, mask = answered.slice, answered.mask
    if mask is not None and slice_.mask is not None:
        draw_pictures(mask_pictures(slice_.pixels, mask, slice_.mask), name=answered.title, min_width=110)


def draw_heat_map(answered: Answered) -> None:
    """Draw the heat map over the slice, with the true outline."""
    slice_ = answered.slice
    if answered.heat is not None:
        options = DisplayOptions(*default_window(slice_.pixels), layers=(SHOW_HEAT_MAP, SHOW_TRUTH))
        picture = compose_overlay(slice_.pixels, options, heat=answered.heat, truth=slice_.mask)
        draw_picture(
            picture,
            width=220,
            caption=answered.title,
            alt=tr("{answered}, heat map and true outline", answered=answered.title),
        )
